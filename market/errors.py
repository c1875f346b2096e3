"""What can go wrong with prices, sorted by who must act.

::

    MarketError (ValueError)
    ├── the user must act
    │   ├── CandleError            a candle breaks a rule; the message names the first row that does
    │   ├── CandleFileError        a file cannot be read as candles
    │   │   └── LabelError         a file states another symbol, timeframe or origin than it was asked for
    │   ├── UnknownNameError       no such venue, symbol, timeframe or regime; the message names the nearest
    │   ├── NoCandlesError         there is no candle in the range that was asked for
    │   └── StoreError             the disk refuses; nothing that was stored is lost
    │       └── StoreFullError     because it has no room left
    ├── a retry may help
    │   └── VenueUnavailableError  the venue did not answer within the bounded retries
    │       └── RateLimitError     because it was asked too often; ask again later, and less
    └── nobody knows yet
        ├── BrokenPageError        the venue answered something that cannot be true; it was not stored
        └── VenueRefusedError      the venue refused the request for a reason of its own

Every one is a `ValueError`: an entry point shows its message as one line and never a traceback.
"""


class MarketError(ValueError):
    """Root of everything `market` raises on purpose."""


class CandleError(MarketError):
    """Candles break a rule; the message states the row, the rule, the value and the cure."""


class CandleFileError(MarketError):
    """A file is missing, empty, damaged, or holds something other than candles."""


class LabelError(CandleFileError):
    """A file states something else than the caller about whose candles it holds."""


class UnknownNameError(MarketError):
    """A venue, symbol, timeframe or regime of that name does not exist."""


class NoCandlesError(MarketError):
    """No candle exists in the range that was asked for."""


class StoreError(MarketError):
    """The disk refuses a write; the old file is intact."""


class StoreFullError(StoreError):
    """The disk is full: nothing was replaced, and the write can be repeated once there is room."""


class VenueUnavailableError(MarketError):
    """A venue could not be reached within the bounded retries; what was fetched before is kept."""


class RateLimitError(VenueUnavailableError):
    """A venue limits our requests; asking on at once would make it worse."""


class BrokenPageError(MarketError):
    """A venue answered candles that cannot be true; none of that page was stored."""


class VenueRefusedError(MarketError):
    """A venue refused a request for a reason that a retry does not change."""

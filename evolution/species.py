"""Species: candidates that compete with each other."""

from dataclasses import dataclass

__all__ = ["Species"]


@dataclass(frozen=True, slots=True, order=True)
class Species:
    """A strategy type on one market at one timeframe; ordered by its fields.

    Attributes
    ----------
    type : str
        Strategy type, or any name in a user's own search.
    symbol : str
        Unified symbol of the market; empty where there is none.
    timeframe : str
        Timeframe of the candles; empty where there is none.

    Examples
    --------
    >>> str(Species("momentum", "BTC/USDT", "1h"))
    'momentum BTC/USDT 1h'
    """

    type: str
    symbol: str = ""
    timeframe: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.type, self.symbol, self.timeframe) if part)

    @property
    def market(self) -> tuple[str, str]:
        """The market it lives on: (symbol, timeframe)."""
        return (self.symbol, self.timeframe)

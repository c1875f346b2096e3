"""The client of a desk: one method a route of its HTTP API, each with its answer as a frozen value.

A group of routes is a file of calls; another part of the desk becomes another base of `Client`.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, cast, get_args, get_origin, get_type_hints

from ui.desk_calls import DeskCalls
from ui.destination import Destination
from ui.errors import InvalidValueError
from ui.evolution_calls import EvolutionCalls
from ui.frames import frame_of
from ui.page import Page
from ui.price_calls import PriceCalls
from ui.push_events import EventStream
from ui.queries import StrategyQuery
from ui.session_answers import SignedIn
from ui.session_calls import SessionCalls
from ui.strategy_calls import StrategyCalls
from ui.system_calls import SystemCalls

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Client", "begin_session", "connect", "sign_in"]

Item = TypeVar("Item")

_MOST_ON_A_PAGE = 500
_SHOWN = (
    "type", "symbol", "timeframe", "money", "state", "grade", "oos_scs", "scs", "oos_trades", "n_trades", "sharpe",
    "max_drawdown", "grade_reason",
)  # fmt: skip


def connect(
    url: str | None = None,
    token: str | None = None,
    *,
    role: str = "operate",
    push_url: str | None = None,
    ca_file: str | Path | None = None,
    patience_s: float = 30.0,
) -> "Client":
    """Return a client of a desk: of the one on this machine, unless another is named. Nothing is asked yet.

    Parameters
    ----------
    url : str, optional
        Of its HTTP API; by default that of this machine, EVOQ_HTTP_PORT.
    token : str, optional
        By default the content of the token file in EVOQ_HOME.
    role : {"operate", "read"}
        Which token file; with "read" nothing can be changed by accident.
    push_url : str, optional
        Of its push; by default the same host, EVOQ_WS_PORT.
    ca_file : str or Path, optional
        Certificates to trust (PEM); by default those of the system, and EVOQ_TLS_CERT for the desk of this machine.
    patience_s : float
        How long a call may take, retries included.

    Returns
    -------
    Client
        Threads may share it.
    """
    destination = Destination.of(url, token, role=role, push_url=push_url, ca_file=ca_file)
    return Client(destination, patience_s=patience_s)


def begin_session(
    role: str,
    password: str,
    url: str | None = None,
    *,
    viewer: str | None = None,
    ca_file: str | Path | None = None,
    patience_s: float = 30.0,
) -> SignedIn:
    """Begin a session with a password: for a server that keeps its token for somebody. No file is read.

    Parameters
    ----------
    role : {"operate", "read"}
        As whom.
    password : str
        The desk's password of that role.
    url : str, optional
        Of the HTTP API, as for `connect`.
    viewer : str, optional
        IP address of that somebody: wrong passwords are counted by it.
    ca_file : str or Path, optional
        As for `connect`.
    patience_s : float
        How long it may take.

    Returns
    -------
    SignedIn
        The token, for `connect`, and how long it lasts. A wrong password is an `UnauthorizedError`; after five of them
        `BusyError` says how long to wait.
    """
    nobody = Destination.of(url, ca_file=ca_file, anonymous=True)
    with Client(nobody, patience_s=patience_s) as client:
        return client.begin_session(role, password, viewer)


def sign_in(
    role: str,
    password: str,
    url: str | None = None,
    *,
    push_url: str | None = None,
    ca_file: str | Path | None = None,
    patience_s: float = 30.0,
) -> "Client":
    """Return a client that has signed in with a password, for a machine that has no token file.

    Parameters
    ----------
    role : {"operate", "read"}
        As whom.
    password : str
        The desk's password of that role.
    url, push_url : str, optional
        As for `connect`.
    ca_file : str or Path, optional
        As for `connect`.
    patience_s : float
        As for `connect`.

    Returns
    -------
    Client
        Its `sign_out` ends the session; errors are those of `begin_session`.
    """
    begun = begin_session(role, password, url, ca_file=ca_file, patience_s=patience_s)
    return connect(url, begun.token, push_url=push_url, ca_file=ca_file, patience_s=patience_s)


class Client(DeskCalls, StrategyCalls, EvolutionCalls, PriceCalls, SystemCalls, SessionCalls):
    """A desk, asked and told over its HTTP API; also a context manager. Made by `connect` or `sign_in`.

    What only reads is asked again where the desk is not ready; what writes is sent once, with an Idempotency-Key that
    every error carries and that makes repeating it safe.
    """

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError("a Client is not pickled: its token would go along; connect again where it is needed")

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def leaderboard(self, most: int = 20, **asked: Unpack[StrategyQuery]) -> "pd.DataFrame":
        """Return the best strategies as a table of what matters most; `frame(desk.strategies)` has every column.

        Parameters
        ----------
        most : int
            How many rows at most.
        **asked : StrategyQuery
            As for `strategies`.

        Returns
        -------
        DataFrame
            By id, the best evidence first. `oos_scs` is evidence; `scs` includes what the strategy was selected on.
        """
        return self.frame(self.strategies, most, **asked)[list(_SHOWN)]

    def every(self, listing: Callable[..., Page[Item]], most: int | None = None, **asked: Any) -> Iterator[Item]:
        """Go through a list, page by page.

        Parameters
        ----------
        listing : callable
            One of this client's lists, such as `desk.strategies`.
        most : int, optional
            Stop after so many items.
        **asked : object
            What the list is asked with; `limit` is then the size of a page.

        Yields
        ------
        object
            Its items in their order.
        """
        size = asked.pop("limit", _MOST_ON_A_PAGE)
        left = most
        while left is None or left > 0:
            page = listing(**asked, limit=size if left is None else min(size, left))
            yield from page.items
            left = None if left is None else left - len(page)
            if page.next_cursor is None:
                return
            asked["cursor"] = page.next_cursor

    def frame(self, listing: Callable[..., Page[Item]], most: int = 10_000, **asked: Any) -> "pd.DataFrame":
        """Return a list as a table, all pages of it.

        Parameters
        ----------
        listing : callable
            One of this client's lists, such as `desk.evolution_log`.
        most : int
            How many rows at most.
        **asked : object
            What the list is asked with.

        Returns
        -------
        DataFrame
            Times in UTC, absent numbers as NaN, the id as index where there is one.
        """
        return frame_of(_item_of(listing), self.every(listing, most, **asked))

    def events(self, types: Iterable[str] | None = None, *, patience_s: float = 60.0) -> EventStream:
        """Return what happens, as it happens.

        Parameters
        ----------
        types : iterable of str, optional
            Such as strategy_update, evolution_log, system_metrics and alert; all by default.
        patience_s : float
            How long to try to connect, at first and again, before giving up.

        Returns
        -------
        EventStream
            An iterator, best used in a `with` block.
        """
        return EventStream(self._destination, types, patience_s)


def _item_of(listing: Callable[..., Page[Any]]) -> type:
    """Return what a list of this client is made of."""
    found = get_type_hints(listing).get("return")
    if get_origin(found) is not Page:
        raise InvalidValueError("listing must be one of the client's lists, such as desk.strategies")
    return cast(type, get_args(found)[0])

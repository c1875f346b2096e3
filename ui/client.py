"""The client of a desk: one method a route of its HTTP API, each with its answer as a frozen value."""

import functools
import time
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypedDict, TypeVar, Unpack, cast, get_args, get_origin, get_type_hints
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from ui.desk_answers import (
    Accepted,
    Alert,
    Command,
    Config,
    DeskStatus,
    EvolutionLogRow,
    Health,
    OperationsLogRow,
)
from ui.destination import Destination
from ui.errors import (
    AnswerError,
    CommandFailedError,
    CommandRefusedError,
    InvalidValueError,
    StillRunningError,
)
from ui.frames import frame_of
from ui.page import Page
from ui.price_answers import CandleSeries, Ticker
from ui.push_events import EventStream
from ui.strategy_answers import Equity, Lineage, Neighbourhood, Strategy, StrategyDetail
from ui.transport import Reply, Transport

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AlertQuery", "Client", "EvolutionQuery", "OperationsQuery", "StrategyQuery", "connect"]

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Instant = int | datetime
"""A time: ms UTC, or one that knows its zone."""

_Q = "/api/quantitative"
_MOST_IDS = 500
_MOST_ON_A_PAGE = 500
_FIRST_LOOK_S = 0.05
_RARELY_S = 1.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = (
    "type", "symbol", "timeframe", "money", "state", "grade", "oos_scs", "scs", "oos_trades", "n_trades", "sharpe",
    "max_drawdown", "grade_reason",
)  # fmt: skip


class ListQuery(TypedDict, total=False):
    """What every list may be asked: 1 to 500 items of a page, from where, in which order, from and before when."""

    limit: int
    cursor: str | None
    sort: str | None
    since: Instant | None
    until: Instant | None


class StrategyQuery(ListQuery, total=False):
    """Which strategies; `q` is text in the id, type, symbol, timeframe or venue."""

    type: str | None
    symbol: str | None
    timeframe: str | None
    venue: str | None
    grade: str | None
    state: str | None
    enabled: bool | None
    money: str | None
    q: str | None


class EvolutionQuery(ListQuery, total=False):
    """Which rows of the evolution log."""

    run_id: str | None
    species: str | None
    event: str | None


class OperationsQuery(ListQuery, total=False):
    """Which rows of the operations log."""

    actor: str | None
    action: str | None
    target: str | None


class AlertQuery(ListQuery, total=False):
    """Which alerts: info, warning or critical; only those that go on, or only those that are over."""

    severity: str | None
    open: bool | None


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


class Client:
    """A desk, asked and told over its HTTP API; also a context manager. Made by `connect`.

    What only reads is asked again where the desk is not ready; what writes is sent once, with an Idempotency-Key that
    every error carries and that makes repeating it safe.

    Parameters
    ----------
    destination : Destination
        Which desk.
    patience_s : float
        How long a call may take, retries included.
    http : httpx.BaseTransport, optional
        What carries requests, for tests; by default the network.
    """

    def __init__(
        self, destination: Destination, *, patience_s: float = 30.0, http: httpx.BaseTransport | None = None
    ) -> None:
        self._destination = destination
        self._patience_s = patience_s
        self._transport = Transport(destination, patience_s=patience_s, http=http)

    def __repr__(self) -> str:
        return f"Client({self._destination.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError("a Client is not pickled: its token would go along; connect again where it is needed")

    @property
    def url(self) -> str:
        """Of the HTTP API."""
        return self._destination.url

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    # The desk as a whole

    def health(self) -> Health:
        """Return whether the desk is well; a desk that is down answers too."""
        return _decoded(Health, self._transport.read("/health", accept=(503,)), "/health")

    def status(self) -> DeskStatus:
        """Return the desk at a glance."""
        return self._read(DeskStatus, f"{_Q}/system-status")

    def metrics(self) -> str:
        """Return the gauges of the desk, as Prometheus text."""
        return self._transport.read("/metrics").body.decode()

    def panel_url(self) -> str:
        """Return the address of the control panel."""
        location = self._transport.read("/").headers.get("location")
        if not location:
            raise AnswerError(f"{self.url} does not say where its control panel is")
        return location

    def control(
        self, action: str, reason: str | None = None, *, confirm: str | bool | None = None, key: str | None = None
    ) -> Accepted:
        """Tell the desk something; `wait` waits until it is done.

        Parameters
        ----------
        action : str
            start, stop, pause_evolution or resume_evolution; others come with trading.
        reason : str, optional
            For the operations log.
        confirm : str or bool, optional
            For actions that move money.
        key : str, optional
            Idempotency-Key; a new one by default.

        Returns
        -------
        Accepted
            The command.
        """
        body = {"action": action, "reason": reason, "confirm": confirm}
        return self._write(Accepted, "POST", f"{_Q}/system-control", _without_none(body), key)

    def start(self, reason: str | None = None, *, key: str | None = None) -> Accepted:
        """Start evolution."""
        return self.control("start", reason, key=key)

    def stop(self, reason: str | None = None, *, key: str | None = None) -> Accepted:
        """Stop evolution."""
        return self.control("stop", reason, key=key)

    def pause(self, reason: str | None = None, *, key: str | None = None) -> Accepted:
        """Let evolution rest."""
        return self.control("pause_evolution", reason, key=key)

    def resume(self, reason: str | None = None, *, key: str | None = None) -> Accepted:
        """Let evolution go on."""
        return self.control("resume_evolution", reason, key=key)

    # Strategies

    def strategies(self, **asked: Unpack[StrategyQuery]) -> Page[Strategy]:
        """Return a page of strategies, the best evidence first unless `sort` says otherwise.

        Parameters
        ----------
        **asked : StrategyQuery
            Filters, `sort` (a field, with - before it for descending), `limit`, `cursor`, `since` and `until`.

        Returns
        -------
        Page of Strategy
            `every` and `frame` go through all pages.
        """
        return self._page(Strategy, f"{_Q}/strategies", dict(asked))

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

    def strategy(self, strategy: str) -> StrategyDetail:
        """Return everything about a strategy, by its id."""
        return self._read(StrategyDetail, _strategy_path(strategy))

    def equity(self, strategy: str, source: str = "backtest", points: int = 2_000) -> Equity:
        """Return how a strategy fared against buy-and-hold; one that is no finalist is computed for it.

        Parameters
        ----------
        strategy : str
            Its id.
        source : str
            backtest or oos; paper and live come with trading.
        points : int
            At most so many, 4 to 2,000; extremes are kept.

        Returns
        -------
        Equity
            In columns; its `frame` is a table.
        """
        return self._read(Equity, f"{_strategy_path(strategy)}/equity", {"source": source, "points": points})

    def lineage(self, strategy: str, depth: int = 5) -> Lineage:
        """Return a strategy and its ancestors, so many generations back."""
        return self._read(Lineage, f"{_strategy_path(strategy)}/lineage", {"depth": depth})

    def neighbourhood(self, strategy: str, x: str | None = None, y: str | None = None) -> Neighbourhood:
        """Return the scores around a strategy over two of its parameters; by default its first two."""
        return self._read(Neighbourhood, f"{_strategy_path(strategy)}/neighbourhood", {"x": x, "y": y})

    def enable(
        self, ids: str | Iterable[str], reason: str, *, version: int | None = None, key: str | None = None
    ) -> Accepted:
        """Let strategies into the roster: they trade on paper. See `command_strategies`."""
        return self.command_strategies("enable", ids, reason, version=version, key=key)

    def disable(
        self, ids: str | Iterable[str], reason: str, *, version: int | None = None, key: str | None = None
    ) -> Accepted:
        """Take strategies out of the roster. See `command_strategies`."""
        return self.command_strategies("disable", ids, reason, version=version, key=key)

    def retire(
        self, ids: str | Iterable[str], reason: str, *, version: int | None = None, key: str | None = None
    ) -> Accepted:
        """Take strategies out for good. See `command_strategies`."""
        return self.command_strategies("retire", ids, reason, version=version, key=key)

    def command_strategies(
        self, action: str, ids: str | Iterable[str], reason: str, *, version: int | None = None, key: str | None = None
    ) -> Accepted:
        """Tell one strategy, or up to 500 at once; `wait` waits until it is done.

        Parameters
        ----------
        action : str
            enable, disable or retire; others come with trading.
        ids : str or iterable of str
            One that may not change is a `ConflictError`; of many, those that may not are left alone, and the command
            says so.
        reason : str
            For the operations log.
        version : int, optional
            Refuse it if the strategy has another one; for one strategy only.
        key : str, optional
            Idempotency-Key; a new one by default.

        Returns
        -------
        Accepted
            The command.

        Raises
        ------
        InvalidValueError
            If there is no id, more than 500, or a version for many.
        """
        body: dict[str, Any] = {"action": action, "reason": reason}
        if isinstance(ids, str):
            return self._write(
                Accepted, "POST", f"{_strategy_path(ids)}/commands", _without_none(body | {"version": version}), key
            )
        listed = list(ids)
        if not 1 <= len(listed) <= _MOST_IDS:
            raise InvalidValueError(f"ids must be 1 to {_MOST_IDS} strategies, was {len(listed):,}: send them in parts")
        if version is not None:
            raise InvalidValueError("version must be left out for many strategies: each has its own")
        return self._write(Accepted, "POST", f"{_Q}/strategies/commands", body | {"ids": listed}, key)

    # Commands

    def command(self, command: str) -> Command:
        """Return a command, by its id, as it is now."""
        return self._read(Command, f"{_Q}/commands/{_segment(command, 'command')}")

    def wait(self, command: Accepted | Command | str, patience_s: float | None = None) -> Command:
        """Wait until a command is done.

        Parameters
        ----------
        command : Accepted, Command or str
            What a write has returned, or an id.
        patience_s : float, optional
            How long; by default that of the client.

        Returns
        -------
        Command
            Done; `detail` says what was.

        Raises
        ------
        CommandRefusedError
            If it was refused.
        CommandFailedError
            If it failed.
        StillRunningError
            If it has not ended in time.
        """
        patience_s = self._patience_s if patience_s is None else patience_s
        deadline = time.monotonic() + patience_s
        name = (
            command if isinstance(command, str) else command.id if isinstance(command, Command) else command.command_id
        )
        look_s = _FIRST_LOOK_S
        while True:
            found = self.command(name)
            if found.ended:
                break
            if time.monotonic() + look_s > deadline:
                raise StillRunningError(f"command {name} ({found.action}) is {found.status} after {patience_s:g} s")
            time.sleep(look_s)
            look_s = min(2.0 * look_s, _RARELY_S)
        if found.status == "done":
            return found
        words = f"command {name} ({found.action}) {found.status}: {found.detail or 'without a word'}"
        if found.status == "refused":
            raise CommandRefusedError(words)
        raise CommandFailedError(words)

    # Logs, alerts and the configuration

    def evolution_log(self, **asked: Unpack[EvolutionQuery]) -> Page[EvolutionLogRow]:
        """Return a page of how runs went, the newest first; `run_id`, `species` and `event` filter it."""
        return self._page(EvolutionLogRow, f"{_Q}/evolution-log", dict(asked))

    def operations_log(self, **asked: Unpack[OperationsQuery]) -> Page[OperationsLogRow]:
        """Return a page of who changed what, the newest first; `actor`, `action` and `target` filter it."""
        return self._page(OperationsLogRow, "/api/operations-log", dict(asked))

    def alerts(self, **asked: Unpack[AlertQuery]) -> Page[Alert]:
        """Return a page of alerts, the newest first; `severity` and `open` filter it."""
        return self._page(Alert, "/api/alerts", dict(asked))

    def ack_alert(self, alert: int, *, key: str | None = None) -> Alert:
        """Say that an alert was seen; whoever said so first stays its reader."""
        return self._write(Alert, "POST", f"/api/alerts/{int(alert)}/ack", None, key)

    def config(self) -> Config:
        """Return the configuration."""
        return self._read(Config, f"{_Q}/config")

    def put_config(self, config: Config, *, key: str | None = None) -> Config:
        """Replace the configuration, if it still has the version that was read.

        Parameters
        ----------
        config : Config
            What `config` returned, changed with `dataclasses.replace`. Its `version` says what is replaced.
        key : str, optional
            Idempotency-Key; a new one by default.

        Returns
        -------
        Config
            As it is now; a `ConflictError` where somebody else was faster.
        """
        body = {name: value for name, value in asdict(config).items() if name in ("auto_trading", "management", "risk")}
        headers = {"If-Match": f'"{config.version}"'}
        return self._write(Config, "PUT", f"{_Q}/config", body, key, headers)

    # Prices

    def candles(
        self,
        symbol: str | None = None,
        timeframe: str | None = None,
        venue: str | None = None,
        *,
        since: Instant | None = None,
        until: Instant | None = None,
        points: int = 500,
    ) -> CandleSeries:
        """Return candles of one market: the latest ones, or those of a span.

        Parameters
        ----------
        symbol, timeframe, venue : str, optional
            Which market; the symbol is needed where there are several.
        since, until : int or datetime, optional
            From and before when.
        points : int
            At most so many, 1 to 5,000; a longer span is merged, extremes are kept.

        Returns
        -------
        CandleSeries
            In columns; its `frame` is a table.
        """
        asked = {"symbol": symbol, "timeframe": timeframe, "venue": venue, "points": points}
        return self._read(CandleSeries, "/api/market/candles", asked | _span(since, until))

    def tickers(
        self, symbol: str | None = None, timeframe: str | None = None, venue: str | None = None
    ) -> tuple[Ticker, ...]:
        """Return what markets would pay and take, each with its age."""
        asked = {"symbol": symbol, "timeframe": timeframe, "venue": venue}
        return self._page(Ticker, "/api/market/tickers", asked).items

    # Lists as a whole, and what happens

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

    def _read(self, kind: type[Answer], path: str, parameters: dict[str, Any] | None = None) -> Answer:
        return _decoded(kind, self._transport.read(path, parameters), path)

    def _page(self, kind: type[Item], path: str, asked: dict[str, Any]) -> Page[Item]:
        span = _span(asked.pop("since", None), asked.pop("until", None))
        return self._read(cast("type[Page[Item]]", Page[kind]), path, asked | span)  # type: ignore[valid-type]

    def _write(
        self,
        kind: type[Answer],
        method: str,
        path: str,
        body: object,
        key: str | None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        key = uuid.uuid4().hex if key is None else key
        return _decoded(kind, self._transport.write(method, path, body, key, headers), path)


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _decoded(kind: type[Answer], reply: Reply, path: str) -> Answer:
    try:
        return cast(Answer, _adapter(cast(Hashable, kind)).validate_json(reply.body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise AnswerError(
            f"the answer of {path} is not what this client expects ({place}: {first['msg']}): is the desk of another"
            " version?",
            status=reply.status,
        ) from None


def _item_of(listing: Callable[..., Page[Any]]) -> type:
    """Return what a list of this client is made of."""
    found = get_type_hints(listing).get("return")
    if get_origin(found) is not Page:
        raise InvalidValueError("listing must be one of the client's lists, such as desk.strategies")
    return cast(type, get_args(found)[0])


def _strategy_path(strategy: str) -> str:
    return f"{_Q}/strategies/{_segment(strategy, 'strategy')}"


def _segment(name: str, what: str) -> str:
    """Return an id as a part of an address that cannot lead elsewhere."""
    if not isinstance(name, str) or name.strip(".") == "":
        raise InvalidValueError(f"the id of a {what} must be a word, was {name!r}")
    return quote(name, safe="")


def _span(since: Instant | None, until: Instant | None) -> dict[str, int | None]:
    return {"from": _milliseconds(since, "since"), "to": _milliseconds(until, "until")}


def _milliseconds(moment: Instant | None, name: str) -> int | None:
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        raise InvalidValueError(f"{name} must know its zone, was {moment}: add tzinfo=UTC")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _without_none(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}

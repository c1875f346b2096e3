"""Strategies: the list, everything about one, and commands into the roster and out of it."""

from collections.abc import Iterable
from typing import Any, TypeVar, Unpack

from ui.calls import Calls, Q, decoded, without_none
from ui.desk_answers import Accepted
from ui.errors import InvalidValueError
from ui.overview_answers import StrategyFacets, StrategyMap
from ui.page import Page
from ui.queries import Instant, StrategyQuery, TradeQuery, segment, span
from ui.strategy_answers import Equity, Lineage, Neighbourhood, Strategy, StrategyDetail
from ui.trade_answers import PriceChart, ReturnTable, Trade

__all__ = ["StrategyCalls"]

Versioned = TypeVar("Versioned", StrategyMap, StrategyFacets)

_MOST_IDS = 500
_UNCHANGED = 304


class StrategyCalls(Calls):
    """Asks about strategies, and tells them something."""

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
        return self._page(Strategy, f"{Q}/strategies", dict(asked))

    def strategies_map(self, known: StrategyMap | None = None, *, retired: bool = False) -> StrategyMap:
        """Return all strategies as points.

        Parameters
        ----------
        known : StrategyMap, optional
            An earlier answer to the same question; it is returned, and nothing sent, while nothing has changed.
        retired : bool
            Whether retired strategies are on it.

        Returns
        -------
        StrategyMap
            In columns; its `frame` is a table.
        """
        return self._changed(StrategyMap, f"{Q}/strategies/map", known, {"retired": retired})

    def strategy_facets(self, known: StrategyFacets | None = None) -> StrategyFacets:
        """Return what strategies can be filtered by: types, symbols and the like, with how many have them.

        Parameters
        ----------
        known : StrategyFacets, optional
            An earlier answer; it is returned, and nothing sent, while nothing has changed.

        Returns
        -------
        StrategyFacets
            Retired strategies count too.
        """
        return self._changed(StrategyFacets, f"{Q}/strategies/facets", known)

    def _changed(
        self, kind: type[Versioned], path: str, known: Versioned | None, parameters: dict[str, Any] | None = None
    ) -> Versioned:
        headers = None if known is None else {"If-None-Match": f'W/"{known.version}"'}
        reply = self._transport.read(path, parameters, headers=headers)
        return known if known is not None and reply.status == _UNCHANGED else decoded(kind, reply, path)

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

    def trades(self, strategy: str, **asked: Unpack[TradeQuery]) -> Page[Trade]:
        """Return a page of a strategy's closed trades, the latest exit first.

        Parameters
        ----------
        strategy : str
            Its id.
        **asked : TradeQuery
            `source` (backtest by default, paper or live), `money`, and what every list takes.

        Returns
        -------
        Page of Trade
            `every` and `frame` go through all pages.
        """
        return self._page(Trade, f"{_strategy_path(strategy)}/trades", dict(asked))

    def chart(
        self, strategy: str, since: Instant | None = None, until: Instant | None = None, points: int = 1_000
    ) -> PriceChart:
        """Return the price that a strategy has traded, and what it did.

        Parameters
        ----------
        strategy : str
            Its id.
        since, until : int or datetime, optional
            From and before when.
        points : int
            At most so many, 4 to 2,000; extremes are kept.

        Returns
        -------
        PriceChart
            In columns; its `frame` is a table.
        """
        asked = {"points": points} | span(since, until)
        return self._read(PriceChart, f"{_strategy_path(strategy)}/chart", asked)

    def returns(self, strategy: str, source: str = "backtest", of: str = "trades") -> ReturnTable:
        """Return what a strategy returned, month by month, and how its trades or days were distributed.

        Parameters
        ----------
        strategy : str
            Its id.
        source : str
            backtest, or oos: from the end of its selection on.
        of : str
            trades or days.

        Returns
        -------
        ReturnTable
            Net returns.
        """
        return self._read(ReturnTable, f"{_strategy_path(strategy)}/returns", {"source": source, "of": of})

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
            One that may not change is a `ConflictError`, one that is not there a `NotFoundError`; of many, those that
            may not are left alone, and the command says so, unless it is none of them that may.
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
                Accepted, "POST", f"{_strategy_path(ids)}/commands", without_none(body | {"version": version}), key
            )
        listed = list(ids)
        if not 1 <= len(listed) <= _MOST_IDS:
            raise InvalidValueError(f"ids must be 1 to {_MOST_IDS} strategies, was {len(listed):,}: send them in parts")
        if version is not None:
            raise InvalidValueError("version must be left out for many strategies: each has its own")
        return self._write(Accepted, "POST", f"{Q}/strategies/commands", body | {"ids": listed}, key)


def _strategy_path(strategy: str) -> str:
    return f"{Q}/strategies/{segment(strategy, 'strategy')}"

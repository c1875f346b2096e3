"""The evolution log: how runs went and what their optimisers did, as one list.

It joins strategy_evolution_history (a row for each species and round, and each event) with the events of
strategy_optimization_logs, whose figures are in their `details`. `source` says which of the two a row comes from:
"history" or "optimizer".
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Double, Engine, Text, cast, literal, null, select, union_all

from storage.models import StrategyEvolutionHistory, StrategyOptimizationLog, table_of
from storage.pagination import Listing, Page, read_page

__all__ = ["EvolutionLogRepository", "event_row"]

_history = table_of(StrategyEvolutionHistory)
_logs = table_of(StrategyOptimizationLog)
_COUNTS = ("generation", "round", "evaluations")
_NUMBERS = ("best_scs", "q25", "median_scs", "q75", "diversity", "coverage")


def _both() -> Listing:
    """Return the list of both tables."""
    rounds = select(
        *(_history.c[name] for name in ("ts", "id", "run_id", "generation", "round", "species", "evaluations")),
        *(_history.c[name] for name in _NUMBERS),
        *(_history.c[name] for name in ("event", "message")),
        cast(null(), Text).label("strategy_id"),
        literal("history", Text).label("source"),
    )
    events = select(
        *(_logs.c[name] for name in ("ts", "id", "run_id")),
        *(cast(_figure(name), BigInteger).label(name) for name in ("generation", "round")),
        _logs.c.species,
        cast(_figure("evaluations"), BigInteger).label("evaluations"),
        *(cast(_figure(name), Double).label(name) for name in _NUMBERS),
        *(_logs.c[name] for name in ("event", "message", "strategy_id")),
        literal("optimizer", Text).label("source"),
    )
    return Listing(
        name="the evolution log",
        source=union_all(rounds, events).subquery("evolution_log"),
        sorts=("ts",),
        default="-ts",
        ties=("id", "source"),
        filters=("run_id", "species", "event", "source"),
    )


def _figure(name: str) -> ColumnElement[str]:
    figure: ColumnElement[str] = _logs.c.details["figures"][name].astext
    return figure


_LISTING = _both()


def event_row(run_id: str, log: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as the list will have it, but for its `id`.

    Parameters
    ----------
    run_id : str
        Its run.
    log : mapping
        A row of strategy_optimization_logs, as `RunRepository.commit` takes it.

    Returns
    -------
    dict
        `ts` is as it was given.
    """
    figures = (log.get("details") or {}).get("figures") or {}
    return {
        **{name: log.get(name) for name in ("ts", "species", "event", "message", "strategy_id")},
        **{name: figures.get(name) for name in (*_COUNTS, *_NUMBERS)},
        "run_id": run_id,
        "source": "optimizer",
    }


class EvolutionLogRepository:
    """The evolution log.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        sort: str | None = None,
        since: object = None,
        until: object = None,
        **filters: str | None,
    ) -> Page:
        """Return a page of the log, the newest row first.

        Parameters
        ----------
        limit : int
            How many rows at most, 1..500.
        cursor : str, optional
            The `next_cursor` of the page before.
        sort : str, optional
            "-ts" or "ts".
        since, until : datetime or int, optional
            Only rows at or after `since` and before `until`: aware times or ms UTC.
        **filters : str, optional
            Exact values of `run_id`, `species`, `event` or `source`.

        Returns
        -------
        Page
            The columns of the table `strategy_evolution_history`, `strategy_id` and `source`.
        """
        return read_page(
            self._engine, _LISTING, limit=limit, cursor=cursor, sort=sort, since=since, until=until, filters=filters
        )

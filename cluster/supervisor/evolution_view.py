"""Evolution in the terminal of `evoq up --foreground`: one line a round, and the leaderboard when it changes."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from sqlalchemy import Engine

from cluster.leaderboard import best_out_of_sample, best_per_type, print_finalists, print_leaderboard, summary
from cluster.stored_evidence import configured_rule
from cluster.supervisor.desk import Desk
from storage import ConfigRepository, StatusRecord, StorageError, StrategyRepository, SystemStatusRepository

__all__ = ["EvolutionView", "round_line"]

_LOOK_S = 1.0
_STATUS = "evolution"
_SHOWN = 10
_MOST_ROWS = 500


class EvolutionView:
    """Looks into the database once a second; a context manager.

    Parameters
    ----------
    desk : Desk
        The desk.
    console : Console
        Where to show it.
    shown : callable
        Is called after each leaderboard.
    """

    def __init__(self, desk: Desk, console: Console, shown: Callable[[], None] = lambda: None) -> None:
        self._desk = desk
        self._console = console
        self._shown = shown
        self._last_round: tuple[Any, ...] | None = None
        self._last_board: tuple[Any, ...] | None = None
        self._began = desk.clock.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="evolution view", daemon=True)

    def __enter__(self) -> Self:
        self._began = self._desk.clock.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(2.0)

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_S):
            engine = self._desk.engine
            if engine is None:
                continue
            with suppress(StorageError):
                told = SystemStatusRepository(engine).latest(_STATUS)
                if told is None or told.age_s > self._desk.clock.monotonic() - self._began:
                    continue  # of an earlier desk
                self._show_round(told)
                self._show_board(engine)

    def _show_round(self, told: StatusRecord) -> None:
        data = told.data
        now = (data.get("state"), data.get("run_id"), data.get("generation"), data.get("round"))
        if now == self._last_round:
            return
        self._last_round = now
        if data.get("state") != "running":
            self._console.print(f"evolution: {data.get('state')}")
            return
        self._console.print(round_line(data), soft_wrap=True)

    def _show_board(self, engine: Engine) -> None:
        """Show the leaderboard if it is another one."""
        strategies = StrategyRepository(engine)
        run = strategies.latest_run()
        if run is None:
            return
        rows = strategies.leaderboard(limit=_MOST_ROWS, sort="-scs", run_id=run).items
        board = tuple((row["id"], row["scs"], row["oos_scs"], row["grade"]) for row in rows)
        if not rows or board == self._last_board:
            return
        self._last_board = board
        rule = configured_rule(ConfigRepository(engine).get())
        finalists = best_out_of_sample(rows)
        simulated = " (SIMULATED MARKET: proves nothing about real ones)" if _simulated(rows) else ""
        if finalists:
            shown = finalists[:_SHOWN]
            title = f"best {len(shown)} of {len(finalists)} finalists, out of sample{simulated}"
            print_finalists(self._console, shown, title, rule)
        title = f"best of each type{'' if finalists else simulated}"
        print_leaderboard(self._console, best_per_type(rows), title, rule)
        self._console.print(summary(strategies.counts(rule.oos_scs, run_id=run), rule.oos_scs), soft_wrap=True)
        self._shown()


def round_line(told: Mapping[str, Any]) -> str:
    """Return where evolution stands, in a line.

    Parameters
    ----------
    told : mapping
        What the driver told last.

    Returns
    -------
    str
        Without a speed that nobody knows yet, or that rounds to nothing.
    """
    parts = [f"generation {told['generation']}, round {told['round']}", f"{told['evaluations']:,} evaluations"]
    evaluations_per_s, bars_per_s = told.get("evaluations_per_s"), told.get("strategy_bars_per_s")
    if evaluations_per_s is not None and evaluations_per_s >= 0.5:
        parts.append(f"{evaluations_per_s:,.0f}/s")
    if bars_per_s is not None and bars_per_s >= 0.05e6:
        parts.append(f"{bars_per_s / 1e6:,.1f} M strategy-bars/s")
    parts.append(f"best {_number(told.get('best_scs'))}, median {_number(told.get('median_scs'))}")
    return " · ".join(parts)


def _simulated(rows: Any) -> bool:
    return any(str(row["origin"]).startswith("simulated:") for row in rows)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"

"""The leaderboard: the best strategies as a table, and how many pass which bar."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from storage import StrategyCounts

__all__ = ["THRESHOLD", "best_per_type", "different_results", "print_leaderboard", "summary"]

THRESHOLD = 65.0
_WIDE = 132  # columns that parameters need to be readable


def print_leaderboard(console: Console, rows: Sequence[Mapping[str, Any]], title: str) -> None:
    """Print strategies in the order given.

    Parameters
    ----------
    console : Console
        Where to.
    rows : sequence of mapping
        Rows of the table `strategies`.
    title : str
        Above the table.
    """
    wide = console.width >= _WIDE
    table = Table(title=title, title_justify="left", header_style="bold", box=None, padding=(0, 1, 0, 0))
    for name in ("id", "type", "market"):
        table.add_column(name, no_wrap=True)
    for name in ("SCS", "trades", "win", "PF", "Sharpe", "max DD", "return") if wide else ("SCS", "trades", "return"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("grade", no_wrap=True)
    if wide:
        table.add_column("parameters", overflow="fold")
    for row in rows:
        simulated = " sim" if str(row["origin"]).startswith("simulated:") else ""
        result = {
            "scs": ".1f", "n_trades": ",d", "win_rate": ".0%", "profit_factor": ".2f", "sharpe": ".2f",
            "max_drawdown": ".1%", "total_return": "+.1%",
        }  # fmt: skip
        shown = result if wide else {name: result[name] for name in ("scs", "n_trades", "total_return")}
        table.add_row(
            str(row["id"]),
            str(row["type"]),
            f"{row['symbol']} {row['timeframe']}{simulated}",
            *(_number(row[name], form) for name, form in shown.items()),
            str(row["grade"]),
            *([Text(_parameters(row["parameters"]))] if wide else []),
        )
    console.print(table)


def summary(counts: StrategyCounts, threshold: float = THRESHOLD) -> str:
    """Return the line that always stands beside scores: how many pass, how many are proven, and why not more.

    Parameters
    ----------
    counts : StrategyCounts
        Of the strategies in question.
    threshold : float
        The SCS they were counted by.

    Returns
    -------
    str
        For example ``"score >= 65: 12 · grade A: 0 · live: 0 · commonest reason: no out-of-sample evidence yet"``.
    """
    line = f"score >= {threshold:g}: {counts.above_threshold:,} · grade A: {counts.grade_a:,} · live: {counts.live:,}"
    if counts.commonest_reason:
        line += f" · commonest reason: {counts.commonest_reason.partition(': ')[2] or counts.commonest_reason}"
    return line


def best_per_type(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the strategy of the highest SCS of each type, best first.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of the table `strategies`.

    Returns
    -------
    list of mapping
        At most one row a type.
    """
    best: dict[str, Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (-row["scs"], str(row["species"]), row["child"])):
        best.setdefault(row["type"], row)
    return list(best.values())


def different_results(rows: Sequence[Mapping[str, Any]], count: int) -> list[Mapping[str, Any]]:
    """Return the first strategy of each result: neighbours in a species often make the very same trades.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of the table `strategies`, best first.
    count : int
        How many to return at most.

    Returns
    -------
    list of mapping
        In the same order.
    """
    first: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in rows:
        first.setdefault((row["species"], row["scs"], row["n_trades"], row["total_return"]), row)
    return list(first.values())[:count]


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _parameters(parameters: Mapping[str, float]) -> str:
    return " ".join(f"{name}={value:g}" for name, value in parameters.items() if value and name != "quantity")

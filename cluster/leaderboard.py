"""The leaderboard: the best strategies as a table, and how many pass which bar."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["THRESHOLD", "best_per_type", "print_leaderboard", "summary"]

THRESHOLD = 65.0


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
    table = Table(title=title, title_justify="left", header_style="bold", pad_edge=False)
    for name in ("id", "type", "market"):
        table.add_column(name, no_wrap=True)
    for name in ("SCS", "trades", "win", "PF", "Sharpe", "max DD", "return"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("grade")
    table.add_column("parameters", overflow="fold")
    for row in rows:
        table.add_row(
            str(row["id"]),
            str(row["type"]),
            f"{row['symbol']} {row['timeframe']}{' sim' if str(row['origin']).startswith('simulated:') else ''}",
            _number(row["scs"], ".1f"),
            _number(row["n_trades"], ",d"),
            _number(row["win_rate"], ".0%"),
            _number(row["profit_factor"], ".2f"),
            _number(row["sharpe"], ".2f"),
            _number(row["max_drawdown"], ".1%"),
            _number(row["total_return"], "+.1%"),
            str(row["grade"]),
            Text(_parameters(row["parameters"])),
        )
    console.print(table)


def summary(rows: Sequence[Mapping[str, Any]], threshold: float = THRESHOLD) -> str:
    """Return the line that always stands beside scores: how many pass, how many are proven, and why not more.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of the table `strategies`.
    threshold : float
        SCS from which real money is thinkable.

    Returns
    -------
    str
        For example ``"score >= 65: 12 · grade A: 0 · live: 0 · commonest reason: no out-of-sample evidence yet"``.
    """
    above = sum(1 for row in rows if row["scs"] is not None and row["scs"] >= threshold)
    proven = sum(1 for row in rows if row["grade"] == "A")
    live = sum(1 for row in rows if row.get("state") == "live")
    reasons = Counter(str(row["grade_reason"]).partition(": ")[2] for row in rows if row["grade_reason"])
    commonest = f" · commonest reason: {reasons.most_common(1)[0][0]}" if reasons else ""
    return f"score >= {threshold:g}: {above:,} · grade A: {proven:,} · live: {live:,}{commonest}"


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


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _parameters(parameters: Mapping[str, float]) -> str:
    return " ".join(f"{name}={value:g}" for name, value in parameters.items() if value and name != "quantity")

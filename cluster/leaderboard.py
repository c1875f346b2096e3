"""The leaderboard: the best strategies as a table, and how many pass which bar."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from backtest import GradeRule
from cluster.run_evidence import RunEvidence
from cluster.stored_evidence import short_reason
from storage import StrategyCounts

__all__ = [
    "THRESHOLD",
    "best_out_of_sample",
    "best_per_type",
    "different_results",
    "evidence_lines",
    "fittest",
    "print_finalists",
    "print_leaderboard",
    "summary",
]

THRESHOLD = 65.0
_WORDS = 100  # columns from which the reason of a grade stands there in words
_MORE = 132  # columns from which there is room for more numbers
_ALL = 180  # columns from which there is room for everything
_ID_LETTERS = 8  # 40 bits: `evoq explain` finds a strategy by them
_ENDLESS = 1000
_SCORES = {"scs": ("SCS", ".1f"), "in_sample_scs": ("IS", ".1f"), "oos_scs": ("OOS", ".1f")}
_RESULT = {"n_trades": ("trades", ",d"), "sharpe": ("Sharpe", ".2f"), "total_return": ("return", "+.1%")}
_REST = {"win_rate": ("win", ".0%"), "profit_factor": ("PF", ".2f"), "max_drawdown": ("max DD", ".1%")}
_PROOF = {"in_sample_scs": ("IS", ".1f"), "oos_scs": ("OOS", ".1f"), "oos_trades": ("trades", ",d")}
_INFERENCE = {"excess_return": ("excess/y", "+.1%"), "psr": ("PSR", ".2f"), "dsr": ("DSR", ".2f")}


def print_leaderboard(
    console: Console, rows: Sequence[Mapping[str, Any]], title: str, rule: GradeRule | None = None
) -> None:
    """Print strategies in the order given.

    Parameters
    ----------
    console : Console
        Where to: in 80 columns the scores and what is missing from the grade in short, in more of them more.
    rows : sequence of mapping
        Rows of the table `strategies`.
    title : str
        Above the table.
    rule : GradeRule, optional
        What grades ask for; the defaults of the design unless given.
    """
    columns = dict(_SCORES)
    if console.width >= _MORE:
        columns |= _RESULT
    if console.width >= _ALL:
        columns |= _REST
    _print(console, rows, title, columns, rule, with_parameters=console.width >= _ALL)


def print_finalists(
    console: Console, rows: Sequence[Mapping[str, Any]], title: str, rule: GradeRule | None = None
) -> None:
    """Print finalists with their evidence in the order given.

    Parameters
    ----------
    console : Console
        Where to: in 80 columns what is missing from the grade in short, in 132 the numbers that prove it.
    rows : sequence of mapping
        Rows of the table `strategies`.
    title : str
        Above the table.
    rule : GradeRule, optional
        What grades ask for; the defaults of the design unless given.
    """
    columns = dict(_PROOF)
    if console.width >= _MORE:
        columns |= _INFERENCE
    _print(console, rows, title, columns, rule, with_parameters=False)


def _print(
    console: Console,
    rows: Sequence[Mapping[str, Any]],
    title: str,
    columns: Mapping[str, tuple[str, str]],
    rule: GradeRule | None,
    with_parameters: bool,
) -> None:
    """Print a table; where it is too wide, ids are cut to letters that are enough to find a strategy."""
    in_words = console.width >= _WORDS
    for letters in (None, _ID_LETTERS):
        table = Table(title=title, title_justify="left", header_style="bold", box=None, padding=(0, 1, 0, 0))
        for name in ("id", "type", "market"):
            table.add_column(name, no_wrap=True)
        for heading, _ in columns.values():
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("grade and what is missing" if in_words else "grade", overflow="fold")
        if with_parameters:
            table.add_column("parameters", overflow="fold")
        for row in rows:
            table.add_row(
                str(row["id"])[:letters],
                str(row["type"]),
                _market(row),
                *(_number(row[name], form) for name, (_, form) in columns.items()),
                Text(str(row["grade_reason"] or row["grade"]) if in_words else short_reason(row, rule)),
                *([Text(_parameters(row["parameters"]))] if with_parameters else []),
            )
        if in_words or table.__rich_measure__(console, console.options.update(width=_ENDLESS)).maximum <= console.width:
            break
    console.print(table)


def evidence_lines(evidence: RunEvidence) -> list[str]:
    """Return what a run proves as a whole, in words.

    Parameters
    ----------
    evidence : RunEvidence
        Of the run.

    Returns
    -------
    list of str
        What following the finalists would have earned; and for each market how much was tried, what luck alone shows
        among so many, and how overfitted the choice is.
    """
    lines = []
    if evidence.curve is not None:
        curve = evidence.curve
        lines.append(
            f"following the finalists of each test span: {curve.index[-1] - 1.0:+.1%} "
            f"(holding the markets {curve.buy_and_hold[-1] - 1.0:+.1%}), Sharpe {_defined(curve.sharpe, '.2f')}, "
            f"probability of an edge {_defined(curve.psr, '.0%')}"
        )
    for market, trials in evidence.trials.items():
        luck = trials.annual_hurdle(evidence.whole[market].candles.bars_per_year)
        lines.append(
            f"{' '.join(market)}: {trials.n_trials:,} backtests ever, worth {trials.n_effective:,} independent ones; "
            f"the best of these shows a Sharpe of {luck:.1f} by luck; "
            f"probability of overfitting {_defined(evidence.overfitting[market], '.0%')}"
        )
    return lines


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


def best_out_of_sample(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the finalists, those of the best grade first, then by the score that selection never saw.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of the table `strategies`.

    Returns
    -------
    list of mapping
        Finalists only.
    """

    def rank(row: Mapping[str, Any]) -> tuple[Any, ...]:
        oos = -math.inf if row["oos_scs"] is None else row["oos_scs"]
        return (row["grade"], -oos, str(row["species"]), row["child"])

    return sorted((row for row in rows if row["finalist"]), key=rank)


def fittest(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the member of the last window with the highest fitness: what the search ended with.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of the table `strategies`.

    Returns
    -------
    mapping or None
        None without any. Fitness of earlier windows is not comparable, so finalists of those do not count.
    """
    last: dict[tuple[str, str], int] = {}
    for row in rows:
        market = (row["symbol"], row["timeframe"])
        last[market] = max(last.get(market, 0), row["selected_until"])
    present = [row for row in rows if row["selected_until"] == last[row["symbol"], row["timeframe"]]]
    return max(present, key=lambda row: (row["fitness"], row["scs"], str(row["species"]), -row["child"]), default=None)


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


def _market(row: Mapping[str, Any]) -> str:
    simulated = " sim" if str(row["origin"]).startswith("simulated:") else ""
    return f"{row['symbol']} {row['timeframe']}{simulated}"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _defined(value: float, form: str) -> str:
    return "undefined" if math.isnan(value) else format(value, form)


def _parameters(parameters: Mapping[str, float]) -> str:
    return " ".join(f"{name}={value:g}" for name, value in parameters.items() if value and name != "quantity")

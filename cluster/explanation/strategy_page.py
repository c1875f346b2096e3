"""The explanation of a strategy in a terminal."""

import math
from bisect import bisect_right

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from backtest import Requirement
from backtest.score import PARTS
from cluster.explanation.glyphs import Glyphs, thinned
from cluster.explanation.heat_map import heat_map, surroundings
from cluster.explanation.lineage_tree import lineage_tree
from cluster.explanation.page import section, simulated_label, table
from cluster.explanation.strategy_explanation import StrategyExplanation
from cluster.explanation.wording import day, moment, number, parameters_of

__all__ = ["print_strategy"]

_GRADE_STYLES = {"A": "bold green", "B": "bold yellow", "C": "bold red"}
_KINDS = {"train": "training", "test": "test", "live": "live candles", "holdout": "holdout"}
_KIND_STYLES = {"train": "blue", "test": "dark_orange", "live": "green", "holdout": "magenta"}
_CELLS = 20
_CURVE_CELLS = 40


def print_strategy(explained: StrategyExplanation, console: Console) -> None:
    """Print everything that is known of a strategy.

    Parameters
    ----------
    explained : StrategyExplanation
        What is known.
    console : Console
        Where to; 80 columns are enough.
    """
    glyphs = Glyphs.of(console)
    console.print(_who(explained))
    section(console, _grade(explained), _requirements(explained, glyphs))
    section(console, "in sample and out of sample", _sides(explained, glyphs))
    if explained.row["folds"]:
        section(console, "folds (bars: SCS 0 to 100)", _folds(explained, glyphs))
    if explained.row["score_parts"]:
        section(
            console, f"score {number(explained.row['scs'], '.1f')} of 100, over all candles", _parts(explained, glyphs)
        )
    section(console, "trials", _trials(explained))
    if explained.lineage is not None:
        section(console, "lineage", *lineage_tree(explained.lineage, console.width))
    if explained.neighbourhood is not None:
        section(console, "neighbourhood, over all candles", _neighbourhood(explained, console))
    if explained.notes:
        section(console, "notes", Group(*(Text(note, style="yellow") for note in explained.notes)))
    console.print()
    console.print(Text(f"next: evoq explain {explained.run.id}"), soft_wrap=True)


def _who(explained: StrategyExplanation) -> Group:
    row, run = explained.row, explained.run
    enabled = "enabled" if row["enabled"] else "not enabled"
    finalist = (
        f"finalist of window {explained.window}" if row["finalist"] else f"no finalist of window {explained.window}"
    )
    candles, operator = explained.data_set, row["operator"] or "unknown"
    span = "" if candles is None else f" to {day(candles['last_time'])} ({candles['n_candles']:,})"
    lines = [
        Text(explained.headline, style="bold"),
        Text(f"{row['id']} · {row['state']}, {enabled} · {row['money']} money · origin {row['origin']}"),
        Text(f"run {run.id} · generation {row['generation']}, round {row['round']} · operator {operator}"),
        Text(f"{finalist} · selected until {moment(row['selected_until'])} UTC"),
        Text(f"scored on candles from {day(row['history_start'])}{span}"),
        Text(parameters_of(row["parameters"])),
    ]
    return Group(*([simulated_label()] if explained.simulated else []), *lines)


def _grade(explained: StrategyExplanation) -> Text:
    reason = explained.row["grade_reason"] or explained.row["grade"]
    return Text.assemble(
        ("grade ", "bold underline"), (str(reason), f"underline {_GRADE_STYLES.get(explained.row['grade'], 'bold')}")
    )


def _requirements(explained: StrategyExplanation, glyphs: Glyphs) -> Table:
    found = table("", "why not A" if explained.row["grade"] != "A" else "why A", "is >", "needs", "for")
    for one in explained.asked:
        mark = Text(glyphs.tick, style="green") if one.met else Text(glyphs.cross, style="red")
        found.add_row(mark, one.label, one.shown, _needed(one), _for(one))
    return found


def _needed(one: Requirement) -> str:
    return "more than 0" if one.name == "excess" else f"at least {one.needed:g}"


def _for(one: Requirement) -> str:
    return {"AB": "A and B", "A": "A", "B": "B instead of A"}[one.grades]


def _sides(explained: StrategyExplanation, glyphs: Glyphs) -> Group:
    inside, outside = explained.sides
    found = table("", "in sample >", "out of sample >", "change >")
    spans = f"{inside.n_spans} folds, {outside.n_spans} later spans"
    for name, one, other, form in (
        ("SCS", inside.scs, outside.scs, ".1f"),
        ("SCS, mean of spans", inside.span_scs, outside.span_scs, ".1f"),
        ("Sharpe ratio, mean of spans", inside.sharpe, outside.sharpe, ".2f"),
        ("trades", inside.n_trades, outside.n_trades, ",.0f"),
    ):
        change = "" if name == "trades" else _change(one, other, form)
        found.add_row(name, number(one, form), number(other, form), change)
    course = _course(explained, glyphs)
    hint = "" if not outside.n_spans else "; SCS of unequal lengths do not compare, means of spans nearly do"
    return Group(found, Text(f"{spans}{hint}", style="dim"), *([] if course is None else [course]))


def _change(before: float, after: float, form: str) -> Text:
    if math.isnan(before) or math.isnan(after):
        return Text("–")
    share = f" ({after / before - 1.0:+.0%})" if before > 0.0 and after >= 0.0 else ""
    return Text(f"{after - before:+{form}}{share}", style="red" if after < before else "green")


def _folds(explained: StrategyExplanation, glyphs: Glyphs) -> Table:
    found = table("", "from", "until", "SCS >", "", "trades >", "Sharpe >")
    for fold in explained.row["folds"]:
        filled, empty = glyphs.bar(fold["scs"], 100.0, _CELLS)
        style = _KIND_STYLES.get(fold["kind"], "")
        found.add_row(
            Text(_KINDS.get(fold["kind"], fold["kind"]), style=style),
            day(fold["start"]),
            day(fold["stop"]),
            number(fold["scs"], ".1f"),
            Text.assemble((filled, style), (empty, "dim")),
            number(fold.get("n_trades"), ",d"),
            number(fold.get("sharpe"), ".2f"),
        )
    return found


def _parts(explained: StrategyExplanation, glyphs: Glyphs) -> Table:
    found = table("", "points >", "", header=False)
    for part in PARTS:
        points, most = explained.points[part]
        filled, empty = glyphs.bar(points, most, round(most))
        bar = Text.assemble((filled, "blue"), (empty, "dim"))
        found.add_row(part.replace("_", " "), f"{points:.1f} of {most:.0f}", bar)
    return found


def _trials(explained: StrategyExplanation) -> Group:
    row, market = explained.row, explained.market
    if market is None or row["n_trials"] is None:
        return Group(Text("not counted yet: that is done when evidence is gathered"))
    luck, own = number(market["luck_sharpe"], ".2f"), number(row["sharpe"], ".2f")
    dsr, raw = number(row["dsr"], ".3f"), number(row["dsr_raw"], ".3f")
    return Group(
        Text(
            f"{row['n_trials']:,} backtests were ever made on {market['symbol']} {market['timeframe']}, worth "
            f"{row['n_trials_effective']:,.0f} independent ones."
        ),
        Text(
            f"Luck alone would show a Sharpe ratio of {luck} a year in the best of these; this strategy has {own} "
            "over all candles."
        ),
        Text(f"DSR {dsr}; {raw} if every backtest counted as independent; needs {explained.rule.confidence:g}."),
    )


def _course(explained: StrategyExplanation, glyphs: Glyphs) -> Text | None:
    """Return the index as one line, in sample and out of sample told apart; None where no curve is known."""
    curve = explained.curves.get("backtest")
    if curve is None or not curve["index"]:
        return None
    index, cells = curve["index"], _CURVE_CELLS
    seen = bisect_right(curve["times"], explained.row["selected_until"] or curve["times"][-1])
    share = round(cells * seen / len(index))
    low, high = min(index), max(index)
    line = Text("index ")
    for values, room, style in ((index[:seen], share, "blue"), (index[seen:], cells - share, "dark_orange")):
        line.append(glyphs.sparkline(thinned(values, room), low, high) if room > 1 and values else "", style)
    return line.append(f" {index[-1]:.3f}, buy and hold {curve['buy_and_hold'][-1]:.3f}")


def _neighbourhood(explained: StrategyExplanation, console: Console) -> Group:
    around = explained.neighbourhood
    assert around is not None
    return Group(*heat_map(around, console), Text(surroundings(around), style="dim"))

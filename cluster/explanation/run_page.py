"""The explanation of a run in a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from cluster.explanation.glyphs import Glyphs, thinned
from cluster.explanation.page import section, simulated_label, table
from cluster.explanation.run_explanation import RunExplanation
from cluster.explanation.wording import day, moment, number
from cluster.leaderboard import print_finalists, summary

__all__ = ["print_run"]

_CELLS = 40
_FINALISTS = 10
_WINDOWS = 12


def print_run(explained: RunExplanation, console: Console) -> None:
    """Print everything that is known of a run.

    Parameters
    ----------
    explained : RunExplanation
        What is known.
    console : Console
        Where to; 80 columns are enough.
    """
    glyphs = Glyphs.of(console)
    console.print(_who(explained))
    section(console, "candles", *_candles(explained))
    section(console, "settings", *_settings(explained))
    if explained.windows:
        section(console, "windows", _windows(explained))
    if explained.generations:
        section(console, "generations", _course(explained, glyphs))
    section(console, "trials", *_trials(explained))
    section(console, "following the finalists of each test span", *_curve(explained, glyphs))
    section(console, "holdout", *_holdout(explained))
    section(console, "strategies", *_strategies(explained))
    if explained.finalists:
        console.print()
        shown = explained.finalists[:_FINALISTS]
        title = f"best {len(shown)} of {len(explained.finalists)} finalists, out of sample"
        print_finalists(console, shown, title, explained.rule)
    console.print()
    console.print(Text(_next(explained)), soft_wrap=True)


def _who(explained: RunExplanation) -> Group:
    run = explained.run
    took = "" if run.seconds is None else f" in {run.seconds:,.1f} s"
    return Group(
        *([simulated_label()] if explained.simulated else []),
        Text(f"run {run.id}", style="bold"),
        Text(f"{run.status} · started {moment(run.created_at)} UTC · origin {run.origin}"),
        Text(f"generation {run.generation}, round {run.round} · {run.evaluations:,} evaluations{took}"),
        Text(f"population {run.population_hash or 'not complete'}", overflow="ellipsis", no_wrap=True),
    )


def _candles(explained: RunExplanation) -> list[Text]:
    lines = [
        Text(
            f"{one['symbol']} {one['timeframe']} at {one['venue']}: {one['n_candles']:,} candles, "
            f"{day(one['first_time'])} to {day(one['last_time'])}"
        )
        for one in explained.markets
    ]
    for path, exists in explained.files.items():
        held = "holdout " if path in explained.settings.holdout else ""
        lines.append(Text(f"{held}{path}", style="dim") if exists else Text(f"{held}{path} is gone", style="yellow"))
    return lines


def _settings(explained: RunExplanation) -> list[Text]:
    settings, seed = explained.settings, explained.settings.seed
    length = f"{settings.generations} generation{'s' if settings.generations != 1 else ''}"
    if settings.forever:
        length = f"for ever, at most {settings.generations_per_window} generations a window"
    ends = [f"target score {settings.target_score:g}"] if settings.target_score is not None else []
    ends += [f"patience {settings.patience} generations"] if settings.patience is not None else []
    lines = [
        f"population {settings.population:,} · {length} · seed {seed}",
        f"fee {settings.fee_bps:g} bps · slippage {settings.slippage_bps:g} bps",
        *([" · ".join(ends)] if ends else []),
        *([_plan(settings.walk_forward)] if settings.walk_forward else []),
    ]
    if settings.fitness:
        lines.append("fitness: " + " · ".join(f"{name} {value:g}" for name, value in settings.fitness.items()))
    return [Text(line) for line in lines]


def _plan(plan: Mapping[str, Any]) -> str:
    if not plan["spans"]:
        return f"walk-forward: no test spans, which need {plan['fewest_bars']:,} candles"
    rolls = ", ".join(map(str, plan["rolls"])) or "none"
    return (
        f"walk-forward: first window {plan['first']:.0%} of the candles, {plan['spans']} test spans, "
        f"rolls after generation {rolls}"
    )


def _windows(explained: RunExplanation) -> Group:
    shown = explained.windows[-_WINDOWS:]
    found = table("window", "generations", "selects until (UTC)", "finalists >", "best OOS >")
    for row in shown:
        found.add_row(
            str(row.window),
            str(row.first) if row.first == row.last else f"{row.first} to {row.last}",
            moment(row.selected_until),
            str(row.finalists),
            number(row.best_oos_scs, ".1f"),
        )
    earlier = len(explained.windows) - len(shown)
    return Group(*([Text(f"{earlier:,} earlier windows: --json", style="dim")] if earlier else []), found)


def _course(explained: RunExplanation, glyphs: Glyphs) -> Group:
    rows = explained.generations
    found = table("", "first >", "last >", "")
    for name, values, form in (
        ("best fitness", [row.best for row in rows], ".1f"),
        ("median fitness", [row.median for row in rows], ".1f"),
        ("diversity", [row.diversity for row in rows], ".2f"),
        ("coverage of the archive", [row.coverage for row in rows], ".1%"),
    ):
        line = glyphs.sparkline(thinned(values, _CELLS))
        found.add_row(name, number(values[0], form), number(values[-1], form), Text(line, style="blue"))
    hint = "Fitness is that of the window of its time: a new window is a new exam."
    return Group(found, Text(hint, style="dim"))


def _trials(explained: RunExplanation) -> list[Text | Table]:
    evidence = explained.run.evidence
    if evidence is None:
        return [Text("not counted yet: that is done when the run ends")]
    found = table("market", "backtests ever >", "independent >", "Sharpe by luck >", "PBO >")
    for one in evidence["markets"]:
        found.add_row(
            f"{one['symbol']} {one['timeframe']}",
            f"{one['n_trials']:,}",
            f"{one['n_trials_effective']:,.0f}",
            number(one["luck_sharpe"], ".2f"),
            number(one["pbo"], ".0%"),
        )
    hint = "PBO, the probability of overfitting: near 0% choosing helped, at 50% it was a coin toss."
    return [found, Text(hint, style="dim")]


def _curve(explained: RunExplanation, glyphs: Glyphs) -> list[Text]:
    curve = explained.curve
    if curve is None:
        return [Text("there is no test span with finalists yet")]
    return [
        Text.assemble(
            "index ", (glyphs.sparkline(thinned(curve["index"], _CELLS)), "dark_orange"), f" {curve['index'][-1]:.3f}"
        ),
        Text(
            f"{curve['total_return']:+.1%} from {day(curve['times'][0])} to {day(curve['times'][-1])} (holding the "
            f"markets {curve['buy_and_hold'][-1] - 1.0:+.1%})"
        ),
        Text(f"Sharpe ratio {number(curve['sharpe'], '.2f')}, probability of an edge {number(curve['psr'], '.0%')}"),
    ]


def _holdout(explained: RunExplanation) -> list[Text]:
    if not explained.touches:
        return [Text("none was looked at")]
    return [
        Text(
            f"looked at on {moment(one['touched_at'])} UTC: {one['symbol']} {one['timeframe']}, "
            f"{day(one['first_time'])} to {day(one['last_time'])}"
        )
        for one in explained.touches
    ]


def _strategies(explained: RunExplanation) -> list[Text]:
    counts, evidence = explained.counts, explained.run.evidence
    lines = [Text(summary(counts, explained.rule.oos_scs))]
    if evidence is not None:
        grades = ", ".join(f"{letter} {count}" for letter, count in evidence["grades"].items())
        lines.insert(0, Text(f"{counts.strategies:,} stored; grades of {evidence['finalists']} finalists: {grades}"))
    return lines


def _next(explained: RunExplanation) -> str:
    run = explained.run
    if run.status != "done":
        return f"next: evoq evolve --resume {run.id}"
    if explained.finalists:
        return f"next: evoq explain {explained.finalists[0]['id']}"
    return f"next: evoq strategies --run {run.id}"

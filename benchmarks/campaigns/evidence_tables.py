"""The tables of the evidence campaigns, as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from campaigns.tally import QUANTILES

__all__ = ["contest_table", "false_alarm_table", "header", "power_table", "shown_share", "table"]


def header(report: Mapping[str, Any], command: str) -> str:
    """Return the line that says what was run where.

    Parameters
    ----------
    report : mapping
        With "machine", "versions" and "sources".
    command : str
        What was run.

    Returns
    -------
    str
        One paragraph.
    """
    versions = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    return f"`{command}` on {report['machine']}; {versions}; sources {report['sources'][:12]}."


def false_alarm_table(part: Mapping[str, Any]) -> str:
    """Return the tables of the false alarms.

    Parameters
    ----------
    part : mapping
        The tally with the settings of its runs.

    Returns
    -------
    str
        Markdown, without a heading.
    """
    n = part["grade_a"]["n"]
    rows = [
        ["grade A", shown_share(part["grade_a"])],
        ["grade A or B", shown_share(part["grade_b_or_better"])],
        ["best in-sample SCS of the population at least 65", shown_share(part["best_in_sample"])],
        ["best SCS of the population on all bars at least 65", shown_share(part["best_on_all_bars"])],
        *(
            [f"some finalist meets one requirement: {name}", shown_share(found)]
            for name, found in part["meets"].items()
        ),
    ]
    spread = [[name, *_quantile_cells(found)] for name, found in part["quantiles"].items()]
    return "\n".join(
        [
            f"{n:,} entire runs (population {part['population']:,}, {part['generations']} generations, "
            f"{part['evaluated'] // max(n, 1):,} genomes evaluated each) on {n:,} markets of {part['bars']:,} hourly "
            f"bars on which nothing can be earned; bars of {_listed(part['files'])}. A share is that of the runs, in "
            "brackets its exact 95 % interval. Aim: a grade A in at most 5 %.",
            "",
            table(["would have let somebody trade", "share of the runs"], rows),
            "",
            table(["over the runs", *_quantile_names()], spread, right=True),
        ]
    )


def power_table(parts: Sequence[Mapping[str, Any]]) -> str:
    """Return the tables of power.

    Parameters
    ----------
    parts : sequence of mapping
        One tally a planted edge, with the settings of its runs.

    Returns
    -------
    str
        Markdown, without a heading.
    """
    first = parts[0]
    found = [
        [
            _edge(part),
            str(part["grade_a"]["n"]),
            shown_share(part["grade_a"]),
            shown_share(part["grade_b_or_better"]),
            "-" if part["best_oos_scs"] is None else f"{part['best_oos_scs']['0.5']:.1f}",
            f"{part['of_the_family']:,} of {part['finalists']:,}",
        ]
        for part in parts
    ]
    names = list(first["lacks"])
    lacks = [
        [_edge(part), *(_percent(part["lacks"][name]["share"]) for name in names),
         *(_percent(part["lacks_only"][name]["share"]) for name in part["lacks_only"])]
        for part in parts
    ]  # fmt: skip
    only = list(first["lacks_only"])
    return "\n".join(
        [
            f"Entire runs (population {first['population']:,}, {first['generations']} generations) on markets of "
            f"{first['years']:g} years of hourly bars with a planted edge; bars of {_listed(first['files'])}. The "
            "Sharpe ratio is that of the best of a grid of known strategies, net of costs. Aim at Sharpe 3: a grade A "
            "in at least half of the runs.",
            "",
            table(
                ["planted", "runs", "grade A", "grade A or B", "best oos_scs, median", "finalists of a fitting type"],
                found,
                right=True,
            ),
            "",
            "What finalists of a fitting type lack, as a share of them, and what is the *only* thing that some lack "
            "for an A (PSR is what a B needs in place of DSR):",
            "",
            table(["planted", *names, *(f"only {name}" for name in only)], lacks, right=True),
        ]
    )


def contest_table(part: Mapping[str, Any]) -> str:
    """Return the tables of the contests on real candles.

    Parameters
    ----------
    part : mapping
        The tally with the settings of its contests.

    Returns
    -------
    str
        Markdown, without a heading.
    """
    rows = []
    for row in sorted(part["rivals"], key=lambda row: -row["test"]):
        cells = [row["optimiser"], row["rule"], f"{row['selected']:.1f}"]
        cells += [f"{row['test']:.2f}", f"{row['end']:.2f}", f"{row['sharpe']:+.2f}"]
        for span in ("test", "end"):
            found = row.get("differences", {}).get(span)
            cells.append("" if found is None else f"{found['mean']:+.2f} (p {_p(found['p'])})")
        rows.append(cells)
    best = part["best"]
    verdict = (
        f"The best baseline is {best['optimiser']} ({best['rule']}): Evoq is {best['mean']:+.2f} points from it "
        f"(p {_p(best['p'])}; aim: at least +2)."
        if best
        else "There is no baseline."
    )
    markets = [
        [row["market"], f"{row['ours']:.1f}", f"{row['median of the others']:.1f}", f"{row['its value']:.1f}",
         row["best of the others"]]
        for row in part["markets"]
    ]  # fmt: skip
    budgets = ", ".join(f"{budget:,}" for budget in part["budgets"])
    return "\n".join(
        [
            f"{len(part['markets'])} real markets, {part['seeds']} seeds. Each search selects ten strategies in each "
            f"of the {len(part['budgets'])} windows of the walk-forward plan, from bars before its test span alone. "
            f"Evoq is the entire run (population {part['population']:,}, {part['generations']} generations); everybody "
            "else begins afresh in each window with as many evaluations of each type as Evoq had until then "
            f'({budgets}). Rule "plain": the search climbs the SCS of the training bars, and its ten best are '
            'selected; "folds": it climbs our fitness (worse folds, neighbours), and `select_finalists` selects. The '
            "SCS is that of the median of the selected ten, meaned over windows, seeds and markets: in the test span "
            "that follows, and to the last bar, both purged. Differences are Evoq's less theirs, with p of a Wilcoxon "
            "signed-rank test over the markets (Holm over all rows).",
            "",
            table(
                ["search", "rule", "selected", "SCS, test span", "SCS, to the end", "Sharpe, to the end",
                 "Evoq's less it, test span", "to the end"],
                rows,
                right=True,
                left=2,
            ),
            "",
            verdict,
            "",
            table(
                ["market", "Evoq, test span", "median of the others", "best of them", "which"], markets, right=True
            ),
        ]
    )  # fmt: skip


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: bool = False, left: int = 1) -> str:
    """Return a Markdown table.

    Parameters
    ----------
    head : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        The cells.
    right : bool
        Whether columns are aligned to the right.
    left : int
        How many of the first columns are not.

    Returns
    -------
    str
        Without a newline at the end.
    """
    rule = ["---" if not right or at < left else "---:" for at in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def shown_share(found: Mapping[str, Any]) -> str:
    """Return a share with its interval.

    Parameters
    ----------
    found : mapping
        What `campaigns.tally.share` returned.

    Returns
    -------
    str
        In per cent.
    """
    if found["share"] is None:
        return "-"
    return f"{100 * found['share']:.1f} % ({100 * found['low']:.1f} to {100 * found['high']:.1f})"


def _edge(part: Mapping[str, Any]) -> str:
    return f"{part['kind']}, Sharpe {part['sharpe']:g}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _quantile_names() -> list[str]:
    return ["highest" if q == 1.0 else "median" if q == 0.5 else f"{100 * q:g} %" for q in QUANTILES]


def _quantile_cells(found: Mapping[str, float] | None) -> list[str]:
    if found is None:
        return ["-"] * len(QUANTILES)
    return [f"{found[f'{q:g}']:,.0f}" if abs(found["1"]) >= 1000 else f"{found[f'{q:g}']:.2f}" for q in QUANTILES]


def _listed(files: Sequence[str]) -> str:
    return ", ".join(files) if any(files) else "synthetic markets"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"

"""What choices of the engine are worth: its operators, migration between markets, neighbours as trials of their own.

    python benchmarks/bench_choices.py [--part operators migration neighbours] [--json docs/bench_choices.json]
        [--document docs/benchmarks.md]

"operators": the engine with other operators or shares of them where the optimum is known, on the landscapes that the
defaults were chosen on ("tuning" of `bench_evolution.py`).
"migration": entire walk-forward runs on several markets of one kind at equal budgets, with different shares of children
that are elites of another market. "neighbours": of one entire run, how alike the strategies are that a fitness is
averaged over, and how many clusters of trials they add. Records are cached as those of `bench_evidence.py`.
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from campaigns.contest_tally import paired_p
from campaigns.evidence_tables import table
from campaigns.migration_run import migration_runs
from campaigns.neighbour_trials import NeighbourTrials
from campaigns.operator_run import DEFAULTS, VARIANTS, LandscapeSet, curves_of, operator_runs
from campaigns.parts import CarryOut, Part, common_options, measured_parts
from campaigns.sources import hourly_sources
from landscapes.market_windows import SETS
from optimisers.comparison import Comparison, finite, holm

LIBRARIES = ("numpy", "numba", "scipy", "cmaes")


def measured_operators(options: argparse.Namespace, carry_out: CarryOut) -> tuple[dict[str, Any], str]:
    """Return regrets and expected evaluations by variant of the engine, and their table."""
    landscapes = LandscapeSet("tuning", tuple(options.points), options.landscapes)
    names = list(dict.fromkeys([DEFAULTS, *options.variants]))
    runs = operator_runs(names, landscapes, options.operator_seeds, options.budget, options.candles)
    records = carry_out(runs)
    seeds, budget = options.operator_seeds, options.budget
    curves = {
        name: curves_of(records[at * seeds : (at + 1) * seeds], budget) for at, name in enumerate(names)
    }  # fmt: skip
    comparison = Comparison(landscapes.read(options.candles), curves)
    verdicts = {each.baseline: each for each in comparison.verdicts(DEFAULTS, [budget])}
    rows = [
        {
            "variant": name,
            "expected": {f"{share:g}": finite(comparison.expected(name, share)) for share in (0.90, 0.99)},
            "regret": float(comparison.regrets(name, budget).mean()),
            "difference": -verdicts[name].difference if name in verdicts else None,
            "p": verdicts[name].p if name in verdicts else None,
        }
        for name in names
    ]
    part = {
        "landscapes": [each.name for each in comparison.landscapes],
        "seeds": seeds,
        "budget": budget,
        "variants": rows,
    }
    return part, _operators_table(part)


def measured_migration(options: argparse.Namespace, carry_out: CarryOut) -> tuple[dict[str, Any], str]:
    """Return best fitness and later scores by share of migration, and their table."""
    found = hourly_sources(options.candles, options.least_bars)
    markets = [source for source in found if source.file.startswith(options.venue)][: options.markets]
    if len(markets) < 2:
        return {}, f"Fewer than two hourly markets of {options.venue} in {options.candles.name}: nothing was measured."
    shares = sorted({0.0, *options.shares})
    jobs = migration_runs(shares, markets, options.seeds, options.population, options.generations, options.candles)
    records = carry_out(jobs)
    of_share = {
        share: [record for job, record in zip(jobs, records, strict=True) if job.share == share] for share in shares
    }
    fitness = {share: np.array([each["fitness"] for each in of_share[share]], float) for share in shares}
    later = {share: [_median(each["oos_scs"]) for each in of_share[share]] for share in shares}
    none, others = fitness[0.0], shares[1:]
    tests = {
        "seeds": [paired_p((fitness[share] - none)[:, -1].mean(axis=1)) for share in others],
        "species": [paired_p((fitness[share] - none)[:, -1].mean(axis=0)) for share in others],
        "later": [paired_p(np.array(later[share]) - np.array(later[0.0])) for share in others],
    }
    adjusted = {name: holm(p_values) for name, p_values in tests.items()}
    rows = [
        {
            "share": share,
            "fitness": [round(float(each), 3) for each in fitness[share].mean(axis=(0, 2))],
            "oos_scs": round(float(np.mean(later[share])), 3),
            "difference": round(float((fitness[share] - none)[:, -1].mean()), 3),
            "later_difference": round(float(np.mean(later[share]) - np.mean(later[0.0])), 3),
            "p": {name: adjusted[name][others.index(share)] if share else None for name in adjusted},
        }
        for share in shares
    ]
    part = {
        "files": [source.file for source in markets],
        "seeds": options.seeds,
        "population": options.population,
        "generations": options.generations,
        "shares": rows,
    }
    return part, _migration_table(part)


def measured_neighbours(options: argparse.Namespace, carry_out: CarryOut) -> tuple[dict[str, Any], str]:
    """Return how neighbours relate to their centres, and the table."""
    found = [source for source in hourly_sources(options.candles, options.least_bars) if source.file]
    chosen = [source for source in found if source.file == options.market] or found[:1]
    if not chosen:
        return {}, f"No hourly market in {options.candles.name}: nothing was measured."
    job = NeighbourTrials(
        *chosen[0], 0, options.neighbour_population, options.generations, options.candles
    )  # fmt: skip
    (part,) = carry_out([job])
    part = {"population": options.neighbour_population, "generations": options.generations, **part}
    return part, _neighbours_table(part)


PARTS = {
    part.name: part
    for part in (
        Part(
            "operators",
            "## Choices: operators",
            ("campaigns/operator_*.py", "landscapes/*.py", "optimisers/contest.py", "optimisers/evoq_engine.py"),
            measured_operators,
        ),
        Part(
            "migration",
            "## Choices: migration",
            ("campaigns/migration_run.py", "campaigns/operator_shares.py"),
            measured_migration,
        ),
        Part("neighbours", "## Choices: neighbours as trials", ("campaigns/neighbour_trials.py",), measured_neighbours),
    )
}


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the tables, write what was asked for, and return the report."""
    return measured_parts(_parser().parse_args(arguments), PARTS, "make bench-choices", LIBRARIES)


def _operators_table(part: dict[str, Any]) -> str:
    rows = [
        [
            row["variant"],
            *("-" if expected is None else f"{expected:,.0f}" for expected in row["expected"].values()),
            f"{row['regret']:.3f}",
            "" if row["difference"] is None else f"{row['difference']:+.3f}",
            _p(row["p"]),
        ]
        for row in part["variants"]
    ]
    return "\n".join(
        [
            f"{len(part['landscapes'])} landscapes of the tuning set, {part['seeds']} seeds each, {part['budget']:,} "
            "evaluations. Expected evaluations (with restarts) to 90 % and 99 % of the optimum; regret is the mean of "
            "(optimum - best found) / (optimum - median) at the end; its difference to the defaults, and p of a "
            "Wilcoxon signed-rank test over landscapes and seeds (Holm over the variants).",
            "",
            table(["engine", "90 %", "99 %", "regret", "difference", "p"], rows, right=True),
        ]
    )


def _migration_table(part: dict[str, Any]) -> str:
    rows = []
    for row in part["shares"]:
        tested = [f"{row['difference']:+.2f}", *(_p(row["p"][name]) for name in ("seeds", "species"))]
        later = [f"{row['oos_scs']:.2f}", f"{row['later_difference']:+.2f}", _p(row["p"]["later"])]
        rows.append([f"{100 * row['share']:g} %", *(f"{each:.2f}" for each in row["fitness"]), *tested, *later])
    windows = [f"window {at + 1}" for at in range(len(part["shares"][0]["fitness"]))]
    return "\n".join(
        [
            f"Runs of {part['generations']} generations, population {part['population']:,}, on {len(part['files'])} "
            f"markets at once ({', '.join(part['files'])}), {part['seeds']} seeds a share; the other operators keep "
            "their proportions. Best fitness of a species at the end of each window, meaned over species and seeds; "
            "its difference to no migration in the last window, with p of a Wilcoxon signed-rank test over the seeds "
            "and over the species (Holm over the shares); the median out-of-sample SCS of the finalists of a run, "
            "meaned over the seeds, its difference and p over the seeds.",
            "",
            table(
                ["migration", *windows, "difference", "p, seeds", "p, species", "oos_scs", "difference", "p, seeds"],
                rows,
                right=True,
            ),
        ]
    )


def _neighbours_table(part: dict[str, Any]) -> str:
    spread = part["correlation"]
    rows = [
        ["genomes evaluated", f"{part['candidates']:,}"],
        ["of them with a positive fitness", f"{part['alive']:,}"],
        ["their neighbours", f"{part['neighbours']:,}"],
        ["neighbours that never traded", f"{part['never traded']:,}"],
        ["neighbours that correlate with their own centre by 0.7 or more", f"{100 * part['alike']:.1f} %"],
        ["correlation with the centre: 5 %, 25 %, median, 75 %, 95 %",
         ", ".join(f"{value:.2f}" for value in spread.values())],
        ["clusters without neighbours, and with them", " and ".join(f"{each:,}" for each in part["clusters"])],
        ["annual Sharpe ratio expected of luck, without and with", " and ".join(f"{h:.2f}" for h in part["hurdle"])],
    ]  # fmt: skip
    return "\n".join(
        [
            f"One entire run (population {part['population']:,}, {part['generations']} generations) on "
            f"{part['market']}. Correlations are those of returns summed over the intervals that trials are clustered "
            "by, on the whole market.",
            "",
            table(["", ""], rows, right=True),
        ]
    )


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _median(values: Sequence[float | None]) -> float:
    defined = [value for value in values if value is not None]
    return float(np.median(defined)) if defined else 0.0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common_options(parser, PARTS)
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS), metavar="NAME",
                        help=f"of the engine: {', '.join(VARIANTS)}")  # fmt: skip
    parser.add_argument("--points", type=int, nargs=2, default=(24, 13), help="grid values of a parameter and a stop")
    parser.add_argument("--landscapes", type=int, default=len(SETS["tuning"]), help="how many of the set")
    parser.add_argument("--operator-seeds", type=int, default=30)
    parser.add_argument("--budget", type=int, default=1_000, help="evaluations on a landscape")
    parser.add_argument("--shares", type=float, nargs="+", default=(0.05, 0.10), help="of migration, beside none")
    parser.add_argument("--venue", default="binanceusdm", help="whose hourly markets exchange elites")
    parser.add_argument("--markets", type=int, default=8, help="how many of them")
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--population", type=int, default=1_000, help="over all species of the markets")
    parser.add_argument("--generations", type=int, default=10)
    parser.add_argument("--market", default="binanceusdm__BTC-USDT__1h", help="file whose neighbours are looked at")
    parser.add_argument("--neighbour-population", type=int, default=1_034)
    parser.add_argument("--least-bars", type=int, default=17_000, help="the fewest bars of a file")
    return parser


if __name__ == "__main__":
    main()

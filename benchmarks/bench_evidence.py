"""How far evidence can be trusted: false alarms where nothing can be earned, power where something can, real candles.

    python benchmarks/bench_evidence.py [--part false-alarms power real] [--runs 200] [--workers 2]
        [--json docs/bench_evidence.json] [--document docs/benchmarks.md]

"false-alarms" and "power" are entire walk-forward runs, from the first sample to the grades, on markets without any
edge and with a planted one. "real" compares what is selected on real candles, by Evoq and by other optimisers, on the
bars that follow. A record is kept in the user's cache as soon as it is there, under a hash of the sources of market,
strategies, backtest and evolution: an interrupted campaign goes on where it was, and changed sources begin anew.
"""

import argparse
from collections.abc import Sequence
from typing import Any

from campaigns.contest_tally import contest_tally
from campaigns.evidence_tables import contest_table, false_alarm_table, power_table
from campaigns.market_runs import edgeless_runs, planted_runs
from campaigns.parts import CarryOut, Part, common_options, measured_parts
from campaigns.planted import KINDS
from campaigns.selection_contest import contests
from campaigns.sources import hourly_sources, long_sources
from campaigns.tally import false_alarms, power
from optimisers.contestants import CONTESTANTS, OURS

import strategies
from evolution import WalkForward

BASELINES = tuple(name for name in CONTESTANTS if name != OURS)
LIBRARIES = ("numpy", "numba", "scipy", "optuna", "cmaes", "pymoo", "deap")
MAIN_SHARPE = 3.0
FIRST_SEED = {"false-alarms": 0, "power": 10_000}


def measured_false_alarms(options: argparse.Namespace, carry_out: CarryOut) -> tuple[dict[str, Any], str]:
    """Return the tally of entire runs on edge-less markets, and its tables."""
    sources = hourly_sources(options.candles, options.bars)
    first = FIRST_SEED["false-alarms"]
    runs = edgeless_runs(
        sources,
        range(first, first + options.runs),
        options.bars,
        options.population,
        options.generations,
        options.candles,
    )
    part = {
        "bars": options.bars,
        "population": options.population,
        "generations": options.generations,
        "files": [source.file for source in sources],
        **false_alarms(carry_out(runs)),
    }
    return part, false_alarm_table(part)


def measured_power(options: argparse.Namespace, carry_out: CarryOut) -> tuple[list[dict[str, Any]], str]:
    """Return the tallies of entire runs on planted markets, one an edge, and their tables."""
    sources = hourly_sources(options.candles, options.bars)
    first = FIRST_SEED["power"]
    edges = {
        (kind, sharpe): planted_runs(
            sources,
            range(first, first + (options.power_runs if sharpe == MAIN_SHARPE else options.other_runs)),
            (kind, sharpe, options.years),
            options.population,
            options.generations,
            options.candles,
        )
        for kind in KINDS
        for sharpe in sorted(options.sharpe)
    }
    records = iter(carry_out([run for runs in edges.values() for run in runs]))
    parts = [
        {
            "kind": kind,
            "sharpe": sharpe,
            "years": options.years,
            "population": options.population,
            "generations": options.generations,
            "files": [source.file for source in sources],
            **power(kind, [next(records) for _ in runs]),
        }
        for (kind, sharpe), runs in edges.items()
        if runs
    ]
    return parts, power_table(parts)


def measured_real(options: argparse.Namespace, carry_out: CarryOut) -> tuple[dict[str, Any], str]:
    """Return the tally of contests on real candles, and its tables."""
    sources = long_sources(options.candles, options.least_bars)
    if not sources:
        text = f"No file in {options.candles.name} has {options.least_bars:,} bars over a year: nothing was measured."
        return {"markets": []}, text
    entered = contests(
        options.optimisers, sources, options.seeds, options.real_population, options.generations, options.candles
    )
    rolls = [roll for roll in WalkForward().rolls if roll < options.generations]
    part = {
        "seeds": options.seeds,
        "population": options.real_population,
        "generations": options.generations,
        "budgets": [
            options.real_population * ended // len(strategies.available()) for ended in (*rolls, options.generations)
        ],
        **contest_tally(entered, carry_out(entered)),
    }
    return part, contest_table(part)


PARTS = {
    part.name: part
    for part in (
        Part(
            "false-alarms",
            "## Evidence: false alarms",
            ("campaigns/edgeless.py", "campaigns/market_runs.py", "campaigns/entire_run.py"),
            measured_false_alarms,
        ),
        Part(
            "power",
            "## Evidence: power",
            ("campaigns/edgeless.py", "campaigns/planted.py", "campaigns/market_runs.py", "campaigns/entire_run.py"),
            measured_power,
        ),
        Part(
            "real",
            "## Evidence: out of sample on real candles",
            ("campaigns/selection_contest.py", "campaigns/search_axes.py", "optimisers/*.py"),
            measured_real,
        ),
    )
}


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the tables, write what was asked for, and return the report."""
    return measured_parts(_parser().parse_args(arguments), PARTS, "make bench-evidence", LIBRARIES)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common_options(parser, PARTS)
    parser.add_argument("--runs", type=int, default=200, help="edge-less markets")
    parser.add_argument("--power-runs", type=int, default=24, help=f"planted markets of Sharpe {MAIN_SHARPE:g}, a kind")
    parser.add_argument("--other-runs", type=int, default=8, help="planted markets of another Sharpe ratio, a kind")
    parser.add_argument("--sharpe", type=float, nargs="+", default=(2.0, 3.0, 4.0), help="planted Sharpe ratios")
    parser.add_argument("--population", type=int, default=1_034)
    parser.add_argument("--generations", type=int, default=10)
    parser.add_argument("--bars", type=int, default=17_520, help="of an edge-less market, and of a file it is made of")
    parser.add_argument("--years", type=float, default=3.0, help="length of a planted market")
    parser.add_argument("--real-population", type=int, default=60, help="population on real candles")
    parser.add_argument("--seeds", type=int, default=3, help="seeds on real candles")
    parser.add_argument("--least-bars", type=int, default=30_000, help="the fewest bars of a file of real candles")
    parser.add_argument("--optimisers", nargs="*", choices=BASELINES, default=BASELINES, help="baselines")
    return parser


if __name__ == "__main__":
    main()

"""How far evidence can be trusted: false alarms where nothing can be earned, power where something can, real candles.

    python benchmarks/bench_evidence.py [--part false-alarms power real] [--runs 200] [--workers 2]
        [--json docs/bench_evidence.json] [--document docs/benchmarks.md]

"false-alarms" and "power" are entire walk-forward runs, from the first sample to the grades, on markets without any
edge and with a planted one. "real" compares what is selected on real candles, by Evoq and by other optimisers, on the
bars that follow. A record is kept in the user's cache as soon as it is there, under a hash of the sources of market,
strategies, backtest and evolution: an interrupted campaign goes on where it was, and changed sources begin anew.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench_evolution import put
from campaigns.contest_tally import contest_tally
from campaigns.crew import Job, carried_out
from campaigns.evidence_tables import contest_table, false_alarm_table, header, power_table
from campaigns.market_runs import edgeless_runs, planted_runs
from campaigns.planted import KINDS
from campaigns.record_cache import RecordCache, default_records, sources_hash
from campaigns.selection_contest import contests
from campaigns.sources import hourly_sources, long_sources
from campaigns.tally import false_alarms, power
from machine import machine, versions
from optimisers.contestants import CONTESTANTS, OURS

import strategies
from evolution import WalkForward

COMMAND = "make bench-evidence"
SECTIONS = {
    "false-alarms": "## Evidence: false alarms",
    "power": "## Evidence: power",
    "real": "## Evidence: out of sample on real candles",
}
BASELINES = tuple(name for name in CONTESTANTS if name != OURS)
_LIBRARIES = ("numpy", "numba", "scipy", "optuna", "cmaes", "pymoo", "deap")
_MAKERS = {
    "false-alarms": ("campaigns/edgeless.py", "campaigns/market_runs.py", "campaigns/entire_run.py"),
    "power": ("campaigns/edgeless.py", "campaigns/planted.py", "campaigns/market_runs.py", "campaigns/entire_run.py"),
    "real": ("campaigns/selection_contest.py", "campaigns/search_axes.py", "optimisers/*.py"),
}
_MAIN_SHARPE = 3.0
_FIRST_SEED = {"false-alarms": 0, "power": 10_000}


def measured_false_alarms(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Return the tally of entire runs on edge-less markets, and its tables."""
    sources = hourly_sources(options.candles, options.bars)
    first = _FIRST_SEED["false-alarms"]
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
        **false_alarms(_records("false-alarms", runs, options)),
    }
    return part, false_alarm_table(part)


def measured_power(options: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """Return the tallies of entire runs on planted markets, one an edge, and their tables."""
    sources = hourly_sources(options.candles, options.bars)
    first = _FIRST_SEED["power"]
    edges = {
        (kind, sharpe): planted_runs(
            sources,
            range(first, first + (options.power_runs if sharpe == _MAIN_SHARPE else options.other_runs)),
            (kind, sharpe, options.years),
            options.population,
            options.generations,
            options.candles,
        )
        for kind in KINDS
        for sharpe in sorted(options.sharpe)
    }
    records = iter(_records("power", [run for runs in edges.values() for run in runs], options))
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


def measured_real(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
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
        **contest_tally(entered, _records("real", entered, options)),
    }
    return part, contest_table(part)


PARTS: dict[str, Callable[[argparse.Namespace], tuple[Any, str]]] = {
    "false-alarms": measured_false_alarms,
    "power": measured_power,
    "real": measured_real,
}


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the tables, write what was asked for, and return the report."""
    options = _parser().parse_args(arguments)
    report = json.loads(options.json.read_text()) if options.json and options.json.exists() else {}
    for name in options.part:
        started = time.perf_counter()
        part, text = PARTS[name](options)
        entry = {"machine": machine(), "versions": versions(_LIBRARIES), "sources": _sources(name), "results": part}
        text = f"{header(entry, COMMAND)}\n\n{text}\n"
        report[name] = entry
        print(f"{SECTIONS[name]}\n\n{text}\n({time.perf_counter() - started:.0f} s)\n", flush=True)
        if options.json:
            options.json.write_text(json.dumps(report, indent=1) + "\n")
        if options.document:
            put(options.document, SECTIONS[name], text)
    return report


def _records(part: str, jobs: Sequence[Job], options: argparse.Namespace) -> list[dict[str, Any]]:
    return carried_out(jobs, RecordCache(options.cache, part, _sources(part)), options.workers, part)


def _sources(part: str) -> str:
    folder = Path(__file__).resolve().parent
    return sources_hash(path for pattern in _MAKERS[part] for path in folder.glob(pattern))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=list(PARTS), nargs="+", default=list(PARTS), help="what to measure")
    parser.add_argument("--runs", type=int, default=200, help="edge-less markets")
    parser.add_argument(
        "--power-runs", type=int, default=40, help=f"planted markets of Sharpe {_MAIN_SHARPE:g}, a kind"
    )
    parser.add_argument("--other-runs", type=int, default=10, help="planted markets of another Sharpe ratio, a kind")
    parser.add_argument("--sharpe", type=float, nargs="+", default=(2.0, 3.0, 4.0), help="planted Sharpe ratios")
    parser.add_argument("--population", type=int, default=1_034)
    parser.add_argument("--generations", type=int, default=10)
    parser.add_argument("--bars", type=int, default=17_520, help="of an edge-less market, and of a file it is made of")
    parser.add_argument("--years", type=float, default=3.0, help="length of a planted market")
    parser.add_argument("--real-population", type=int, default=125, help="population on real candles")
    parser.add_argument("--seeds", type=int, default=5, help="seeds on real candles")
    parser.add_argument("--least-bars", type=int, default=17_000, help="the fewest bars of a file of real candles")
    parser.add_argument("--optimisers", nargs="*", choices=BASELINES, default=BASELINES, help="baselines")
    parser.add_argument("--candles", type=Path, default=Path("../shared/data/ohlcv"), help="folder of candle files")
    parser.add_argument("--cache", type=Path, default=default_records(), help="folder of records")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="write the results there; parts that are not measured stay")
    parser.add_argument("--document", type=Path, help="replace the sections in this document")
    return parser


if __name__ == "__main__":
    main()

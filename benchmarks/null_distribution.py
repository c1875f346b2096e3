"""What luck looks like: the SCS of random strategies where nothing can be earned, alone and the best of a thousand.

    python benchmarks/null_distribution.py [--json docs/null_distribution.json] [--document docs/evidence.md]
        [--document-image docs/scs_null.svg]

Each run is an edge-less market (real bars, each reflected by the toss of a coin; synthetic ones without the files) and
a thousand random strategies of all types. They are scored on the first year; the best one then goes on for half a year.
The Sharpe ratios are those of the same strategies without any costs.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from campaigns.edgeless import edgeless_candles
from campaigns.histogram_svg import Bars, Panel, histogram_svg
from campaigns.luck import Luck, lucky_run, random_specs

from backtest import GradeRule
from market import read_candles

YEAR_BARS = 8_760
LATER_BARS = YEAR_BARS // 2
THRESHOLD = GradeRule().oos_scs
HIGH_SHARPE = 3.0
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
SCS_BINS = np.linspace(0.0, 100.0, 41)
SHARPE_BINS = np.linspace(-5.0, 5.0, 41)
BEGIN, END = "<!-- null distribution: written by benchmarks/null_distribution.py -->", "<!-- end -->"
BLUE, ORANGE = "#0072B2", "#E69F00"


def runs(markets: int, strategies: int, folder: Path, bars: int) -> tuple[list[Luck], list[str]]:
    """Return what each run found, and the symbols whose bars were taken, in turn."""
    paths = sorted(folder.glob("binanceusdm__*__1h.parquet"))
    sources = [read_candles(path) for path in paths] or [None]
    found = [
        lucky_run(
            edgeless_candles(sources[seed % len(sources)], seed, bars + LATER_BARS * bars // YEAR_BARS),
            bars,
            random_specs(strategies, seed),
        )
        for seed in range(markets)
    ]
    return found, [each.symbol for each in sources if each is not None]


def described(values: np.ndarray, bins: np.ndarray, mark: float) -> dict[str, Any]:
    """Return histogram, quantiles and the share at a mark or above; values beyond the bins count in the outer ones."""
    counts, _ = np.histogram(np.clip(values, bins[0], bins[-1]), bins)
    return {
        "n": int(values.size),
        "counts": counts.tolist(),
        "zero": float(np.mean(values == 0.0)),
        "quantiles": {f"{q:g}": round(float(np.quantile(values, q)), 2) + 0.0 for q in QUANTILES},
        "highest": round(float(values.max()), 3),
        "at_or_above": {f"{mark:g}": float(np.mean(values >= mark))},
    }


def report_of(found: Sequence[Luck], sources: list[str], bars: int) -> dict[str, Any]:
    """Return the numbers as JSON values."""
    scores = np.array([luck.scores for luck in found])
    sharpes = np.array([luck.sharpes for luck in found])
    counts = [n for n in (10, 100, 1_000) if n < scores.shape[1]] + [scores.shape[1]]
    return {
        "markets": len(found),
        "strategies": int(scores.shape[1]),
        "bars": bars,
        "sources": sources,
        "scs": {
            "single": described(scores.ravel(), SCS_BINS, THRESHOLD),
            "best": described(scores.max(axis=1), SCS_BINS, THRESHOLD),
            "best_of": {str(n): round(float(np.median(scores[:, :n].max(axis=1))), 1) for n in counts},
            "later": described(np.array([luck.later for luck in found]), SCS_BINS, THRESHOLD),
        },
        "sharpe_without_costs": {
            "single": described(sharpes[~np.isnan(sharpes)], SHARPE_BINS, HIGH_SHARPE),
            "best": described(np.nanmax(sharpes, axis=1), SHARPE_BINS, HIGH_SHARPE),
            "psr_passes": float(np.mean([luck.psr >= 0.95 for luck in found])),
            "dsr_passes": float(np.mean([luck.dsr >= 0.95 for luck in found])),
        },
    }


def as_markdown(report: dict[str, Any]) -> str:
    """Return the numbers in words."""
    scs, sharpe, n = report["scs"], report["sharpe_without_costs"], f"{report['strategies']:,}"
    passes = scs["best"]["at_or_above"][f"{THRESHOLD:g}"]
    high = sharpe["best"]["at_or_above"][f"{HIGH_SHARPE:g}"]
    rows = [
        ("SCS of one strategy, net of costs", scs["single"]),
        (f"SCS of the best of {n}", scs["best"]),
        ("SCS of that best one in the half year after", scs["later"]),
        ("Sharpe ratio of one strategy, without costs", sharpe["single"]),
        (f"Sharpe ratio of the best of {n}, without costs", sharpe["best"]),
    ]
    bases = ", ".join(symbol.partition("/")[0] for symbol in report["sources"])
    source = f"real bars of {bases} perpetuals" if bases else "synthetic bars"

    def tenths(value: float) -> str:
        return f"{round(value, 1) + 0.0:.1f}"  # never -0.0

    best_of = ", ".join(f"{value:.0f} for the best of {int(count):,}" for count, value in scs["best_of"].items())
    lines = [
        f"{report['markets']} markets of {report['bars']:,} hourly bars without any edge, {n} random strategies on each"
        f" (`python benchmarks/null_distribution.py`; {source}):",
        "",
        "| | median | 95 % stay below | highest |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {tenths(each['quantiles']['0.5'])} | {tenths(each['quantiles']['0.95'])} "
            f"| {tenths(each['highest'])} |"
            for name, each in rows
        ),
        "",
        f"- {100 * scs['single']['zero']:.0f} % of the strategies score exactly 0, and "
        f"{100 * scs['single']['at_or_above'][f'{THRESHOLD:g}']:.3f} % reach {THRESHOLD:g}.",
        f'- "The best SCS is at least {THRESHOLD:g}" held in {100 * passes:.1f} % of the runs, by luck alone. '
        f"The median of the best rises with the number of tries: {best_of}.",
        f"- The best of {n} had a Sharpe ratio of {HIGH_SHARPE:g} or more in {100 * high:.0f} % of the years. "
        f"Its PSR reached 0.95 in {100 * sharpe['psr_passes']:.0f} % of all of them, its DSR (by the raw number of "
        f"tries) in {100 * sharpe['dsr_passes']:.1f} %.",
    ]
    return "\n".join(lines)


def picture(report: dict[str, Any]) -> str:
    """Return the histograms as SVG."""
    scs, sharpe, n = report["scs"], report["sharpe_without_costs"], f"{report['strategies']:,}"

    def bars(each: dict[str, Any]) -> tuple[Bars, Bars]:
        return (
            Bars("one random strategy", each["single"]["counts"], BLUE),
            Bars(f"the best of {n} on the same market", each["best"]["counts"], ORANGE),
        )

    year = "a year of hourly bars" if report["bars"] == YEAR_BARS else f"{report['bars']:,} hourly bars"
    panels = [
        Panel(
            title=f"SCS where nothing can be earned: {year}, net of costs",
            axis="SCS in sample",
            low=0.0,
            high=100.0,
            ticks=range(0, 101, 10),
            bars=bars(scs),
            line=THRESHOLD,
            line_label=f"{THRESHOLD:g}",
            top=20.0,
        ),
        Panel(
            title="Sharpe ratio of the same strategies without costs",
            axis="annual Sharpe ratio in sample",
            low=-5.0,
            high=5.0,
            ticks=range(-5, 6),
            bars=bars(sharpe),
            line=HIGH_SHARPE,
            line_label=f"{HIGH_SHARPE:g}",
            top=40.0,
        ),
    ]
    return histogram_svg(panels, f"Histograms of luck: one random strategy, and the best of {n}, on edge-less markets")


def put(document: Path, text: str) -> None:
    """Replace what stands between the two marks of a document."""
    before, _, rest = document.read_text().partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"{document} must hold the lines {BEGIN} and {END}, in this order")
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the numbers, write what was asked for, and return the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markets", type=int, default=400, help="how many runs")
    parser.add_argument("--strategies", type=int, default=1_000, help="random strategies of a run")
    parser.add_argument("--bars", type=int, default=YEAR_BARS, help="hourly bars they are scored on")
    parser.add_argument("--candles", type=Path, default=Path("../shared/data/ohlcv"), help="folder of candle files")
    parser.add_argument("--json", type=Path, help="write the numbers there")
    parser.add_argument("--document", type=Path, help="replace the numbers in this document")
    parser.add_argument("--document-image", type=Path, help="write the histograms there, as SVG")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    report = report_of(*runs(options.markets, options.strategies, options.candles, options.bars), options.bars)
    text = as_markdown(report)
    print(text)
    print(f"({time.perf_counter() - started:.0f} s)")
    if options.json:
        options.json.write_text(json.dumps(report) + "\n")
    if options.document:
        put(options.document, text)
    if options.document_image:
        options.document_image.write_text(picture(report))
    return report


if __name__ == "__main__":
    main()

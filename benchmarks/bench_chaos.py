"""How long the desk takes to recover from what may happen to its parts.

    python benchmarks/bench_chaos.py [--only WORD ...] [--rest 20] [--json FILE] [--document FILE]

One desk as `evoq up` starts it, on the simulated market and without a pause between generations; faults one after the
other, with a rest between them. Nobody helps: what is measured is what the supervisor, Ray and the parts themselves do.
Times include noticing. As root on Linux EVOQ_HOME is a disk of its own, which can be filled.

No candle closes meanwhile (they are of four hours), so that the population depends on the seed alone: at the end
`evoq evolve` evolves as far from the same seed, undisturbed, and must come to the same population. The machine may
be shared: of the rows in FILE and those measured now the ones with less load before them stay; delete it to begin anew.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from desk_faults.faults import FAULTS, Fault
from desk_faults.undisturbed import paused, population_of, undisturbed
from desk_faults.watched_desk import WatchedDesk
from machine import machine, versions
from published import output_options, publish

SECTION = "## Measured (`make chaos`)"
PATIENCE_S = 240.0
DISK = "size=3g"
SETTINGS = {
    "EVOQ_POPULATION": "1034",
    "EVOQ_GENERATIONS_PER_WINDOW": "1000000",
    "EVOQ_FEED": "simulated:BTC/USDT:USDT,ETH/USDT:USDT,SOL/USDT:USDT:4h",
    "EVOQ_FEED_SPEED": "1",
    "EVOQ_FEED_HISTORY": "10000",
}


@contextmanager
def own_disk(folder: Path) -> Iterator[Path]:
    """Put a disk in memory under a folder, where we may."""
    home = folder / "home"
    home.mkdir(mode=0o711)
    mount = ["mount", "-t", "tmpfs", "-o", f"{DISK},mode=0711", "evoq-chaos", str(home)]
    mounted = os.geteuid() == 0 and subprocess.call(mount, stderr=subprocess.DEVNULL) == 0  # noqa: S603
    try:
        yield home
    finally:
        if mounted:
            subprocess.call(["umount", "--lazy", str(home)])  # noqa: S603, S607


def measured(desk: WatchedDesk, fault: Fault) -> dict[str, Any]:
    """Return one row of the table."""
    load = os.getloadavg()[0]
    try:
        outage = asdict(desk.measure(fault.do, PATIENCE_S + fault.lasts_s))
    except LookupError as error:
        return {"fault": fault.name, "skipped": str(error)}
    return {"fault": fault.name, **outage, "load": round(load, 1)}


def campaign(faults: Sequence[Fault], rest_s: float, settings: dict[str, str]) -> dict[str, Any]:
    """Do to a desk what is to be done, one fault after the other, and return the report."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with own_disk(Path(folder)) as home:
            desk = WatchedDesk(home, settings)
            try:
                print(desk.evoq("up"), flush=True)
                desk.evoq("config", "set", "evolution_interval=0")
                deadline = time.monotonic() + PATIENCE_S
                while not desk.evaluations():
                    assert time.monotonic() < deadline, "evolution has not begun"
                    time.sleep(1.0)
                for fault in faults:
                    time.sleep(rest_s)
                    rows.append(measured(desk, fault))
                    print(rows[-1], flush=True)
                memory = json.loads(desk.evoq("status", "--json"))["memory_mb"]
                paused(desk)
            finally:
                print(desk.evoq("down"), flush=True)
            population = population_of(desk)
            print(f"{population.evaluations:,} evaluations are done again without faults", flush=True)
            expected = undisturbed(population)
    return {
        "machine": machine(),
        "versions": versions(["ray", "evoq"]),
        "faults": len(rows),
        "memory_mb": memory,
        "evaluations": population.evaluations,
        "trials": population.trials,
        "population_hash": population.hash,
        "undisturbed_hash": expected,
        "rows": rows,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return the table of a document."""

    def shown(value: float | None) -> str:
        return "–" if value is None else f"{value:.1f} s"

    lines = [
        "| fault | API away | push away | panel away | evolution goes on after | all well after | load before |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        if "skipped" in row:
            lines.append(f"| {row['fault']} | not measured here: {row['skipped']} | | | | | |")
            continue
        well = "**not in time**" if row["well_s"] is None else shown(row["well_s"])
        away = [shown(row[name]) if name in row else "" for name in ("api_s", "push_s", "panel_s")]
        cells = [*away, shown(row["evolution_s"])]
        lines.append(f"| {row['fault']} | {' | '.join(cells)} | {well} | {row['load']:.1f} |")
    return "\n".join(lines)


def caption(report: dict[str, Any]) -> str:
    """Return what is said before the table."""
    same = report["population_hash"] == report["undisturbed_hash"]
    lost = report["evaluations"] - report["trials"]
    return (
        f"`make chaos` on {report['machine']}; ray {report['versions']['ray']}. The machine is shared: where the load"
        " average was above 3, which is that of an evolving desk, other programs delayed everything. The first row has"
        " no fault; where the panel's cell is empty, nobody watched it. Memory of the whole desk afterwards"
        f" {report['memory_mb']:,.0f} MB.\n\n"
        f"After the last campaign ({report['faults']} of these rows) the run had {report['evaluations']:,} evaluations,"
        f" of which {lost} were not stored, and the population `{report['population_hash'][:16]}…`; undisturbed, `evoq"
        f" evolve` comes from the same seed to {'the same' if same else '**another**'} one"
        f" (`{report['undisturbed_hash'][:16]}…`)."
    )


def merged(before: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of two campaigns in the order of the faults: of each fault the one with less load before it."""
    found: dict[str, dict[str, Any]] = {}
    for row in [*before, *rows]:
        if row["fault"] not in found or supersedes(row, found[row["fault"]]):
            found[row["fault"]] = row
    return [found[fault.name] for fault in FAULTS if fault.name in found]


def supersedes(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether a row takes the place of an earlier one; that all was not well in time is never passed over."""
    if "skipped" in row or "skipped" in other:
        return "skipped" not in row
    return row["well_s"] is None or other["well_s"] is None or row["load"] <= other["load"]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], help="only faults with one of these in their name")
    parser.add_argument("--rest", type=float, default=20.0, help="seconds between two faults")
    output_options(parser)
    options = parser.parse_args()
    chosen = [fault for fault in FAULTS if any(words in fault.name for words in options.only)]
    report = campaign(chosen, options.rest, SETTINGS)
    if options.json and options.json.exists():
        report["rows"] = merged(json.loads(options.json.read_text())["rows"], report["rows"])
    publish(report, f"{caption(report)}\n\n{table(report['rows'])}\n", options, SECTION)
    if report["population_hash"] != report["undisturbed_hash"]:
        sys.exit("the population is not that of an undisturbed run")


if __name__ == "__main__":
    main()

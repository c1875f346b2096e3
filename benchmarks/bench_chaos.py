"""How long the desk takes to recover from what may happen to its parts.

    python benchmarks/bench_chaos.py [--only WORD] [--rest 35] [--json FILE] [--document FILE]

One desk as `evoq up` starts it, on the simulated market and without a pause between generations; faults one after the
other, with a rest between them. Nobody helps: what is measured is what the supervisor, Ray and the parts themselves do.
Times include noticing. As root on Linux EVOQ_HOME is a disk of its own, which can be filled.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench_evolution import put
from desk_faults.faults import FAULTS, Fault
from desk_faults.watched_desk import WatchedDesk
from machine import machine, versions

SECTION = "## Measured (`make chaos`)"
PATIENCE_S = 240.0
DISK = "size=3g"
SETTINGS = {"EVOQ_POPULATION": "1034", "EVOQ_GENERATIONS_PER_WINDOW": "5", "EVOQ_FEED_HISTORY": "10000"}


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
    try:
        outage = asdict(desk.measure(fault.do, PATIENCE_S + fault.lasts_s))
    except LookupError as error:
        return {"fault": fault.name, "skipped": str(error)}
    return {"fault": fault.name, **outage}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the table of a document."""

    def shown(value: float | None) -> str:
        return "–" if value is None else f"{value:.1f} s"

    lines = [
        "| fault | API away | push away | evolution goes on after | all well after |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        if "skipped" in row:
            lines.append(f"| {row['fault']} | not measured here: {row['skipped']} | | | |")
            continue
        well = "**not in time**" if row["well_s"] is None else shown(row["well_s"])
        cells = [shown(row[name]) for name in ("api_s", "push_s", "evolution_s")]
        lines.append(f"| {row['fault']} | {' | '.join(cells)} | {well} |")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only faults with this word in their name")
    parser.add_argument("--rest", type=float, default=35.0, help="seconds between two faults")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--document", type=Path, help="replace the table in this document")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with own_disk(Path(folder)) as home:
            desk = WatchedDesk(home, SETTINGS)
            try:
                print(desk.evoq("up"), flush=True)
                desk.evoq("config", "set", "evolution_interval=0")
                while not desk.evaluations():
                    time.sleep(1.0)
                for fault in (fault for fault in FAULTS if options.only in fault.name):
                    time.sleep(options.rest)
                    rows.append(measured(desk, fault))
                    print(rows[-1], flush=True)
                memory = json.loads(desk.evoq("status", "--json"))["memory_mb"]
            finally:
                print(desk.evoq("down"), flush=True)
    report = {"machine": machine(), "versions": versions(["ray", "evoq"]), "memory_mb": memory, "rows": rows}
    text = f"{machine()}; memory of the whole desk {memory:,.0f} MB.\n\n{table(rows)}\n"
    print(text)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    if options.document:
        put(options.document, SECTION, text)


if __name__ == "__main__":
    main()

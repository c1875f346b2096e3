"""Parts of a campaign: each one measures, has a section of a document, and is cached under the sources that made it."""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaigns.crew import Job, carried_out
from campaigns.evidence_tables import header
from campaigns.record_cache import RecordCache, default_records, sources_hash
from machine import machine, versions
from published import put

__all__ = ["CarryOut", "Part", "common_options", "measured_parts"]

CarryOut = Callable[[Sequence[Job]], list[dict[str, Any]]]
"""Carries out jobs, and returns a record of each."""

_BENCHMARKS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Part:
    """One part of a campaign.

    Attributes
    ----------
    name : str
        What the command line calls it.
    section : str
        Heading of its section in a document.
    makers : tuple of str
        Sources below `benchmarks` that make its records, as patterns.
    measure : callable
        Measures what options ask for, with a function that carries out jobs; returns results (JSON values) and tables.
    """

    name: str
    section: str
    makers: tuple[str, ...]
    measure: Callable[[argparse.Namespace, CarryOut], tuple[Any, str]]

    @property
    def sources(self) -> str:
        """What identifies the code that makes its records."""
        return sources_hash(path for pattern in self.makers for path in _BENCHMARKS.glob(pattern))


def measured_parts(
    options: argparse.Namespace, parts: Mapping[str, Part], command: str, libraries: Sequence[str]
) -> dict[str, Any]:
    """Measure parts, print their tables, and write what was asked for after each.

    Parameters
    ----------
    options : Namespace
        With `common_options`.
    parts : mapping of str to Part
        All there are.
    command : str
        What is run, for the tables.
    libraries : sequence of str
        Whose versions matter.

    Returns
    -------
    dict
        The report: what the file of an earlier one said of other parts, and what was measured now.
    """
    report: dict[str, Any] = {}
    if options.json and options.json.exists():
        report = json.loads(options.json.read_text())
    for name in options.part:
        started, part = time.perf_counter(), parts[name]
        sources = part.sources
        cache = RecordCache(options.cache, name, sources)

        def carry_out(jobs: Sequence[Job], name: str = name, cache: RecordCache = cache) -> list[dict[str, Any]]:
            return carried_out(jobs, cache, options.workers, name)

        results, tables = part.measure(options, carry_out)
        entry = {"machine": machine(), "versions": versions(libraries), "sources": sources, "results": results}
        text = f"{header(entry, command)}\n\n{tables}\n"
        report[name] = entry
        print(f"{part.section}\n\n{text}\n({time.perf_counter() - started:.0f} s)\n", flush=True)
        if options.json:
            options.json.write_text(json.dumps(report, indent=1) + "\n")
        if options.document:
            put(options.document, part.section, text)
    return report


def common_options(parser: argparse.ArgumentParser, parts: Mapping[str, Part]) -> None:
    """Add the options that every campaign has.

    Parameters
    ----------
    parser : ArgumentParser
        Of the command.
    parts : mapping of str to Part
        What can be measured.
    """
    parser.add_argument("--part", choices=list(parts), nargs="+", default=list(parts), help="what to measure")
    parser.add_argument("--candles", type=Path, default=Path("../shared/data/ohlcv"), help="folder of candle files")
    parser.add_argument("--cache", type=Path, default=default_records(), help="folder of records")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="write the results there; parts that are not measured stay")
    parser.add_argument("--document", type=Path, help="replace the sections in this document")

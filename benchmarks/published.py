"""What a benchmark leaves: its tables on the terminal and in a document, its numbers as JSON."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["output_options", "publish", "put"]


def output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `publish` reads.

    Parameters
    ----------
    parser : ArgumentParser
        Of a benchmark.
    """
    parser.add_argument("--json", type=Path, help="write the numbers there")
    parser.add_argument("--document", type=Path, help="replace the tables in this document")


def publish(report: Mapping[str, Any], text: str, options: argparse.Namespace, section: str) -> None:
    """Print the tables, and write what was asked for.

    Parameters
    ----------
    report : mapping of str to JSON values
        What was measured.
    text : str
        The same as tables, in Markdown.
    options : Namespace
        With `output_options`.
    section : str
        The document's heading above the tables.
    """
    print(text)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    if options.document:
        put(options.document, section, text)


def put(document: Path, section: str, text: str) -> None:
    """Replace the tables of a section, or append it; notes under a heading of their own stay.

    Parameters
    ----------
    document : Path
        Markdown; it need not exist.
    section : str
        The heading.
    text : str
        What follows it.
    """
    before, _, after = document.read_text().partition(f"{section}\n") if document.exists() else ("", "", "")
    own, next_heading, rest = after.partition("\n## ")
    notes = own.partition("\n### ")[2]
    kept = f"\n### {notes.rstrip()}\n" if notes else ""
    document.write_text(f"{before.rstrip()}\n\n{section}\n\n{text}{kept}{next_heading}{rest}".lstrip())

"""Time comes from one injected clock: the source of these packages is read for anything that looks it up or waits."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = [name for name in ("market", "execution", "simulator", "cluster") if (REPOSITORY / name).is_dir()]
"""Execution and simulator are held to it from the day they are there."""
ALLOWED = {"market/clock.py"}
FORBIDDEN = {
    "asyncio.sleep",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "pandas.Timestamp.now",
    "pandas.Timestamp.today",
    "pandas.Timestamp.utcnow",
    "time.sleep",
    "time.time",
    "time.time_ns",
}


def offences(source: str) -> list[tuple[int, str]]:
    """Return line and name of every mention of the machine's time, whatever it was imported as."""
    tree = ast.parse(source)
    full_names: dict[str, str] = {}
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                full_names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                full_names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                if f"{node.module}.{alias.name}" in FORBIDDEN:
                    found.append((node.lineno, f"{node.module}.{alias.name}"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            head, *rest = ast.unparse(node).split(".")
            name = ".".join([full_names.get(head, head), *rest])
            if name in FORBIDDEN:
                found.append((node.lineno, name))
    return sorted(found)


@pytest.mark.parametrize("package", PACKAGES)
def test_clock_of_package_is_always_injected(package: str) -> None:
    folder = REPOSITORY / package
    bare = [
        f"{path.relative_to(REPOSITORY)}:{line} {name}: take a market.Clock instead"
        for path in sorted(folder.rglob("*.py"))
        if str(path.relative_to(REPOSITORY)) not in ALLOWED
        for line, name in offences(path.read_text())
    ]
    assert not bare, "\n".join(bare)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import time\ntime.time()", "time.time"),
        ("import time as t\nwait = t.sleep", "time.sleep"),
        ("from time import sleep", "time.sleep"),
        ("from datetime import UTC, datetime\ndatetime.now(UTC)", "datetime.datetime.now"),
        ("import datetime as d\nd.datetime.utcnow()", "datetime.datetime.utcnow"),
        ("import asyncio\nasync def f():\n    await asyncio.sleep(1)", "asyncio.sleep"),
        ("import pandas as pd\npd.Timestamp.now()", "pandas.Timestamp.now"),
    ],
)
def test_clock_offence_under_any_import_is_found(source: str, name: str) -> None:
    assert [found for _, found in offences(source)] == [name]


def test_clock_offence_free_source_is_clean() -> None:
    assert not offences(
        "import time\nfrom datetime import datetime\ntime.monotonic()\ndatetime.fromisoformat('2024-01-01')"
    )

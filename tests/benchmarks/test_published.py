"""A document of benchmarks: tables are replaced, notes stay, and other sections are left alone."""

import pytest
from published import put

PUSH, ALARMS = "## Push", "## Evidence: false alarms"


@pytest.mark.parametrize("notes", ["", "\n### What it says\n\nIt is fast.\n"])
def test_section_gets_new_tables_and_keeps_its_own_notes_only(tmp_path, notes):
    document = tmp_path / "benchmarks.md"
    others = f"{ALARMS}\n\n| none |\n\n### What it says\n\nThere are none.\n"
    document.write_text(f"# Benchmarks\n\n{PUSH}\n\n| old |\n{notes}\n{others}")
    for tables in ("| new |\n", "| newer |\n"):
        put(document, PUSH, tables)
        assert document.read_text() == f"# Benchmarks\n\n{PUSH}\n\n{tables}{notes}\n{others}"


def test_section_that_was_not_there_is_appended(tmp_path):
    document = tmp_path / "benchmarks.md"
    put(document, PUSH, "| one |\n")
    put(document, ALARMS, "| none |\n")
    assert document.read_text() == f"{PUSH}\n\n| one |\n\n{ALARMS}\n\n| none |\n"


def test_last_section_keeps_its_notes(tmp_path):
    document = tmp_path / "benchmarks.md"
    document.write_text(f"{PUSH}\n\n| old |\n\n### What it says\n\nIt is fast.\n")
    put(document, PUSH, "| new |\n")
    assert document.read_text() == f"{PUSH}\n\n| new |\n\n### What it says\n\nIt is fast.\n"

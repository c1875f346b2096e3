"""Which browser is taken, and what happens to the tests of the panel where there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from panel_browser.find_browser import NAMES, find_browser

REPOSITORY = Path(__file__).resolve().parents[2]


def browser_at(path: Path, version: str = "echo Chromium 1.0") -> Path:
    path.write_text(f"#!/bin/sh\n{version}\n")
    path.chmod(0o755)
    return path


def test_browser_of_the_path_is_found_in_the_order_of_their_names(tmp_path):
    for name in reversed(NAMES):
        expected = browser_at(tmp_path / name)
        assert find_browser({"PATH": str(tmp_path)}) == expected


def test_browser_that_does_not_start_is_passed_over(tmp_path):
    browser_at(tmp_path / NAMES[0], "exit 127")
    assert find_browser({"PATH": str(tmp_path)}) != tmp_path / NAMES[0]


def test_browser_that_is_named_is_taken_and_never_replaced(tmp_path):
    named = browser_at(tmp_path / "brave")
    browser_at(tmp_path / NAMES[0])
    assert find_browser({"PATH": str(tmp_path), "EVOQ_BROWSER": str(named)}) == named
    assert find_browser({"PATH": str(tmp_path), "EVOQ_BROWSER": str(tmp_path / "gone")}) is None


@pytest.mark.parametrize(("required", "outcome", "status"), [("1", "1 error", 1), ("", "1 skipped", 0)])
def test_journeys_without_a_browser_are_skipped_and_fail_where_all_is_required(tmp_path, required, outcome, status):
    environment = {**os.environ, "EVOQ_BROWSER": str(tmp_path / "gone"), "EVOQ_REQUIRE_ALL": required}
    journey = "tests/ui/test_journeys.py::test_sign_in_takes_the_password_only"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", journey], cwd=REPOSITORY, env=environment, capture_output=True,
        text=True, timeout=200, check=False,
    )  # fmt: skip
    assert result.returncode == status, result.stdout
    assert outcome in result.stdout
    assert "no browser for the tests of the control panel: install Chromium" in result.stdout

"""`evoq` as a user runs it: a process of its own, in a folder of its own, with a home of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVOQ = Path(sys.executable).parent / "evoq"
TIMEOUT_S = 240


def environment(home: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a test's command."""
    return {**os.environ, "EVOQ_HOME": str(home), "COLUMNS": "200", **changes}


def evoq(*words: object, home: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [EVOQ, *map(str, words)], env=environment(home, **changes), cwd=home, capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip


@contextmanager
def started(*words: object, home: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a command whose progress is read from its standard error, and see to it that it ends."""
    process = subprocess.Popen(
        [EVOQ, *map(str, words)], env=environment(home), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for(process: subprocess.Popen[str], text: str) -> None:
    """Read standard error until a line has the text."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} did not come; was: {''.join(seen)}")


def assert_one_line(result: subprocess.CompletedProcess[str], *words: str, status: int = 2) -> None:
    """Check that a mistake was answered in one clear line."""
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert lines[0].startswith("evoq: ")
    for word in words:
        assert word in lines[0]

"""The log of a process: JSON lines without passwords."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from cluster.json_log import log_json_lines


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    log_json_lines("push", stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)


def test_log_line_is_json(log: io.StringIO):
    logging.getLogger("cluster.x").info("%d things\nin two lines", 3)
    (line,) = log.getvalue().splitlines()
    record = json.loads(line)
    assert set(record) == {"ts", "level", "process", "logger", "message"}
    assert record["message"] == "3 things\nin two lines"
    assert (record["level"], record["process"], record["logger"]) == ("info", "push", "cluster.x")


def test_log_exception_has_its_trace(log: io.StringIO):
    try:
        raise ValueError("redis://user:hush@127.0.0.1:1 is away")
    except ValueError:
        logging.getLogger().exception("failed")
    record = json.loads(log.getvalue())
    assert "ValueError: redis://user:***@127.0.0.1:1 is away" in record["trace"]


@pytest.mark.parametrize("text", ["redis://:hush@h:1/0", "postgresql://me:hush@h/db", "Authorization: Bearer hush"])
def test_log_line_has_no_password(log: io.StringIO, text: str):
    logging.getLogger().warning("see %s", text)
    assert "hush" not in log.getvalue()
    assert "***" in log.getvalue()

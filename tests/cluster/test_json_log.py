"""Log lines of the desk's processes: one JSON object each, bounded, and without any secret."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from cluster.json_log import JsonFormatter, Redaction, log_as_json

ENVIRONMENT = {
    "BINANCE_SECRET_KEY": "very-secret-key",
    "DB_PASSWORD": "hunter2-hunter2",
    "REDIS_URL": "redis://user:p%40ss%3Aword@127.0.0.1:6400/0",
    "EVOQ_HOME": "/somewhere",
    "OKX_PASSPHRASE": "abc",
}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    log_as_json("feed", stream=stream, environ=ENVIRONMENT)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)


def last(lines: io.StringIO) -> dict:
    return json.loads(lines.getvalue().splitlines()[-1])


def test_log_line_says_when_where_and_what(lines: io.StringIO) -> None:
    logging.getLogger("cluster.feed").warning("late: %s", "BTC/USDT", extra={"fields": {"late_s": 12.5, "n": [1, 2]}})
    line = last(lines)
    assert isinstance(line.pop("ts"), int)
    assert line == {
        "level": "warning",
        "name": "cluster.feed",
        "message": "late: BTC/USDT",
        "process": "feed",
        "fields": {"late_s": 12.5, "n": [1, 2]},
    }


def test_log_line_holds_no_secret(lines: io.StringIO) -> None:
    logger = logging.getLogger("x")
    logger.info(
        "keys very-secret-key, hunter2-hunter2, p@ss:word; redis://user:p%%40ss%%3Aword@127.0.0.1:6400",
        extra={"fields": {"url": "postgresql://evoq:other@127.0.0.1/evoq", "Bearer abcdefgh123": ["very-secret-key"]}},
    )
    try:
        raise RuntimeError("cannot log in with hunter2-hunter2")
    except RuntimeError:
        logger.exception("Authorization: Bearer abcdefgh123")
    text = lines.getvalue()
    for secret in ("very-secret-key", "hunter2", "p@ss", "p%40ss", "other@", "abcdefgh123"):
        assert secret not in text
    assert "127.0.0.1:6400" in text
    assert "RuntimeError: cannot log in with ***" in last(lines)["trace"]


def test_log_line_is_one_line_and_bounded_whatever_is_logged(lines: io.StringIO) -> None:
    logger = logging.getLogger("x")
    logger.info("a\nb" + "x" * 100_000)
    logger.info("odd", extra={"fields": {"object": object(), "nan": float("nan"), "deep": {"key": ("y" * 50_000,)}}})
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert len(found) == 2
    assert len(found[0]["message"]) < 9_000
    assert found[1]["fields"]["nan"] is None
    assert len(found[1]["fields"]["deep"]["key"][0]) < 9_000
    misfit = logging.LogRecord("x", logging.INFO, "file", 1, "%d", ("not a number",), None)
    assert json.loads(JsonFormatter("feed", Redaction()).format(misfit))["message"] == "%d"


def test_log_line_of_chattering_libraries_is_left_out(lines: io.StringIO) -> None:
    logging.getLogger("urllib3.connectionpool").info("GET /")
    logging.getLogger("urllib3.connectionpool").warning("retrying")
    assert [json.loads(line)["message"] for line in lines.getvalue().splitlines()] == ["retrying"]

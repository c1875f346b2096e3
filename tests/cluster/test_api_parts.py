"""Parts of the API on their own: long computations, the database that comes and goes, what replicas are told."""

import asyncio
import stat
import threading

import pytest

from cluster import opened_database
from cluster.api.heavy_work import HeavyWork, content_key
from cluster.api.problems import Problem
from cluster.api.replica_settings import read_replica_settings, write_replica_settings
from cluster.api.values import money
from cluster.errors import SettingError
from cluster.opened_database import OpenedDatabase, join_database
from market import ManualClock
from storage import DatabaseBusyError
from storage.embedded import EmbeddedStatus
from storage.settings import ConnectionSettings

CLOCK_MS = 1_767_225_600_000


def test_heavy_work_that_takes_too_long_is_found_when_asked_again():
    release = threading.Event()
    work = HeavyWork(deadline_s=0.05)

    async def ask():
        with pytest.raises(Problem) as refused:
            await work.answer("key", lambda: release.wait(10) and "known")
        assert (refused.value.status, refused.value.code) == (503, "still_computing")
        release.set()
        work._deadline_s = 10.0
        return await work.answer("key", lambda: "computed twice")

    assert asyncio.run(ask()) == "known"
    work.close()


def test_heavy_work_that_fails_is_tried_again():
    work = HeavyWork()
    outcomes = iter([ValueError("not now"), "later"])

    def compute():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def ask():
        with pytest.raises(ValueError, match="not now"):
            await work.answer("key", compute)
        return await work.answer("key", compute)

    assert asyncio.run(ask()) == "later"
    work.close()


def test_heavy_work_is_bounded_in_what_waits_and_in_what_is_kept():
    release = threading.Event()
    work = HeavyWork(kept=3)

    async def crowd():
        asked = [asyncio.create_task(work.answer(str(number), lambda: release.wait(10))) for number in range(16)]
        await asyncio.sleep(0)
        with pytest.raises(Problem) as refused:
            await work.answer("one more", lambda: None)
        assert refused.value.code == "busy"
        release.set()
        await asyncio.gather(*asked)

    asyncio.run(crowd())
    assert len(work._answers) == 3
    work.close()


def test_content_key_depends_on_everything_it_is_given():
    keys = {content_key("curve", 1, {"a": 1, "b": 2}), content_key("curve", 1, {"b": 2, "a": 1})}
    assert len(keys) == 1
    assert content_key("curve", 1) != content_key("curve", 2) != content_key("plane", 2)


class Opened:
    """A database that was opened."""

    def __init__(self, settings):
        self.settings = settings
        self.engine = object()
        self.closed = False

    def close(self):
        self.closed = True


def status(port):
    return EmbeddedStatus(running=port is not None, pid=1, port=port, version="1", in_use=True)


def test_opened_database_is_asked_again_only_after_a_rest():
    clock, tries = ManualClock(CLOCK_MS), []

    def opening():
        tries.append(1)
        raise DatabaseBusyError("away")

    database = OpenedDatabase(opening, clock)
    for _ in range(5):
        with pytest.raises(DatabaseBusyError):
            _ = database.engine
    assert len(tries) == 1
    clock.advance(3)
    with pytest.raises(DatabaseBusyError):
        _ = database.engine
    assert len(tries) == 2


def test_opened_database_that_has_moved_is_opened_again(tmp_path, monkeypatch):
    opened = [
        Opened(ConnectionSettings("127.0.0.1", port, "evoq", "evoq", "x", embedded_in=tmp_path)) for port in (1, 2)
    ]
    coming = iter(opened)
    database = OpenedDatabase(lambda: next(coming), ManualClock(CLOCK_MS))
    assert database.engine is opened[0].engine
    for port, expected in ((1, opened[0]), (None, opened[0]), (2, opened[1])):
        monkeypatch.setattr(opened_database, "embedded_status", lambda _, port=port: status(port))
        database.doubt()
        assert database.engine is expected.engine
    assert opened[0].closed
    assert not opened[1].closed


def test_replica_joins_an_embedded_database_but_never_starts_one(tmp_path):
    with pytest.raises(DatabaseBusyError, match="does not run"):
        join_database(tmp_path, {})
    assert list(tmp_path.iterdir()) == []


def test_replica_settings_are_private_and_hold_only_what_the_api_reads(tmp_path):
    environ = {
        "EVOQ_HOME": str(tmp_path),
        "EVOQ_HTTP_PORT": "1",
        "DB_PASSWORD": "hush",
        "REDIS_URL": "redis://:hush@localhost",
        "BINANCE_SECRET_KEY": "hush-venue",
        "PATH": "/bin",
    }
    path = write_replica_settings(environ)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = read_replica_settings(str(path))
    assert told == {name: environ[name] for name in ("EVOQ_HOME", "EVOQ_HTTP_PORT", "DB_PASSWORD", "REDIS_URL")}
    path.write_text("{")
    with pytest.raises(SettingError):
        read_replica_settings(str(path))


@pytest.mark.parametrize(
    ("value", "text"), [(64884.49, "64884.49"), (1e-7, "0.0000001"), (1e22, "10000000000000000000000"), (5.0, "5.0")]
)
def test_money_is_written_exactly_and_without_an_exponent(value, text):
    assert money(value) == text

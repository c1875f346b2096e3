"""The upkeep of the database: at once, once a day, sooner after a failure, which is an alert and ends nothing."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from waiting import until

from cluster.supervisor.desk import Desk
from cluster.supervisor.desk_books import DeskBooks
from cluster.supervisor.desk_files import DeskFiles
from cluster.supervisor.upkeep import Upkeep
from market import ManualClock
from storage import AlertRepository, Database, StatementError

LATER_ROWS = "SELECT count(*) FROM pg_class WHERE relname = :name"


def partition(days: int) -> str:
    return f"system_status_p{datetime.now(UTC) + timedelta(days=days):%Y_%m_%d}"


def exists(database: Database, name: str) -> bool:
    with database.engine.connect() as connection:
        return bool(connection.execute(text(LATER_ROWS), {"name": name}).scalar_one())


class Kept:
    """Counts, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.times = 0
        self.failures = failures

    def maintain(self) -> None:
        self.times += 1
        if self.times <= self.failures:
            raise StatementError("a lock was not granted")


def test_upkeep_happens_at_once_and_once_a_day():
    clock, told, kept = ManualClock(0), [], Kept()
    upkeep = Upkeep(clock, told.append)
    for hours in range(49):
        upkeep.step(kept)
        until(lambda hours=hours: kept.times == len(told) == 1 + hours // 24)
        clock.advance(3_600.0)
    assert told == [None, None, None]


def test_upkeep_that_failed_is_tried_again_in_ten_minutes():
    clock, told, kept = ManualClock(0), [], Kept(failures=1)
    upkeep = Upkeep(clock, told.append)
    upkeep.step(kept)
    until(lambda: told == ["a lock was not granted"])
    clock.advance(599.0)
    upkeep.step(kept)
    assert kept.times == 1
    clock.advance(2.0)
    until(lambda: (upkeep.step(kept), told == ["a lock was not granted", None])[1])


def test_desk_makes_partitions_drops_old_ones_and_tells_of_a_failure(embedded_database: Database, tmp_path: Path):
    """A table in the place of the next day's partition makes the upkeep fail; without it the upkeep does its work."""
    alerts = AlertRepository(embedded_database.engine)
    old, next_one = partition(-30), partition(1)
    with embedded_database.engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {next_one}"))
        connection.execute(text(f"CREATE TABLE {next_one} (x int)"))
        day = datetime.now(UTC).date() - timedelta(days=30)
        bounds = f"FROM ('{day}') TO ('{day + timedelta(days=1)}')"
        connection.execute(text(f"CREATE TABLE {old} PARTITION OF system_status FOR VALUES {bounds}"))
    clock = ManualClock(int(time.time() * 1000))
    desk = Desk(DeskFiles(tmp_path), {}, clock, database=embedded_database)
    books = DeskBooks(desk, list, lambda reason: None)

    def is_open() -> bool:
        return bool(alerts.page(code="maintenance_failed", open=True).items)

    books.start()
    try:
        until(is_open)
        with embedded_database.engine.begin() as connection:
            connection.execute(text(f"DROP TABLE {next_one}"))
        clock.advance(601.0)
        until(lambda: not is_open())
    finally:
        books.stop()
    assert exists(embedded_database, next_one)
    assert not exists(embedded_database, old)

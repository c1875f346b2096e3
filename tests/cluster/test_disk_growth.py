"""A disk that trials will fill is told of while there is time: in the checkup, and as an alert of the desk."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from waiting import until

from cluster.checkup import Grade, growth
from cluster.supervisor.desk import Desk
from cluster.supervisor.desk_books import DeskBooks
from cluster.supervisor.desk_files import DeskFiles
from market import ManualClock
from storage import AlertRepository, Database, RunRepository, open_database

RUN = {
    "engine_version": "1", "seed": 1, "settings": {}, "settings_hash": "s", "data_hash": "d", "cost_hash": "c",
    "origin": "simulated:7",
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    tmp_path.chmod(0o711)
    with open_database(tmp_path, environ={}) as database:
        yield database


def evolve(database: Database, evaluations: int) -> None:
    """Tell of so many evaluations in the last twelve hours."""
    runs = RunRepository(database.engine)
    run_id, begun = runs.create(RUN), datetime.now(UTC) - timedelta(hours=12)
    history = [
        {"ts": ts, "generation": 1, "round": 1, "evaluations": done}
        for ts, done in ((begun, 0), (datetime.now(UTC), evaluations))
    ]
    counters = {"evaluations": evaluations, "generation": 1, "round": 1}
    runs.commit(run_id, batch=0, state=b"", trials=[], history=history, **counters)


def test_checkup_says_how_long_the_disk_lasts(database: Database, tmp_path: Path):
    desk = Desk(DeskFiles(tmp_path), {}, ManualClock(0))
    (unknown,) = growth.examine(desk)
    assert (unknown.grade, "ten minutes of evolution" in unknown.message) == (Grade.OK, True)
    evolve(database, 1_000)
    (slow,) = growth.examine(desk)
    assert (slow.grade, slow.cure) == (Grade.OK, "")
    assert "the disk lasts" in slow.message
    evolve(database, 10**12)
    (fast,) = growth.examine(desk)
    assert fast.grade is Grade.PROBLEM
    assert "evolution_interval" in fast.cure


def test_desk_tells_of_a_disk_that_fills_once_and_when_it_does_no_more(database: Database, tmp_path: Path):
    evolve(database, 10**12)
    clock = ManualClock(int(time.time() * 1000))
    books = DeskBooks(Desk(DeskFiles(tmp_path), {}, clock, database=database), list, lambda reason: None)
    alerts = AlertRepository(database.engine)

    def found() -> list[int]:
        return [row["count"] for row in alerts.page(code="disk_filling", open=True).items]

    books.start()
    try:
        until(lambda: found() == [1])
        with database.engine.begin() as connection:
            connection.execute(text("DELETE FROM strategy_evolution_history"))
        clock.advance(3_601.0)
        until(lambda: found() == [])
    finally:
        books.stop()

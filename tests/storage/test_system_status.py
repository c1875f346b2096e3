"""What was measured: the latest of each name, days of it, and no more."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

import storage
from storage.partitions import PARTITIONED, ensure_partitions


@pytest.fixture
def status(database: storage.Database) -> storage.SystemStatusRepository:
    return storage.SystemStatusRepository(database.engine)


def test_latest_of_each_name_is_told_with_its_age(status):
    assert status.latest("system_metrics") is None
    assert status.latest_all() == {}
    for value in range(3):
        status.record("system_metrics", {"cpu_pct": value, "queue": {"a": math.nan}})
        status.record("services", {"items": [value]})
    when = status.record("a", {})
    latest = status.latest("system_metrics")
    assert latest.data == {"cpu_pct": 2, "queue": {"a": None}}
    assert 0 <= latest.age_s < 60
    found = status.latest_all()
    assert {name: record.data for name, record in found.items()} == {
        "a": {},
        "services": {"items": [2]},
        "system_metrics": latest.data,
    }
    assert found["a"].ts == when


def test_status_is_paged_by_name(status):
    for value in range(7):
        status.record("m", {"value": value})
        status.record("n", {"value": -value})
    first = status.page(limit=4, name="m")
    rest = status.page(limit=4, cursor=first.next_cursor, name="m")
    assert [row["data"]["value"] for row in (*first.items, *rest.items)] == [6, 5, 4, 3, 2, 1, 0]
    assert first.total == 7


def test_status_without_a_name_is_refused(status):
    with pytest.raises(storage.InvalidValueError, match="needs a name"):
        status.record(" ", {})


def test_days_past_their_retention_are_dropped(database, status):
    now = datetime.now(UTC)
    days = [now - timedelta(days=days) for days in range(10)]
    with database.engine.begin() as connection:
        ensure_partitions(connection, "system_status", days)
        for day in days:
            connection.execute(text("INSERT INTO system_status (ts, name, data) VALUES (:ts, 'd', '{}')"), {"ts": day})
    database.maintain(now)
    kept = status.page(name="d")
    assert PARTITIONED["system_status"].kept == 7
    assert kept.total == 8  # today and the seven days before
    assert kept.items[-1]["ts"] == days[7]
    assert database.drop_expired(now, {"system_status": 1}) == [
        f"system_status_p{day:%Y_%m_%d}" for day in sorted(days[2:8])
    ]


def test_days_to_come_are_made_by_maintenance(external):
    with storage.open_database(environ=external) as database:
        later = datetime(2031, 12, 31, 12, tzinfo=UTC)
        database.maintain(later)
        with database.engine.connect() as connection:
            names = set(
                connection.scalars(text("SELECT relname FROM pg_class WHERE relname LIKE 'system_status_p203%'"))
            )
    wanted = {f"system_status_p{day}" for day in ("2031_12_31", "2032_01_01", "2032_01_02")}
    assert {name for name in names if not name.endswith(("pkey", "idx"))} == wanted

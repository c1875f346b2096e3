"""Tables that grow with time: partitions made when needed, dropped when old."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

import storage
from storage.partitions import PARTITION_NAME, ensure_partitions

COUNTERS = {"evaluations": 1, "generation": 1, "round": 1}


def _partitions(database: storage.Database) -> list[str]:
    query = (
        "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid WHERE child.relkind = 'r'"
    )
    with database.engine.connect() as connection:
        return sorted(name for name in connection.scalars(text(query)) if PARTITION_NAME.match(name))


def _at(moment: datetime) -> dict[str, object]:
    return {"ts": moment, "generation": 1, "round": 1}


def test_partitions_are_made_ahead_when_a_database_is_opened(external):
    with storage.open_database(environ=external) as database:
        assert len(_partitions(database)) == 12  # four tables, the present month or day and the two to come


def test_rows_of_any_month_find_their_partition(external, make_run):
    moments = [
        datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2000, 1, 1, tzinfo=UTC),
        datetime(2031, 2, 28, tzinfo=UTC),
    ]
    with storage.open_database(environ=external) as database:
        runs = storage.RunRepository(database.engine)
        run_id = runs.create(make_run())
        runs.commit(run_id, batch=0, state=b"", trials=[], history=[_at(moment) for moment in moments], **COUNTERS)
        assert [row["ts"] for row in runs.history(run_id)] == sorted(moments, reverse=True)
        names = [name for name in _partitions(database) if name.startswith("strategy_evolution_history")]
    assert names[:2] == ["strategy_evolution_history_p1999_12", "strategy_evolution_history_p2000_01"]
    assert "strategy_evolution_history_p2031_02" in names


def test_partition_needed_by_two_writers_at_once_is_made_once(external, make_run):
    with storage.open_database(environ=external) as database:
        runs = storage.RunRepository(database.engine)
        writers = [runs.create(make_run(seed=seed)) for seed in range(4)]
        barrier = threading.Barrier(len(writers))
        failures = []

        def write(run_id: str) -> None:
            barrier.wait()
            try:
                rows = [_at(datetime(2001, month, 5, tzinfo=UTC)) for month in range(1, 7)]
                runs.commit(run_id, batch=0, state=b"", trials=[], history=rows, **COUNTERS)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=write, args=(run_id,)) for run_id in writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(runs.history(limit=500)) == 24


def test_partitions_older_than_the_retention_are_dropped_whole(external, make_run):
    now = datetime(2026, 3, 15, tzinfo=UTC)
    months = [datetime(2025, 12, 31, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]
    with storage.open_database(environ=external) as database:
        runs = storage.RunRepository(database.engine)
        run_id = runs.create(make_run())
        runs.commit(run_id, batch=0, state=b"", trials=[], history=[_at(month) for month in months], **COUNTERS)
        assert database.drop_expired(now) == []
        dropped = database.drop_expired(now, {"strategy_evolution_history": 2})
        assert dropped == ["strategy_evolution_history_p2025_12"]
        assert [row["ts"] for row in runs.history(run_id)] == months[:0:-1]
        for retention in ({"strategy_evolution_history": 0}, {"runs": 3}):
            with pytest.raises(
                storage.InvalidValueError, match="a retention must be at least 1 month or day of one of"
            ):
                database.drop_expired(now, retention)


def test_table_that_is_not_partitioned_gets_no_partitions(database: storage.Database):
    complaint = "a partitioned table must be one of"
    with pytest.raises(storage.InvalidValueError, match=complaint), database.engine.begin() as connection:
        ensure_partitions(connection, "runs; DROP TABLE runs", [datetime.now(UTC)])

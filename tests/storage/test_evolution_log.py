"""The evolution log: both tables as one list, each row once."""

from datetime import UTC, datetime, timedelta

import pytest

import storage

START = datetime(2026, 3, 14, tzinfo=UTC)


@pytest.fixture
def log(database: storage.Database) -> storage.EvolutionLogRepository:
    return storage.EvolutionLogRepository(database.engine)


def _fill(runs: storage.RunRepository, run_id: str) -> None:
    times = [START + timedelta(minutes=minute // 3) for minute in range(9)]  # three rows of each moment
    history = [
        {"ts": ts, "generation": n, "round": 1, "species": f"s{n % 2}", "best_scs": float(n)}
        for n, ts in enumerate(times)
    ]
    logs = [{"ts": ts, "event": "window_roll", "message": f"m{n}", "species": "s1"} for n, ts in enumerate(times)]
    runs.commit(run_id, batch=0, state=b"", trials=[], evaluations=1, generation=1, round=1, history=history, logs=logs)


@pytest.mark.parametrize("sort", ["ts", "-ts"])
@pytest.mark.parametrize("limit", [1, 4, 7, 100])
def test_log_is_both_tables_in_order_and_whole(log, runs, run_id, limit, sort):
    _fill(runs, run_id)
    rows, cursor = [], None
    while True:
        page = log.page(limit=limit, cursor=cursor, sort=sort)
        rows += page.items
        assert page.total == 18
        if (cursor := page.next_cursor) is None:
            break
    keys = [(row["ts"], row["id"], row["source"]) for row in rows]
    assert keys == sorted(keys, reverse=sort == "-ts")
    assert len(set(keys)) == 18
    assert {row["source"] for row in rows} == {"history", "optimizer"}


def test_log_is_filtered(log, runs, run_id, make_run):
    _fill(runs, run_id)
    other = runs.create(make_run(seed=8))
    runs.log(other, [{"ts": START, "event": "start", "strategy_id": "abc", "details": {"a": 1}}])
    assert log.page(run_id=run_id).total == 18
    (row,) = log.page(run_id=other).items
    assert (row["event"], row["strategy_id"], row["generation"], row["best_scs"]) == ("start", "abc", None, None)
    assert log.page(species="s1").total == 4 + 9
    assert log.page(event="window_roll", since=START + timedelta(minutes=1)).total == 6
    assert log.page(source="history", until=START + timedelta(minutes=1)).total == 3
    newest = log.page(source="history", limit=1).items[0]
    assert (newest["generation"], newest["best_scs"], newest["message"]) == (8, 8.0, None)

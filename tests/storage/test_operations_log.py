"""The audit log tells of a change if, and only if, it happened."""

from dataclasses import asdict

import pytest
from sqlalchemy import text

import storage


@pytest.fixture
def log(database: storage.Database) -> storage.OperationsLogRepository:
    return storage.OperationsLogRepository(database.engine)


def test_row_comes_back_as_it_was_written(log):
    number = log.append(
        "ann",
        "enable",
        role="operate",
        source="api",
        target="abc",
        before={"state": "candidate", "score": float("inf")},
        after={"state": "enabled"},
        reason="it's 100 % new",
    )
    (row,) = log.page().items
    assert (row["id"], row["actor"], row["role"], row["source"]) == (number, "ann", "operate", "api")
    assert (row["before"], row["after"]) == ({"state": "candidate", "score": None}, {"state": "enabled"})
    assert (row["reason"], row["result"], row["target"]) == ("it's 100 % new", "done", "abc")
    assert row["ts"].tzinfo is not None


def test_log_is_paged_in_both_directions_and_filtered(log):
    ids = [
        log.append("ann" if n % 2 else "bob", "kill" if n % 3 else "rearm", role="operate", source="api")
        for n in range(12)
    ]
    for sort, wanted in (("ts", ids), ("-ts", ids[::-1])):
        rows, cursor = [], None
        while True:
            page = log.page(limit=5, cursor=cursor, sort=sort)
            rows += page.items
            if (cursor := page.next_cursor) is None:
                break
        assert [row["id"] for row in rows] == wanted
    assert log.page(actor="ann").total == 6
    assert log.page(actor="ann", action="rearm", result="done").total == 2
    middle = log.page().items[5]["ts"]
    assert (log.page(since=middle).total, log.page(until=middle).total) == (6, 6)


def test_rows_of_the_same_moment_are_all_on_some_page(database, log):
    for _ in range(7):
        log.append("ann", "kill", role="operate", source="api")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE operations_log SET ts = (SELECT min(ts) FROM operations_log)"))
    ids, cursor = [], None
    while True:
        page = log.page(limit=2, cursor=cursor)
        ids += [row["id"] for row in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) == 7


@pytest.mark.parametrize("options", [{"actor": " "}, {"action": ""}, {"role": ""}, {"source": ""}, {"result": ""}])
def test_row_that_does_not_say_who_did_what_is_refused(log, options):
    with pytest.raises(storage.InvalidValueError, match="operations log needs"):
        log.append(**({"actor": "ann", "action": "kill", "role": "operate", "source": "api"} | options))
    assert log.page().total == 0


def test_change_of_the_configuration_is_logged_with_what_was_and_what_is(database, log):
    repository = storage.ConfigRepository(database.engine)
    record = repository.get()
    parts = {"auto_trading": asdict(record.auto_trading), "management": asdict(record.management)}
    parts["management"]["max_enabled"] = 7
    repository.put(parts, version=record.version, changed_by="ann", role="operate", reason="less is more")
    (row,) = log.page().items
    assert (row["actor"], row["action"], row["source"], row["reason"]) == (
        "ann",
        "change_config",
        "api",
        "less is more",
    )
    assert row["before"]["management"]["max_enabled"] == record.management.max_enabled
    assert row["after"]["management"]["max_enabled"] == 7
    assert (row["before"]["version"], row["after"]["version"]) == (record.version, record.version + 1)


def test_change_of_the_configuration_that_is_refused_or_has_no_role_is_not_logged(database, log):
    repository = storage.ConfigRepository(database.engine)
    record = repository.get()
    parts = {"auto_trading": asdict(record.auto_trading), "management": asdict(record.management)}
    with pytest.raises(storage.ConflictError):
        repository.put(parts, version=record.version + 1, changed_by="ann", role="operate")
    repository.put(parts, version=record.version, changed_by="ann")
    assert log.page().total == 0


def test_change_that_cannot_be_logged_does_not_happen(database, log):
    repository = storage.ConfigRepository(database.engine)
    record = repository.get()
    parts = {"auto_trading": asdict(record.auto_trading), "management": asdict(record.management)}
    with pytest.raises(storage.InvalidValueError, match="needs role"):
        repository.put(parts, version=record.version, changed_by="ann", role=" ")
    assert repository.get() == record

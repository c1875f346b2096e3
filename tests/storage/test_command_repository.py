"""Commands: accepted once, taken by one, ended once."""

import threading
from collections import Counter

import pytest
from sqlalchemy import text

import storage

TAKER = """
import storage
with storage.open_database() as database:
    commands = storage.CommandRepository(database.engine)
    print("ready", flush=True)
    input()
    taken = []
    while (command := commands.take(["pause_evolution", "resume_evolution"])) is not None:
        taken.append(command.id)
        commands.finish(command.id, "done")
    print(*taken)
"""


@pytest.fixture
def commands(database: storage.Database) -> storage.CommandRepository:
    return storage.CommandRepository(database.engine)


def _add(commands: storage.CommandRepository, action: str = "pause_evolution", **options: object) -> str:
    return commands.add(action, by="ann", role="operate", **options)


def test_command_goes_from_accepted_through_running_to_its_end(commands):
    command_id = commands.add(
        "enable", "abc", {"version": 3, "x": float("nan")}, "looks good", by="ann", role="operate"
    )
    accepted = commands.get(command_id)
    assert (accepted.status, accepted.action, accepted.target, accepted.reason) == (
        "accepted",
        "enable",
        "abc",
        "looks good",
    )
    assert accepted.parameters == {"version": 3, "x": None}
    assert commands.take(["disable"]) is None
    taken = commands.take(["disable", "enable"])
    assert (taken.id, taken.status) == (command_id, "running")
    assert commands.take(["enable"]) is None
    commands.finish(command_id, "done", "enabled as version 4")
    ended = commands.get(command_id)
    assert (ended.status, ended.detail) == ("done", "enabled as version 4")
    assert ended.updated_at > ended.ts
    with pytest.raises(storage.ConflictError, match="is done already"):
        commands.finish(command_id, "failed")
    assert commands.get(command_id) == ended


def test_oldest_command_is_taken_first(commands):
    ids = [_add(commands, action) for action in ("pause_evolution", "other", "resume_evolution", "pause_evolution")]
    taken = [commands.take(["pause_evolution", "resume_evolution"]).id for _ in range(3)]
    assert taken == [ids[0], ids[2], ids[3]]
    assert commands.take([]) is None
    assert [command.status for command in commands.list()] == ["running", "running", "accepted", "running"]


def test_same_key_is_the_same_command(commands):
    first = _add(commands, idempotency_key="k1")
    assert _add(commands, idempotency_key="k1") == first
    commands.finish(commands.take(["pause_evolution"]).id, "done")
    assert _add(commands, idempotency_key="k1") == first
    assert _add(commands, idempotency_key="k2") != first
    assert _add(commands) != _add(commands)
    with pytest.raises(storage.ConflictError, match=r"'k1' was used for another command \(pause_evolution\)"):
        _add(commands, "resume_evolution", idempotency_key="k1")
    assert len(commands.list()) == 4


def test_same_key_of_many_at_once_is_one_command(commands):
    barrier, ids = threading.Barrier(6), []

    def add() -> None:
        barrier.wait()
        ids.append(_add(commands, idempotency_key="k"))

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == len(commands.list()) == 1


def test_takers_get_different_commands(database, commands, spawn):
    ids = {_add(commands) for _ in range(60)}
    takers = [spawn(TAKER, database.settings.embedded_in, stdin=-1) for _ in range(3)]
    for taker in takers:
        assert taker.stdout.readline() == "ready\n"
    for taker in takers:
        taker.stdin.write("\n")
        taker.stdin.flush()
    taken = [word for taker in takers for word in taker.communicate()[0].split()]
    assert Counter(taken) == Counter(ids)
    assert {command.status for command in commands.list(limit=500)} == {"done"}


def test_command_that_another_transaction_holds_is_skipped(database, commands):
    first, second = _add(commands), _add(commands)
    with database.engine.begin() as connection:
        connection.execute(text("SELECT id FROM commands WHERE id = :id FOR UPDATE"), {"id": first})
        assert commands.take(["pause_evolution"]).id == second
        assert commands.take(["pause_evolution"]) is None
    assert commands.take(["pause_evolution"]).id == first


def test_command_whose_taker_has_gone_is_accepted_again(commands):
    command_id = _add(commands)
    commands.take(["pause_evolution"])
    assert commands.requeue(["pause_evolution"], after_s=60) == 0
    assert commands.requeue(["other"], after_s=0) == 0
    assert commands.requeue(["pause_evolution"], after_s=0) == 1
    assert commands.take(["pause_evolution"]).id == command_id


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"action": " "}, "needs action"),
        ({"by": ""}, "needs by"),
        ({"role": ""}, "needs role"),
        ({"idempotency_key": ""}, "needs idempotency_key"),
        ({"idempotency_key": "k" * 201}, "at most 200 characters"),
        ({"parameters": {"a": object()}}, "must be plain"),
        ({"reason": "a\x00b"}, "no NUL"),
    ],
)
def test_command_that_cannot_be_meant_is_refused(commands, options, complaint):
    with pytest.raises(storage.InvalidValueError, match=complaint):
        commands.add(**({"action": "kill", "by": "ann", "role": "operate"} | options))
    assert commands.list() == []


def test_end_of_an_unknown_command_or_with_an_unknown_word_is_refused(commands):
    with pytest.raises(storage.NotFoundError, match="there is no command 'nowhere'"):
        commands.finish("nowhere", "done")
    with pytest.raises(storage.InvalidValueError, match="a command ends as done, refused, failed"):
        commands.finish(_add(commands), "accepted")


def test_commands_are_paged_and_filtered(commands):
    ids = [_add(commands, action) for action in ["kill", "rearm"] * 5]
    first = commands.page(limit=4)
    rest = commands.page(limit=500, cursor=first.next_cursor)
    assert [row["id"] for row in (*first.items, *rest.items)] == ids[::-1]
    assert (first.total, rest.next_cursor) == (10, None)
    assert [row["id"] for row in commands.page(action="kill", sort="ts", status="accepted", by="ann").items] == ids[::2]


def test_commands_and_alerts_of_years_ago_are_deleted(database, commands):
    done, waiting = _add(commands, "kill"), _add(commands)
    commands.finish(commands.take(["kill"]).id, "done")
    alerts = storage.AlertRepository(database.engine)
    for code in ("over", "open"):
        alerts.raise_(code, "info", "x")
    alerts.resolve("over")
    with database.engine.begin() as connection:
        for table in ("commands", "alerts"):
            connection.execute(text(f"UPDATE {table} SET ts = ts - interval '4 years'"))
    kept = _add(commands)
    database.maintain()
    assert {command.id for command in commands.list()} == {waiting, kept} != {done}
    assert [alert["code"] for alert in alerts.page().items] == ["open"]

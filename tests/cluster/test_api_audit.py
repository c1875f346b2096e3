"""The operations log tells of everything that was tried with a valid token: what was refused, to whom, and why."""

import pytest
from sqlalchemy import text

from cluster.api.token_bucket import Rate
from storage import CommandRepository, OperationsLogRepository

Q = "/api/quantitative"


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client() as client:
        yield client


@pytest.fixture(scope="module")
def reader(api_desk):
    with api_desk.client("read") as client:
        yield client


def log_of(api_desk, **filters):
    return OperationsLogRepository(api_desk.database.engine).page(**filters).items


def command_of(api_desk, key):
    commands = CommandRepository(api_desk.database.engine).list(limit=500)
    return next((command for command in commands if command.idempotency_key == key), None)


def tell_many(client, ids, action, reason):
    return client.post(f"{Q}/strategies/commands", json={"ids": ids, "action": action, "reason": reason})


def test_command_to_many_that_is_refused_leaves_a_row_for_each_of_them(client, api_desk):
    ids = ["not-there-1", api_desk.ids[20]]
    tell_many(client, ids, "disable", "a quiet week")
    codes = {"not-there-1": "not_found", api_desk.ids[20]: "illegal_transition"}
    for strategy, code in codes.items():
        (row,) = log_of(api_desk, target=strategy)
        assert (row["action"], row["result"], row["reason"]) == ("disable", f"refused: {code}", "a quiet week")
        assert (row["actor"], row["role"], row["source"]) == ("token.operate", "operate", "api")


def test_command_to_many_that_is_refused_in_part_leaves_a_row_for_those_too(client, api_desk):
    tell_many(client, ["not-there-2", api_desk.ids[21]], "enable", "a few")
    assert [row["result"] for row in log_of(api_desk, target="not-there-2")] == ["refused: not_found"]
    assert [row["result"] for row in log_of(api_desk, target=api_desk.ids[21])] == ["done"]


@pytest.mark.parametrize(
    ("method", "path", "body", "action", "target"),
    [
        ("POST", f"{Q}/strategies/one/commands", {"action": "enable"}, "enable", "one"),
        ("POST", f"{Q}/strategies/commands", {"ids": ["two"], "action": "retire"}, "retire", None),
        ("POST", f"{Q}/system-control", {"action": "stop"}, "stop", None),
        ("PUT", f"{Q}/config", {"management": {}}, "change_config", None),
        ("POST", "/api/alerts/1/ack", None, "ack_alert", "1"),
    ],
)
def test_command_with_the_role_read_leaves_a_row(api_desk, reader, method, path, body, action, target):
    sent = {} if body is None else {"json": body | {"reason": "let me"}}
    assert reader.request(method, path, **sent).status_code == 403
    row = log_of(api_desk, actor="token.read")[0]
    assert (row["action"], row["target"], row["result"]) == (action, target, "refused: role_too_low")
    assert (row["role"], row["source"], row["reason"]) == ("read", "api", "let me" if sent else None)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'{"action": 7, "reason": 7}',
        b'{"action": "x x", "reason": " \\u0000 "}',
        b'{"action": "%s"}' % (b"x" * 65),
    ],
)
def test_command_with_the_role_read_that_says_nothing_goes_by_the_name_of_its_route(api_desk, reader, body):
    before = len(log_of(api_desk, actor="token.read", limit=500))
    answer = reader.post(f"{Q}/system-control", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 403
    row, *others = log_of(api_desk, actor="token.read", limit=500)
    assert (row["action"], row["reason"], len(others)) == ("command_system", None, before)


def test_command_without_a_token_leaves_no_row(api_desk):
    before = OperationsLogRepository(api_desk.database.engine).page().total
    with api_desk.client(None) as stranger:
        assert stranger.post(f"{Q}/system-control", json={"action": "stop"}).status_code == 401
    assert OperationsLogRepository(api_desk.database.engine).page().total == before


def test_commands_with_the_role_read_leave_no_more_rows_than_the_rate_allows(api_desk):
    before = OperationsLogRepository(api_desk.database.engine).page(actor="token.read").total
    with api_desk.client("read", with_token=Rate(1e-9, 3)) as reader:
        answers = [reader.post(f"{Q}/system-control", json={"action": "stop"}).status_code for _ in range(10)]
    assert answers == [403] * 3 + [429] * 7
    assert OperationsLogRepository(api_desk.database.engine).page(actor="token.read").total == before + 3


@pytest.mark.parametrize("key", [None, "audited-config"])
def test_config_that_is_refused_keeps_its_reason(client, api_desk, key):
    config = client.get(f"{Q}/config").json()
    headers = {"If-Match": '"99999"'} | ({"Idempotency-Key": key} if key else {})
    reason = f"more room {key}"
    answer = client.put(f"{Q}/config", json=config | {"reason": reason}, headers=headers)
    assert answer.status_code == 412
    row = log_of(api_desk, action="change_config")[0]
    assert (row["result"], row["reason"]) == ("refused: version_conflict", reason)
    if key:
        assert command_of(api_desk, key).reason == reason


def test_control_that_cannot_be_logged_is_no_command_and_is_logged_when_it_is_sent_again(client, api_desk):
    """As when the process dies between the two: both are there, or neither."""
    body = {"action": "resume_evolution", "reason": "lost"}

    def ask():
        return client.post(f"{Q}/system-control", json=body, headers={"Idempotency-Key": "told-once"})

    def alter(words):
        with api_desk.database.engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE operations_log {words}"))

    alter("ADD CONSTRAINT refuse_lost CHECK (reason IS DISTINCT FROM 'lost')")
    try:
        assert ask().status_code != 202
        assert command_of(api_desk, "told-once") is None
    finally:
        alter("DROP CONSTRAINT refuse_lost")
    command = ask().json()["command_id"]
    assert ask().json()["command_id"] == command
    rows = [row for row in log_of(api_desk, action="resume_evolution") if row["reason"] == "lost"]
    assert [(row["result"], row["after"]["command_id"]) for row in rows] == [("accepted", command)]

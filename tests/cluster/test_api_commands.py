"""Commands over HTTP: who may give them, what they change, and that each is done once."""

from dataclasses import asdict

import pytest

from storage import CommandRepository, ConfigRepository, OperationsLogRepository, StrategyRepository

Q = "/api/quantitative"


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client() as client:
        yield client


def tell(client, strategy, action, **more):
    key = more.pop("key", None)
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{Q}/strategies/{strategy}/commands", json={"action": action, **more}, headers=headers)


def state(api_desk, strategy):
    row = StrategyRepository(api_desk.database.engine).get(strategy)
    return row["state"], row["enabled"], row["version"]


def log_of(api_desk, target):
    return OperationsLogRepository(api_desk.database.engine).page(target=target).items


def test_command_enables_disables_and_retires_and_every_step_is_told(client, api_desk):
    strategy = api_desk.ids[10]
    answer = tell(client, strategy, "enable", reason="steady", version=1)
    assert answer.status_code == 202
    assert set(answer.json()) == {"command_id", "status"}
    assert answer.json()["status"] == "done"
    assert state(api_desk, strategy) == ("enabled", True, 2)
    assert tell(client, strategy, "disable").status_code == 202
    assert tell(client, strategy, "retire", version=3).status_code == 202
    assert state(api_desk, strategy) == ("retired", False, 4)
    newest, *_, oldest = log_of(api_desk, strategy)
    assert (newest["action"], newest["result"]) == ("retire", "done")
    assert (oldest["actor"], oldest["role"], oldest["source"]) == ("token.operate", "operate", "api")
    assert oldest["reason"] == "steady"
    assert oldest["before"]["state"] == "candidate"
    assert oldest["after"]["state"] == "enabled"


def test_command_can_be_asked_what_became_of_it(client, api_desk):
    done = tell(client, api_desk.ids[11], "enable", reason="why not").json()
    answer = client.get(f"{Q}/commands/{done['command_id']}").json()
    assert {"id", "action", "status", "detail", "by", "ts"} <= set(answer)
    assert (answer["action"], answer["status"], answer["by"]) == ("enable", "done", "token.operate")
    assert isinstance(answer["ts"], int)
    assert client.get(f"{Q}/commands/unheard-of").status_code == 404


def test_command_tells_which_strategy_changed_from_what_to_what(client, api_desk):
    strategy = api_desk.ids[45]
    steps = {"enable": "candidate → enabled", "disable": "enabled → disabled", "retire": "disabled → retired"}
    for version, (action, change) in enumerate(steps.items(), 1):
        command = tell(client, strategy, action).json()["command_id"]
        detail = client.get(f"{Q}/commands/{command}").json()["detail"]
        assert detail == f"strategy {strategy}: {change}, version {version} → {version + 1}"
    logged = log_of(api_desk, strategy)
    states = [(row["action"], row["before"]["enabled"], row["after"]["enabled"]) for row in logged]
    assert states == [("retire", False, False), ("disable", True, False), ("enable", False, True)]


def test_command_refused_by_whoever_took_it_is_refused_in_its_words_again(client, api_desk):
    def ask():
        body = {"action": "start_evolution", "settings": {"population": 16}}
        return client.post(f"{Q}/system-control", json=body, headers={"Idempotency-Key": "small"})

    command = ask().json()["command_id"]
    words = "population must be at least 20 (one for each of the species), was 16: ask for more"
    CommandRepository(api_desk.database.engine).finish(command, "refused", words)
    again = ask()
    assert (again.status_code, again.json()["code"], again.json()["detail"]) == (409, "refused", words)


@pytest.mark.parametrize("action", ["disable", "retire"])
def test_command_that_is_no_step_from_here_is_refused_and_changes_nothing(client, api_desk, action):
    strategy = api_desk.ids[12]
    before = state(api_desk, strategy)
    answer = tell(client, strategy, action)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert state(api_desk, strategy) == before
    assert log_of(api_desk, strategy)[0]["result"] == "refused: illegal_transition"


def test_command_on_another_version_is_refused_and_changes_nothing(client, api_desk):
    strategy = api_desk.ids[13]
    answer = tell(client, strategy, "enable", version=7)
    assert (answer.status_code, answer.json()["code"]) == (409, "version_conflict")
    assert state(api_desk, strategy) == ("candidate", False, 1)


def test_commands_at_the_same_time_on_the_same_version_are_done_once(client, api_desk):
    strategy = api_desk.ids[14]
    body = {"action": "enable", "version": 1}
    answers = client.together([("POST", f"{Q}/strategies/{strategy}/commands", {"json": body})] * 6)
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409, 409, 409]
    assert state(api_desk, strategy) == ("enabled", True, 2)


@pytest.mark.parametrize(
    ("action", "more", "code"),
    [
        ("promote", {}, "evidence_insufficient"),
        ("promote", {"version": 9}, "version_conflict"),
        ("demote", {}, "illegal_transition"),
        ("override", {"reason": "I know better"}, "not_there_yet"),
    ],
)
def test_command_about_real_money_is_refused_told_and_changes_nothing(client, api_desk, action, more, code):
    strategy = api_desk.ids[15]
    before = state(api_desk, strategy)
    answer = tell(client, strategy, action, **more)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert state(api_desk, strategy) == before
    assert log_of(api_desk, strategy)[0]["result"] == f"refused: {code}"


def test_command_override_without_a_reason_is_refused(client, api_desk):
    assert tell(client, api_desk.ids[15], "override").status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "sell"},
        {"action": "enable", "version": "first"},
        {"action": "enable", "version": -1},
        {"action": "enable", "colour": "red"},
        {"action": "enable", "reason": "x" * 1_001},
        {"action": "enable", "reason": "nul \x00"},
        [],
        "enable",
        None,
    ],
)
def test_command_of_a_wrong_form_is_refused_and_changes_nothing(client, api_desk, body):
    strategy = api_desk.ids[16]
    answer = client.post(f"{Q}/strategies/{strategy}/commands", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] in {"invalid_value", "unknown_field"}
    assert state(api_desk, strategy) == ("candidate", False, 1)


def test_command_that_is_no_json_is_refused(client, api_desk):
    answer = client.post(
        f"{Q}/strategies/{api_desk.ids[16]}/commands", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_command_to_nobody_is_not_found_and_leaves_no_command(client, api_desk):
    commands = CommandRepository(api_desk.database.engine)
    before = commands.page(limit=1).total
    assert tell(client, "nobody", "enable").status_code == 404
    assert commands.page(limit=1).total == before


def test_command_with_the_same_key_is_the_same_command(client, api_desk):
    strategy = api_desk.ids[17]
    first = tell(client, strategy, "enable", version=1, key="once")
    second = tell(client, strategy, "enable", version=1, key="once")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert state(api_desk, strategy) == ("enabled", True, 2)


def test_command_that_was_refused_is_refused_again_under_its_key(client, api_desk):
    strategy = api_desk.ids[18]
    first = tell(client, strategy, "disable", key="refused")
    tell(client, strategy, "enable")
    second = tell(client, strategy, "disable", key="refused")
    assert first.status_code == second.status_code == 409
    assert first.json() == second.json()
    assert state(api_desk, strategy) == ("enabled", True, 2)


def test_command_with_a_key_of_another_command_is_refused(client, api_desk):
    tell(client, api_desk.ids[19], "enable", key="taken")
    answer = tell(client, api_desk.ids[20], "enable", key="taken")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert state(api_desk, api_desk.ids[20]) == ("candidate", False, 1)


def test_command_with_one_key_many_times_at_once_is_done_once(client, api_desk):
    strategy = api_desk.ids[21]
    headers = {"Idempotency-Key": "all-at-once"}
    request = ("POST", f"{Q}/strategies/{strategy}/commands", {"json": {"action": "enable"}, "headers": headers})
    answers = client.together([request] * 6)
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["command_id"] for answer in answers}) == 1
    assert state(api_desk, strategy) == ("enabled", True, 2)


def test_command_to_many_changes_those_that_may_and_tells_of_the_others(client, api_desk):
    ids = [*api_desk.ids[30:34], "nobody", api_desk.ids[30]]
    answer = client.post(f"{Q}/strategies/commands", json={"ids": ids, "action": "enable", "reason": "a few"})
    assert (answer.status_code, answer.json()["status"]) == (202, "done")
    assert [state(api_desk, one)[0] for one in ids[:4]] == ["enabled"] * 4
    detail = client.get(f"{Q}/commands/{answer.json()['command_id']}").json()["detail"]
    told = "; ".join(f"strategy {one}: candidate → enabled, version 1 → 2" for one in ids[:4])
    assert detail.startswith(f"4 of 5 done: {told}; not: there is no strategy 'nobody'")


def tell_many(client, ids, action, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{Q}/strategies/commands", json={"ids": ids, "action": action}, headers=headers)


def test_command_to_many_that_changes_nobody_is_refused_and_names_them(client, api_desk):
    one, other = api_desk.ids[40], api_desk.ids[43]
    answer = tell_many(client, [one, other], "disable")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    words = [f"strategy {name} is candidate: it cannot disable" for name in (one, other)]
    assert answer.json()["detail"] == f"0 of 2 done; not: {'; '.join(words)}"
    assert state(api_desk, one) == ("candidate", False, 1)


def test_command_to_many_of_whom_nobody_is_known_is_not_found(client):
    answer = tell_many(client, ["nobody", "no-one"], "enable")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "'nobody'" in answer.json()["detail"]
    assert "'no-one'" in answer.json()["detail"]


def test_command_to_many_that_is_refused_for_several_reasons_says_so(client, api_desk):
    answer = tell_many(client, ["nobody", api_desk.ids[40]], "disable")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert "'nobody'" in answer.json()["detail"]
    assert f"{api_desk.ids[40]} is candidate" in answer.json()["detail"]


def test_command_to_many_that_was_refused_is_refused_again_under_its_key(client, api_desk):
    answers = [tell_many(client, [api_desk.ids[40]], "disable", key="nobody-of-many") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json() == answers[1].json()


def test_command_to_many_beyond_max_enabled_names_whom_it_leaves_out(client, api_desk):
    config = ConfigRepository(api_desk.database.engine)
    record = config.get()
    values = {"auto_trading": asdict(record.auto_trading), "management": asdict(record.management)}
    few = values | {"management": values["management"] | {"max_enabled": 0}}
    version = config.put(few, version=record.version, changed_by="test").version
    answer = tell_many(client, api_desk.ids[52:54], "enable")
    config.put(values, version=version, changed_by="test")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert all(name in answer.json()["detail"] for name in api_desk.ids[52:54])


@pytest.mark.parametrize(
    "body",
    [
        {"ids": [], "action": "enable"},
        {"ids": ["x"] * 501, "action": "enable"},
        {"ids": "all", "action": "enable"},
        {"ids": ["x"], "action": "override"},
        {"ids": ["x" * 65], "action": "enable"},
    ],
)
def test_command_to_many_of_a_wrong_form_is_refused(client, body):
    assert client.post(f"{Q}/strategies/commands", json=body).status_code == 422


def test_command_to_many_about_real_money_is_refused(client, api_desk):
    answer = client.post(f"{Q}/strategies/commands", json={"ids": api_desk.ids[:2], "action": "promote"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_there_yet")


def test_command_that_a_lost_replica_left_behind_is_done_by_the_next_one(client, api_desk):
    commands = CommandRepository(api_desk.database.engine)
    left = commands.add("enable", api_desk.ids[41], {"version": 1}, by="token.operate", role="operate")
    tell(client, api_desk.ids[42], "enable")
    assert commands.get(left).status == "done"
    assert state(api_desk, api_desk.ids[41]) == ("enabled", True, 2)


def test_command_beyond_max_enabled_is_refused(client, api_desk):
    config = ConfigRepository(api_desk.database.engine)
    record = config.get()
    values = {"auto_trading": asdict(record.auto_trading), "management": asdict(record.management)}
    few = values | {"management": values["management"] | {"max_enabled": 1}}
    version = config.put(few, version=record.version, changed_by="test").version
    answer = tell(client, api_desk.ids[50], "enable")
    config.put(values, version=version, changed_by="test")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert "max_enabled" in answer.json()["detail"]


@pytest.mark.parametrize("action", ["start", "stop", "pause_evolution", "resume_evolution"])
def test_control_leaves_a_command_for_whoever_does_it(client, api_desk, action):
    answer = client.post(f"{Q}/system-control", json={"action": action, "reason": "because"})
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    taken = CommandRepository(api_desk.database.engine).take([action])
    assert taken.id == answer.json()["command_id"]
    assert (taken.by, taken.role, taken.reason) == ("token.operate", "operate", "because")
    logged = OperationsLogRepository(api_desk.database.engine).page(action=action).items[0]
    assert (logged["result"], logged["reason"]) == ("accepted", "because")


def test_control_with_the_same_key_is_one_command(client, api_desk):
    body, headers = {"action": "pause_evolution"}, {"Idempotency-Key": "pause-1"}
    first, second = (client.post(f"{Q}/system-control", json=body, headers=headers).json() for _ in range(2))
    assert first == second
    commands = CommandRepository(api_desk.database.engine)
    commands.take(["pause_evolution"])
    commands.finish(first["command_id"], "done")
    again = client.post(f"{Q}/system-control", json=body, headers=headers).json()
    assert again == {"command_id": first["command_id"], "status": "done"}
    told = OperationsLogRepository(api_desk.database.engine).page(action="pause_evolution").items
    assert sum((row["after"] or {}).get("command_id") == first["command_id"] for row in told) == 1


def test_control_in_the_operations_log_tells_what_became_of_it(client, api_desk):
    body = {"action": "pause_evolution", "reason": "enough seen"}
    command = client.post(f"{Q}/system-control", json=body).json()["command_id"]

    def told():
        rows = client.get("/api/operations-log?action=pause_evolution").json()["items"]
        return next(row["result"] for row in rows if row["after"]["command_id"] == command)

    assert told() == "accepted"
    commands = CommandRepository(api_desk.database.engine)
    commands.take(["pause_evolution"])
    assert told() == "running"
    commands.finish(command, "done")
    assert told() == "done"


@pytest.mark.parametrize("action", ["pause_trading", "resume_trading", "kill", "flatten", "rearm"])
def test_control_of_trading_says_that_there_is_none_yet(client, action):
    answer = client.post(f"{Q}/system-control", json={"action": action, "confirm": "yes"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_there_yet")


@pytest.mark.parametrize("body", [{}, {"action": "dance"}, {"action": "start", "when": "now"}])
def test_control_of_a_wrong_form_is_refused(client, body):
    assert client.post(f"{Q}/system-control", json=body).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{Q}/strategies/{{id}}/commands", {"action": "enable"}),
        ("POST", f"{Q}/strategies/commands", {"ids": ["{id}"], "action": "enable"}),
        ("POST", f"{Q}/system-control", {"action": "start"}),
        ("PUT", f"{Q}/config", {}),
        ("POST", "/api/alerts/1/ack", None),
    ],
)
def test_command_needs_the_role_operate_and_changes_nothing_without(api_desk, method, path, body):
    strategy = api_desk.ids[51]
    commands = CommandRepository(api_desk.database.engine)
    before = commands.page(limit=1).total, state(api_desk, strategy)
    with api_desk.client("read") as reader:
        answer = reader.request(method, path.replace("{id}", strategy), json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_too_low")
    with api_desk.client(None) as stranger:
        assert stranger.request(method, path.replace("{id}", strategy), json=body).status_code == 401
    assert (commands.page(limit=1).total, state(api_desk, strategy)) == before

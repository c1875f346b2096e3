"""The configuration over HTTP: whole, checked, and never lost to somebody else's change."""

import pytest

from storage import OperationsLogRepository

PATH = "/api/quantitative/config"


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client() as client:
        yield client


def changed(config, part, **values):
    return config | {part: config[part] | values}


def put(client, config, version, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put(PATH, json=config, headers={"If-Match": str(version)} | names)


def test_config_has_the_fields_of_the_interface(client):
    response = client.get(PATH)
    config = response.json()
    assert set(config) == {"auto_trading", "management", "risk", "version", "changed_by", "changed_at"}
    assert set(config["auto_trading"]) == {
        "enabled", "mode", "max_strategies", "real_trading_threshold", "evolution_interval"
    }  # fmt: skip
    assert set(config["management"]) == {
        "auto_enable", "max_enabled", "min_oos_trades", "demote_below", "retire_after_days"
    }  # fmt: skip
    assert response.headers["etag"] == f'"{config["version"]}"'


def test_config_that_was_read_may_be_sent_back_with_a_change(client, api_desk):
    config = client.get(PATH).json()
    answer = put(client, changed(config, "auto_trading", evolution_interval=7.5), config["version"])
    assert answer.status_code == 200
    assert answer.json()["version"] == config["version"] + 1
    assert answer.json()["auto_trading"]["evolution_interval"] == 7.5
    assert answer.json()["changed_by"] == "token.operate"
    assert answer.json() == client.get(PATH).json()
    logged = OperationsLogRepository(api_desk.database.engine).page(action="change_config").items[0]
    assert logged["after"]["auto_trading"]["evolution_interval"] == 7.5
    assert logged["before"]["version"] == config["version"]


def test_config_with_the_etag_as_it_was_answered_is_taken(client):
    response = client.get(PATH)
    answer = put(client, response.json(), response.headers["etag"])
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'


def test_config_with_an_asterisk_is_taken_whatever_its_version(client):
    config = client.get(PATH).json()
    request = ("PUT", PATH, {"json": changed(config, "management", max_enabled=91), "headers": {"If-Match": "*"}})
    answers = client.together([request] * 4)
    assert [answer.status_code for answer in answers] == [200] * 4
    present = client.get(PATH).json()
    assert present["version"] == config["version"] + 4
    assert present["management"]["max_enabled"] == 91
    newest = client.get(f"{PATH}/history?limit=1").json()["items"][0]
    assert newest["version"] == present["version"]


def test_config_of_an_old_version_is_refused_and_nothing_changes(client):
    config = client.get(PATH).json()
    answer = put(client, changed(config, "management", max_enabled=3), config["version"] - 1)
    assert (answer.status_code, answer.json()["code"]) == (412, "version_conflict")
    assert client.get(PATH).json() == config


def test_config_changed_by_many_at_once_is_changed_once(client):
    config = client.get(PATH).json()
    requests = [
        (
            "PUT",
            PATH,
            {
                "json": changed(config, "management", max_enabled=50 + number),
                "headers": {"If-Match": str(config["version"])},
            },
        )
        for number in range(6)
    ]
    answers = client.together(requests)
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    assert client.get(PATH).json()["version"] == config["version"] + 1


def test_config_without_if_match_is_refused(client):
    answer = client.put(PATH, json=client.get(PATH).json())
    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_needed")


@pytest.mark.parametrize("if_match", ["three", "*, *", '"1", "2"', "-1", "9" * 40])
def test_config_with_a_wrong_if_match_is_refused(client, if_match):
    answer = put(client, client.get(PATH).json(), if_match)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_value")


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("auto_trading", {"mode": "wild"}),
        ("auto_trading", {"enabled": "perhaps"}),
        ("auto_trading", {"real_trading_threshold": 101}),
        ("auto_trading", {"real_trading_threshold": None}),
        ("auto_trading", {"evolution_interval": -1}),
        ("auto_trading", {"colour": "red"}),
        ("management", {"max_enabled": 0.5}),
        ("management", {"demote_below": 99}),
        ("management", {"retire_after_days": 10**9}),
    ],
)
def test_config_out_of_bounds_is_refused_and_nothing_changes(client, part, values):
    config = client.get(PATH).json()
    answer = put(client, changed(config, part, **values), config["version"])
    assert answer.status_code == 422
    assert next(iter(values)) in answer.json()["detail"]
    assert client.get(PATH).json() == config


def test_config_with_risk_limits_is_refused_until_there_is_trading(client):
    config = client.get(PATH).json()
    assert put(client, config | {"risk": {"daily_loss": "5"}}, config["version"]).status_code == 422


def test_config_with_the_same_key_is_changed_once(client):
    config = client.get(PATH).json()
    wanted = changed(config, "management", max_enabled=77)
    first = put(client, wanted, config["version"], Idempotency_Key="config-1")
    second = put(client, wanted, config["version"], Idempotency_Key="config-1")
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["version"] == config["version"] + 1
    other = put(client, changed(config, "management", max_enabled=78), config["version"], Idempotency_Key="config-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

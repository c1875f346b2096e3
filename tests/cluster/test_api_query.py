"""What is asked for in the address: a value that is given twice is refused, where only one of them could be heard."""

import pytest

LIST = "/api/quantitative/strategies"


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client() as client:
        yield client


@pytest.fixture(scope="module")
def document(api_desk):
    return api_desk.application().openapi()


@pytest.mark.parametrize("query", ["type=momentum&type=grid", "limit=1&limit=2", "limit=1&type=a&limit=1"])
def test_parameter_that_is_repeated_is_refused(client, query):
    answer = client.get(f"{LIST}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "repeated_parameter")
    name = query.partition("=")[0]
    assert answer.json()["detail"] == f"parameter {name} must be given once, was given 2 times: leave one"


def test_every_parameter_of_one_value_is_refused_when_it_is_repeated(client, api_desk, document):
    asked = 0
    for path, item in document["paths"].items():
        for parameter in item.get("get", {}).get("parameters", []):
            if parameter["in"] != "query" or parameter["schema"].get("type") == "array":
                continue
            asked += 1
            address = path.replace("{id}", api_desk.ids[0])
            answer = client.get(f"{address}?{parameter['name']}=1&{parameter['name']}=2")
            assert (answer.status_code, answer.json()["code"]) == (422, "repeated_parameter"), (path, parameter["name"])
    assert asked > 50


def test_parameter_that_is_a_list_may_be_repeated(client):
    path = "/api/system/history?fields=cpu_pct&fields=memory_pct"
    assert client.get(path).status_code == 200
    answer = client.get(f"{path}&points=3&points=3")
    assert (answer.status_code, answer.json()["code"]) == (422, "repeated_parameter")


def test_parameter_that_is_unknown_stays_unknown_however_often_it_is_given(client):
    answer = client.get(f"{LIST}?colour=red&colour=blue")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter")


def test_parameter_that_is_repeated_without_a_token_is_told_to_nobody(api_desk):
    with api_desk.client(None) as stranger:
        assert stranger.get(f"{LIST}?limit=1&limit=2").status_code == 401

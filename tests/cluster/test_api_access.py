"""Who comes in over HTTP, how often, with how much; and what nobody ever sees."""

import json
import logging
import sys

import pytest
from api_desk import Client

import cluster.api.routes
from cluster.access import Gate, Lockout, Tokens
from cluster.api.token_bucket import Rate, TokenBuckets
from cluster.opened_database import OpenedDatabase
from market import ManualClock
from storage import DatabaseBusyError, DiskFullError, StatementError

Q = "/api/quantitative"
READS = [
    f"{Q}/strategies", f"{Q}/system-status", f"{Q}/evolution-log", f"{Q}/config", f"{Q}/commands/x", "/api/alerts",
    "/api/operations-log", "/api/market/candles", "/api/market/tickers", "/metrics",
]  # fmt: skip
CLOCK_MS = 1_767_225_600_000


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client() as client:
        yield client


@pytest.fixture(scope="module")
def stranger(api_desk):
    with api_desk.client(None) as client:
        yield client


@pytest.mark.parametrize("path", READS)
def test_route_without_a_token_is_refused(stranger, path):
    response = stranger.get(path)
    assert (response.status_code, response.json()["code"]) == (401, "token_needed")
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("role", ["read", "operate"])
def test_route_is_read_with_either_token(api_desk, path, role):
    with api_desk.client(role) as client:
        assert client.get(path).status_code in (200, 404)


@pytest.mark.parametrize("path", ["/health", "/openapi.json", "/"])
def test_open_route_asks_for_no_token(stranger, path):
    assert stranger.get(path).status_code in (200, 307)


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x", "Bearer x{token}", "bearer  "],
)
def test_token_of_a_wrong_form_is_refused(stranger, api_desk, authorization):
    shown = authorization.format(token=api_desk.tokens["operate"])
    assert stranger.get(f"{Q}/config", headers={"Authorization": shown}).status_code == 401


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "authorization"])
def test_token_in_the_address_lets_nobody_in(stranger, api_desk, name):
    assert stranger.get(f"{Q}/config?{name}={api_desk.tokens['read']}").status_code == 401


def test_wrong_tokens_lock_an_address_out_but_not_whoever_was_known_there(api_desk):
    clock = ManualClock(CLOCK_MS)
    gate = Gate(Tokens(api_desk.home), clock, Lockout(clock, failures=5))
    with api_desk.client(gate=gate) as client:
        assert client.get(f"{Q}/config").status_code == 200
        for _ in range(5):
            assert client.get(f"{Q}/config", headers={"Authorization": "Bearer guessed-token"}).status_code == 401
        locked = client.get(f"{Q}/config", headers={"Authorization": f"Bearer {api_desk.tokens['read']}"})
        assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
        assert int(locked.headers["retry-after"]) > 0
        assert client.get(f"{Q}/config").status_code == 200
        clock.advance(31)
        assert client.get(f"{Q}/config", headers={"Authorization": f"Bearer {api_desk.tokens['read']}"}).is_success


def test_token_that_was_replaced_is_no_longer_taken(api_desk, tmp_path):
    gate = Gate(Tokens(tmp_path), ManualClock(CLOCK_MS))
    path = tmp_path / "token.operate"
    old = path.read_text()
    with api_desk.client(None, gate=gate) as client:
        assert client.get(f"{Q}/config", headers={"Authorization": f"Bearer {old}"}).status_code == 200
        path.write_text("another-token-of-some-length")
        assert client.get(f"{Q}/config", headers={"Authorization": f"Bearer {old}"}).status_code == 401


def test_rate_limit_refuses_what_is_too_much_and_lets_others_pass(api_desk):
    clock = ManualClock(CLOCK_MS)
    with api_desk.client("read", clock=clock, with_token=Rate(2.0, 3), without_token=Rate(1.0, 2)) as client:
        statuses = [client.get(f"{Q}/config").status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        refused = client.get(f"{Q}/config")
        assert refused.json()["code"] == "too_many_requests"
        assert refused.headers["retry-after"] == "1"
        other = {"Authorization": f"Bearer {api_desk.tokens['operate']}"}
        assert client.get(f"{Q}/config", headers=other).status_code == 200
        clock.advance(1.0)
        assert [client.get(f"{Q}/config").status_code for _ in range(3)] == [200, 200, 429]


def test_rate_limit_without_a_token_is_that_of_the_address_whatever_token_is_made_up(api_desk):
    application = api_desk.application(without_token=Rate(0.001, 3))
    with Client(application) as client:
        made_up = [{"Authorization": f"Bearer made-up-{number}"} for number in range(5)]
        assert [client.get("/health", headers=one).status_code for one in made_up] == [200, 200, 200, 429, 429]
    with Client(application, "127.0.0.2") as elsewhere:
        assert elsewhere.get("/health").status_code == 200


def test_token_buckets_forget_the_oldest_of_too_many_callers():
    buckets = TokenBuckets(ManualClock(CLOCK_MS))
    for number in range(10_050):
        buckets.take(f"caller {number}", Rate(1.0, 1))
    assert len(buckets._levels) == 10_000


@pytest.mark.parametrize("told", [True, False])
def test_body_that_is_too_large_is_refused_before_it_is_read_to_the_end(client, told):
    read = []

    async def body():
        for _ in range(100):
            read.append(1)
            yield b"x" * 8_192

    content = b"x" * 300_000 if told else body()
    response = client.post(f"{Q}/system-control", content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert len(read) < 40


@pytest.mark.parametrize("path", ["/health", f"{Q}/config", "/nothing", f"{Q}/strategies?limit=0", "/"])
def test_answer_carries_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        (f"{Q}/signals", "trading"),
        ("/api/account/balances", "trading"),
        ("/api/account/orders/1", "trading"),
        ("/api/market/books", "order books"),
        ("/api/arbitrage/opportunities", "arbitrage"),
        ("/api/arbitrage/control", "arbitrage"),
    ],
)
def test_route_of_a_later_part_says_so(client, path, part):
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_there_yet")
    assert part in response.json()["detail"]


def test_routes_of_a_new_file_are_there_and_ask_for_a_token(api_desk, tmp_path, monkeypatch):
    name = "signals_of_a_later_issue"
    (tmp_path / f"{name}.py").write_text(
        "from fastapi import APIRouter\n"
        "router = APIRouter(prefix='/api/quantitative/signals')\n"
        "@router.get('')\ndef read(): return {'items': []}\n"
        "@router.post('')\ndef write(): return {}\n"
    )
    monkeypatch.setattr(cluster.api.routes, "__path__", [*cluster.api.routes.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, f"cluster.api.routes.{name}", raising=False)
    with api_desk.client("read") as reader:
        assert reader.get(f"{Q}/signals").json() == {"items": []}
        assert reader.post(f"{Q}/signals").status_code == 403
        assert reader.get(f"{Q}/signals", headers={"Authorization": ""}).status_code == 401
    del sys.modules[f"cluster.api.routes.{name}"]


@pytest.mark.parametrize("path", ["/nothing", "/api", f"{Q}/strategies/", "/docs", f"{Q}/tradesman"])
def test_route_that_nobody_promised_is_not_found(client, path):
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "no_such_route")


def test_method_that_a_route_does_not_take_is_refused_with_those_it_takes(client):
    response = client.request("DELETE", f"{Q}/config")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD, PUT"


class Failing(OpenedDatabase):
    """A database that is away."""

    def __init__(self, error):
        self.error = error

    @property
    def engine(self):
        raise self.error

    def doubt(self):
        pass

    def close(self):
        pass


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DatabaseBusyError("the database is not available now: try again"), "database_busy"),
        (DiskFullError("no space left"), "disk_full"),
    ],
)
def test_database_that_is_away_is_told_with_when_to_ask_again(api_desk, error, code):
    with api_desk.client(database=Failing(error)) as client:
        response = client.get(f"{Q}/strategies")
        assert (response.status_code, response.json()["code"]) == (503, code)
        assert int(response.headers["retry-after"]) > 0
        health = client.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "down")
        assert client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("error", [StatementError("SELECT secrets"), RuntimeError("secrets"), ValueError("secrets")])
def test_failure_of_ours_says_nothing_but_a_number_which_the_log_has(api_desk, error, caplog):
    with api_desk.client(database=Failing(error)) as client, caplog.at_level(logging.ERROR):
        response = client.get(f"{Q}/strategies")
    problem = response.json()
    assert (response.status_code, problem["code"]) == (500, "our_failure")
    assert "secrets" not in response.text
    assert problem["detail"].rpartition(" ")[2] in caplog.text


def test_secrets_are_in_no_answer_and_in_no_log(api_desk, caplog):
    token, password = api_desk.tokens["operate"], api_desk.environ["DB_PASSWORD"]
    with caplog.at_level(logging.DEBUG), api_desk.client() as client:
        paths = [*READS, "/health", "/openapi.json", "/nothing", f"{Q}/strategies?limit=0"]
        answers = [client.get(path) for path in paths]
        answers.append(client.post(f"{Q}/system-control", content=b"{", headers={"Content-Type": "application/json"}))
        answers.append(client.put(f"{Q}/config", json={}, headers={"If-Match": "1"}))
    told = caplog.text + "".join(answer.text + json.dumps(dict(answer.headers)) for answer in answers)
    for secret in (token, api_desk.tokens["read"], password):
        assert secret not in told

"""The desk as a whole over HTTP: health, metrics, status, logs, alerts, prices and the way to the panel."""

import dataclasses
import json

import pytest
from api_desk import CANDLES

from cluster.api.settings import ApiSettings
from cluster.bus import Bus
from cluster.errors import SettingError
from market import CandleStore, Ticker, synthetic_candles
from storage import AlertRepository, LeaseRepository, OperationsLogRepository, RunRepository, SystemStatusRepository

Q = "/api/quantitative"
STATUS = [
    "status", "money", "kill", "evolution", "counts", "services", "venues", "metrics", "alerts_open", "version",
]  # fmt: skip
EVOLUTION = ["state", "run_id", "generation", "round", "evaluations", "evaluations_per_s", "best_scs", "median_scs"]
COUNTS = ["strategies", "enabled", "above_threshold", "grade_a", "grade_b", "live"]


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client() as client:
        yield client


def service(name, state="running"):
    return {"name": name, "state": state, "restarts": 2, "uptime_s": 12.5, "pid": 7, "problem": None}


def test_health_follows_the_services_of_the_desk(api_desk):
    measured = SystemStatusRepository(api_desk.database.engine)
    for services, expected in [
        ([service("feed"), service("driver", "stopped")], "ok"),
        ([service("feed"), service("driver", "restarting")], "degraded"),
        ([service("feed"), service("driver", "failed")], "degraded"),
        ([service("feed"), service("driver")], "ok"),
    ]:
        measured.record("services", {"services": services})
        with api_desk.client(None) as client:
            health = client.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, expected)
        assert set(health.json()) == {"status", "version"}


def test_status_before_anything_has_told_of_itself(api_desk, client):
    answer = client.get(f"{Q}/system-status").json()
    assert set(STATUS) <= set(answer)
    assert answer["money"] == "simulated"
    assert answer["kill"] == {"state": "armed", "since": None, "by": None, "reason": None}
    assert set(answer["evolution"]) == set(EVOLUTION)
    assert answer["evolution"]["state"] == "stopped"
    assert (answer["evolution"]["generation"], answer["evolution"]["round"]) == (2, 4)
    assert answer["evolution"]["best_scs"] == 37.0
    assert set(COUNTS) <= set(answer["counts"])
    assert answer["counts"]["strategies"] == len(api_desk.ids)
    assert answer["venues"] == []


def test_status_tells_what_the_parts_of_the_desk_have_told(api_desk, client):
    engine = api_desk.database.engine
    measured, leases = SystemStatusRepository(engine), LeaseRepository(engine)
    lease = leases.acquire("driver", "here:1", 60.0)
    told = {
        "state": "running", "run_id": api_desk.run_id, "generation": 3, "round": 2, "evaluations": 777,
        "evaluations_per_s": 123.5, "best_scs": 81.0, "median_scs": 40.0,
    }  # fmt: skip
    measured.record("evolution", told)
    measured.record("services", {"services": [service("feed")]})
    measured.record("system_metrics", {"cpu_pct": 12.0, "db_ok": True, "kill_state": "armed"})
    measured.record("feed", {"venue": "simulated-4", "state": "running", "data_age_s": 1.5, "latency_ms": 3.0})
    try:
        answer = client.get(f"{Q}/system-status").json()
    finally:
        leases.release(lease)
    assert answer["evolution"] == {name: told[name] for name in EVOLUTION}
    assert answer["services"] == [{"name": "feed", "state": "running", "restarts": 2, "uptime_s": 12.5}]
    assert answer["metrics"]["cpu_pct"] == 12.0
    (venue,) = answer["venues"]
    assert (venue["venue"], venue["money"], venue["state"]) == ("simulated-4", "simulated", "running")
    assert venue["data_age_s"] >= 1.5
    assert venue["reconciled"] is None
    assert client.get(f"{Q}/system-status").json()["evolution"]["state"] == "stopped"


@pytest.mark.parametrize("text", ["", "killed by hand", json.dumps({"by": "token.operate", "reason": "smoke"})])
def test_status_tells_of_the_kill_file_whatever_it_holds(api_desk, client, text):
    path = api_desk.home / "KILL"
    path.write_text(text)
    try:
        kill = client.get(f"{Q}/system-status").json()["kill"]
    finally:
        path.unlink()
    assert kill["state"] == "killed"
    assert kill["since"] > 1_700_000_000_000
    assert kill["reason"] == ("smoke" if "smoke" in text else None)


def test_metrics_are_gauges_of_the_desk(api_desk, client):
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    lines = response.text.splitlines()
    assert "evoq_up 1.0" in lines
    assert f'evoq_strategies{{bar="strategies"}} {float(len(api_desk.ids))}' in lines
    assert "evoq_evolution_generation 3.0" in lines
    assert 'evoq_service_up{service="feed"} 1.0' in lines
    assert "evoq_cpu_pct 12.0" in lines
    assert not any(line.startswith("evoq_memory_pct") for line in lines)  # nobody has measured it


def test_evolution_log_is_shown_newest_first_in_pages_and_by_run(api_desk, client):
    first = client.get(f"{Q}/evolution-log?limit=5").json()
    rest = client.get(f"{Q}/evolution-log?limit=5&cursor={first['next_cursor']}").json()
    items = first["items"] + rest["items"]
    assert [item["evaluations"] for item in items] == [80, 70, 60, 50, 40, 30, 20, 10]
    assert rest["next_cursor"] is None
    assert {
        "ts", "run_id", "generation", "round", "species", "evaluations", "best_scs", "q25", "median_scs", "q75",
        "diversity", "coverage", "event", "message",
    } <= set(items[0])  # fmt: skip
    assert isinstance(items[0]["ts"], int)
    assert client.get(f"{Q}/evolution-log?run_id={api_desk.run_id}").json()["total"] == 8
    assert client.get(f"{Q}/evolution-log?run_id=another").json()["total"] == 0
    assert client.get(f"{Q}/evolution-log?sort=ts&limit=1").json()["items"][0]["evaluations"] == 10
    middle = items[3]["ts"]
    assert client.get(f"{Q}/evolution-log?from={middle}").json()["total"] == 4
    assert client.get(f"{Q}/evolution-log?to={middle}").json()["total"] == 4


def test_operations_log_is_filtered_and_has_its_fields(api_desk, client):
    log = OperationsLogRepository(api_desk.database.engine)
    log.append("somebody", "dance", role="operate", source="test", target="floor", before={"a": 1}, after={"a": 2})
    answer = client.get("/api/operations-log?actor=somebody&action=dance&target=floor").json()
    assert answer["total"] == 1
    assert set(answer["items"][0]) == {
        "id", "ts", "actor", "role", "source", "action", "target", "before", "after", "reason", "result"
    }  # fmt: skip
    assert answer["items"][0]["before"] == {"a": 1}
    assert client.get("/api/operations-log?actor=nobody").json()["total"] == 0


def test_alert_is_listed_acknowledged_once_and_told(api_desk, client):
    alerts = AlertRepository(api_desk.database.engine)
    number = alerts.raise_("disk_full", "critical", "no space", "disk")["id"]
    alerts.raise_("disk_full", "critical", "still no space", "disk")
    alerts.raise_("slow", "info", "slow today")
    answer = client.get("/api/alerts?severity=critical&open=true").json()
    (item,) = answer["items"]
    assert {"id", "ts", "severity", "code", "message", "target", "count", "acked_by"} <= set(item)
    assert (item["id"], item["count"], item["message"], item["acked_by"]) == (number, 2, "still no space", None)
    assert client.get(f"{Q}/system-status").json()["alerts_open"] == 2
    first = client.post(f"/api/alerts/{number}/ack", headers={"Idempotency-Key": "ack-1"})
    assert (first.status_code, first.json()["acked_by"]) == (200, "token.operate")
    assert client.post(f"/api/alerts/{number}/ack", headers={"Idempotency-Key": "ack-1"}).json() == first.json()
    assert client.post(f"/api/alerts/{number}/ack").json() == first.json()
    told = OperationsLogRepository(api_desk.database.engine).page(action="ack_alert").items
    assert [row["target"] for row in told] == [str(number)]
    assert alerts.resolve("disk_full", "disk")
    assert client.get("/api/alerts?open=true").json()["total"] == 1
    (ended,) = client.get("/api/alerts?severity=critical&open=false").json()["items"]
    assert (ended["id"], ended["resolved_at"] >= ended["ts"]) == (number, True)
    assert client.get("/api/alerts?severity=info").json()["items"][0]["resolved_at"] is None


@pytest.mark.parametrize(("number", "status"), [("999999", 404), ("0", 422), ("first", 422), (str(2**70), 422)])
def test_alert_that_is_not_there_cannot_be_acknowledged(client, number, status):
    assert client.post(f"/api/alerts/{number}/ack").status_code == status


def test_candles_are_those_of_the_desk(client):
    answer = client.get("/api/market/candles?points=10").json()
    assert answer["time"] == CANDLES.timestamp[-10:].tolist()
    assert answer["close"] == CANDLES.close[-10:].tolist()
    assert (answer["venue"], answer["symbol"], answer["timeframe"]) == (CANDLES.venue, CANDLES.symbol, "1h")
    assert answer["origin"] == "simulated:4"
    assert all(len(answer[name]) == 10 for name in ("open", "high", "low", "volume"))
    span = f"from={CANDLES.timestamp[5]}&to={CANDLES.timestamp[8]}"
    assert client.get(f"/api/market/candles?{span}").json()["time"] == CANDLES.timestamp[5:8].tolist()


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("symbol=DOGE/USDT", 404, "no_candles"),
        ("timeframe=1d", 404, "no_candles"),
        ("venue=binance", 404, "no_candles"),
        ("points=0", 422, "invalid_value"),
        ("points=5001", 422, "invalid_value"),
        ("colour=red", 422, "unknown_parameter"),
    ],
)
def test_candles_that_are_not_there_are_told_as_such(client, query, status, code):
    response = client.get(f"/api/market/candles?{query}")
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "path",
    ["/api/market/candles", "/api/market/tickers", "/api/system/history", "/api/operations-log", f"{Q}/evolution-log"],
)
def test_span_that_ends_before_it_begins_is_refused_in_words(client, path):
    response = client.get(f"{path}?from=2000&to=1000")
    assert (response.status_code, response.json()["code"]) == (422, "invalid_value")
    assert response.headers["content-type"] == "application/problem+json"
    words = "parameter from must not be after to, were 2000 and 1000: exchange them, or leave one out"
    assert response.json()["detail"] == words


class Board(Bus):
    """A notice board that shows one ticker."""

    def __init__(self, ticker):
        super().__init__(None)
        self.ticker = ticker

    def tickers(self, markets):
        return {(self.ticker.venue, self.ticker.symbol): self.ticker}


def test_tickers_have_prices_as_decimal_text_and_their_age(api_desk, client):
    (item,) = client.get("/api/market/tickers").json()["items"]
    assert {"bid", "ask", "last", "receive_ts", "venue_ts", "age_s"} <= set(item)
    assert (item["bid"], item["ask"]) == (None, None)
    assert float(item["last"]) == CANDLES.close[-1]
    ticker = Ticker(
        venue=CANDLES.venue, symbol=CANDLES.symbol, timeframe="1h", origin="simulated:4", last=100.5, bid=100.25,
        ask=1e-7 + 100.75, receive_ts=1_000, venue_ts=900,
    )  # fmt: skip
    with api_desk.client(bus=Board(ticker)) as live:
        (item,) = live.get(f"/api/market/tickers?symbol={CANDLES.symbol}").json()["items"]
        assert live.get("/api/market/tickers?symbol=DOGE/USDT").json()["total"] == 0
    assert (item["bid"], item["last"], item["venue_ts"]) == ("100.25", "100.5", 900)
    assert "e" not in item["ask"]
    assert item["age_s"] > 1e9


def test_tickers_are_a_list_in_pages(api_desk, client):
    store = CandleStore(api_desk.home / "candles")
    more = [synthetic_candles(symbol=f"{coin}/USDT:USDT", bars=10, seed=4) for coin in ("ETH", "SOL")]
    for candles in more:
        store.add(candles)
    try:
        seen, cursor = [], ""
        while cursor is not None:
            answer = client.get(
                "/api/market/tickers", params={"limit": 1} | ({"cursor": cursor} if cursor else {})
            ).json()
            assert answer["total"] == 3
            seen += [item["symbol"] for item in answer["items"]]
            cursor = answer["next_cursor"]
        assert seen == ["BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"]
        assert client.get("/api/market/tickers?from=4102444800000").json()["total"] == 0
        ambiguous = client.get("/api/market/candles")
        assert (ambiguous.status_code, ambiguous.json()["code"]) == (422, "invalid_value")
        assert client.get("/api/market/candles?symbol=SOL/USDT:USDT").json()["symbol"] == "SOL/USDT:USDT"
    finally:
        for candles in more:
            store.path(candles.venue, candles.symbol, candles.timeframe, candles.origin).unlink()


@pytest.mark.parametrize("path", ["/", "/quantitative.html", "/arbitrage.html", "/operations-log.html"])
def test_redirect_leads_to_the_panel_without_a_token(api_desk, path):
    settings = dataclasses.replace(ApiSettings.of({"EVOQ_HOME": str(api_desk.home)}), panel_url="https://panel:1")
    with api_desk.client(None, settings=settings) as client:
        response = client.get(f"{path}?next=//elsewhere", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, "https://panel:1/")


@pytest.mark.parametrize(
    "variables",
    [
        {"EVOQ_BIND": "0.0.0.0"},
        {"EVOQ_BIND": "192.0.2.1"},
        {"EVOQ_BIND": "0.0.0.0", "EVOQ_TLS_CERT": "cert.pem"},
        {"EVOQ_HTTP_PORT": "0"},
        {"EVOQ_HTTP_PORT": "http"},
        {"EVOQ_PANEL_URL": "javascript:alert(1)"},
        {"EVOQ_PANEL_URL": "http://user:pass@panel"},
        {"EVOQ_PANEL_URL": "http://[bad"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path, variables):
    with pytest.raises(SettingError):
        ApiSettings.of({"EVOQ_HOME": str(tmp_path)} | variables)


def test_settings_off_loopback_are_taken_with_tls(tmp_path):
    variables = {"EVOQ_BIND": "0.0.0.0", "EVOQ_TLS_CERT": "cert.pem", "EVOQ_TLS_KEY": "key.pem", "EVOQ_HTTP_PORT": "1"}
    assert ApiSettings.of({"EVOQ_HOME": str(tmp_path)} | variables).url == "https://0.0.0.0:1"


def test_status_of_a_desk_on_real_prices_is_paper(api_desk, client):
    runs = RunRepository(api_desk.database.engine)
    run = dict.fromkeys(("settings_hash", "data_hash", "cost_hash"), "x" * 64)
    runs.create(run | {"engine_version": "1", "seed": 1, "settings": {}, "origin": "real:binance"})
    assert client.get(f"{Q}/system-status").json()["money"] == "paper"

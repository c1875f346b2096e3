"""The machinery over HTTP: parts that may hang, measures over time, and who changed the configuration."""

import threading

import pytest
from sqlalchemy import text

from cluster.api.inspection import Inspection
from market import ManualClock
from storage import SystemStatusRepository

Q = "/api/quantitative"
CLOCK_MS = 1_767_225_600_000


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client() as client:
        yield client


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what Ray imports, where another test left one running
def test_cluster_tells_of_the_database_and_why_the_rest_is_missing(api_desk, client):
    (api_desk.home / "run").mkdir(exist_ok=True)
    answer = client.get("/api/system/cluster").json()
    database = answer["database"]
    assert database["size_bytes"] > 1_000_000
    assert 1 <= database["connections"] <= database["most_connections"]
    tables = {one["name"]: one for one in database["tables"]}
    assert tables["operations_log"]["parts"] >= 3  # its months count as one table
    assert tables["operations_log"]["rows"] is None  # those to come were never analysed
    assert [one["bytes"] for one in database["tables"]] == sorted(
        (one["bytes"] for one in database["tables"]), reverse=True
    )
    assert answer["cache"] is None
    assert "does not answer" in answer["problems"]["cache"]
    if answer["ray"] is None:
        assert "outside of Ray" in answer["problems"]["ray"]


def test_inspection_waits_for_nobody_and_asks_who_hangs_only_once():
    hanging, asked = threading.Event(), []

    def hangs():
        asked.append(1)
        hanging.wait(30.0)
        return "late"

    def fails():
        raise ValueError("it is\nbroken")

    clock = ManualClock(CLOCK_MS)
    inspection = Inspection({"well": lambda: 7, "hangs": hangs, "fails": fails}, clock, deadline_s=0.05)
    for _ in range(3):
        found = inspection.look()
        assert found["well"] == (7, None)
        assert found["hangs"] == (None, "no answer within 0.05 s")
        assert found["fails"] == (None, "ValueError: it is broken")
        clock.advance(3.0)
    assert len(asked) == 1
    hanging.set()
    inspection = Inspection({"well": lambda: asked.append(2)}, clock)
    inspection.look()
    inspection.look()  # what is fresh is not asked for again
    assert asked.count(2) == 1


def test_history_is_put_together_in_steps_with_its_extremes(api_desk, client):
    measured = SystemStatusRepository(api_desk.database.engine)
    for cpu in (10.0, 30.0, 20.0):
        measured.record("system_metrics", {"cpu_pct": cpu, "db_ok": True, "note": "x", "memory_pct": None})
    answer = client.get("/api/system/history", params={"points": 1}).json()
    assert answer["series"] == {"cpu_pct": {"mean": [20.0], "lowest": [10.0], "highest": [30.0]}}
    assert answer["step_ms"] == 3_600_000
    with api_desk.database.engine.begin() as connection:
        connection.execute(
            text("UPDATE system_status SET ts = ts - interval '10 seconds' WHERE data ->> 'cpu_pct' = '10.0'")
        )
    fine = client.get("/api/system/history", params={"points": 2_000, "fields": ["cpu_pct", "absent"]}).json()
    assert len(fine["time"]) >= 2
    assert fine["time"] == sorted(fine["time"])
    assert fine["series"]["cpu_pct"]["mean"][0] == 10.0
    assert client.get("/api/system/history", params={"name": "nothing"}).json()["series"] == {}
    later = client.get("/api/system/history", params={"from": answer["as_of"] + 60_000, "to": answer["as_of"] + 70_000})
    assert later.json()["time"] == []


@pytest.mark.parametrize("wrong", [{"points": 0}, {"fields": "a b"}, {"from": -1}, {"colour": "red"}])
def test_history_that_cannot_be_meant_is_refused(client, wrong):
    assert client.get("/api/system/history", params=wrong).status_code == 422


def test_history_of_the_configuration_tells_what_was_changed(client):
    before = client.get(f"{Q}/config").json()
    changed = {**before, "auto_trading": {**before["auto_trading"], "evolution_interval": 2.5, "mode": "manual"}}
    headers = {"If-Match": str(before["version"])}
    assert client.put(f"{Q}/config", json=changed, headers=headers).status_code == 200
    assert client.put(f"{Q}/config", json=changed, headers=headers).status_code == 412  # refused: changes nothing
    (newest, *_) = client.get(f"{Q}/config/history").json()["items"]
    assert (newest["by"], newest["source"], newest["version"]) == ("token.operate", "api", before["version"] + 1)
    told = {one["name"]: (one["before"], one["after"]) for one in newest["changes"]}
    assert told == {
        "auto_trading.evolution_interval": (60.0, 2.5),
        "auto_trading.mode": ("paper_only", "manual"),
    }
    assert client.get(f"{Q}/config/history?actor=nobody").json()["items"] == []

"""Whoever listens is told of an alert as the API shows it: when it is raised, seen and over, by whomever."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from own_cache import Cache, running_cache
from waiting import until

from cluster.alerts import Alerts
from cluster.bus import Bus
from cluster.supervisor.desk import Desk
from cluster.supervisor.desk_books import DeskBooks
from cluster.supervisor.desk_files import DeskFiles


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    with running_cache(tmp_path_factory.mktemp("cache")) as cache:
        yield cache


@pytest.fixture
def bus(cache: Cache) -> Iterator[Bus]:
    bus = Bus(cache.url)
    yield bus
    bus.close()


def listed(client) -> dict:
    """Return the newest alert as the API shows it."""
    return client.get("/api/alerts?limit=1").json()["items"][0]


def test_alert_that_is_raised_and_over_is_told_in_the_row_of_the_api(api_desk, bus):
    alerts = Alerts(api_desk.database.engine, bus)
    with api_desk.client() as client:
        for message in ("first", "again"):
            alerts.raise_("candles_changed", "warning", message, "BTC/USDT 1h")
            assert bus.last("alert")["data"] == listed(client)
        assert (listed(client)["count"], listed(client)["open"]) == (2, True)
        alerts.resolve("candles_changed", "BTC/USDT 1h")
        assert bus.last("alert")["data"] == listed(client)
        assert not listed(client)["open"]


def test_alert_that_is_not_open_is_not_told_to_be_over(api_desk, bus):
    alerts = Alerts(api_desk.database.engine, bus)
    alerts.raise_("slow", "info", "slow today")
    told = bus.last("alert")
    alerts.resolve("slow", "elsewhere")
    assert bus.last("alert") == told


def test_alert_that_somebody_acknowledges_is_told_with_its_reader(api_desk, bus, cache):
    Alerts(api_desk.database.engine, bus).raise_("run_left", "warning", "a new run begins", "r1")
    with api_desk.client(bus=Bus(cache.url)) as client:
        answer = client.post(f"/api/alerts/{listed(client)['id']}/ack").json()
    assert answer["acked_by"] == "token.operate"
    assert bus.last("alert")["data"] == answer


def test_alert_of_what_happened_is_over_when_somebody_has_seen_it_one_of_a_state_is_not(api_desk, bus):
    alerts = Alerts(api_desk.database.engine, bus)
    for code, stays in (("candles_made_anew", False), ("disk_filling", True)):
        alerts.raise_(code, "warning", "so it is")
        seen = alerts.ack(bus.last("alert")["data"]["id"], "token.operate", "operate")
        assert (seen["acked_by"], seen["open"]) == ("token.operate", stays)


def test_alert_that_the_supervisor_raises_and_closes_is_told_from_its_first_turn(api_desk, bus, cache, tmp_path: Path):
    def is_open() -> bool | None:
        told = (bus.last("alert") or {"data": {}})["data"]
        return told.get("open") if told.get("code") == "disk_full" else None

    desk = Desk(DeskFiles(tmp_path), {}, database=api_desk.database, cache_url=cache.url)
    books = DeskBooks(desk, list, lambda reason: None)
    books.alert("disk_full", "critical", "no space")
    books.start()
    try:
        until(is_open)
        books.resolve("disk_full")
        until(lambda: is_open() is False)
    finally:
        books.stop()

"""Alerts: one open of each kind, which counts; seen by somebody, resolved by nobody but its cause."""

import threading

import pytest

import storage


@pytest.fixture
def alerts(database: storage.Database) -> storage.AlertRepository:
    return storage.AlertRepository(database.engine)


def test_alert_raised_again_while_open_counts_up(alerts):
    first = alerts.raise_("feed_late", "warning", "no candle for 5 minutes", "BTC/USDT")
    second = alerts.raise_("feed_late", "critical", "no candle for 9 minutes", "BTC/USDT")
    assert (first["count"], second["count"], second["id"]) == (1, 2, first["id"])
    assert (second["severity"], second["message"]) == ("critical", "no candle for 9 minutes")
    assert second["ts"] == first["ts"] < second["last_ts"]
    assert alerts.raise_("feed_late", "info", "x", "ETH/USDT")["id"] != first["id"]
    assert alerts.raise_("feed_late", "info", "x")["count"] == 1
    assert alerts.raise_("feed_late", "info", "x")["count"] == 2
    assert (alerts.count_open(), alerts.page().total) == (3, 3)


def test_alert_after_its_resolution_is_a_new_one(alerts):
    first = alerts.raise_("disk_full", "critical", "2 % free")
    assert not alerts.resolve("disk_full", "elsewhere")
    resolved = alerts.resolve("disk_full")
    assert not alerts.resolve("disk_full")
    assert resolved == alerts.get(first["id"])
    assert (resolved["open"], resolved["resolved_at"] >= resolved["ts"]) == (False, True)
    second = alerts.raise_("disk_full", "critical", "1 % free")
    assert (second["count"], second["id"] > first["id"]) == (1, True)
    assert [row["id"] for row in alerts.page(open=True).items] == [second["id"]]
    assert [row["id"] for row in alerts.page(open=False, severity="critical").items] == [first["id"]]


def test_first_reader_of_an_alert_stays_and_is_logged_once(database, alerts):
    alert = alerts.raise_("x", "info", "x")
    assert alert["acked_by"] is None
    assert alerts.ack(alert["id"], "ann", role="operate")["acked_by"] == "ann"
    again = alerts.ack(alert["id"], "bob", role="operate")
    assert (again["acked_by"], again["open"]) == ("ann", True)
    assert alerts.raise_("x", "info", "x")["acked_by"] == "ann"
    (row,) = storage.OperationsLogRepository(database.engine).page().items
    assert (row["actor"], row["action"], row["target"]) == ("ann", "ack_alert", str(alert["id"]))


@pytest.mark.parametrize("alert", [0, -1, 2**63, 2**70, "1; DROP TABLE alerts", None, True])
def test_alert_that_is_not_there_is_told_so(alerts, alert):
    with pytest.raises(storage.NotFoundError, match="there is no alert"):
        alerts.get(alert)
    with pytest.raises(storage.NotFoundError):
        alerts.ack(alert, "ann", role="operate")


@pytest.mark.parametrize("wrong", [("", "info", "x"), ("x", "info", " "), ("x", "loud", "x")])
def test_alert_that_says_nothing_is_refused(alerts, wrong):
    with pytest.raises(storage.InvalidValueError):
        alerts.raise_(*wrong)
    with pytest.raises(storage.InvalidValueError):
        alerts.ack(1, " ")
    with pytest.raises(storage.InvalidValueError, match="open must be true or false"):
        alerts.page(open="yes")


def test_alert_raised_by_many_at_once_is_one(alerts):
    barrier = threading.Barrier(6)

    def raise_() -> None:
        barrier.wait()
        for _ in range(5):
            alerts.raise_("flood", "warning", "x")

    threads = [threading.Thread(target=raise_) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (alert,) = alerts.page().items
    assert alert["count"] == 30


def test_alerts_are_paged_by_what_they_count(alerts):
    for n in range(5):
        for _ in range(1 + n % 2):
            alerts.raise_("c", "info", "x", str(n))
    first = alerts.page(limit=3, sort="-count")
    rest = alerts.page(limit=3, cursor=first.next_cursor)
    rows = [*first.items, *rest.items]
    assert [row["count"] for row in rows] == [2, 2, 1, 1, 1]
    assert [row["target"] for row in rows] == ["3", "1", "4", "2", "0"]

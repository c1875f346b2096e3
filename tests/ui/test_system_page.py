"""The system page: what does not answer says why, what is stopped is stopped on purpose, absent figures stay absent."""

import pytest

CLUSTER = "/api/system/cluster"
HISTORY = "/api/system/history"
OVERVIEW = "/api/quantitative/overview"
ALERTS = "/api/alerts"
CONTROL = "/api/quantitative/system-control"


@pytest.fixture
def measured(stand_in):
    """Return how to say what the supervisor has measured."""

    def set_to(metrics):
        _, body = stand_in.answers.answer("GET", OVERVIEW, full=True)
        stand_in.instead[OVERVIEW] = lambda asked: body | {"metrics": metrics}

    return set_to


def test_system_shows_measures_with_their_units_and_queues(viewer, measured):
    measured(
        {
            "cpu_pct": 12.5,
            "memory_pct": 91.0,
            "disk_pct": 99.0,
            "desk_memory_mb": 2_048.0,
            "disk_free_mb": 10_240.0,
            "db_ok": True,
            "db_latency_ms": 1.25,
            "cache_ok": False,
            "net_rx_bps": 1_500,
            "net_tx_bps": 0,
            "queues": {"commands": 3},
        }
    )
    viewer.open("system")
    for shown in ("12.5%", "91.0%", "99.0%", "2.00 GiB", "10.0 GiB", "1.2 ms", "1.5 kbit/s"):
        assert shown in viewer.words
    assert viewer.text("system.queue_commands") in viewer.words
    assert viewer.text("system.silent") in viewer.words
    assert "evoq-tone-warn" in viewer.html
    assert "evoq-tone-bad" in viewer.html


def test_system_of_measures_that_are_absent_shows_no_zero(viewer, measured):
    measured({"queues": {}})
    viewer.open("system")
    tile = viewer.html.partition(viewer.text("system.cpu"))[2][:200]
    assert "–" in tile
    assert "0.0%" not in viewer.words


def test_system_where_a_part_does_not_answer_says_why_and_shows_the_rest(viewer, stand_in):
    _, body = stand_in.answers.answer("GET", CLUSTER, full=True)
    silent = body | {"ray": None, "cache": None, "problems": {"ray": "no head <b>", "cache": "not in 1 s"}}
    stand_in.instead[CLUSTER] = lambda asked: silent
    viewer.open("system")
    assert "no head &lt;b&gt;" in viewer.html
    assert "not in 1 s" in viewer.words
    assert viewer.text("system.connections") in viewer.words
    assert "failed" not in viewer.states


def test_system_links_to_a_dashboard_only_where_its_address_is_one(viewer, stand_in):
    _, body = stand_in.answers.answer("GET", CLUSTER, full=True)
    stand_in.instead[CLUSTER] = lambda asked: body | {"dashboard_url": "javascript:alert(1)"}
    viewer.open("system")
    assert not viewer.at.get("link_button")
    stand_in.instead[CLUSTER] = lambda asked: body | {"dashboard_url": "http://127.0.0.1:8265"}
    viewer.later(20.0)
    assert [each.proto.url for each in viewer.at.get("link_button")] == ["http://127.0.0.1:8265"]


def test_system_asks_for_the_span_of_the_address(viewer, stand_in):
    viewer.open("system", span="24h")
    asked = [each.query for each in stand_in.asked if each.path == HISTORY]
    assert asked
    assert {each["points"] for each in asked} == {"240"}


def test_system_stops_only_once_the_word_is_typed(viewer, stand_in):
    viewer.open("system")
    for typed, told in (("stop", []), ("STOP", [{"action": "stop", "reason": "quiet night"}])):
        viewer.confirm("system.stop", "quiet night", typed)
        assert [each.body for each in stand_in.writes if each.path == CONTROL] == told


def test_system_for_a_reader_starts_and_stops_nothing(viewer, stand_in):
    stand_in.role = "read"
    viewer.open("system")
    assert viewer.at.button("system.stop").disabled
    assert viewer.at.button("system.start").disabled


@pytest.mark.parametrize(("language", "said"), [("en", "Reserved"), ("zh", "已预留")])
def test_system_says_of_resources_what_ray_reserves_and_not_what_is_used(viewer, language, said):
    assert f">{said}<" in viewer.open("system", language=language).html


@pytest.fixture
def alerted(stand_in):
    """Return how to say which alerts there are."""

    def set_to(**changes):
        body = stand_in.answers.answer("GET", ALERTS, full=True)[1]
        alert = body["items"][0] | {"id": 71, "acked_by": None, "acked_at": None} | changes
        stand_in.instead[ALERTS] = lambda asked: body | {"items": [alert]}

    return set_to


def test_alert_that_is_over_is_listed_with_its_times_in_the_language_of_the_reader(viewer, stand_in, alerted):
    alerted(open=False, message="the database did not answer for 12 s", resolved_at=1_795_000_000_000)
    viewer.open("system", language="zh")
    assert "数据库有 12 秒没有响应" in viewer.words
    table = next(each.value for each in viewer.at.dataframe if "resolved_at" in each.value.columns)
    assert table["resolved_at"][0].timestamp() == 1_795_000_000
    assert table["acked_by"][0] == "–"
    assert all("open" not in each.query for each in stand_in.asked if each.path == ALERTS)


def test_alert_is_acknowledged_by_an_operator_once_it_is_marked(viewer, stand_in, alerted):
    alerted(open=True, message="the feed is silent")
    viewer.open("system")
    assert viewer.at.button("alerts.ack").disabled
    viewer.at.session_state["alerts-table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    viewer.run()
    viewer.at.button("alerts.ack").click()
    viewer.run()
    assert viewer.text("alerts.ack_what") in viewer.words
    assert viewer.text("confirm.reason_optional") not in viewer.words  # the desk would not keep it
    next(each for each in viewer.at.button if each.proto.is_form_submitter).click()
    viewer.run()
    assert [each.path for each in stand_in.writes] == [f"{ALERTS}/71/ack"]


@pytest.mark.parametrize(("role", "by"), [("read", None), ("operate", "somebody")])
def test_alert_is_not_acknowledged_by_a_reader_nor_twice(viewer, stand_in, alerted, role, by):
    stand_in.role = role
    alerted(open=True, acked_by=by)
    viewer.open("system")
    viewer.at.session_state["alerts-table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    viewer.run()
    assert viewer.at.button("alerts.ack").disabled
    said = viewer.text("role.read_only") if by is None else viewer.text("alerts.acked_before", by=by)
    assert viewer.at.button("alerts.ack").help == said

"""The live page: what runs, what came of it, and why not more."""

import pytest

OVERVIEW = "/api/quantitative/overview"


@pytest.fixture
def overview(stand_in):
    """Return what the desk says; what a test changes in it is said from then on."""
    said = stand_in.answers.answer("GET", OVERVIEW, full=True)[1]
    stand_in.instead[OVERVIEW] = lambda asked: said
    return said


def test_funnel_says_between_score_and_grade_what_is_missing_most_often(viewer, overview):
    overview["funnel"] |= {
        "strategies": 1034,
        "threshold": 65.0,
        "above_threshold": 12,
        "grade_a": 1,
        "reasons": [{"reason": "needs <100> trades", "count": 9}, {"reason": "needs luck", "count": 2}],
    }
    viewer.open()
    rows = [line.split() for line in viewer.words.splitlines()]
    said = " ".join(word for row in rows for word in row)
    assert "All strategies 1,034 SCS of 65 or more 12" in said
    assert said.index("SCS of 65") < said.index("needs &lt;100&gt; trades 9") < said.index("Grade A 1")
    assert "needs luck" not in said


def test_best_score_says_whose_it_is(viewer, overview):
    overview["per_type"] = [
        {"type": "momentum", "count": 2, "best_scs": 20.0, "median_scs": 1.0, "best_oos_scs": None},
        {"type": "breakout", "count": 3, "best_scs": 71.25, "median_scs": None, "best_oos_scs": 12.0},
        {"type": "of tomorrow", "count": 1, "best_scs": None, "median_scs": None, "best_oos_scs": None},
    ]
    words = " ".join(viewer.open().words.split())
    assert "Best SCS 71.2 on all candles" in words
    assert "of tomorrow 1 – – –" in words


@pytest.mark.parametrize(("state", "shape"), [("running", "●"), ("restarting", "▲"), ("failed", "■"), ("odd", "■")])
def test_service_that_does_not_run_has_another_shape(viewer, overview, state, shape):
    overview["services"] = [{"name": "feed", "state": state, "restarts": 3, "uptime_s": 61.0}]
    words = " ".join(viewer.open().words.split())
    assert f"Feed {shape} {viewer.word('service', state)} 1 min 01 s 3" in words


def test_map_asks_only_whether_anything_changed(viewer, stand_in):
    viewer.open()
    viewer.later(100.0)
    asked = [each for each in stand_in.asked if each.path == "/api/quantitative/strategies/map"]
    assert len(asked) == 2
    assert len(viewer.at.get("bidi_component")) == 1


def test_alert_is_shown_with_its_severity(viewer, stand_in):
    page = stand_in.answers.answer("GET", "/api/alerts", full=True)[1]
    page["items"] = [page["items"][0] | {"severity": "critical", "message": "the <feed> is silent", "count": 7}]
    stand_in.instead["/api/alerts"] = lambda asked: page
    words = " ".join(viewer.open().words.split())
    assert f"{viewer.word('severity', 'critical')} the &lt;feed&gt; is silent" in words
    assert next(each.query for each in stand_in.asked if each.path == "/api/alerts")["open"] == "true"

"""What stands around every page: language, zone, header, and what goes wrong in a part."""

import pytest
import streamlit

from ui.panel.loads import Loads

BROKEN = """
from ui.panel import PanelPage, View

PAGE = PanelPage(path="broken", title="overview.title", icon=":material/bolt:")


def render(view: View) -> None:
    view.live(lambda: 1 / 0)
    view.live(lambda: view.empty("overview.map_empty"))
"""


def choose(viewer, name, value):
    next(each for each in viewer.at.segmented_control if each.key == f"choice.{name}").set_value(value)
    return viewer.run()


def test_language_is_that_of_the_browser_until_another_one_is_chosen(viewer):
    viewer.open(language="zh")
    assert viewer.text("overview.title") in viewer.words
    assert "lang" not in viewer.at.query_params
    choose(viewer, "lang", "en")
    viewer.language = "en"
    assert viewer.text("overview.title") in viewer.words
    assert viewer.at.query_params["lang"] == "en"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_document_is_in_the_language_of_the_reader(viewer, language):
    viewer.open(language=language)
    assert f'<script>document.documentElement.lang = "{language}"</script>' in viewer.html


def test_document_has_the_title_of_its_page_and_of_its_strategy(viewer, monkeypatch):
    told = []
    monkeypatch.setattr(streamlit, "set_page_config", lambda **config: told.append(config.get("page_title")))
    viewer.open("operations-log", language="zh")
    assert told[-1] == f"{viewer.text('operations.title')} · Evoq"
    viewer.open("strategy", language="zh", id="kq3v7mzc2hda")
    assert told[-1] == f"{viewer.word('type', 'momentum')} BTC/USDT:USDT · Evoq"


def test_language_of_the_address_is_taken_and_kept(viewer):
    viewer.open(lang="zh")
    viewer.language = "zh"
    assert viewer.text("overview.title") in viewer.words
    viewer.run()
    assert viewer.text("overview.title") in viewer.words
    assert viewer.at.query_params["lang"] == "zh"


def test_language_that_was_chosen_goes_along_to_other_pages(viewer):
    choose(viewer.open(), "lang", "zh")
    viewer.at.query_params.clear()  # as Streamlit does on the way to another page
    viewer.open("operations-log")
    viewer.language = "zh"
    assert viewer.text("operations.title") in viewer.words
    assert viewer.at.query_params["lang"] == "zh"


def test_times_are_told_in_the_zone_that_is_chosen(viewer, stand_in):
    viewer.open()
    assert "Europe/Berlin" in viewer.at.segmented_control[1].options
    local = viewer.words
    choose(viewer, "tz", "UTC")
    assert viewer.words != local
    assert viewer.at.query_params["tz"] == "UTC"


@pytest.mark.parametrize("name", ["lang", "tz"])
def test_choice_of_the_address_that_there_is_not_is_left_out(viewer, name):
    viewer.open(**{name: "<script>"})
    assert viewer.text("overview.title") in viewer.words
    assert name not in viewer.at.query_params


def test_header_says_on_every_page_what_is_simulated(viewer, stand_in):
    overview = stand_in.answers.answer("GET", "/api/quantitative/overview", full=True)[1]
    for simulated, shown in ((True, "word.market.simulated"), (False, "word.market.real")):
        feed = overview["feed"] | {"simulated": simulated}
        stand_in.instead["/api/quantitative/overview"] = lambda asked, feed=feed: overview | {"feed": feed}
        viewer.open("operations-log").later(10.0)
        assert viewer.text(shown) in viewer.words


def test_header_says_that_the_desk_was_killed_and_why(viewer, stand_in):
    overview = stand_in.answers.answer("GET", "/api/quantitative/overview", full=True)[1]
    kill = {"state": "killed", "since": 1_795_000_000_000, "by": "operate", "reason": '"><b>x'}
    stand_in.instead["/api/quantitative/overview"] = lambda asked: overview | {"kill": kill}
    viewer.open()
    assert viewer.text("word.kill.killed") in viewer.words
    assert "<b>x" not in viewer.html


def test_header_of_a_silent_desk_says_nothing_it_cannot_know(viewer, stand_in):
    overview = stand_in.answers.answer("GET", "/api/quantitative/overview", full=True)[1]
    feed = overview["feed"] | {"next_close_ts": overview["as_of"] + 300_000}
    stand_in.instead["/api/quantitative/overview"] = lambda asked: overview | {"status": "ok", "feed": feed}
    viewer.open("operations-log")
    assert viewer.text("word.status.ok") in viewer.words
    assert viewer.text("header.next_candle", time="5 min 00 s") in viewer.words
    stand_in.stop()
    viewer.later(40.0)
    assert viewer.text("word.status.ok") not in viewer.words
    assert viewer.text("header.status_unknown") in viewer.words
    assert viewer.text("header.next_candle", time="") not in viewer.words


def test_part_that_fails_says_so_and_leaves_the_others_alone(scratch, viewer, caplog):
    scratch.write(broken=BROKEN)
    viewer.open("broken")
    assert viewer.states == ["failed", "empty"]
    assert "ZeroDivisionError" in caplog.text


def test_answers_are_asked_for_again_only_when_they_are_old():
    now, asked = [0.0], []
    loads = Loads(lambda: now[0], lambda: now[0])
    ask = lambda: asked.append(1) or len(asked)  # noqa: E731
    assert [loads.get("a", ask, 5.0).value for _ in range(3)] == [1, 1, 1]
    now[0] = 5.1
    assert loads.get("a", ask, 5.0).value == 2
    loads.expire()
    now[0] = 5.2
    assert loads.get("a", ask, 5.0).value == 3


def test_answers_that_are_kept_are_bounded():
    loads = Loads()
    for number in range(500):
        loads.get(f"strategies:{number}", lambda: 1)
    assert sum(loads.holds(f"strategies:{number}") for number in range(500)) <= 64


def test_moment_of_the_desk_is_counted_from_its_answer_whatever_our_clock_says():
    now = [100.0]
    loads = Loads(lambda: now[0], lambda: 9e9)
    assert loads.left_s("overview", 65_000, 60_000) is None
    loads.get("overview", lambda: "answer")
    assert loads.left_s("overview", 65_000, 60_000) == 5.0
    now[0] += 4.0
    assert loads.left_s("overview", 65_000, 60_000) == 1.0
    now[0] += 4.0
    assert loads.left_s("overview", 65_000, 60_000) == 0.0
    assert loads.left_s("overview", None, 60_000) is None

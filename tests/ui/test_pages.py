"""Every page in every state: a page that is added is tested here without a new test."""

import re

import pytest
from viewer import Viewer, all_pages

from ui.panel import states

PAGES = {each.page.path: each.page for each in all_pages()}
ZERO = re.compile(r"(?<![\w.,:/[-])0(?:\.0+)?(?![\w.,:/-])")
pages = pytest.mark.parametrize("path", PAGES, ids=[path or "first" for path in PAGES])


@pages
@pytest.mark.parametrize("language", ["en", "zh"])
def test_page_with_everything_there_shows_it(viewer, path, language):
    viewer.open(path, language=language)
    assert viewer.text(PAGES[path].title) in viewer.words
    assert set(viewer.states) <= {"empty"}, viewer.words


@pages
def test_page_without_anything_there_shows_no_error(viewer, stand_in, path):
    stand_in.full = False
    viewer.open(path)
    assert set(viewer.states) <= {"empty"}, viewer.words


@pages
def test_page_shows_no_number_for_what_is_absent(viewer, stand_in, path):
    stand_in.full = False
    viewer.open(path)
    assert not {"nan", "None", "NaT", "<NA>", "null"} & set(viewer.words.split()), viewer.words
    shown = viewer.words.replace(viewer.text("settings.interval_about"), "")  # which says what a 0 means
    assert not ZERO.findall(shown), shown


@pages
def test_page_says_that_it_is_loading_only_while_it_knows_nothing(viewer, stand_in, monkeypatch, path):
    said = []
    real = states.loading
    monkeypatch.setattr(states, "loading", lambda slot, reader: (said.append(slot), real(slot, reader)))
    viewer.open(path)
    assert said
    first = len(said)
    viewer.later(30.0)
    assert len(said) == first


@pages
def test_page_keeps_its_data_while_the_desk_is_away_and_recovers(viewer, stand_in, path):
    viewer.open(path)
    stand_in.stop()
    viewer.later(40.0)
    assert "stale" in viewer.states
    assert set(viewer.states) <= {"empty", "stale"}, viewer.words
    assert "40 s" in viewer.words
    stand_in.start()
    viewer.later(10.0)
    assert set(viewer.states) <= {"empty"}, viewer.words


@pages
def test_page_of_a_desk_that_never_answered_says_so_and_recovers(viewer, stand_in, path):
    stand_in.stop()
    viewer.open(path)
    assert "error" in viewer.states
    assert "failed" not in viewer.states
    stand_in.start()
    viewer.later(10.0)
    assert set(viewer.states) <= {"empty"}, viewer.words


@pages
@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_page_of_a_desk_that_refuses_says_so(viewer, stand_in, path, status):
    stand_in.refusal = status
    viewer.open(path)
    assert {"empty", "error"} & set(viewer.states)
    assert "failed" not in viewer.states
    assert "made up" in viewer.words


@pages
def test_page_of_what_the_desk_does_not_have_says_so_in_the_language_of_the_reader(viewer, stand_in, path):
    stand_in.refusal = 404
    viewer.open(path, language="zh")
    assert viewer.text("state.gone") in viewer.words


@pages
def test_page_for_a_reader_lets_nothing_be_changed(viewer, stand_in, path):
    stand_in.role = "read"
    viewer.open(path)
    assert set(viewer.states) <= {"empty"}, viewer.words
    for name in [button.key for button in viewer.at.button if not button.disabled]:
        viewer.at.button(name).click()
        viewer.run()
        assert not viewer.at.get("dialog"), name
    assert stand_in.writes == []


@pages
def test_page_without_a_session_leads_to_the_sign_in_and_asks_nothing(stand_in, monkeypatch, path):
    viewer = Viewer(stand_in, monkeypatch, token=None).open(path)
    assert f"/login?next=/{path}&" in viewer.html.replace("&amp;", "&")
    assert stand_in.asked == []


@pages
def test_page_of_a_session_that_has_ended_leads_to_the_sign_in(stand_in, monkeypatch, path):
    viewer = Viewer(stand_in, monkeypatch, token="x" * 43).open(path)
    assert f"/login?next=/{path}&" in viewer.html.replace("&amp;", "&")

"""The settings page on a real desk: rules stand beside fields, and nobody's change is overwritten."""

from dataclasses import replace

import pytest
from viewer import Viewer

HISTORY = "/api/quantitative/config/history"


@pytest.fixture
def settled(server, desk, api_desk, monkeypatch):
    """Return a viewer of a real desk on its settings page."""
    from ui.panel.connections import connections

    yield Viewer(server, monkeypatch, token=api_desk.tokens["operate"]).open("settings")
    connections().close()


def field(viewer, desk, name):
    return f"settings.{viewer.at.session_state['settings.edition']}.{name}"


def enter(viewer, desk, name, value):
    viewer.at.number_input(field(viewer, desk, name)).set_value(value)
    return viewer.run()


def change_elsewhere(desk, **values):
    read = desk.config()
    return desk.put_config(replace(read, management=replace(read.management, **values)), "elsewhere")


def test_settings_that_are_saved_are_those_of_the_desk_and_logged(settled, desk):
    before = desk.config()
    enter(settled, desk, "max_enabled", before.management.max_enabled + 5)
    settled.confirm("settings.save", "more room")
    after = desk.config()
    assert after.management.max_enabled == before.management.max_enabled + 5
    assert after.version == before.version + 1
    settled.later(10.0)
    assert "more room" in settled.words
    assert settled.at.button("settings.save").disabled


def test_settings_are_sent_to_the_browser_as_defaults_of_their_widgets(settled, desk):
    read = desk.config()
    switch = settled.at.toggle(field(settled, desk, "auto_enable")).proto
    number = settled.at.number_input(field(settled, desk, "max_enabled")).proto
    assert (switch.default, switch.set_value) == (read.management.auto_enable, False)
    assert (number.default, number.set_value) == (read.management.max_enabled, False)


@pytest.mark.parametrize(
    ("name", "value"), [("max_enabled", -1), ("min_oos_trades", 1_000_001), ("max_strategies", 100_001)]
)
def test_settings_out_of_their_range_say_the_rule_and_are_not_saved(settled, desk, name, value):
    enter(settled, desk, name, value)
    assert f"{abs(value):,}: enter a number in this range" in settled.words
    assert settled.at.button("settings.save").disabled


def test_settings_number_that_is_emptied_is_what_was_read(settled, desk):
    enter(settled, desk, "demote_below", 1.5)
    enter(settled, desk, "demote_below", None)
    read = desk.config().management.demote_below
    assert settled.at.number_input(field(settled, desk, "demote_below")).value == read
    assert settled.at.button("settings.save").disabled


def test_settings_that_contradict_each_other_say_so(settled, desk):
    enter(settled, desk, "demote_below", 80.0)
    assert settled.text("settings.demote_above", value="80.0", threshold="65.0") in settled.words
    assert settled.at.button("settings.save").disabled
    enter(settled, desk, "real_trading_threshold", 81.0)
    assert not settled.at.button("settings.save").disabled


def test_settings_are_undone(settled, desk):
    read = desk.config().management.max_enabled
    enter(settled, desk, "max_enabled", read + 1)
    settled.at.button("settings.undo").click()
    settled.run()
    assert settled.at.number_input(field(settled, desk, "max_enabled")).value == read


def test_settings_that_let_strategies_trade_by_themselves_ask_for_a_typed_word(settled, desk):
    settled.at.toggle(field(settled, desk, "enabled")).set_value(True)
    settled.at.selectbox(field(settled, desk, "mode")).set_value("auto")
    settled.run()
    settled.confirm("settings.save", "try it", typed="yes")
    assert not desk.config().auto_trading.enabled
    assert settled.text("confirm.typed_wrong", word="AUTO") in settled.words


def test_settings_that_somebody_else_changed_are_shown_where_nothing_was_entered(settled, desk):
    changed = change_elsewhere(desk, min_oos_trades=desk.config().management.min_oos_trades + 1)
    settled.later(10.0)
    assert settled.at.number_input(field(settled, desk, "min_oos_trades")).value == changed.management.min_oos_trades


def test_settings_that_somebody_else_changed_are_told_and_not_overwritten(settled, desk):
    read = desk.config()
    enter(settled, desk, "max_enabled", read.management.max_enabled + 2)
    changed = change_elsewhere(desk, min_oos_trades=read.management.min_oos_trades + 1)
    settled.confirm("settings.save", "too late")
    assert desk.config() == changed
    assert "read it again and repeat the change" in settled.words
    settled.later(10.0)
    assert settled.text("settings.conflict", by="token.operate") in settled.words


def test_settings_conflict_is_ended_by_taking_the_new_ones(settled, desk):
    read = desk.config()
    enter(settled, desk, "max_enabled", read.management.max_enabled + 2)
    change_elsewhere(desk, min_oos_trades=read.management.min_oos_trades + 1)
    settled.later(10.0)
    settled.at.button("settings.take").click()
    settled.run()
    assert settled.at.number_input(field(settled, desk, "max_enabled")).value == read.management.max_enabled
    assert settled.text("settings.conflict", by="token.operate") not in settled.words


def test_settings_conflict_is_ended_by_putting_changes_on_top(settled, desk):
    read = desk.config()
    enter(settled, desk, "max_enabled", read.management.max_enabled + 2)
    theirs = change_elsewhere(desk, min_oos_trades=read.management.min_oos_trades + 1)
    settled.later(10.0)
    settled.at.button("settings.put_on").click()
    settled.run()
    settled.confirm("settings.save", "both")
    after = desk.config().management
    assert after == replace(theirs.management, max_enabled=read.management.max_enabled + 2)


def test_settings_for_a_reader_are_shown_and_cannot_be_entered(server, desk, api_desk, monkeypatch):
    viewer = Viewer(server, monkeypatch, token=api_desk.tokens["read"]).open("settings")
    assert all(each.disabled for each in viewer.at.number_input)
    assert viewer.at.button("settings.save").disabled


def test_settings_that_were_never_changed_have_an_empty_history_whatever_was_refused(viewer, stand_in):
    stand_in.instead[HISTORY] = lambda asked: {"items": [], "next_cursor": None, "total": 0, "as_of": 1}
    viewer.open("settings")
    assert viewer.text("settings.history_empty") in viewer.words
    assert viewer.text("paging.place", page="1", total="0") in viewer.words


def test_settings_history_tells_what_was_and_what_is(viewer, stand_in):
    found = stand_in.answers.answer("GET", HISTORY, full=True)[1]
    modes = {"name": "auto_trading.mode", "before": "manual", "after": "auto"}
    rooms = {"name": "management.max_enabled", "before": 1_500, "after": 2_500}
    saved = [(7, [modes, rooms], "let it"), (8, [], "as it was")]
    items = [
        found["items"][0] | {"id": number, "by": "ann", "changes": each, "reason": why} for number, each, why in saved
    ]
    stand_in.instead[HISTORY] = lambda asked: found | {"items": items, "total": 2}
    viewer.open("settings")
    words = " ".join(viewer.words.split())
    mode, room = viewer.text("settings.mode"), viewer.text("settings.max_enabled")
    assert f"ann {mode} {viewer.word('mode', 'manual')} {viewer.word('mode', 'auto')} let it" in words
    assert f"ann {room} 1,500 2,500 let it" in words
    assert "ann – – – as it was" in words

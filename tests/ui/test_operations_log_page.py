"""Who did what: leafed through page by page, filtered by the address, with what was before and after."""

import pytest

LOG = "/api/operations-log"


@pytest.fixture
def log(stand_in):
    """Give the log two pages."""
    found = stand_in.answers.answer("GET", LOG, full=True)[1]

    def answer(asked):
        page = 2 if asked.query.get("cursor") == "second" else 1
        rows = [row | {"action": f"action-{page}", "id": row["id"] + 10 * page} for row in found["items"]]
        return found | {"items": rows, "next_cursor": "second" if page == 1 else None, "total": 1_234}

    stand_in.instead[LOG] = answer
    return stand_in


def asked(stand_in):
    return [each.query for each in stand_in.asked if each.path == LOG]


def test_log_is_leafed_through_and_back(viewer, log):
    viewer.open("operations-log")
    assert "action-1" in viewer.words
    assert viewer.text("paging.place", page="1", total="1,234") in viewer.words
    assert viewer.at.button(key="evoq.back:operations").disabled
    viewer.at.button(key="evoq.on:operations").click()
    viewer.run()
    assert "action-2" in viewer.words
    assert viewer.at.button(key="evoq.on:operations").disabled
    viewer.at.button(key="evoq.back:operations").click()
    viewer.run()
    assert "action-1" in viewer.words


def test_log_is_filtered_by_what_the_address_says(viewer, log):
    viewer.open("operations-log", actor="operate", action="enable")
    found = asked(log)[-1]
    assert (found["actor"], found["action"]) == ("operate", "enable")
    assert "target" not in found


def test_log_with_another_filter_begins_at_its_first_page(viewer, log):
    viewer.open("operations-log")
    viewer.at.button(key="evoq.on:operations").click()
    viewer.run()
    viewer.at.text_input(key="actor").input("read")
    viewer.run()
    found = asked(log)[-1]
    assert found["actor"] == "read"
    assert "cursor" not in found


def test_row_that_is_chosen_shows_what_was_before_and_after(viewer, log):
    page = log.instead[LOG](type("Asked", (), {"query": {}}))
    page["items"][0] |= {"before": {"max_enabled": 5}, "after": None}
    log.instead[LOG] = lambda asked: page
    viewer.at.session_state["operations-table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    viewer.open("operations-log")
    assert [each.value for each in viewer.at.code] == ['{\n  "max_enabled": 5\n}', "–"]
    before = len(asked(log))
    viewer.later(100.0)
    assert len(asked(log)) == before, "new rows would move the chosen one"


@pytest.mark.parametrize(("language", "result"), [("en", "Refused: evidence insufficient"), ("zh", "被拒绝：证据不足")])
def test_row_that_is_opened_shows_all_of_its_reason_and_result(viewer, log, language, result):
    reason = "the best evidence there was after four windows, looked at by three people " * 3
    page = log.instead[LOG](type("Asked", (), {"query": {}}))
    page["items"][0] |= {"reason": reason, "result": "refused: evidence_insufficient", "action": "enable"}
    log.instead[LOG] = lambda asked: page
    viewer.open("operations-log", language=language)
    assert viewer.text("operations.open") in viewer.words
    viewer.at.session_state["operations-table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    viewer.run()
    opened = viewer.html.partition('class="evoq-table"')[2]
    for shown in (reason, result, viewer.word("action", "enable")):
        assert shown in opened

"""The page of all strategies: what the address keeps, what the desk is asked, and what may be done to many at once."""

import json
from types import SimpleNamespace

import pytest

from backtest import Evidence, grade
from cluster.population_rows import NOT_A_FINALIST
from ui.panel.catalogue import catalogue
from ui.panel.grade_reasons import reason_words

LIST = "/api/quantitative/strategies"
FACETS, MAP = f"{LIST}/facets", f"{LIST}/map"
COMMANDS = f"{LIST}/commands"


def asked_of(stand_in):
    """Return what the list was asked for last."""
    return [each.query for each in stand_in.asked if each.path == LIST][-1]


def chosen(viewer, rows):
    """Tick boxes of the table."""
    viewer.at.session_state["strategies-table-0"] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    return viewer.later(5.0)


def button(viewer, label):
    return next(each for each in viewer.at.button if each.label == viewer.text(label))


def test_strategies_are_asked_for_the_best_evidence_first(viewer, stand_in):
    viewer.open("quantitative")
    assert asked_of(stand_in) == {"sort": "-oos_scs", "limit": "50", "retired": "false"}
    assert viewer.text("strategies.all") in viewer.words


def test_strategies_filters_offer_what_there_is_without_the_map_of_all(viewer, stand_in):
    facets = stand_in.answers.answer("GET", FACETS, full=True)[1]
    types = [{"value": "reversal", "count": 3}, {"value": "breakout", "count": 4}]
    stand_in.instead[FACETS] = lambda asked: facets | {"type": types}
    viewer.open("quantitative", timeframe="1d")
    viewer.run()  # what is chosen from is known by then
    assert viewer.at.selectbox(key="choice.type").options == [viewer.word("type", "breakout"), "reversal"]
    assert "1d" in viewer.at.selectbox(key="choice.timeframe").options
    assert MAP not in {each.path for each in stand_in.asked}


@pytest.mark.parametrize(
    ("address", "told"),
    [({}, {"retired": "false"}), ({"state": "any"}, {}), ({"state": "retired"}, {"state": "retired"})],
)
def test_strategies_that_are_retired_are_shown_when_they_are_asked_for(viewer, stand_in, address, told):
    viewer.open("quantitative", **address)
    assert asked_of(stand_in) == {"sort": "-oos_scs", "limit": "50"} | told
    viewer.at.selectbox(key="choice.state").set_value("any")
    viewer.run()
    assert viewer.at.query_params["state"] in ("any", ["any"])


def test_strategies_that_are_all_retired_are_no_empty_desk(viewer, stand_in):
    stand_in.full = False
    facets = stand_in.answers.answer("GET", FACETS, full=False)[1]
    stand_in.instead[FACETS] = lambda asked: facets | {"state": [{"value": "retired", "count": 12}]}
    viewer.open("quantitative")
    assert viewer.text("strategies.none_fits") in viewer.words
    assert viewer.text("strategies.retired_besides", n="12") in viewer.words


def test_strategies_are_filtered_and_sorted_as_the_address_says(viewer, stand_in):
    viewer.open(
        "quantitative", q=" eth ", type="breakout", symbol="ETH/USDT:USDT", timeframe="4h", grade="A", state="retired",
        sort="max_drawdown", rows="250",
    )  # fmt: skip
    assert asked_of(stand_in) == {
        "q": "eth", "type": "breakout", "symbol": "ETH/USDT:USDT", "timeframe": "4h", "grade": "A", "state": "retired",
        "sort": "max_drawdown", "limit": "250",
    }  # fmt: skip


@pytest.mark.parametrize(("state", "enabled"), [("enabled", "true"), ("disabled", "false")])
def test_strategies_of_the_roster_are_told_by_whether_they_run(viewer, stand_in, state, enabled):
    viewer.open("quantitative", state=state)
    assert (asked_of(stand_in)["state"], asked_of(stand_in)["enabled"]) == ("enabled", enabled)
    assert viewer.at.selectbox(key="choice.state").value == state


def test_strategies_that_are_clicked_are_those_that_were_seen(viewer, stand_in):
    viewer.open("quantitative")
    shown = stand_in.answers.answer("GET", LIST, full=True)[1]
    first = shown["items"][0]["id"]
    other = {**shown, "items": [row | {"id": f"other{number}"} for number, row in enumerate(shown["items"])]}
    stand_in.instead[LIST] = lambda asked: other
    clicked = {"rows": [], "columns": [], "cells": [(0, "id")]}
    viewer.at.session_state["strategies-table-0"] = {"selection": clicked}
    viewer.later(5.0)
    assert f"/strategy?id={first}" in viewer.html


def test_strategies_address_means_the_same_in_every_language(viewer, stand_in):
    viewer.open("quantitative", language="zh", state="retired")
    assert asked_of(stand_in)["state"] == "retired"
    assert viewer.at.selectbox(key="choice.state").value == "retired"
    assert viewer.at.query_params["state"] in ("retired", ["retired"])


@pytest.mark.parametrize("sort", ["luck", "-spark", "--scs"])
def test_strategies_sorted_by_what_the_desk_cannot_sort_by_have_the_usual_order(viewer, stand_in, sort):
    viewer.open("quantitative", sort=sort)
    assert asked_of(stand_in)["sort"] == "-oos_scs"


def test_strategies_search_is_kept_in_the_address(viewer, stand_in):
    viewer.open("quantitative")
    viewer.at.text_input(key="choice.q").set_value("momentum")
    viewer.run()
    assert asked_of(stand_in)["q"] == "momentum"
    assert viewer.at.query_params["q"] in ("momentum", ["momentum"])
    viewer.at.text_input(key="choice.q").set_value("")
    viewer.later(5.0)
    assert "q" not in asked_of(stand_in)
    assert "q" not in viewer.at.query_params


@pytest.mark.parametrize(
    ("language", "typed", "asked"),
    [
        ("en", "Trend following", "trend_following"), ("en", "eth MEAN REVERSION", "eth mean_reversion"),
        ("zh", "动量", "momentum"), ("zh", "动量 eth", "momentum eth"),
        ("zh", "趋势跟踪SOL 1m", "trend_following SOL 1m"),
        ("zh", "趋势", "trend_following"), ("zh", "momentum", "momentum"), ("zh", "没有", "没有"),
        ("en", "high", "high"),
    ],
)  # fmt: skip
def test_strategies_search_knows_the_words_for_types_of_the_reader(viewer, stand_in, language, typed, asked):
    kinds = ("momentum", "mean_reversion", "breakout", "trend_following", "high_frequency")
    facets = stand_in.answers.answer("GET", FACETS, full=True)[1]
    stand_in.instead[FACETS] = lambda _: facets | {"type": [{"value": kind, "count": 3} for kind in kinds]}
    viewer.open("quantitative", language=language, q=typed)
    assert asked_of(stand_in)["q"] == asked
    assert viewer.at.query_params["q"] in (typed, [typed])


@pytest.mark.parametrize(("query", "said"), [({}, "strategies.none_yet"), ({"grade": "A"}, "strategies.none_fits")])
def test_strategies_that_do_not_exist_are_told_from_those_that_do_not_fit(viewer, stand_in, query, said):
    stand_in.full = False
    viewer.open("quantitative", **query)
    assert viewer.text(said) in viewer.words


def test_strategies_buttons_wait_for_a_choice(viewer):
    viewer.open("quantitative")
    for label in ("strategies.enable", "strategies.disable", "strategies.retire"):
        assert button(viewer, label).disabled
        assert button(viewer, label).help == viewer.text("strategies.choose_first")


def test_strategies_that_are_chosen_are_enabled_together_with_a_reason(viewer, stand_in):
    real = stand_in.answers.answer("GET", LIST, full=True)[1]
    for row in real["items"]:
        row.update(state="candidate", enabled=False)
    stand_in.instead[LIST] = lambda asked: real
    chosen(viewer.open("quantitative"), [0, 2])
    assert not button(viewer, "strategies.enable").disabled
    assert button(viewer, "strategies.retire").help == viewer.text("strategies.retire_none")
    button(viewer, "strategies.enable").click()
    viewer.run()
    viewer.at.text_input(key="evoq.reason").set_value("steady on four windows")
    submit = next(each for each in viewer.at.button if each.label == viewer.text("strategies.enable") and each.form_id)
    submit.click()
    viewer.run()
    command = stand_in.writes[-1]
    assert command.path == COMMANDS
    assert command.body == {
        "action": "enable",
        "ids": [real["items"][0]["id"], real["items"][2]["id"]],
        "reason": "steady on four windows",
    }


def test_strategies_to_be_retired_are_named_five_at_most_and_the_others_counted(viewer, stand_in):
    real = stand_in.answers.answer("GET", LIST, full=True)[1]
    row = real["items"][0] | {"state": "enabled", "enabled": True}
    rows = [row | {"id": f"member{number}", "symbol": "<b>/USDT"} for number in range(7)]
    stand_in.instead[LIST] = lambda asked: real | {"items": rows}
    chosen(viewer.open("quantitative"), list(range(7)))
    button(viewer, "strategies.retire").click()
    shown = viewer.run().html
    assert [name for name in (row["id"] for row in rows) if f"{name} · grade" in shown] == [
        f"member{number}" for number in range(5)
    ]
    assert f"<li>{viewer.text('strategies.listed_more', n='2')}</li>" in shown
    assert "&lt;b&gt;/USDT" in shown
    assert viewer.text("strategies.enable_unproven", n="7") not in shown


def test_strategies_that_are_marked_stay_while_the_list_would_change(viewer, stand_in):
    chosen(viewer.open("quantitative"), [1])
    before = sum(each.path == LIST for each in stand_in.asked)
    viewer.later(60.0)
    assert sum(each.path == LIST for each in stand_in.asked) == before
    assert viewer.text("strategies.chosen", n="1") in viewer.words


def test_strategies_marks_are_forgotten_when_the_rows_are_others(viewer, stand_in):
    chosen(viewer.open("quantitative"), [1])
    other = stand_in.answers.answer("GET", LIST, full=True)[1]
    for number, row in enumerate(other["items"]):
        row["id"] = f"other{number}"
    stand_in.instead[LIST] = lambda asked: other
    viewer.at.text_input(key="choice.q").set_value("other")
    viewer.run()
    assert "other1" in viewer.words
    assert viewer.text("strategies.how") in viewer.words


def test_strategies_reader_sees_why_nothing_may_be_changed(viewer, stand_in):
    stand_in.role = "read"
    chosen(viewer.open("quantitative"), [0])
    for label in ("strategies.enable", "strategies.disable", "strategies.retire"):
        assert button(viewer, label).disabled
        assert button(viewer, label).help == viewer.text("role.read_only")


@pytest.mark.parametrize(
    ("reason", "english", "chinese"),
    [
        ("C: 12 out-of-sample trades, needs 30", "C: Trades out of sample 12, needs ≥ 30",
         "C：样本外交易数 12，需 ≥ 30"),
        ("C: out-of-sample trades, needs 30", "C: Trades out of sample, needs ≥ 30", "C：样本外交易数，需 ≥ 30"),
        ("C: out-of-sample score undefined, needs 65", "C: SCS out of sample undefined, needs ≥ 65",
         "C：样本外 SCS 无定义，需 ≥ 65"),
        ("C: excess over buy-and-hold -0.0310 a year, needs more than 0",
         "C: Excess over buy-and-hold, a year -0.0310, needs > 0", "C：相对买入持有的年化超额 -0.0310，需 > 0"),
        ("B: deflated Sharpe ratio 0.610, needs 0.95", "B: Deflated Sharpe ratio 0.610, needs ≥ 0.95",
         "B：去膨胀夏普比率 0.610，需 ≥ 0.95"),
        ("C: no out-of-sample evidence: not a finalist of its window",
         "C: not a finalist of its window, so without evidence", "C：未入围本窗口，因此没有证据"),
        ("something new", "something new", "something new"),
        (None, None, None),
    ],
)  # fmt: skip
def test_grade_reason_is_said_in_the_language_of_the_reader(reason, english, chinese):
    for language, said in (("en", english), ("zh", chinese)):
        words = catalogue(language)
        assert reason_words(SimpleNamespace(text=words.text, word=words.word), reason) == said


def test_grade_reasons_of_the_desk_are_all_known():
    shared = {"oos_scs": 70.0, "oos_trades": 30}
    evidences = [
        Evidence(),
        Evidence(oos_trades=3),
        Evidence(oos_trades=30, oos_scs=12.0),
        Evidence(**shared),
        Evidence(**shared, excess=0.1),
        Evidence(**shared, excess=0.1, psr=0.99, dsr=0.5),
        Evidence(**shared, excess=0.1, psr=0.99, dsr=0.99),
    ]
    words = catalogue("zh")
    view = SimpleNamespace(text=words.text, word=words.word)
    for reason in [NOT_A_FINALIST.reason, *(grade(evidence).reason for evidence in evidences)]:
        assert reason_words(view, reason) != reason


def test_strategies_scores_that_are_absent_have_a_dash_beside_an_empty_bar(viewer, stand_in):
    found = stand_in.answers.answer("GET", LIST, full=True)[1]
    rows = [row | {"scs": 71.4, "oos_scs": None} for row in found["items"]]
    stand_in.instead[LIST] = lambda asked: found | {"items": rows}
    viewer.open("quantitative")
    shown = viewer.at.dataframe[0]
    configs = json.loads(shown.proto.columns)
    for field in ("scs", "oos_scs"):
        assert configs[field]["type_config"]["type"] == "number"
        assert configs[f"{field}.bar"]["type_config"]["type"] == "progress"
    assert shown.proto.placeholder == "–"
    assert shown.value["scs"].tolist() == shown.value["scs.bar"].tolist() == [71.4] * len(rows)
    assert shown.value["oos_scs"].isna().all()

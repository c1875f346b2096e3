"""The page of one strategy: which one, each of its parts, and what may be done to it."""

import html

import pytest

ID = "kq3v7mzc2hda"
DETAIL = f"/api/quantitative/strategies/{ID}"
PARTS = ["evidence", "trades", "returns", "surroundings", "origin"]


def answer(stand_in, path=DETAIL, **changes):
    """Return what the desk says about a strategy, with changes."""
    return stand_in.answers.answer("GET", path, full=True)[1] | changes


@pytest.fixture(autouse=True)
def histogram(stand_in):
    """Give the distribution one edge more than counts: what is made up has as many of both."""
    path = f"{DETAIL}/returns"
    shown = {"edges": [-0.01, 0.0, 0.01, 0.02], "counts": [1, 0, 2]}
    empty = {"edges": [], "counts": []}

    def returns(asked):
        found = stand_in.answers.answer("GET", path, full=stand_in.full)[1]
        return found | ({"histogram": shown, "n": 3} if stand_in.full else {"histogram": empty, "n": 0})

    stand_in.instead[path] = returns


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_strategy_part_with_everything_there_shows_it(viewer, part, language):
    viewer.open("strategy", language=language, id=ID, part=part)
    assert set(viewer.states) <= {"empty"}, viewer.words
    assert f"{viewer.text('word.type.momentum')} · BTC/USDT:USDT · 1h" in viewer.words


@pytest.mark.parametrize("part", PARTS)
def test_strategy_part_without_anything_there_shows_no_error_and_no_number(viewer, stand_in, part):
    stand_in.full = False
    viewer.open("strategy", id=ID, part=part)
    assert set(viewer.states) <= {"empty"}, viewer.words
    assert not {"nan", "None", "NaT", "<NA>", "null"} & set(viewer.words.split()), viewer.words


@pytest.mark.parametrize("part", PARTS)
def test_strategy_part_keeps_its_data_while_the_desk_is_away(viewer, stand_in, part):
    viewer.open("strategy", id=ID, part=part)
    stand_in.stop()
    viewer.later(700.0)
    assert "stale" in viewer.states
    assert set(viewer.states) <= {"empty", "stale"}, viewer.words
    stand_in.start()
    viewer.later(10.0)
    assert set(viewer.states) <= {"empty"}, viewer.words


@pytest.mark.parametrize("language", ["en", "zh"])
def test_strategy_that_does_not_exist_says_so_in_one_sentence_and_leads_to_the_others(viewer, stand_in, language):
    stand_in.refusal = 404
    viewer.open("strategy", language=language, id="nobody")
    assert viewer.states == ["empty"]
    assert viewer.text("strategy.gone") in viewer.words
    assert "made up" not in viewer.words
    assert 'href="/quantitative?' in viewer.html
    assert viewer.text("strategy.why") not in viewer.words
    stand_in.refusal = None
    assert viewer.text("strategy.why") in viewer.later(10.0).words


def test_strategy_page_without_an_id_shows_the_best_one(viewer, stand_in):
    viewer.open("strategy")
    assert {"limit": "1"} in [each.query for each in stand_in.asked if each.path == "/api/quantitative/strategies"]
    assert DETAIL in {each.path for each in stand_in.asked}


def test_strategy_asks_for_what_its_part_shows_only(viewer, stand_in):
    viewer.open("strategy", id=ID, part="origin")
    assert not {f"{DETAIL}/{name}" for name in ("equity", "chart", "trades", "returns", "neighbourhood")} & {
        each.path for each in stand_in.asked
    }


def test_strategy_heavy_parts_are_asked_for_once(viewer, stand_in):
    viewer.open("strategy", id=ID)
    viewer.later(60.0)
    viewer.later(60.0)
    assert [each.path for each in stand_in.asked].count(f"{DETAIL}/equity") == 1


def test_strategy_names_every_condition_with_its_value_and_its_verdict(viewer, stand_in):
    conditions = [
        {"name": "oos_trades", "grades": "AB", "value": 12, "needed": 30, "met": False},
        {"name": "oos_scs", "grades": "AB", "value": 71.25, "needed": 65, "met": True},
        {"name": "excess", "grades": "AB", "value": -0.031, "needed": 0, "met": False},
        {"name": "psr", "grades": "B", "value": 0.951, "needed": 0.95, "met": True},
        {"name": "dsr", "grades": "A", "value": None, "needed": 0.95, "met": False},
    ]
    stand_in.instead[DETAIL] = lambda asked: answer(stand_in, conditions=conditions)
    viewer.open("strategy", id=ID)
    words = " ".join(html.unescape(viewer.words).replace("\u00a0", " ").split())
    assert "Trades out of sample (A + B) ✕ missing 12 ≥ 30" in words
    assert "SCS out of sample (A + B) ● met 71.2 ≥ 65.0" in words
    assert "Excess over buy-and-hold, a year (A + B) ✕ missing −3.1% > 0%" in words
    assert "Probabilistic Sharpe ratio (B) ● met 0.951 ≥ 0.950" in words
    assert "Deflated Sharpe ratio (A) ○ not known – ≥ 0.950" in words


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Backtests on its market so far, neighbours of each strategy included: 32,740; as many as 849"),
        ("zh", "迄今在该市场上的回测（含每个策略的邻近参数）：32,740 次，相当于 849 个独立想法"),
    ],
)
def test_strategy_trials_are_the_backtests_of_its_market_and_effective_ones_are_whole(viewer, stand_in, language, said):
    stand_in.instead[DETAIL] = lambda asked: answer(stand_in, n_trials=32_740, n_trials_effective=849.0)
    viewer.open("strategy", language=language, id=ID)
    assert said in viewer.words


def test_strategy_without_trades_says_so(viewer, stand_in):
    path = f"{DETAIL}/trades"
    stand_in.instead[path] = lambda asked: {"items": [], "next_cursor": None, "total": 0, "as_of": 1}
    viewer.open("strategy", id=ID, part="trades", source="paper")
    assert [each.query for each in stand_in.asked if each.path == path][-1]["source"] == "paper"
    assert viewer.text("strategy.no_trades") in viewer.words


def test_strategy_chart_asks_for_the_span_of_the_address(viewer, stand_in):
    viewer.open("strategy", id=ID, part="trades", **{"from": "1795000000000", "to": "1795003600000"})
    spans = [each.query for each in stand_in.asked if each.path == f"{DETAIL}/chart"]
    assert {"points": "600", "from": "1795000000000", "to": "1795003600000"} in spans


def test_strategy_surroundings_are_asked_for_over_the_chosen_parameters(viewer, stand_in):
    viewer.open("strategy", id=ID, part="surroundings", x="threshold", y="stop_loss")
    viewer.later(1.0)
    asked = [each.query for each in stand_in.asked if each.path == f"{DETAIL}/neighbourhood"]
    assert asked[-1] == {"x": "threshold", "y": "stop_loss"}


@pytest.mark.parametrize(
    ("scs", "shape"),
    [
        ([[50, 50, 50], [50, 52, 50], [50, 50, 50]], "strategy.plateau"),
        ([[30, 30, 30], [30, 50, 30], [30, 30, 30]], "strategy.slope"),
        ([[5, 5, 5], [5, 50, 5], [5, 5, 5]], "strategy.spike"),
        ([[5, 5, 5], [5, 0, 5], [5, 5, 5]], "strategy.zero"),
        ([[5, 5, 5], [5, None, 5], [5, 5, 5]], "strategy.flat"),
    ],
)
def test_strategy_surroundings_tell_a_plateau_from_a_spike(viewer, stand_in, scs, shape):
    around = {"x": "a", "y": "b", "x_values": [1, 2, 3], "y_values": [1, 2, 3], "scs": scs, "at": [2, 2]}
    stand_in.instead[f"{DETAIL}/neighbourhood"] = lambda asked: around
    viewer.open("strategy", id=ID, part="surroundings").later(1.0)
    assert viewer.text(shape) in viewer.words


def test_strategy_surroundings_say_of_what_the_median_is_a_share(viewer, stand_in):
    scs = [[30, 30, 30], [30, 50, 30], [30, 30, 30]]
    around = {"x": "a", "y": "b", "x_values": [1, 2, 3], "y_values": [1, 2, 3], "scs": scs, "at": [2, 2]}
    stand_in.instead[f"{DETAIL}/neighbourhood"] = lambda asked: around
    viewer.open("strategy", id=ID, part="surroundings").later(1.0)
    assert "60% of its own score" in viewer.words


def test_strategy_surroundings_are_the_cells_next_to_it_and_not_the_whole_grid(viewer, stand_in):
    values = list(range(1, 10))
    scs = [[50 if max(abs(x - 5), abs(y - 5)) <= 2 else 5 for x in values] for y in values]
    around = {"x": "a", "y": "b", "x_values": values, "y_values": values, "scs": scs, "at": [5, 5]}
    stand_in.instead[f"{DETAIL}/neighbourhood"] = lambda asked: around
    viewer.open("strategy", id=ID, part="surroundings").later(1.0)
    assert viewer.text("strategy.plateau") in viewer.words


def test_strategy_that_is_retired_can_be_enabled_again_and_nothing_else(viewer, stand_in):
    stand_in.instead[DETAIL] = lambda asked: answer(stand_in, state="retired", enabled=False)
    viewer.open("strategy", id=ID)
    able = {each.label: not each.disabled for each in viewer.at.button}
    assert able[viewer.text("strategies.enable")]
    assert not able[viewer.text("strategies.disable")]
    assert not able[viewer.text("strategies.retire")]
    assert viewer.text("word.state.retired") in viewer.words


def test_strategy_is_retired_after_its_word_was_typed_in_the_version_that_was_seen(viewer, stand_in):
    stand_in.instead[DETAIL] = lambda asked: answer(stand_in, state="enabled", enabled=True, version=7)
    viewer.open("strategy", id=ID)
    next(each for each in viewer.at.button if each.label == viewer.text("strategies.retire")).click()
    viewer.run()
    viewer.at.text_input(key="evoq.reason").set_value("no edge any more")
    for typed, done in (("retire", 0), ("RETIRE", 1)):
        viewer.at.text_input(key="evoq.typed").set_value(typed)
        next(each for each in viewer.at.button if each.form_id).click()
        viewer.run()
        assert len(stand_in.writes) == done
    command = stand_in.writes[0]
    assert command.path == f"{DETAIL}/commands"
    assert command.body == {"action": "retire", "reason": "no edge any more", "version": 7}


@pytest.mark.parametrize(("grade", "unproven"), [("C", True), ("A", False)])
def test_strategy_that_is_to_be_enabled_is_named_with_its_grade_and_what_it_lacks(viewer, stand_in, grade, unproven):
    stand_in.instead[DETAIL] = lambda asked: answer(stand_in, state="candidate", enabled=False, grade=grade)
    viewer.open("strategy", id=ID)
    next(each for each in viewer.at.button if each.label == viewer.text("strategies.enable")).click()
    assert f"<li>Momentum · BTC/USDT:USDT 1h · {ID} · grade {grade}</li>" in viewer.run().html
    assert (viewer.text("strategies.enable_unproven", n="1") in viewer.html) == unproven


@pytest.mark.parametrize(("stop", "named"), [(100, True), (51, False)])
def test_strategy_span_that_has_just_begun_has_no_name_in_the_plot(viewer, stand_in, stop, named):
    hour = 3_600_000
    first = {"kind": "test", "scs": None, "n_trades": 0, "sharpe": None}
    folds = [first | {"start": 0, "stop": 50 * hour}, first | {"kind": "live", "start": 50 * hour, "stop": stop * hour}]
    stand_in.instead[DETAIL] = lambda asked: answer(stand_in, folds=folds, selected_until=0)
    times = [hour * number for number in range(stop + 1)]
    level = [1.0 + number / 100 for number in range(stop + 1)]
    curve = {"time": times, "equity": level, "buy_and_hold": level, "drawdown": [0.0] * len(times)}
    stand_in.instead[f"{DETAIL}/equity"] = lambda asked: answer(stand_in, f"{DETAIL}/equity") | curve
    viewer.open("strategy", id=ID)
    drawn = "".join(str(each.proto) for each in viewer.at.get("bidi_component"))
    assert f"{viewer.word('fold', 'test')} 1" in drawn
    assert (f"{viewer.word('fold', 'live')} 2" in drawn) == named

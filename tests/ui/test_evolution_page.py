"""The evolution page: what it tells the desk, what it refuses to tell it, and what it says of luck."""

import json

import pytest

CONTROL = "/api/quantitative/system-control"
POPULATIONS = "/api/quantitative/evolution/populations"
ARCHIVE = "/api/quantitative/evolution/archive"
LEADERS = "/api/quantitative/evolution/leaders"
OVERVIEW = "/api/quantitative/overview"


@pytest.fixture
def stands(stand_in):
    """Return how to say in which state evolution is."""

    def set_to(state):
        def answer(asked):
            _, body = stand_in.answers.answer("GET", OVERVIEW, full=True)
            return body | {"evolution": body["evolution"] | {"state": state}}

        stand_in.instead[OVERVIEW] = answer

    return set_to


def told(desk):
    return [each.body for each in desk.writes if each.path == CONTROL]


def generation(number, **more):
    return {
        "generation": number, "ts": 1_795_000_000_000, "evaluations": 100 * number, "best_scs": 40.0, "q25": 5.0,
        "median_scs": 10.0, "q75": 20.0, "diversity": 0.4, "coverage": 0.1, "members": None, "operators": None,
    } | more  # fmt: skip


def test_evolution_that_runs_is_paused_with_a_reason(viewer, stand_in, stands):
    stands("running")
    viewer.open("evolution")
    assert viewer.at.button("evolution.resume").disabled
    viewer.confirm("evolution.pause", "maintenance")
    assert told(stand_in) == [{"action": "pause_evolution", "reason": "maintenance"}]


def test_evolution_that_is_paused_is_resumed(viewer, stand_in, stands):
    stands("paused")
    viewer.open("evolution")
    assert viewer.at.button("evolution.pause").disabled
    viewer.confirm("evolution.resume", "")
    assert told(stand_in) == [{"action": "resume_evolution"}]


def test_evolution_cannot_be_steered_by_a_reader(viewer, stand_in, stands):
    stand_in.role = "read"
    stands("running")
    viewer.open("evolution")
    buttons = ("evolution.pause", "evolution.resume", "new_run.begin", "new_run.seed_button")
    assert all(viewer.at.button(name).disabled for name in buttons)


def test_new_run_is_told_with_its_settings_once_its_word_is_typed(viewer, stand_in):
    viewer.open("evolution")
    viewer.at.number_input("new_run.population").set_value(412)
    viewer.at.number_input("new_run.seed").set_value(11)
    viewer.at.number_input("new_run.generations_per_window").set_value(20)
    viewer.at.number_input("new_run.evolution_interval").set_value(5)
    viewer.run()
    viewer.confirm("new_run.begin", "another seed", typed="new run")
    assert told(stand_in) == []
    viewer.confirm("new_run.begin", "another seed", typed="NEW RUN")
    settings = {"population": 412, "seed": 11, "generations_per_window": 20, "evolution_interval": 5}
    assert told(stand_in) == [{"action": "start_evolution", "reason": "another seed", "settings": settings}]


@pytest.mark.parametrize(
    ("name", "value", "shown"), [("population", 15, "15"), ("seed", -1, "−1"), ("generations_per_window", 0, "0")]
)
def test_new_run_with_a_setting_out_of_its_range_says_the_rule(viewer, name, value, shown):
    viewer.open("evolution")
    viewer.at.number_input(f"new_run.{name}").set_value(value)
    viewer.run()
    assert f"is {shown}: enter one in this range" in viewer.words
    assert viewer.at.button("new_run.begin").disabled


def test_new_run_takes_another_seed(viewer):
    viewer.open("evolution")
    before = viewer.at.number_input("new_run.seed").value
    viewer.at.button("new_run.seed_button").click()
    viewer.run()
    assert viewer.at.number_input("new_run.seed").value != before


def test_evolution_of_an_old_run_says_what_it_has_not_written_down(viewer, stand_in):
    stand_in.instead[POPULATIONS] = lambda asked: {"run_id": "x", "generations": [generation(1)], "as_of": 1}
    viewer.open("evolution")
    assert viewer.text("evolution.shares_empty") in viewer.words
    assert viewer.text("evolution.operators_empty") in viewer.words
    assert "failed" not in viewer.states


def test_evolution_sums_operators_over_the_latest_generations(viewer, stand_in):
    rows = [
        generation(
            number, members={"momentum BTC 1h": 7}, operators={"sbx": {"tried": 10, "accepted": 2, "founded": 4}}
        )
        for number in range(1, 26)
    ]
    stand_in.instead[POPULATIONS] = lambda asked: {"run_id": "x", "generations": rows, "as_of": 1}
    viewer.open("evolution")
    assert viewer.text("evolution.operators_note", n="20", founded="80") in viewer.words


def test_evolution_of_windows_that_only_begin_says_that_nobody_competed(viewer, stand_in):
    found = stand_in.answers.answer("GET", POPULATIONS, full=True)[1]
    counted = {"mutation": {"tried": 10, "accepted": 0, "founded": 10}}
    rows = [generation(number, members={"momentum BTC 1h": 7}, operators=counted) for number in range(1, 4)]
    stand_in.instead[POPULATIONS] = lambda asked: found | {"generations": rows}
    viewer.open("evolution")
    assert viewer.text("evolution.operators_founded", n="3") in viewer.words
    assert "failed" not in viewer.states


def test_evolution_asks_for_the_run_and_species_of_the_address(viewer, stand_in):
    _, runs = stand_in.answers.answer("GET", "/api/quantitative/runs", full=True)
    _, log = stand_in.answers.answer("GET", "/api/quantitative/evolution-log", full=True)
    run, species = runs["items"][1]["id"], log["items"][0]["species"]
    viewer.open("evolution", run=run, species=species)
    asked = [each.query for each in stand_in.asked if each.path == POPULATIONS]
    assert {"run_id": run, "species": species} in [
        {name: each[name] for name in ("run_id", "species") if name in each} for each in asked
    ]


def test_evolution_says_how_good_the_luckiest_are(viewer):
    viewer.open("evolution")
    assert "markets without an edge" in viewer.words


def test_map_that_a_new_window_has_emptied_stays_with_its_generation_until_it_is_filled(viewer, stand_in):
    full = stand_in.answers.answer("GET", ARCHIVE, full=True)[1] | {"generation": 7}
    stand_in.instead[ARCHIVE] = lambda asked: full
    viewer.open("evolution")
    note = viewer.text("evolution.archive_note", n=str(len(full["cells"])), share=f"{full['coverage']:.1%}")
    assert note in viewer.words
    assert viewer.text("evolution.archive_held", n="7") not in viewer.words
    stand_in.instead[ARCHIVE] = lambda asked: full | {"generation": 8, "cells": [], "coverage": 0.0}
    viewer.later(20.0)
    assert f"{note} {viewer.text('evolution.archive_held', n='7')}" in viewer.words
    stand_in.instead[ARCHIVE] = lambda asked: full | {"run_id": "another", "cells": [], "coverage": 0.0}
    viewer.later(20.0)
    assert note not in viewer.words
    assert viewer.text("evolution.archive_unfilled") in viewer.words


def test_leader_that_is_clicked_is_the_one_that_was_seen(viewer, stand_in):
    viewer.open("evolution")
    shown = stand_in.answers.answer("GET", LEADERS, full=True)[1]
    others = [row | {"id": f"other{number}"} for number, row in enumerate(shown["items"])]
    stand_in.instead[LEADERS] = lambda asked: shown | {"items": others}
    clicked = {"rows": [0], "columns": [], "cells": []}
    viewer.at.session_state["evolution-leaders-table"] = {"selection": clicked}
    viewer.later(20.0)
    assert f"/strategy?id={shown['items'][0]['id']}" in viewer.html


def test_leaders_effective_trials_are_whole_numbers(viewer, stand_in):
    found = stand_in.answers.answer("GET", LEADERS, full=True)[1]
    overfitting = [each | {"n_trials_effective": 849.0} for each in found["overfitting"]]
    stand_in.instead[LEADERS] = lambda asked: found | {"overfitting": overfitting}
    viewer.open("evolution")
    assert "849" in viewer.words
    assert "849.0" not in viewer.words
    (columns,) = (json.loads(each.proto.columns) for each in viewer.at.dataframe if "n_trials" in each.proto.columns)
    assert columns["n_trials_effective"]["type_config"]["format"] == columns["n_trials"]["type_config"]["format"]

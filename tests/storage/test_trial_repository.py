"""Trials: what a run evaluated, and who descends from whom."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

import storage

COUNTERS = {"evaluations": 64, "generation": 1, "round": 1}
SPECIES = "momentum|BTC/USDT|1h"


def _store(runs: storage.RunRepository, make_run, make_trial, parents: dict[int, list[int]], **changes: object) -> str:
    run_id = runs.create(make_run())
    trials = [
        make_trial(child, batch=child // 4, parents=found, operator="sbx" if found else "initial", **changes)
        for child, found in parents.items()
    ]
    runs.commit(run_id, batch=len(trials), state=b"", trials=trials, **COUNTERS)
    return run_id


def _ancestors(parents: dict[int, list[int]], child: int, depth: int) -> dict[int, int]:
    """Return the least distance of each ancestor, step by step."""
    found, border = {child: 0}, {child}
    for distance in range(1, depth + 1):
        border = {parent for one in border for parent in parents[one] if parent in parents} - found.keys()
        found |= dict.fromkeys(border, distance)
    return found


def test_lineage_says_who_descends_from_whom(runs, trials, make_run, make_trial):
    run_id = _store(runs, make_run, make_trial, {0: [], 1: [], 2: [], 3: [0, 1], 4: [1, 3], 5: [2]})
    found = trials.lineage(run_id, SPECIES, 4)
    assert [(node["child"], node["depth"]) for node in found["nodes"]] == [(4, 0), (1, 1), (3, 1), (0, 2)]
    assert found["nodes"][0] == {
        "child": 4,
        "operator": "sbx",
        "fitness": 50.0,
        "genome": [20.0, 4.01, 1 / 3],
        "parents": [1, 3],
        "batch": 1,
        "depth": 0,
    }
    assert sorted(found["edges"]) == [(0, 3), (1, 3), (1, 4), (3, 4)]


def test_lineage_stays_in_its_run_and_species(runs, trials, make_run, make_trial):
    run_id = _store(runs, make_run, make_trial, {0: [], 1: [0]})
    _store(runs, make_run, make_trial, {0: [], 1: [], 2: [0, 1]})
    _store(runs, make_run, make_trial, {0: [], 1: [], 2: [0, 1]}, species="breakout|BTC/USDT|1h")
    assert [node["child"] for node in trials.lineage(run_id, SPECIES, 1)["nodes"]] == [1, 0]
    for child, species in ((2, SPECIES), (1, "breakout|BTC/USDT|1h")):
        with pytest.raises(storage.NotFoundError, match=f"there is no child {child} of '"):
            trials.lineage(run_id, species, child)


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lineage_equals_a_walk_along_the_parents(runs, trials, make_run, make_trial, data):
    size = data.draw(st.integers(1, 14))
    parents = {
        child: data.draw(st.lists(st.integers(0, child - 1), max_size=3, unique=True)) if child else []
        for child in range(size)
    }
    depth = data.draw(st.integers(0, 6))
    run_id = _store(runs, make_run, make_trial, parents)
    found = trials.lineage(run_id, SPECIES, size - 1, depth=depth)
    expected = _ancestors(parents, size - 1, depth)
    assert {node["child"]: node["depth"] for node in found["nodes"]} == expected
    edges = {(parent, child) for child in expected for parent in parents[child] if parent in expected}
    assert (set(found["edges"]), len(found["edges"])) == (edges, len(edges))


def test_lineage_is_bounded_in_depth_and_nodes(runs, trials, make_run, make_trial):
    crowd = {child: [] for child in range(600)}
    run_id = _store(runs, make_run, make_trial, crowd | {600: list(range(600)), 601: [600]})
    assert [node["child"] for node in trials.lineage(run_id, SPECIES, 601, depth=1)["nodes"]] == [601, 600]
    found = trials.lineage(run_id, SPECIES, 601)
    assert [node["child"] for node in found["nodes"]] == [601, 600, *range(498)]
    assert len(found["edges"]) == 499
    for depth in (-1, 51):
        with pytest.raises(storage.InvalidValueError, match=rf"depth must be in \[0, 50\], was {depth}"):
            trials.lineage(run_id, SPECIES, 601, depth=depth)


def test_lineage_of_parents_in_a_circle_ends(database, runs, trials, make_run, make_trial):
    run_id = _store(runs, make_run, make_trial, {0: [], 1: [0]})
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE trials SET parents = '{0,1,77}'"))
    found = trials.lineage(run_id, SPECIES, 1, depth=50)
    assert [(node["child"], node["depth"]) for node in found["nodes"]] == [(1, 0), (0, 1)]
    assert sorted(found["edges"]) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_trial_needs_few_bytes_for_what_it_shares_with_others(database, runs, trials, make_run, make_trial):
    run_id = runs.create(make_run())
    species = [f"momentum COIN{number}/USDT:USDT 1m" for number in range(15)]
    rows = [
        make_trial(child, species=name, genome=[20.0 + child, 0.0125, 0.5, 0.0], operator="mutation")
        for child in range(1_000)
        for name in species
    ]
    runs.commit(run_id, batch=0, state=b"", trials=rows, evaluations=15_000, generation=1, round=1)
    with database.engine.connect() as connection:
        size = connection.scalar(text("SELECT pg_total_relation_size('trials')"))
        shared = connection.execute(text("SELECT count(*) FROM trial_series, trial_candles")).scalar_one()
    assert size / len(rows) < 260  # 224 in a run; 706 when each row had the names and hashes that it shares
    assert shared == 15
    assert [row["species"] for row in trials.of_run(run_id)[::1_000]] == sorted(species)


def test_trial_of_another_run_shares_candles_and_not_its_series(database, runs, make_run, make_trial):
    for number in range(3):
        run_id = runs.create(make_run(seed=number))
        for batch in range(2):
            trial = make_trial(batch, batch=batch)
            runs.commit(run_id, batch=batch, state=b"", trials=[trial], evaluations=batch, generation=1, round=1)
    with database.engine.connect() as connection:
        numbers = connection.execute(text("SELECT id FROM trial_series ORDER BY 1")).scalars().all()
        assert numbers == list(range(numbers[0], numbers[0] + 3))  # no number is used up by what is there already
        assert connection.execute(text("SELECT count(*) FROM trial_candles")).scalar_one() == 1

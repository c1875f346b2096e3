"""Sparks: curves in a few points for lists of many."""

import pytest

from storage import EvidenceRepository, InvalidValueError, SparkRepository, StrategyRepository, strategy_id

SPECIES = "momentum|BTC/USDT|1h"


@pytest.fixture
def sparks(database) -> SparkRepository:
    return SparkRepository(database.engine)


@pytest.fixture
def ids(database, run_id, make_strategy) -> list[str]:
    StrategyRepository(database.engine).replace_population(run_id, [make_strategy(child) for child in range(4)])
    return [strategy_id(run_id, SPECIES, child) for child in range(4)]


def curve(*values: float) -> dict[str, object]:
    return {"times": list(range(len(values))), "index": list(values), "buy_and_hold": list(values)}


def test_spark_has_evenly_spread_points_with_both_ends(evidence: EvidenceRepository, sparks, ids):
    evidence.keep_curves(ids[0], {"backtest": curve(*range(1, 102))})
    assert sparks.sparks(ids, 6) == {ids[0]: [1.0, 21.0, 41.0, 61.0, 81.0, 101.0]}
    assert sparks.sparks(ids, 2) == {ids[0]: [1.0, 101.0]}


def test_spark_of_a_short_curve_is_the_whole_curve(evidence: EvidenceRepository, sparks, ids):
    evidence.keep_curves(ids[0], {"backtest": curve(1.0, 2.0, 1.5)})
    evidence.keep_curves(ids[1], {"backtest": curve(1.0)})
    evidence.keep_curves(ids[2], {"backtest": curve()})
    assert sparks.sparks([*ids, "nobody"]) == {ids[0]: [1.0, 2.0, 1.5]}


def test_spark_is_of_the_source_that_says_most(evidence: EvidenceRepository, sparks, ids):
    known = {}
    for number, source in enumerate(("backtest", "oos", "paper", "live")):
        known[source] = curve(float(number), 9.0)
        evidence.keep_curves(ids[0], known)
        assert sparks.sparks(ids[:1]) == {ids[0]: [float(number), 9.0]}


@pytest.mark.parametrize(("strategies", "points"), [(["x"] * 501, 24), (["x"], 1), (["x"], 101)])
def test_spark_refuses_what_is_out_of_bounds(sparks, strategies, points):
    with pytest.raises(InvalidValueError):
        sparks.sparks(strategies, points)


def test_spark_of_nobody_is_nothing(sparks):
    assert sparks.sparks([]) == {}

"""Counts say why the likeliest candidates fail; ids are found by their first letters."""

import pytest

import storage


@pytest.fixture
def strategies(database: storage.Database) -> storage.StrategyRepository:
    return storage.StrategyRepository(database.engine)


HIGH, LOW = {"scs": 80.0}, {"scs": 20.0}
FINAL = {"finalist": True}
DSR, TRADES, NONE = "B: deflated Sharpe ratio 0.5, needs 0.95", "C: 3 out-of-sample trades, needs 30", "C: no evidence"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([HIGH | {"grade": "B", "grade_reason": DSR}, *[LOW | FINAL | {"grade_reason": TRADES}] * 2], "B: deflated"),
        ([HIGH | {"grade": "A", "grade_reason": "A: all"}, LOW | FINAL | {"grade_reason": TRADES}], "C: out-of-sample"),
        ([LOW | FINAL | {"grade_reason": TRADES}, *[LOW | {"grade_reason": NONE}] * 3], "C: out-of-sample trades"),
        ([LOW | FINAL | {"grade": "A", "grade_reason": "A: all"}, LOW | {"grade_reason": NONE}], NONE),
        ([HIGH | {"grade_reason": None}, LOW | {"grade_reason": NONE}], NONE),
    ],
    ids=["above the threshold", "A does not count", "finalists", "all", "nobody above has a reason"],
)
def test_commonest_reason_is_that_of_those_who_come_nearest(strategies, run_id, make_strategy, rows, expected):
    strategies.replace_population(run_id, [make_strategy(child, **row) for child, row in enumerate(rows)])
    assert strategies.counts(65, run_id=run_id).commonest_reason.startswith(expected)


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (
            ["C: 3 out-of-sample trades, needs 30", "C: 29 out-of-sample trades, needs 30", NONE],
            "C: out-of-sample trades, needs 30",
        ),
        (
            ["C: out-of-sample score 8.2, needs 65", "C: out-of-sample score 64.9, needs 65", NONE],
            "C: out-of-sample score, needs 65",
        ),
        (
            [f"C: excess over buy-and-hold {value} a year, needs more than 0" for value in ("-0.0312", "-1e+20")],
            "C: excess over buy-and-hold a year, needs more than 0",
        ),
        (["C: 1,500 candles are too few, needs 2,000"] * 2, "C: candles are too few, needs 2,000"),
        (["C: out-of-sample score undefined, needs 65"], "C: out-of-sample score undefined, needs 65"),
        (["C: 2 things"], "C: 2 things"),
    ],
)
def test_reasons_with_other_values_count_as_the_same(strategies, run_id, make_strategy, reasons, expected):
    rows = [make_strategy(child, grade_reason=reason, **LOW) for child, reason in enumerate(reasons)]
    strategies.replace_population(run_id, rows)
    assert strategies.counts(65).commonest_reason == expected


def test_ids_are_found_by_their_first_letters(strategies, run_id, make_strategy):
    rows = [make_strategy(child) for child in range(40)]
    strategies.replace_population(run_id, rows)
    ids = sorted(storage.strategy_id(run_id, rows[0]["species"], child) for child in range(40))
    first = ids[0]
    assert strategies.beginning_with(first) == [first]
    assert strategies.beginning_with(first[:2]) == [one for one in ids if one.startswith(first[:2])]
    assert strategies.beginning_with("", limit=3) == ids[:3]
    for hostile in ("%", "_", f"{first[:3]}%", "\\", "' OR 1=1"):
        assert strategies.beginning_with(hostile) == []

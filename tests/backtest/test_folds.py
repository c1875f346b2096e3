"""Folds: disjoint, purged and embargoed parts of the candles, scored as `run_spans` scores them."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from price_shapes import shaped_candles

from backtest import BacktestError, Costs, fold_scores, fold_spans, prepare, run, run_spans, score_many
from market import synthetic_candles
from strategies import StrategySpec, get

BARS = 2403  # no multiple of any number of folds below
CANDLES = synthetic_candles(symbol="BTC/USDT:USDT", bars=BARS, seed=6, regimes=["trend"])
FREE = Costs(0, 0)
SPECS = [
    StrategySpec("momentum", {"lookback_period": 12, "threshold": 0.004, "quantity": 2.5}),
    StrategySpec("mean_reversion", {"lookback_period": 30, "std_multiplier": 1.2, "take_profit": 0.02}),
    StrategySpec("breakout", {"lookback_period": 20, "breakout_threshold": 0.0, "stop_loss": 0.01}),
    StrategySpec("trend_following", {"lookback_period": 25, "trend_threshold": 0.05}),
    StrategySpec("high_frequency", {"min_profit": 0.0, "volatility_threshold": 0.05}),
]
SLOW = StrategySpec("momentum", {"lookback_period": 1500, "threshold": 0.01})
by_type = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.type)


def momentum(lookback):
    return StrategySpec("momentum", {"lookback_period": lookback, "threshold": 0.01})


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.data(), st.integers(1, 12), st.integers(2, 5000))
def test_fold_spans_are_disjoint_purged_embargoed_and_inside_the_bars(data, n_folds, lookback):
    n_bars = data.draw(st.integers(4 * n_folds, 10_000))
    spans = fold_spans(momentum(lookback), n_bars, n_folds)
    assert len(spans) == n_folds
    assert all(0 <= start < stop <= n_bars for start, stop in spans)
    assert spans[-1][1] == n_bars
    part = n_bars / n_folds
    edges = [0, *(stop for _, stop in spans)]
    for i, ((edge, end), (start, stop)) in enumerate(zip(pairwise(edges), spans, strict=True)):
        assert end == stop == (i + 1) * n_bars // n_folds  # equal parts: none is a bar longer than need be
        length = stop - edge
        assert abs(length - part) < 1
        gap = start - edge
        assert gap >= min(lookback, length // 2)
        assert gap - min(lookback, length // 2) == math.floor(length / 100)
        assert stop - start > length * 0.48 - 1  # half of the part remains, less the embargo


@pytest.mark.parametrize(
    "spec", [*SPECS, SLOW], ids=lambda spec: f"{spec.type}-{get(spec.type).warm_up(spec.parameters)}"
)
def test_fold_scores_are_those_of_run_spans_on_the_same_bars_bit_for_bit(spec):
    for n_folds, costs in [(1, None), (4, FREE), (7, Costs(2, 1))]:
        found = fold_scores([spec], CANDLES, n_folds, costs)[0]
        spans = fold_spans(spec, BARS, n_folds)
        expected = [frame["scs"].iloc[0] for frame in run_spans([spec], CANDLES, spans, costs)]
        assert found[:-1].tolist() == expected
        assert found[-1] == score_many([spec], CANDLES, costs)[0]


def test_fold_scores_without_costs_are_mostly_above_zero():
    """The comparison above would hold of zeros as well."""
    found = np.array([fold_scores([spec], CANDLES, 4, FREE)[0] for spec in SPECS])
    assert np.count_nonzero(found) > found.size / 2
    assert ((found >= 0.0) & (found <= 100.0)).all()


@by_type
def test_fold_scores_do_not_depend_on_company_or_quantity(spec):
    together = fold_scores([*SPECS, SLOW], prepare(CANDLES))
    one_unit = StrategySpec(spec.type, spec.parameters | {"quantity": 1.0})
    assert fold_scores([one_unit], CANDLES)[0].tolist() == together[SPECS.index(spec)].tolist()


@by_type
def test_fold_scores_of_earlier_folds_do_not_depend_on_later_candles(spec):
    cut = CANDLES[: 3 * BARS // 4]
    whole = fold_scores([spec], CANDLES, 4, FREE)[0]
    three = fold_scores([spec], cut, 3, FREE)[0]
    assert fold_spans(spec, BARS, 4)[:2] == fold_spans(spec, len(cut), 3)[:2]
    assert whole[:2].tolist() == three[:2].tolist()  # the third one ends in a closing fill here


def test_trades_across_an_edge_of_folds_are_in_none_of_them():
    """One trade over all parts: the whole knows it, no part does."""
    n = 400
    close = np.append(np.full(20, 100.0), 103.0 * 1.001 ** np.arange(n - 20))
    candles = type(CANDLES).from_arrays(
        CANDLES.timestamp[:n], close, close, close, close, np.ones(n), symbol="BTC/USDT:USDT", timeframe="1h"
    )
    spec = StrategySpec("breakout", {"lookback_period": 10, "breakout_threshold": 0.01})
    assert len(run(spec, candles).trades) == 1
    tables = run_spans([spec], candles, fold_spans(spec, n, 4))
    assert [table["n_trades"].iloc[0] for table in tables] == [0, 0, 0, 0]
    assert fold_scores([spec], candles)[0, :-1].tolist() == [0.0] * 4
    assert fold_scores([spec], candles)[0, -1] > 20.0


def test_fold_scores_on_spot_are_those_of_long_sides():
    candles = synthetic_candles(symbol="BTC/USDT", bars=900, seed=5)
    assert candles.market_type == "spot"
    found = fold_scores(SPECS, candles, 3, FREE)
    np.testing.assert_array_equal(found, fold_scores(SPECS, candles, 3, FREE, sides="long"))
    assert (found != fold_scores(SPECS, candles, 3, FREE, sides="both")).any()


def test_fold_scores_of_candles_with_gaps_are_finite():
    candles = shaped_candles("wild", seed=2, n_bars=400, gaps=True)
    assert np.isfinite(fold_scores([*SPECS, SLOW], candles)).all()


def test_fold_scores_of_no_strategies_have_no_row():
    assert fold_scores([], CANDLES, 3).shape == (0, 4)


@pytest.mark.parametrize(("bars", "n_folds"), [(16, 5), (15, 4), (16, 0), (16, -1), (3, 1)])
def test_folds_that_do_not_fit_the_bars_are_refused(bars, n_folds):
    message = rf"folds must be in \[1, a fourth of the {bars} bars\], were {n_folds}"
    for specs in (SPECS, []):
        with pytest.raises(BacktestError, match=message):
            fold_scores(specs, CANDLES[:bars], n_folds)
    with pytest.raises(BacktestError, match=message):
        fold_spans(SPECS[0], bars, n_folds)


def test_folds_of_the_fewest_bars_are_scored():
    assert np.isfinite(fold_scores([*SPECS, SLOW], CANDLES[:16], 4)).all()


def test_fold_scores_of_something_else_than_strategies_are_refused():
    with pytest.raises(BacktestError, match="each strategy must be"):
        fold_scores(["momentum"], CANDLES)

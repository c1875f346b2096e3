"""Windows: a run never holds a bar that its selection may not see."""

import pickle
import struct

import numpy as np
import pytest

import backtest
import strategies
from evolution import FoldObjective, FoldSettings, Optimizer, SettingsError, Space, Species, WalkForward, Windows
from market import Candles, synthetic_candles

PLAN = WalkForward(rolls=(1, 2, 3))
COLUMNS = ("open", "high", "low", "close", "volume")
HOURS = synthetic_candles(symbol="BTC/USDT:USDT", bars=1601, seed=1)
FOURS = synthetic_candles(symbol="ETH/USDT", timeframe="4h", bars=1111, seed=1)


def with_other_candles_from(candles, bar):
    """Return candles of the same market with other prices from a bar on."""
    other = synthetic_candles(symbol=candles.symbol, timeframe=candles.timeframe, bars=len(candles), seed=99)
    columns = {name: np.append(getattr(candles, name)[:bar], getattr(other, name)[bar:]) for name in COLUMNS}
    labels = {name: getattr(candles, name) for name in ("symbol", "timeframe", "venue", "market_type", "origin")}
    return Candles(timestamp=candles.timestamp, **columns, **labels)


def arrays_of(prepared):
    """Return every array that prepared candles hold, by name."""
    found = {f"candles.{name}": getattr(prepared.candles, name) for name in ("timestamp", *COLUMNS)}
    found |= {f"prices.{name}": value for name, value in vars(prepared.prices).items() if hasattr(value, "dtype")}
    found |= {name: value for name, value in vars(prepared).items() if hasattr(value, "dtype")}
    for kind in strategies.available():
        found |= {f"{kind}.{i}": column for i, column in enumerate(prepared.columns_of(kind))}
    return found


@pytest.mark.parametrize("window", range(4))
def test_training_candles_hold_no_later_bar_columns_included(window):
    windows = Windows([HOURS, FOURS], plan=PLAN)
    for candles in (HOURS, FOURS):
        market = (candles.symbol, candles.timeframe)
        stop = windows.train_stop(market, window)
        training = windows.training(window)[market]
        fresh = Candles.from_arrays(
            *(getattr(candles, name)[:stop].copy() for name in ("timestamp", *COLUMNS)),
            symbol=candles.symbol, timeframe=candles.timeframe, venue=candles.venue, origin=candles.origin,
        )  # fmt: skip
        expected = arrays_of(backtest.prepare(fresh, strategies.available()))
        found = arrays_of(training)
        assert len(training) == stop < len(candles)
        assert {len(array) for array in found.values()} <= {stop, stop - 1}
        assert found.keys() == expected.keys()
        for name, array in found.items():
            np.testing.assert_array_equal(array, expected[name], err_msg=name)
        assert training.candles.bars_per_year == fresh.bars_per_year


@pytest.mark.parametrize("window", range(4))
def test_objective_that_is_sent_to_workers_holds_no_later_price(window):
    marked = 43_210.987654321
    stop = PLAN.train_stop(len(HOURS), window)
    columns = {name: getattr(HOURS, name).copy() for name in COLUMNS}
    columns["close"][stop] = columns["high"][stop] = marked
    columns["low"][stop] = min(columns["low"][stop], columns["open"][stop])
    windows = Windows([Candles.from_arrays(HOURS.timestamp, **columns, symbol="BTC/USDT:USDT")], plan=PLAN)
    mark = struct.pack("<d", marked)
    assert mark not in pickle.dumps(windows.objective(window))
    assert mark in pickle.dumps(windows.objective(window + 1))
    assert mark in pickle.dumps(windows.whole)


@pytest.mark.parametrize("window", range(4))
def test_fitness_and_behaviours_do_not_depend_on_candles_from_the_end_of_training_on(window):
    windows = Windows([HOURS, FOURS], backtest.Costs(1, 0), PLAN)
    changed = Windows(
        [with_other_candles_from(c, windows.train_stop((c.symbol, c.timeframe), window)) for c in (HOURS, FOURS)],
        backtest.Costs(1, 0),
        PLAN,
    )
    candidates = Optimizer(windows.spaces, population=100, batch_size=25).ask()
    objective, other = windows.objective(window), changed.objective(window)
    assert objective(candidates) == other(candidates)
    assert repr(objective.behaviours(candidates)) == repr(other.behaviours(candidates))
    assert sum(score > 0.0 for score in objective(candidates)) > 5
    later, other_later = windows.objective(window + 1), changed.objective(window + 1)
    assert later(candidates) != other_later(candidates)  # or nothing was changed


def test_windows_train_on_the_share_of_each_market():
    windows = Windows([HOURS, FOURS], plan=PLAN)
    for candles in (HOURS, FOURS):
        market = (candles.symbol, candles.timeframe)
        for window in range(5):
            stop = PLAN.train_stop(len(candles), window)
            assert windows.train_stop(market, window) == stop == len(windows.training(window)[market])


def test_windows_can_be_asked_for_in_any_order():
    windows = Windows([HOURS], plan=PLAN)
    market = ("BTC/USDT:USDT", "1h")
    for window in (2, 0, 2, 3, 1):
        assert len(windows.whole[market]) == 1601
        assert len(windows.training(window)[market]) == windows.train_stop(market, window)
        assert windows.training(window) is windows.training(window)  # prepared once


def test_objective_of_a_window_is_the_fold_objective_on_its_training_candles():
    costs, folds = backtest.Costs(2, 1), FoldSettings(folds=3, neighbours=2)
    windows = Windows([HOURS, FOURS], costs, PLAN, folds)
    candidates = Optimizer(windows.spaces, population=60, batch_size=15).ask()
    cut = {(c.symbol, c.timeframe): backtest.prepare(c[: PLAN.train_stop(len(c), 1)]) for c in (HOURS, FOURS)}
    spaces = {Species(name, *market): Space.of(name) for name in strategies.available() for market in windows.candles}
    assert windows.spaces == spaces
    assert windows.objective(1)(candidates) == FoldObjective(cut, spaces, costs, folds)(candidates)


@pytest.mark.parametrize(("bars", "spans"), [(999, 0), (1000, 4)])
def test_plan_suits_the_shortest_market(bars, spans):
    assert Windows([HOURS, FOURS[:bars]]).plan == WalkForward.for_bars(bars)
    assert Windows([HOURS, FOURS[:bars]]).plan.spans == spans


def test_windows_without_test_spans_train_on_everything():
    windows = Windows([HOURS[:600]])
    assert len(windows.training(0)["BTC/USDT:USDT", "1h"]) == 600


def test_objective_hash_tells_plans_and_folds_apart_and_nothing_else():
    described = [
        Windows([HOURS], plan=plan, folds=folds).objective_hash
        for plan in (PLAN, WalkForward())
        for folds in (FoldSettings(), FoldSettings(radius=0.1), FoldSettings(neighbours=2))
    ]
    assert len(set(described)) == 6
    assert Windows([HOURS], plan=WalkForward(), folds=FoldSettings()).objective_hash == Windows([FOURS]).objective_hash


def test_windows_without_a_market_or_with_one_twice_are_refused():
    with pytest.raises(SettingsError, match="at least one market and each once, had 0 candle sets"):
        Windows([])
    with pytest.raises(SettingsError, match="at least one market and each once, had 2 candle sets"):
        Windows([HOURS, HOURS[:1200]])


def test_windows_with_fewer_candles_than_folds_need_are_refused_before_a_run():
    with pytest.raises(SettingsError, match=r"ETH/USDT 4h must have 16 candles to train on \(4 folds\), had 15"):
        Windows([HOURS, FOURS[:15]])
    with pytest.raises(SettingsError, match=r"must have 16 candles to train on \(4 folds\), had 15"):
        Windows([HOURS[:31]], plan=PLAN)
    for windows in (
        Windows([FOURS[:16]]),
        Windows([HOURS[:32]], plan=PLAN),
        Windows([FOURS[:4]], folds=FoldSettings(1)),
    ):
        candidates = Optimizer(windows.spaces, population=20, batch_size=5).ask()
        assert all(0.0 <= score <= 100.0 for score in windows.objective(0)(candidates))

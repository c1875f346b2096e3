"""The evidence of finalists: what selection saw is invisible to it, and every number is that of a plain backtest."""

import math
from itertools import pairwise

import numpy as np
import pytest

import backtest
import strategies
from evolution import (
    Candidate,
    Evolution,
    Finalist,
    FoldSettings,
    Member,
    SettingsError,
    Species,
    WalkForward,
    WalkForwardEvolution,
    Windows,
    gather_evidence,
)
from market import Candles, synthetic_candles

MARKET = ("BTC/USDT:USDT", "1h")
PLAN = WalkForward(rolls=(1, 2, 3))
CHEAP = backtest.Costs(1, 0)
CANDLES = synthetic_candles(symbol=MARKET[0], bars=2003, seed=6, regimes=["trend"])
HOLDOUT = 350
COLUMNS = ("open", "high", "low", "close", "volume")
STRATEGIES = {
    "momentum": {"lookback_period": 12, "threshold": 0.004, "stop_loss": 0.0, "take_profit": 0.0},
    "mean_reversion": {"lookback_period": 30, "std_multiplier": 1.2, "stop_loss": 0.0, "take_profit": 0.02},
    "breakout": {"lookback_period": 20, "breakout_threshold": 0.0, "stop_loss": 0.01, "take_profit": 0.0},
    "trend_following": {"lookback_period": 25, "trend_threshold": 0.05, "stop_loss": 0.0, "take_profit": 0.0},
    "high_frequency": {"min_profit": 0.0, "volatility_threshold": 0.05, "stop_loss": 0.0, "take_profit": 0.0},
}
by_type = pytest.mark.parametrize("kind", STRATEGIES)
every_window = pytest.mark.parametrize("window", range(4))


def windows_of(candles=CANDLES, plan=PLAN, **changes):
    return Windows([candles], CHEAP, plan, **changes)


def spec_of(kind, **changes):
    return strategies.StrategySpec(kind, STRATEGIES[kind] | changes)


def finalist_of(kind, window=0, market=MARKET, **changes):
    values = STRATEGIES[kind] | changes
    candidate = Candidate(
        3, Species(kind, *market), 1, 0, (), tuple(values), tuple(float(v) for v in values.values()), (), "initial"
    )
    return Finalist(Member(candidate, 12.5, 1, 1), str(window) if window else "")


def trials_of(windows, n_trials=500, n_effective=40):
    return {
        market: backtest.TrialStatistics(n_trials, n_effective, len(candles), math.nan)
        for market, candles in windows.candles.items()
    }


def evidence_of(kind, window, windows, whole=None, rule=None, **changes):
    (found,) = gather_evidence([finalist_of(kind, window, **changes)], windows, trials_of(windows), rule, whole)
    return found


def times_of(candles, start, stop):
    return int(candles.timestamp[start]), int(candles.timestamp[stop - 1]) + 3_600_000


@pytest.fixture(scope="module")
def jumped():
    """Return candles whose prices double where the training of a window ends: earlier returns are the same, exactly."""

    def candles_of(bar):
        scale = np.where(np.arange(len(CANDLES)) < bar, 1.0, 2.0)
        columns = {name: getattr(CANDLES, name) * scale for name in COLUMNS[:-1]}
        labels = {name: getattr(CANDLES, name) for name in ("symbol", "timeframe", "venue", "market_type", "origin")}
        return Candles(timestamp=CANDLES.timestamp, **columns, volume=CANDLES.volume, **labels)

    return candles_of


@every_window
@pytest.mark.parametrize("kind", ["momentum", "trend_following"])
def test_prices_that_selection_saw_are_invisible_to_the_evidence(jumped, kind, window):
    """The jump into the test span is what every signal sees whose lookback reaches beyond the end of training."""
    windows = windows_of()
    stop = windows.train_stop(MARKET, window)
    other = windows_of(jumped(stop))
    found, changed = (evidence_of(kind, window, one) for one in (windows, other))
    assert found.in_sample_scs == changed.in_sample_scs
    assert (found.oos.start, found.oos.score) == (changed.oos.start, changed.oos.score)
    np.testing.assert_array_equal(found.oos.returns, changed.oos.returns)
    np.testing.assert_array_equal(found.oos.index, changed.oos.index)
    assert found.oos.metrics == changed.oos.metrics
    assert (found.oos.psr, found.oos.excess) == (changed.oos.psr, changed.oos.excess)
    assert [span for span in found.spans if span.kind != "train"] == [s for s in changed.spans if s.kind != "train"]
    assert found.oos.metrics["n_trades"] > 3
    early = [backtest.out_of_sample(spec_of(kind), one.candles[MARKET], stop, CHEAP) for one in (windows, other)]
    assert early[0].scs != early[1].scs  # without the gap it would have been seen


@by_type
@every_window
def test_candles_from_the_end_of_training_on_change_nothing_of_what_is_in_sample(kind, window):
    windows = windows_of()
    stop = windows.train_stop(MARKET, window)
    other = synthetic_candles(symbol=MARKET[0], bars=len(CANDLES), seed=99)
    columns = {name: np.append(getattr(CANDLES, name)[:stop], getattr(other, name)[stop:]) for name in COLUMNS}
    labels = {name: getattr(CANDLES, name) for name in ("symbol", "timeframe", "venue", "market_type", "origin")}
    changed = windows_of(Candles(timestamp=CANDLES.timestamp, **columns, **labels))
    found, elsewhere = (evidence_of(kind, window, one) for one in (windows, changed))
    assert found.in_sample_scs == elsewhere.in_sample_scs
    assert found.selected_until == elsewhere.selected_until
    assert found.oos.start == elsewhere.oos.start  # the gap is decided by what was seen in training
    assert repr([s for s in found.spans if s.kind == "train"]) == repr(
        [s for s in elsewhere.spans if s.kind == "train"]
    )
    assert found.oos.scs != elsewhere.oos.scs or found.oos.returns.sum() != elsewhere.oos.returns.sum()


@by_type
@every_window
def test_evidence_begins_after_the_lookback_and_the_mean_holding_time(kind, window):
    windows = windows_of()
    stop = windows.train_stop(MARKET, window)
    report = backtest.run(spec_of(kind), CANDLES, CHEAP)
    held = np.count_nonzero(report.positions[: stop - 1])  # decided at t, held during t + 1
    left = np.searchsorted(CANDLES.timestamp, report.trades["exit_time"].astype("int64"))
    trades = np.count_nonzero(left < stop)
    assert trades > 10
    lookback = strategies.get(kind).warm_up(STRATEGIES[kind])
    found = evidence_of(kind, window, windows)
    assert found.oos.start == stop + lookback + -(-held // trades)
    assert found.selected_until == int(CANDLES.timestamp[stop - 1]) + 3_600_000


@by_type
def test_evidence_is_that_of_the_strategy_out_of_sample(kind):
    windows = windows_of()
    found = evidence_of(kind, 1, windows)
    expected = backtest.out_of_sample(spec_of(kind), CANDLES, found.oos.start, CHEAP)
    assert found.spec == spec_of(kind)
    assert found.oos.score == expected.score
    np.testing.assert_array_equal(found.oos.returns, expected.returns)
    moments = backtest.full_window_moments(spec_of(kind), CANDLES, CHEAP)
    trials = trials_of(windows)[MARKET]
    assert (found.dsr, found.dsr_raw) == (trials.dsr(moments), trials.dsr_raw(moments))
    assert found.dsr_raw <= found.dsr
    assert found.grade == backtest.grade(expected.evidence(found.dsr))


@by_type
@every_window
def test_in_sample_score_is_that_of_run_spans_on_what_selection_saw(kind, window):
    windows = windows_of()
    stop = windows.train_stop(MARKET, window)
    expected = backtest.run_spans([spec_of(kind)], CANDLES, [(0, stop)], CHEAP)[0]["scs"].iloc[0]
    assert evidence_of(kind, window, windows).in_sample_scs == expected


@by_type
@every_window
@pytest.mark.parametrize("holdout", [0, HOLDOUT])
def test_spans_tile_the_bars_from_the_start_of_the_evidence_to_the_end(kind, window, holdout):
    known = CANDLES[: len(CANDLES) - holdout]
    windows = windows_of(known)
    found = evidence_of(kind, window, windows, whole={MARKET: backtest.prepare(CANDLES)})
    after = [span for span in found.spans if span.kind != "train"]
    assert after[0].start == int(CANDLES.timestamp[found.oos.start])
    assert after[-1].stop == CANDLES.close_time
    assert all(later.start == earlier.stop for earlier, later in pairwise(after))
    edges = [windows.train_stop(MARKET, later) for later in range(window + 1, 4)] + [len(known)]
    expected = [int(CANDLES.timestamp[bar]) for bar in edges if found.oos.start < bar < len(CANDLES)]
    assert [span.start for span in after[1:]] == expected
    assert [span.kind for span in after] == ["test"] * (len(after) - bool(holdout)) + ["holdout"] * bool(holdout)
    assert sum(span.n_trades for span in after) <= found.oos.metrics["n_trades"]  # some cross an edge
    assert len(found.oos.returns) == len(CANDLES) - found.oos.start + 1


@by_type
def test_spans_are_scored_as_run_spans_scores_them(kind):
    windows = windows_of(CANDLES[:-HOLDOUT], folds=FoldSettings(folds=3))
    found = evidence_of(kind, 2, windows, whole={MARKET: backtest.prepare(CANDLES)})
    folds = backtest.fold_spans(spec_of(kind), windows.train_stop(MARKET, 2), 3)
    assert [span.kind for span in found.spans] == ["train"] * 3 + ["test"] * 2 + ["holdout"]
    assert [(s.start, s.stop) for s in found.spans[:3]] == [times_of(CANDLES, *fold) for fold in folds]
    opens = np.append(CANDLES.timestamp, CANDLES.close_time)
    for span in found.spans:
        bars = [int(bar) for bar in np.searchsorted(opens, [span.start, span.stop])]
        row = backtest.run_spans([spec_of(kind)], CANDLES, [tuple(bars)], CHEAP)[0].iloc[0]
        assert (span.scs, span.n_trades) == (row["scs"], row["n_trades"])
        np.testing.assert_equal(span.sharpe, row["sharpe"])


def test_evidence_on_a_holdout_includes_it():
    known = windows_of(CANDLES[:-HOLDOUT])
    without, with_it = (
        evidence_of("momentum", 3, known, whole={MARKET: backtest.prepare(one)})
        for one in (CANDLES[:-HOLDOUT], CANDLES)
    )
    assert without.oos.start == with_it.oos.start
    assert with_it.oos.n_bars == without.oos.n_bars + HOLDOUT
    assert with_it.oos.metrics["n_trades"] > without.oos.metrics["n_trades"]
    assert with_it.in_sample_scs == without.in_sample_scs
    assert 0.0 < without.dsr == with_it.dsr < 1.0  # trials were not counted on those candles, nor luck
    assert evidence_of("momentum", 3, known).oos.n_bars == without.oos.n_bars  # by default there is none


def test_holdout_is_all_the_evidence_of_a_run_without_test_spans():
    known = windows_of(CANDLES[:-HOLDOUT], WalkForward(spans=0, rolls=()))
    found = evidence_of("momentum", 0, known, whole={MARKET: backtest.prepare(CANDLES)})
    assert [span.kind for span in found.spans] == ["train"] * 4 + ["holdout"]
    assert found.oos.start > len(CANDLES) - HOLDOUT
    assert found.grade.missing[0] != "no out-of-sample evidence yet"


@pytest.mark.parametrize("bars", [120, 999])
def test_too_few_candles_are_grade_c_with_that_reason(bars):
    windows = windows_of(CANDLES[:bars], None)
    found = evidence_of("momentum", 0, windows)
    assert found.grade.reason == f"C: {bars} candles are too few for out-of-sample evidence, needs 1,000"
    assert found.oos.n_bars == 0
    assert math.isnan(found.oos.scs)
    assert {span.kind for span in found.spans} == {"train"}


def test_too_few_candles_of_one_market_are_the_reason_on_all():
    few = synthetic_candles(symbol="ETH/USDT", bars=600, seed=1)
    windows = Windows([CANDLES, few], CHEAP)
    assert evidence_of("momentum", 0, windows).grade.missing == (
        "600 candles are too few for out-of-sample evidence, needs 1,000",
    )


def test_enough_candles_without_test_spans_are_no_evidence_yet():
    windows = windows_of(plan=WalkForward(spans=0, rolls=()))
    assert evidence_of("momentum", 0, windows).grade.reason == "C: no out-of-sample evidence yet"


def test_gap_beyond_the_last_candle_leaves_no_evidence():
    found = evidence_of("momentum", 3, windows_of(), lookback_period=900.0)
    assert (found.oos.start, found.oos.n_bars) == (len(CANDLES), 0)
    assert found.grade.reason == "C: no out-of-sample evidence yet"
    assert {span.kind for span in found.spans} == {"train"}


def test_gap_of_a_strategy_that_never_traded_is_its_lookback():
    found = evidence_of("momentum", 1, windows_of(), threshold=1.0)
    assert found.oos.start == windows_of().train_stop(MARKET, 1) + 12
    assert math.isnan(found.dsr)
    assert found.grade.letter == "C"


def test_gap_of_a_strategy_that_holds_whole_bars_is_no_bar_longer():
    """Prices alternate every three bars: with a lookback of two, each trade is held for two."""
    close = 100.0 + 2.0 * (np.arange(1202) // 3 % 2)
    candles = Candles.from_arrays(
        CANDLES.timestamp[:1202], close, close, close, close, np.ones(1202), symbol=MARKET[0], timeframe="1h"
    )
    windows = windows_of(candles)
    stop = windows.train_stop(MARKET, 0)
    assert (
        backtest.run(spec_of("momentum", lookback_period=2), candles[:stop]).trades["exit_time"].diff().nunique() == 1
    )
    found = evidence_of("momentum", 0, windows, lookback_period=2.0)
    assert found.oos.start == stop + 2 + 2 == 605


def test_gap_longer_than_a_test_span_leaves_that_span_out():
    windows = windows_of()
    found = evidence_of("momentum", 0, windows, lookback_period=300.0)
    assert found.oos.start > windows.train_stop(MARKET, 1)
    assert [span.kind for span in found.spans].count("test") == 3


def test_grade_asks_for_what_the_rule_says():
    windows = windows_of()
    easy = backtest.GradeRule(oos_scs=0.0, oos_trades=1, confidence=0.51)
    found = evidence_of("momentum", 1, windows, rule=easy)
    assert found.grade == backtest.grade(found.oos.evidence(found.dsr), easy)
    strict = evidence_of("momentum", 1, windows, rule=backtest.GradeRule(oos_trades=5000))
    assert any("needs 5000" in reason for reason in strict.grade.missing)


def test_evidence_is_one_a_finalist_in_their_order_and_on_their_market():
    hours = synthetic_candles(symbol="ETH/USDT", timeframe="4h", bars=1200, seed=6, regimes=["trend"])
    windows = Windows([CANDLES, hours], CHEAP, PLAN)
    finalists = [
        finalist_of("momentum", 2), finalist_of("breakout", 0, ("ETH/USDT", "4h")), finalist_of("momentum", 1)
    ]  # fmt: skip
    found = gather_evidence(finalists, windows, trials_of(windows))
    assert [item.finalist for item in found] == finalists
    stop = PLAN.train_stop(1200, 0)
    assert found[1].selected_until == int(hours.timestamp[stop - 1]) + 4 * 3_600_000
    assert found[1].spans[-1].stop == hours.close_time
    spot = backtest.out_of_sample(spec_of("breakout"), hours, found[1].oos.start, CHEAP, sides="long")
    assert found[1].oos.scs == spot.scs
    assert gather_evidence([], windows, trials_of(windows)) == []


def test_evidence_of_a_run_holds_for_all_of_its_finalists():
    windows = windows_of()
    evolution = Evolution(windows.objective(0), windows.spaces, population=40, seed=2, batch_size=10)
    run = WalkForwardEvolution(evolution, windows)
    run.run(4)
    finalists = run.finalists()
    found = gather_evidence(finalists, windows, trials_of(windows))
    assert len({item.finalist.window for item in found}) > 1
    for item in found:
        window = int(item.finalist.window or 0)
        stop = windows.train_stop(MARKET, window)
        assert item.selected_until == times_of(CANDLES, 0, stop)[1]
        assert all(span.start >= item.selected_until for span in item.spans if span.kind != "train")
        assert all(span.stop <= item.selected_until for span in item.spans if span.kind == "train")
        lookback = strategies.get(item.spec.type).warm_up(item.spec.parameters)
        assert item.oos.start >= min(stop + lookback, len(CANDLES))


@pytest.mark.parametrize("change", ["earlier start", "other prices", "shorter"])
def test_whole_candles_that_do_not_begin_with_those_of_the_run_are_refused(change):
    """Indices would mean other bars: those that were selected on would be taken for evidence."""
    windows = windows_of(CANDLES[100:-HOLDOUT])
    whole = {
        "earlier start": CANDLES,
        "other prices": synthetic_candles(symbol=MARKET[0], bars=2003, seed=7)[100:],
        "shorter": CANDLES[100 : -HOLDOUT - 1],
    }[change]
    with pytest.raises(SettingsError, match="all candles of BTC/USDT:USDT 1h must begin with those of the run"):
        gather_evidence([finalist_of("momentum")], windows, trials_of(windows), whole={MARKET: backtest.prepare(whole)})


def test_selection_ends_with_the_close_of_its_last_bar_where_candles_are_missing_after_it():
    present = np.ones(len(CANDLES), bool)
    present[1000:1003] = False
    columns = {name: getattr(CANDLES, name)[present] for name in COLUMNS}
    windows = windows_of(Candles.from_arrays(CANDLES.timestamp[present], **columns, symbol=MARKET[0], timeframe="1h"))
    assert windows.train_stop(MARKET, 0) == 1000
    found = evidence_of("momentum", 0, windows)
    assert found.selected_until == int(CANDLES.timestamp[999]) + 3_600_000
    assert all(span.start >= int(CANDLES.timestamp[1003]) for span in found.spans if span.kind == "test")

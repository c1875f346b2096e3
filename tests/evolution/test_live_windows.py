"""Windows that are opened while candles close: each trains on what was closed then, for ever."""

import math
from itertools import pairwise

import pytest

import backtest
from evolution import (
    Candidate,
    Evolution,
    Finalist,
    FoldSettings,
    Member,
    Optimizer,
    SettingsError,
    Species,
    WalkForward,
    WalkForwardEvolution,
    Windows,
    gather_evidence,
    stitched_curve,
)
from market import synthetic_candles

HOUR = 3_600_000
PLAN = WalkForward(spans=2, rolls=(1,))
CHEAP = backtest.Costs(1, 0)
FOLDS = FoldSettings(folds=3, neighbours=2)
HOURS = synthetic_candles(symbol="BTC/USDT:USDT", bars=1500, seed=6, regimes=["trend"])
FOURS = synthetic_candles(symbol="ETH/USDT", timeframe="4h", bars=375, seed=6, regimes=["trend"])
H, F = (HOURS.symbol, "1h"), (FOURS.symbol, "4h")
BEGUN = {H: 1000, F: 250}
START = int(HOURS.timestamp[0])


def closed(hours):
    """Return the candles that have closed so many hours after the first one opened."""
    return [HOURS[:hours], FOURS[: hours // 4]]


def windows_at(hours):
    return Windows(closed(hours), CHEAP, PLAN, FOLDS, BEGUN)


def search(hours=1000, state=None, journal=None):
    windows = windows_at(hours)
    evolution = Evolution(
        windows.objective(0), windows.spaces, population=40, seed=5, batch_size=12, state=state, journal=journal
    )
    return WalkForwardEvolution(evolution, windows)


def generation(run):
    """Run one generation more."""
    optimizer = run.evolution.optimizer
    run.run(optimizer.evaluations // optimizer.identity.population + 1)


def test_planned_windows_cut_the_candles_there_were_when_the_run_began():
    early, late = windows_at(1000), windows_at(1500)
    for window in range(2):
        for market in (H, F):
            stop = PLAN.train_stop(BEGUN[market], window)
            assert early.train_stop(market, window) == late.train_stop(market, window) == stop
    candidates = Optimizer(early.spaces, population=60, batch_size=15).ask()
    assert early.objective(1)(candidates) == late.objective(1)(candidates)


@pytest.mark.parametrize(("hours", "until"), [(1001, 1000), (1004, 1004), (1007, 1004), (1100, 1100)])
def test_live_window_trains_on_what_every_market_had_closed(hours, until):
    windows = windows_at(hours)
    label = windows.open_live(2)
    assert label == f"2@{START + until * HOUR}"
    assert windows.index(label) == 2
    assert (windows.train_stop(H, 2), windows.train_stop(F, 2)) == (until, until // 4)
    assert [len(windows.training(2)[market]) for market in (H, F)] == [until, until // 4]


@pytest.mark.parametrize(("most_bars", "first"), [(100, 500), (1_200, 300), (1_500, 0)])
def test_live_window_trains_on_the_newest_candles_and_no_fewer_than_the_run_began_with(most_bars, first):
    windows = Windows(closed(1500), CHEAP, PLAN, FOLDS, BEGUN, most_bars)
    windows.open_live(2)
    assert windows.train_start(H, 2) == first
    assert [windows.train_start(H, planned) for planned in range(2)] == [0, 0]
    trained = windows.training(2)[H]
    assert (int(trained.candles.timestamp[0]), len(trained)) == (START + first * HOUR, 1500 - first)
    assert len(windows.whole[H]) == 1500


def test_live_window_trains_on_the_same_candles_for_ever():
    windows = windows_at(1100)
    label = windows.open_live(2)
    candidates = Optimizer(windows.spaces, population=60, batch_size=15).ask()
    objective = windows.objective(2)
    scores, behaviours = objective(candidates), repr(objective.behaviours(candidates))
    windows.extend(closed(1500))
    restored = windows_at(1400)  # by a resumed run, from the label alone
    assert restored.index(label) == 2
    for later in (windows, restored):
        assert (later.train_stop(H, 2), later.train_stop(F, 2)) == (1100, 275)
        again = later.objective(2)
        assert again(candidates) == scores
        assert repr(again.behaviours(candidates)) == behaviours
    assert windows.index(windows.open_live(3)) == 3
    assert windows.objective(3)(candidates) != scores


def test_first_live_window_comes_after_the_planned_ones():
    assert windows_at(1000).open_live(1).startswith("2@")
    whole = Windows(closed(800), CHEAP, None, FOLDS)
    assert whole.plan.spans == 0
    assert whole.open_live(1).startswith("1@")


def test_window_is_stale_once_every_market_has_a_candle_it_does_not_train_on():
    windows = windows_at(1000)
    assert [windows.is_stale(window) for window in (0, 1)] == [False, False]
    windows.extend(closed(1003))
    assert not windows.is_stale(1)  # four hours are not over
    windows.extend(closed(1004))
    assert windows.is_stale(1)
    windows.open_live(2)
    assert not windows.is_stale(2)
    windows.extend(closed(1008))
    assert windows.is_stale(2)


def test_candles_that_are_missing_or_have_changed_are_refused():
    windows = windows_at(1000)
    with pytest.raises(SettingsError, match="a run that goes on needs candles of ETH/USDT 4h; it was given none"):
        windows.extend([HOURS])
    other = synthetic_candles(symbol=HOURS.symbol, bars=1500, seed=7)
    for changed in (other, HOURS[:999], HOURS[1:]):
        with pytest.raises(SettingsError, match="past candles of BTC/USDT:USDT 1h must not change"):
            windows.extend([changed, FOURS])
    assert len(windows.candles[H]) == 1000  # nothing was taken in
    assert len(windows.whole[H]) == 1000
    windows.extend(closed(1500))
    assert len(windows.whole[H]) == 1500


def test_run_follows_its_candles_only_after_its_plan():
    run = search()
    generation(run)
    assert run.window == 0
    assert not run.is_due(closed(1100))
    generation(run)
    assert run.window == 1
    assert run.is_due(closed(1100))
    run.follow()
    assert run.evolution.optimizer.window == f"2@{START + 1100 * HOUR}"
    assert not run.is_due(closed(1103))
    assert run.is_due(closed(1104))


def test_finalists_are_frozen_once_a_test_span_and_not_with_every_candle():
    run = search()
    for hours in (1000, 1004, 1008, 1240, 1252, 1256, 1500):
        generation(run)
        while run.window < 1:
            generation(run)
        if run.is_due(closed(hours)):
            run.follow()
    generation(run)
    frozen = dict.fromkeys(finalist.window for finalist in run.evolution.optimizer.finalists)
    # test spans are 250 hours: window 1 ends at 750; the window of 1,004 and that of 1,256 are a span later each
    assert list(frozen) == ["", "1", f"2@{START + 1004 * HOUR}", f"6@{START + 1256 * HOUR}"]
    assert run.evolution.optimizer.window == f"7@{START + 1500 * HOUR}"
    assert {finalist.window for finalist in run.finalists()} == set(frozen)  # 244 hours are no span yet


def test_living_run_resumed_after_any_batch_is_the_same(ledger):
    def live(run):
        while run.evolution.optimizer.generation < 6 or run.evolution.optimizer.evaluations % 40:
            done = run.evolution.optimizer.evaluations // 40
            if run.is_due(closed(1000 + 4 * max(done - 2, 0))):
                run.follow()
            run.run(done + 1)
        return run

    whole = live(search(journal=ledger))
    expected = (whole.evolution.optimizer.state(), whole.finalists(), whole.evolution.optimizer.population_hash())
    assert [record.window.partition("@")[0] for record in ledger.records[::4]] == ["", "1", "1", "2", "3", "4"]
    for batch, state in enumerate(ledger.states):
        resumed = live(search(1000 + 4 * max(batch // 4 - 2, 0), state))
        found = resumed.evolution.optimizer
        assert (found.state(), resumed.finalists(), found.population_hash()) == expected


@pytest.fixture(scope="module")
def momentum():
    """Return a member that trades often on the hourly market."""
    names = ("lookback_period", "threshold", "stop_loss", "take_profit")
    candidate = Candidate(3, Species("momentum", *H), 1, 0, (), names, (12.0, 0.004, 0.0, 0.0), (), "initial")
    return Member(candidate, 12.5, 1, 1)


TRIALS = {market: backtest.TrialStatistics(10, 5, 1500, math.nan) for market in (H, F)}


def test_evidence_of_a_living_run_names_test_live_and_holdout_spans(momentum):
    windows = windows_at(1304)
    label = windows.open_live(2)
    windows.extend(closed(1400))
    whole = {H: backtest.prepare(HOURS), F: backtest.prepare(FOURS)}
    found = gather_evidence([Finalist(momentum, window) for window in ("", "1", label)], windows, TRIALS, whole=whole)
    expected = [["test", "test", "live", "holdout"], ["test", "live", "holdout"], ["live", "holdout"]]
    for item, kinds in zip(found, expected, strict=True):
        after = [span for span in item.spans if span.kind != "train"]
        assert [span.kind for span in after] == kinds
        assert after[0].start == int(HOURS.timestamp[item.oos.start])
        assert all(later.start == earlier.stop for earlier, later in pairwise(after))
        assert [span.stop for span in after[-2:]] == [START + 1400 * HOUR, HOURS.close_time]
    assert found[2].selected_until == START + 1304 * HOUR < found[2].spans[-2].start
    curve = stitched_curve(found, windows, whole)
    assert curve.edges == (START + 500 * HOUR, START + 750 * HOUR, START + 1304 * HOUR)


def test_evidence_of_a_bounded_window_is_of_the_candles_it_trained_on(momentum):
    windows = Windows(closed(1500), CHEAP, PLAN, FOLDS, BEGUN, most_bars=100)
    (found,) = gather_evidence([Finalist(momentum, windows.open_live(2))], windows, TRIALS)
    trained = [span for span in found.spans if span.kind == "train"]
    assert trained[0].start >= int(HOURS.timestamp[windows.train_start(H, 2)]) > START
    assert found.selected_until == trained[-1].stop == START + 1500 * HOUR
    spec = found.spec
    alone = backtest.run_spans([spec], backtest.prepare(HOURS), [(500, 1500)], CHEAP)[0]
    assert found.in_sample_scs == alone["scs"].iloc[0]


def test_finalist_that_trained_on_everything_has_no_evidence_until_candles_close(momentum):
    windows = windows_at(1104)
    finalist = Finalist(momentum, windows.open_live(2))
    (nothing,) = gather_evidence([finalist], windows, TRIALS)
    assert nothing.oos.n_bars == 0
    assert nothing.grade.reason == "C: no out-of-sample evidence yet"
    assert stitched_curve([nothing], windows) is None
    windows.extend(closed(1500))
    (some,) = gather_evidence([finalist], windows, TRIALS)
    assert some.oos.n_bars > 300
    assert some.selected_until == nothing.selected_until == START + 1104 * HOUR

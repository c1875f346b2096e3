"""The stitched curve against pandas, bar by bar, and on markets where the answer is known."""

import math

import numpy as np
import pandas as pd
import pytest

import backtest
from evolution import Candidate, Finalist, Member, Species, WalkForward, Windows, gather_evidence, stitched_curve
from market import Candles, synthetic_candles

DAY = 86_400_000
HOUR = 3_600_000
SWAP, SPOT, FOURS = ("BTC/USDT:USDT", "1h"), ("ETH/USDT", "1h"), ("SOL/USDT", "4h")
PLAN = WalkForward(rolls=(1, 2, 3))
COSTS = backtest.Costs(3, 1)
STRATEGIES = {
    "momentum": {"lookback_period": 12, "threshold": 0.004},
    "mean_reversion": {"lookback_period": 30, "std_multiplier": 1.2},
    "breakout": {"lookback_period": 20, "breakout_threshold": 0.0},
    "trend_following": {"lookback_period": 25, "trend_threshold": 0.05},
    "high_frequency": {"min_profit": 0.0, "volatility_threshold": 0.05},
}


def candles_of(market, bars=1603, start="2023-01-01T05:00", seed=6):
    return synthetic_candles(symbol=market[0], timeframe=market[1], bars=bars, seed=seed, start=start)


def finalist_of(kind, window=0, market=SWAP, **changes):
    values = STRATEGIES[kind] | changes
    candidate = Candidate(
        3, Species(kind, *market), 1, 0, (), tuple(values), tuple(float(v) for v in values.values()), (), "initial"
    )
    return Finalist(Member(candidate, 12.5, 1, 1), str(window) if window else "")


def stitch(finalists, candles, plan=PLAN, whole=None, costs=COSTS):
    windows = Windows(candles, costs, plan)
    trials = {market: backtest.TrialStatistics(10, 5, len(one), math.nan) for market, one in windows.candles.items()}
    prepared = None if whole is None else {(c.symbol, c.timeframe): backtest.prepare(c) for c in whole}
    evidence = gather_evidence(finalists, windows, trials, whole=prepared)
    return evidence, windows, stitched_curve(evidence, windows, prepared)


def day_of(closes):
    """Return the start of the day in which a bar closes; midnight ends a day."""
    return (pd.to_datetime(np.asarray(closes), unit="ms") - pd.Timedelta(1, "ms")).floor("D")


def reference(evidence, windows, whole):
    """Follow every finalist from bar to bar, each with an equal share of one notional at any time."""
    candles = {(one.symbol, one.timeframe): one for one in whole}
    order = sorted({int(item.finalist.window or 0) for item in evidence})
    rows, spans = [], []
    for item in evidence:
        market, window = item.finalist.member.species.market, int(item.finalist.window or 0)
        one = candles[market]
        opens = one.timestamp.tolist()
        begin = windows.train_stop(market, window)
        if begin >= len(opens):
            continue
        following = [other for other in order if other > window]
        end = opens[windows.train_stop(market, following[0])] if following else np.inf
        spans.append((opens[begin], end))
        returns = backtest.bar_returns(backtest.run(item.spec, one, windows.costs)).tolist()
        for t, value in enumerate(returns, start=1):
            close = opens[min(t, len(opens) - 1)] + one.timeframe_ms
            if t >= item.oos.start and opens[begin] < close <= end:
                rows.append((close, value))
    if not rows:
        return None
    table = pd.DataFrame(rows, columns=["close", "value"])
    table["share"] = [value / sum(a < close <= b for a, b in spans) for close, value in rows]
    daily = table.groupby(day_of(table["close"]))["share"].sum()
    begin = min(a for a, _ in spans)
    days = pd.date_range(pd.to_datetime(begin, unit="ms").floor("D"), daily.index.max(), freq="D")
    daily = daily.reindex(days, fill_value=0.0)
    held = pd.Series(0.0, days)
    for one in whole:
        closes = one.timestamp + one.timeframe_ms
        changes = pd.Series(one.close, closes).pct_change()[lambda s: s.index > begin]
        held = held.add(changes.groupby(day_of(changes.index)).sum().reindex(days, fill_value=0.0) / len(whole))
    return daily, held, spans


def assert_is_that_of_the_reference(finalists, candles, plan=PLAN, whole=None):
    evidence, windows, found = stitch(finalists, candles, plan, whole)
    daily, held, spans = reference(evidence, windows, candles if whole is None else whole)
    expected_times = [int(day.timestamp()) * 1000 for day in daily.index]
    assert found.times.tolist() == [*expected_times, expected_times[-1] + DAY]
    np.testing.assert_allclose(found.index, np.append(1.0, (1.0 + daily).cumprod()), rtol=1e-10)
    np.testing.assert_allclose(found.buy_and_hold, np.append(1.0, (1.0 + held).cumprod()), rtol=1e-10)
    assert set(found.edges) <= {begin for begin, _ in spans}
    assert found.edges[0] == min(begin for begin, _ in spans)
    assert list(found.edges) == sorted(found.edges)
    assert len(found.edges) == len({item.finalist.window for item in evidence})
    assert found.sharpe == pytest.approx(daily.mean() / daily.std(ddof=1) * math.sqrt(365), rel=1e-9)
    assert found.psr == pytest.approx(
        backtest.probabilistic_sharpe_ratio(backtest.return_moments(daily.to_numpy())), rel=1e-9
    )
    assert np.count_nonzero(daily) > 5
    return found


ALL = [finalist_of(kind, window) for window, kind in enumerate(["momentum", "breakout", "high_frequency", "momentum"])]
MORE = [finalist_of("mean_reversion", 0), finalist_of("trend_following", 2), finalist_of("trend_following", 3)]


def test_curve_of_one_finalist_a_window_is_that_of_the_reference():
    found = assert_is_that_of_the_reference(ALL, [candles_of(SWAP)])
    opens = candles_of(SWAP).timestamp
    assert found.edges == tuple(int(opens[PLAN.train_stop(1603, window)]) for window in range(4))


def test_curve_of_several_finalists_a_window_is_that_of_the_reference():
    assert_is_that_of_the_reference([*ALL, *MORE], [candles_of(SWAP)])


def test_curve_on_spot_is_that_of_long_sides():
    evidence, _, found = stitch([finalist_of("momentum", 1, SPOT)], [candles_of(SPOT)])
    assert_is_that_of_the_reference([finalist_of("momentum", 1, SPOT)], [candles_of(SPOT)])
    swap = Candles.from_arrays(
        *(getattr(candles_of(SPOT), name) for name in ("timestamp", "open", "high", "low", "close", "volume")),
        symbol="ETH/USDT:USDT",
    )
    _, _, both = stitch([finalist_of("momentum", 1, ("ETH/USDT:USDT", "1h"))], [swap])
    assert abs(both.index - found.index).max() > 0.001
    assert evidence[0].oos.metrics["exposure"] < 0.6


def test_curve_on_markets_of_other_timeframes_and_the_same_time_is_that_of_the_reference():
    candles = [candles_of(SWAP, 4800), candles_of(SPOT, 4800), candles_of(FOURS, 1200)]
    others = [finalist_of("breakout", 0, FOURS), finalist_of("momentum", 2, FOURS), finalist_of("momentum", 3, SPOT)]
    assert_is_that_of_the_reference([*ALL, *MORE, *others], candles)


@pytest.mark.parametrize("start", ["2023-01-01T05:00", "2023-02-03T17:00"], ids=["ends earlier", "begins later"])
def test_curve_on_markets_of_other_lengths_is_that_of_the_reference(start):
    candles = [candles_of(SWAP, 2400), candles_of(SPOT, 1301, start), candles_of(FOURS, 1100)]
    others = [finalist_of("breakout", 0, SPOT), finalist_of("momentum", 2, SPOT), finalist_of("momentum", 3, FOURS)]
    assert_is_that_of_the_reference([*ALL, *MORE, *others], candles)


def test_curve_on_candles_with_gaps_is_that_of_the_reference():
    """What was earned before days without candles belongs to the day in which it was earned."""
    whole = candles_of(SWAP)
    present = np.ones(len(whole), bool)
    present[820:880] = present[1100:1101] = present[1350:1400] = False
    columns = [getattr(whole, name)[present] for name in ("timestamp", "open", "high", "low", "close", "volume")]
    candles = Candles.from_arrays(*columns, symbol=SWAP[0], timeframe="1h")
    assert len(candles.gaps) == 3
    found = assert_is_that_of_the_reference([*ALL, *MORE], [candles])
    quiet = [day for day in range(len(found.times) - 1) if not _has_bars(candles, found.times[day])]
    assert len(quiet) >= 2
    assert all(found.index[day + 1] == found.index[day] for day in quiet)
    assert all(found.buy_and_hold[day + 1] == found.buy_and_hold[day] for day in quiet)


def _has_bars(candles, day):
    closes = candles.timestamp + candles.timeframe_ms
    return ((closes > day) & (closes <= day + DAY)).any()


def test_curve_follows_the_last_finalists_through_a_holdout():
    whole = candles_of(SWAP, 2000)
    found = assert_is_that_of_the_reference([*ALL, *MORE], [whole[:1603]], whole=[whole])
    assert found.times[-1] >= whole.close_time
    only = assert_is_that_of_the_reference(
        [finalist_of("breakout")], [whole[:1603]], WalkForward(spans=0, rolls=()), [whole]
    )
    assert only.edges == (int(whole.timestamp[1603]),)


def test_finalists_are_followed_until_the_next_window_has_some():
    found = assert_is_that_of_the_reference([ALL[0], ALL[3]], [candles_of(SWAP)])
    _, windows, first = stitch([ALL[0]], [candles_of(SWAP)])
    until = candles_of(SWAP).timestamp[windows.train_stop(SWAP, 3)]
    days = int((until - found.times[0]) // DAY)
    np.testing.assert_array_equal(found.index[: days + 1], first.index[: days + 1])
    assert len(found.edges) == 2


def test_two_finalists_of_one_window_are_averaged():
    curves = [stitch(chosen, [candles_of(SWAP)])[2] for chosen in ([ALL[0]], [MORE[0]], [ALL[0], MORE[0]])]
    one, other, both = (curve.index[1:] / curve.index[:-1] - 1.0 for curve in curves)
    np.testing.assert_allclose(both, (one + other) / 2.0, atol=1e-12)
    assert np.abs(one - other).max() > 0.001


def test_curve_does_not_depend_on_how_often_everybody_is_named():
    found = stitch([*ALL, *MORE], [candles_of(SWAP)])[2]
    twice = stitch([*ALL, *MORE, *MORE, *ALL], [candles_of(SWAP)])[2]
    np.testing.assert_allclose(twice.index, found.index, rtol=1e-12)


def test_days_before_the_evidence_of_a_finalist_begins_earn_nothing():
    """Its lookback is 300 bars: it is followed after them, and its share is not given to others."""
    slow, quick = finalist_of("momentum", 0, lookback_period=300), finalist_of("momentum", 0)
    evidence, windows, found = stitch([slow], [candles_of(SWAP)])
    begin = candles_of(SWAP).timestamp[evidence[0].oos.start]
    quiet = int((begin - found.times[0]) // DAY)
    assert quiet >= 12
    assert (found.index[: quiet + 1] == 1.0).all()
    assert found.times[0] == candles_of(SWAP).timestamp[windows.train_stop(SWAP, 0)] // DAY * DAY
    both, alone = (stitch(chosen, [candles_of(SWAP)])[2].index[: quiet + 1] for chosen in ([slow, quick], [quick]))
    np.testing.assert_allclose(np.diff(both) / both[:-1], np.diff(alone) / alone[:-1] / 2.0, atol=1e-12)
    assert alone[-1] != 1.0


def rising(market, bars, start):
    """Return candles that rise by the same share every hour."""
    step = {"1h": 1, "4h": 4}[market[1]]
    opens = pd.Timestamp(start).value // 10**6 + np.arange(bars, dtype=np.int64) * step * HOUR
    close = 100.0 * 1.0005 ** (np.arange(bars) * step)
    open_ = np.append(close[0], close[:-1])
    return Candles.from_arrays(
        opens, open_, np.maximum(open_, close), np.minimum(open_, close), close, np.ones(bars),
        symbol=market[0], timeframe=market[1],
    )  # fmt: skip


def test_notional_is_one_on_markets_of_any_length():
    """All are always long on markets that rise alike: nobody earns more in a day than the market does."""
    candles = [
        rising(SWAP, 2400, "2023-01-01"), rising(SPOT, 1200, "2023-02-20"), rising(FOURS, 1000, "2022-11-11 04:00")
    ]  # fmt: skip
    finalists = [
        finalist_of("momentum", window, market, threshold=1e-4)
        for window in range(4)
        for market in (SWAP, SPOT, FOURS)
        for _ in range(window + 1)
    ]
    _, _, found = stitch(finalists, candles, costs=backtest.Costs(0, 0))
    daily = found.index[1:] / found.index[:-1] - 1.0
    most = 24 * 0.0005 * 1.003  # hours of a 4-hour bar are compounded
    assert daily.max() <= most
    assert np.mean(daily > 0.9 * most) > 0.5


def test_curve_until_a_day_does_not_depend_on_later_candles():
    candles = candles_of(SWAP)
    bar = PLAN.train_stop(1603, 3) + 60
    other = candles_of(SWAP, seed=99)
    columns = [
        np.append(getattr(candles, name)[:bar], getattr(other, name)[bar:])
        for name in ("open", "high", "low", "close", "volume")
    ]
    changed = Candles.from_arrays(candles.timestamp, *columns, symbol=SWAP[0], timeframe="1h")
    found, elsewhere = (stitch([*ALL, *MORE], [one])[2] for one in (candles, changed))
    days = int((candles.timestamp[bar] - found.times[0]) // DAY)
    np.testing.assert_array_equal(found.index[: days + 1], elsewhere.index[: days + 1])
    np.testing.assert_array_equal(found.buy_and_hold[: days + 1], elsewhere.buy_and_hold[: days + 1])
    assert found.index[-1] != elsewhere.index[-1]


def test_curve_without_test_spans_or_finalists_is_none():
    windows = Windows([candles_of(SWAP)], COSTS, PLAN)
    assert stitched_curve([], windows) is None
    assert stitch([finalist_of("momentum")], [candles_of(SWAP, 600)], None)[2] is None
    assert stitch([finalist_of("momentum", 3, lookback_period=1500)], [candles_of(SWAP)])[2] is None

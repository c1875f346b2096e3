"""Worked examples: markets of a few bars, backtested by hand, for the engine and for the reference engine alike."""

import math

import numpy as np
import pandas as pd
import pytest
import reference_metrics
from engine_cases import Case
from price_shapes import START_MS
from reference_comparison import check_case, engine_run

import backtest
from market import Candles

DAY_MS = 86_400_000
DAY = pd.Timestamp("2020-01-01", tz="UTC")


def candles_by_hand(
    opens: list[float],
    closes: list[float],
    timeframe: str = "1d",
    low: list[float] | None = None,
    volume: list[float] | None = None,
) -> Candles:
    bar_ms = {"1d": DAY_MS, "1w": 7 * DAY_MS}[timeframe]
    columns = np.array((opens, closes))
    return Candles(
        timestamp=START_MS + bar_ms * np.arange(len(opens)),
        open=columns[0],
        high=columns.max(axis=0),
        low=columns.min(axis=0) if low is None else low,
        close=columns[1],
        volume=np.ones(len(opens)) if volume is None else volume,
        symbol="BTC/USDT:USDT",
        timeframe=timeframe,
        venue="unknown",
        market_type="swap",
        origin="simulated:0",
    )


def test_backtest_of_six_bars_is_what_it_is_by_hand() -> None:
    # Momentum over 2 bars, threshold 5 %, 2 units, fee 1 %, slippage 1 %:
    #   bar      0    1    2    3    4    5   synthetic
    #   open   100  100  100  110  110   88    90
    #   close  100  100  110  110   90   90    90
    #   change           +10% +10% -18% -18%
    #   target   0    0   +1   +1   -1   -1 (never filled)
    # Bar 3, buy 2 at 110 * 1.01 = 111.10:  cash 200 - 222.20 - 2.2220 fee = -24.4220
    # Bar 5, sell 4 at 88 * 0.99 = 87.12:   cash -24.4220 + 348.48 - 3.4848 fee = 320.5732, holding -2
    # Synthetic bar, buy 2 at 90 * 1.01 = 90.90: cash 320.5732 - 181.80 - 1.8180 fee = 136.9552
    candles = candles_by_hand([100, 100, 100, 110, 110, 88], [100, 100, 110, 110, 90, 90], volume=[1, 1, 1, 0, 1, 1])
    case = Case("momentum", {"lookback_period": 2, "threshold": 0.05, "quantity": 2.0}, 100.0, 100.0, "both")
    check_case(case, candles)
    report = engine_run(case, candles)

    assert report.positions.tolist() == [0, 0, 1, 1, -1, -1]
    equity = [200, 200, 200, -24.422 + 220, -24.422 + 180, 320.5732 - 180, 136.9552]
    np.testing.assert_allclose(report.equity, equity, rtol=1e-12)
    # every return is on 2 units of the close before
    returns = [0, 0, -4.422 / 220, -40 / 220, (140.5732 - 155.578) / 180, (136.9552 - 140.5732) / 180]
    np.testing.assert_allclose(report.index, np.cumprod([1.0, *(1.0 + r for r in returns)]), rtol=1e-12)

    long, short = report.trades.to_dict("records")
    assert (long["side"], short["side"]) == (1, -1)
    assert (long["entry_time"], long["exit_time"]) == (DAY + pd.Timedelta(days=3), DAY + pd.Timedelta(days=5))
    assert (short["entry_time"], short["exit_time"]) == (DAY + pd.Timedelta(days=5), DAY + pd.Timedelta(days=6))
    # the reversal is one fill of 4 units, its fee of 3.4848 is split in halves of 1.7424
    by_hand = [
        (long, {"entry_price": 111.10, "exit_price": 87.12, "fees": 3.9644, "pnl": -51.9244}),
        (short, {"entry_price": 87.12, "exit_price": 90.90, "fees": 3.5604, "pnl": -11.1204}),
    ]
    for trade, expected in by_hand:
        assert {name: trade[name] for name in expected} == pytest.approx(expected, rel=1e-12)
        assert trade["return"] == pytest.approx(expected["pnl"] / (2 * expected["entry_price"]), rel=1e-12)

    expected = {
        "n_trades": 2,
        "win_rate": 0.0,
        "profit_factor": 0.0,
        "total_return": float(report.index[-1]) - 1.0,
        "max_drawdown": 1.0 - float(report.index[-1]),
        "exposure": 3 / 6,  # held during bars 3, 4 and 5
        "fees": 2.2220 + 3.4848 + 1.8180,
        "trades_per_year": 2 / (6 / 365),
        "buy_and_hold": -0.1,
        "min_equity": 136.9552,
        "zero_volume_fills": 1 / 2,  # bar 3 of bars 3 and 5; the synthetic bar does not count
    }
    assert {name: report.metrics[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    assert report.score.total == 0.0


def test_long_sides_close_where_both_sides_reverse() -> None:
    candles = candles_by_hand([100, 100, 100, 110, 110, 88], [100, 100, 110, 110, 90, 90])
    case = Case("momentum", {"lookback_period": 2, "threshold": 0.05, "quantity": 2.0}, 100.0, 100.0, "long")
    check_case(case, candles)
    report = engine_run(case, candles)
    assert report.positions.tolist() == [0, 0, 1, 1, 0, 0]
    # Bar 5, sell 2 at 87.12: cash -24.4220 + 174.24 - 1.7424 fee = 148.0756, and nothing is held any more
    np.testing.assert_allclose(report.equity[-2:], [148.0756, 148.0756], rtol=1e-12)


def test_stop_blocks_its_side_until_the_raw_side_changes() -> None:
    # Breakout over 2 bars without margin, no costs, stop at 5 %:
    #   bar      0    1    2    3    4    5    6    7
    #   open   100  100  100  110  110  104  112   90
    #   close  100  100  110  110  104  112   90   90
    #   low    100  100  100  100  104  104   90   90
    #   raw      0    0   +1   +1   +1   +1   -1   -1   bar 5 breaks out again: still the side that was stopped
    # The entry fill is 110, at the open of bar 3; 104 / 110 - 1 = -5.45 % stops at bar 4. Bar 6 closes below the
    # low of 104: the block is lifted and the short followed.
    opens, closes = [100, 100, 100, 110, 110, 104, 112, 90], [100, 100, 110, 110, 104, 112, 90, 90]
    candles = candles_by_hand(opens, closes, low=[100, 100, 100, 100, 104, 104, 90, 90])
    parameters = {"lookback_period": 2, "breakout_threshold": 0.0, "quantity": 1.0}
    for stop_loss, positions in (
        (0.0, [0, 0, 1, 1, 1, 1, -1, -1]),
        (0.05, [0, 0, 1, 1, 0, 0, -1, -1]),
        (0.06, [0, 0, 1, 1, 1, 1, -1, -1]),
    ):
        case = Case("breakout", {**parameters, "stop_loss": stop_loss}, 0.0, 0.0, "both")
        check_case(case, candles)
        assert engine_run(case, candles).positions.tolist() == positions, stop_loss


def test_take_profit_counts_from_the_fill_not_from_the_open() -> None:
    # As above up to bar 3, then 121: a gain of exactly 10 % on the open of 110, less on the fill with slippage
    opens, closes = [100, 100, 100, 110, 110, 121], [100, 100, 110, 110, 121, 121]
    candles = candles_by_hand(opens, closes)
    parameters = {"lookback_period": 2, "breakout_threshold": 0.0, "quantity": 1.0, "take_profit": 0.099}
    for slippage_bps, positions in ((0.0, [0, 0, 1, 1, 0, 0]), (100.0, [0, 0, 1, 1, 1, 1])):
        case = Case("breakout", parameters, 0.0, slippage_bps, "both")
        check_case(case, candles)
        assert engine_run(case, candles).positions.tolist() == positions, slippage_bps


def test_funding_is_paid_by_the_side_held_until_the_next_open() -> None:
    # The six bars above without costs: long 2 in bars 3 and 4, short 2 in bar 5. A rate of 1 % at every open is paid
    # on the close of the bar that it ends: -2 * 110 * 1 %, -2 * 90 * 1 %, then +2 * 90 * 1 % (at the last close).
    candles = candles_by_hand([100, 100, 100, 110, 110, 88], [100, 100, 110, 110, 90, 90])
    case = Case("momentum", {"lookback_period": 2, "threshold": 0.05, "quantity": 2.0}, 0.0, 0.0, "both")
    times = START_MS + DAY_MS * np.arange(8)
    funding = (times, np.full(8, 0.01))
    check_case(case, candles, funding)
    report = engine_run(case, candles, funding)
    assert report.trades["pnl"].tolist() == pytest.approx([2 * (88 - 110) - 2.2 - 1.8, 2 * (88 - 90) + 1.8])
    equity = [200, 200, 200, 200 - 2.2, 200 - 2.2 - 40 - 1.8, 200 - 44 - 4 - 4 + 1.8, 200 - 44 - 4 - 4 + 1.8]
    np.testing.assert_allclose(report.equity, equity, rtol=1e-12)


def test_score_of_one_winning_trade_is_what_it_is_by_hand() -> None:
    # Bought at 110 and still held at 121, no costs: of T = 6 weekly returns one is a = 10 % and five are 0. Then
    #   standard deviation (ddof 1) = a / sqrt(T), per-bar Sharpe x = 1 / sqrt(T)
    #   skewness = (T - 2) / sqrt(T - 1) = 4 / sqrt(5), kurtosis = (T^2 - 3T + 3) / (T - 1) = 21 / 5
    #   SE^2 = (1 - 4 / sqrt(30) + 3.2 / 24) / 5, both times sqrt(365 / 7) a year
    candles = candles_by_hand([100, 100, 100, 110, 110, 121], [100, 100, 110, 110, 121, 121], "1w")
    case = Case("momentum", {"lookback_period": 2, "threshold": 0.05, "quantity": 1.0}, 0.0, 0.0, "both")
    check_case(case, candles)
    report = engine_run(case, candles)
    assert report.trades["return"].tolist() == pytest.approx([0.1])

    year = math.sqrt(365 / 7)
    sharpe = year / math.sqrt(6)
    error = year * math.sqrt((1 - 4 / math.sqrt(30) + 3.2 / 24) / 5)
    assert report.metrics["sharpe"] == pytest.approx(sharpe, rel=1e-9)
    evidence = 1 / 21
    parts = {
        "win_rate": evidence,  # one of one: 0.2698 at least, against a break-even rate of 0
        "sharpe": (sharpe - error) / 2,
        "profit_factor": evidence,  # nothing was lost
        "max_drawdown": evidence,  # no drawdown
        "volatility": evidence * (1 - 0.1 / math.sqrt(6) * year) / 0.9,
    }
    assert parts["sharpe"] == pytest.approx(0.449, abs=5e-4)
    assert {name: getattr(report.score, name) for name in parts} == pytest.approx(parts, rel=1e-9)
    total = 30 * evidence + 25 * parts["sharpe"] + 20 * evidence + 15 * evidence + 10 * parts["volatility"]
    assert report.score.total == pytest.approx(total, rel=1e-9)


def test_win_rate_part_of_mixed_trades_is_what_it_is_by_hand() -> None:
    # 12 wins of 2 % and 8 losses of 1 %: e = 20 / 40, break-even rate 0.01 / 0.03 = 1/3. The Wilson bound of 12 / 20
    # is (0.6 + 0.067639 - 1.644854 * sqrt(0.012 + 0.001691)) / 1.135277 = 0.41856; the part is
    # 0.5 * (0.41856 - 0.33333) / 0.10. The profit factor is 0.24 / 0.08 = 3: 3/4 - 1/2 is worth 1.
    trades = [0.02] * 12 + [-0.01] * 8
    parts = reference_metrics.score_parts([0.0, 0.001, 0.0], [1.0, 1.0, 1.001, 1.001], trades, 365.0)
    assert parts["win_rate"] == pytest.approx(0.5 * 0.8522, abs=1e-4)
    assert parts["profit_factor"] == 0.5
    assert parts["max_drawdown"] == 0.5


@pytest.mark.parametrize(
    ("wins", "n", "bound"), [(10, 10, 0.7871), (30, 30, 0.9173), (15, 30, 0.3562), (110, 200, 0.4919)]
)
def test_wilson_bound_of_published_counts_is_the_published_bound(wins: int, n: int, bound: float) -> None:
    assert reference_metrics.wilson_lower_bound(wins, n) == pytest.approx(bound, abs=5e-5)
    assert backtest.wilson_lower_bound(wins, n) == pytest.approx(bound, abs=5e-5)

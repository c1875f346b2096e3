"""The SCS: bounds, monotony and the cases that must score nothing."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backtest import Costs, ScoreError, score_statistics, wilson_lower_bound
from backtest.account import COLUMNS, account
from backtest.score import PARTS, WEIGHTS

statistics = st.fixed_dictionaries(
    {
        "n_trades": st.integers(0, 5000),
        "gain": st.floats(1e-9, 1e3),
        "loss": st.floats(0, 1e3),
        "mean": st.floats(-0.1, 0.1),
        "deviation": st.floats(0, 1),
        "skewness": st.floats(-50, 50),
        "kurtosis": st.floats(1, 2000),
        "n_returns": st.integers(1, 10**6),
        "bars_per_year": st.floats(1, 525_600),
        "drawdown": st.floats(0, 1),
        "ruined": st.booleans(),
    }
)


@settings(derandomize=True, deadline=None, max_examples=500)
@given(statistics, st.floats(0, 1))
def test_score_of_any_statistics_is_finite_and_bounded(numbers, share):
    wins = round(share * numbers["n_trades"])
    gain = numbers["gain"] if wins else 0.0
    loss = numbers["loss"] if wins < numbers["n_trades"] else 0.0
    score = score_statistics(**(numbers | {"gain": gain, "loss": loss}), wins=wins)
    assert 0.0 <= score.total <= 100.0
    parts = [getattr(score, part) for part in PARTS]
    assert all(0.0 <= part <= 1.0 for part in parts)
    assert score.total == pytest.approx(100 * sum(w * p for w, p in zip(WEIGHTS, parts, strict=True)), abs=1e-9)
    if numbers["n_trades"] == 0 or numbers["ruined"]:
        assert score.total == 0.0
    if wins and gain <= loss:
        assert score.profit_factor == score.max_drawdown == score.volatility == 0.0


GOOD = {
    "n_trades": 80, "wins": 50, "gain": 1.5, "loss": 0.6, "mean": 1e-4, "deviation": 2e-3, "skewness": 0.1,
    "kurtosis": 5.0, "n_returns": 8760, "bars_per_year": 8760.0, "drawdown": 0.1,
}  # fmt: skip


def test_score_of_a_good_strategy_follows_the_formula_by_hand():
    score = score_statistics(**GOOD)
    evidence = 80 / 100
    win, lost = 1.5 / 50, 0.6 / 30
    factor = 1.5 / 0.6
    x = 1e-4 / 2e-3
    error = math.sqrt((1 - 0.1 * x + (5 - 1) / 4 * x * x) / 8759) * math.sqrt(8760)
    assert score.win_rate == pytest.approx(
        evidence * min(1, (wilson_lower_bound(50, 80) - lost / (win + lost)) / 0.10), rel=1e-12
    )
    assert score.sharpe == pytest.approx(min(1, (x * math.sqrt(8760) - error) / 2), rel=1e-12)
    assert score.profit_factor == pytest.approx(evidence * (factor / (1 + factor) - 0.5) / 0.25, rel=1e-12)
    assert score.max_drawdown == pytest.approx(evidence * (1 - 0.1 / 0.3), rel=1e-12)
    assert score.volatility == pytest.approx(evidence * (1 - 2e-3 * math.sqrt(8760)) / 0.9, rel=1e-12)


@pytest.mark.parametrize("name", ["gain", "loss", "mean", "deviation", "skewness", "kurtosis", "drawdown"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_score_of_a_number_that_is_not_finite_is_refused(name, value):
    with pytest.raises(ScoreError, match=f"{name} must be finite to be scored, was"):
        score_statistics(**(GOOD | {name: value}))


def test_score_with_more_wins_than_trades_is_refused():
    with pytest.raises(ScoreError, match=r"wins must be in \[0, n_trades\], was 81 of 80"):
        score_statistics(**(GOOD | {"wins": 81}))


@pytest.mark.parametrize(
    ("wins", "n", "bound"), [(10, 10, 0.7871), (30, 30, 0.9173), (15, 30, 0.3562), (110, 200, 0.4919)]
)
def test_wilson_lower_bound_equals_published_values(wins, n, bound):
    assert round(wilson_lower_bound(wins, n), 4) == bound


def test_wilson_lower_bound_without_trials_is_refused():
    with pytest.raises(ScoreError, match="n at least 1, was 0 of 0"):
        wilson_lower_bound(0, 0)


@st.composite
def fixed_sides(draw):
    """Prices and sides that do not depend on the costs."""
    n = draw(st.integers(3, 120))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    open_ = close * np.exp(rng.normal(0, 0.002, n))
    run_length = draw(st.integers(1, 8))
    sides = np.repeat(rng.integers(-1, 2, n // run_length + 1), run_length)[:n].astype(np.int8)
    return open_, close, sides


def measured(open_, close, sides, fee_bps, scale=1.0):
    open_, close = open_ * scale, close * scale
    hold = np.zeros(close.size)
    hold[1:] = np.diff(close) / close[:-1]
    out = np.empty(len(COLUMNS))
    for array in (open_, close, hold):
        array.setflags(write=False)
    silent = np.zeros(close.size, np.bool_)
    silent.setflags(write=False)
    costs = Costs(fee_bps, 5)
    account(
        sides, open_, close, hold, None, silent, costs.fee, costs.slippage, 8760.0, 0, close.size, out, None, None, None
    )
    return dict(zip(COLUMNS, out.tolist(), strict=True))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(fixed_sides(), st.floats(0, 200), st.floats(0, 200))
def test_profit_factor_and_drawdown_parts_never_rise_with_fees(market, fee, more):
    cheap, dear = measured(*market, fee), measured(*market, fee + more)
    for part in ("scs_profit_factor", "scs_max_drawdown"):
        assert dear[part] <= cheap[part] + 1e-12


@settings(derandomize=True, deadline=None, max_examples=200)
@given(fixed_sides(), st.floats(0, 100))
def test_strategy_without_profit_scores_nothing_but_sharpe(market, fee):
    row = measured(*market, fee)
    assume(not row["profit_factor"] > 1.0)
    for part in ("scs_win_rate", "scs_profit_factor", "scs_max_drawdown", "scs_volatility"):
        assert row[part] == 0.0
    assert math.isfinite(row["scs"])


@settings(derandomize=True, deadline=None, max_examples=100)
@given(fixed_sides(), st.integers(-8, 8))
def test_metrics_at_prices_scaled_by_a_power_of_two_are_the_same_bits(market, exponent):
    plain, scaled = measured(*market, 10), measured(*market, 10, 2.0**exponent)
    for name in set(COLUMNS) - {"fees", "min_equity"}:
        assert scaled[name] == plain[name] or (math.isnan(scaled[name]) and math.isnan(plain[name]))


@settings(derandomize=True, deadline=None, max_examples=100)
@given(fixed_sides(), st.floats(1e-3, 1e3))
def test_metrics_at_any_price_scale_with_fixed_sides_agree(market, scale):
    plain, scaled = measured(*market, 10), measured(*market, 10, scale)
    for name in set(COLUMNS) - {"fees", "min_equity"}:
        assert scaled[name] == pytest.approx(plain[name], rel=1e-9, abs=1e-12, nan_ok=True)

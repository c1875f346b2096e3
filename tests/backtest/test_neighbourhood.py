"""Neighbourhoods: the grid is valid and holds the strategy itself, and every score is that of its strategy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from backtest import BacktestError, Costs, neighbourhood, prepare, run, score_many
from market import synthetic_candles
from strategies import StrategySpec

CANDLES = prepare(synthetic_candles(symbol="BTC/USDT:USDT", bars=1500, seed=21))
FEW = prepare(synthetic_candles(symbol="BTC/USDT:USDT", bars=60, seed=21))
MOMENTUM = StrategySpec("momentum", {"lookback_period": 24, "threshold": 0.01, "stop_loss": 0.02})
TUNED = [name for name in strategies.available() if len(strategies.get(name).own_parameters) >= 2]


@st.composite
def specs(draw):
    kind = strategies.get(draw(st.sampled_from(TUNED)))
    values = {}
    for parameter in (*kind.own_parameters, *kind.parameters[-2:]):
        if parameter.off and draw(st.booleans()):
            continue
        whole = parameter.integer
        value = draw(st.integers(int(parameter.low), int(parameter.high)) if whole else st.floats(
            parameter.low, parameter.high))  # fmt: skip
        values[parameter.name] = value
    return StrategySpec(kind.name, values)


@settings(derandomize=True, deadline=None, max_examples=120)
@given(specs(), st.data(), st.sampled_from([3, 4, 7, 15]), st.floats(0.01, 1.0))
def test_grid_is_ascending_valid_and_holds_the_strategy_itself(spec, data, points, spread):
    kind = strategies.get(spec.type)
    names = [parameter.name for parameter in kind.parameters if parameter.name != "quantity"]
    x, y = data.draw(st.permutations(names))[:2]
    found = neighbourhood(spec, FEW, x, y, points=points, spread=spread)
    assert (found.x_name, found.y_name) == (x, y)
    assert found.scs.shape == (len(found.y_values), len(found.x_values))
    for name, values, own in ((x, found.x_values, found.at[0]), (y, found.y_values, found.at[1])):
        parameter = next(parameter for parameter in kind.parameters if parameter.name == name)
        assert own in values
        assert 1 <= len(values) <= points
        assert (np.diff(values) > 0).all()
        assert [parameter.check(value) for value in values] == values.tolist()


def test_scores_of_a_neighbourhood_are_those_of_its_strategies():
    costs = Costs(5, 2)
    found = neighbourhood(MOMENTUM, CANDLES, "threshold", "stop_loss", points=5, costs=costs)
    for j, stop in enumerate(found.y_values):
        for i, threshold in enumerate(found.x_values):
            spec = StrategySpec("momentum", MOMENTUM.parameters | {"threshold": threshold, "stop_loss": stop})
            assert found.scs[j, i] == run(spec, CANDLES, costs).score.total
    column, row = found.x_values.tolist().index(0.01), found.y_values.tolist().index(0.02)
    assert found.scs[row, column] == score_many([MOMENTUM], CANDLES, costs)[0]
    assert np.ptp(found.scs) > 0.0


def test_steps_are_geometric_where_evolution_searches_on_a_logarithmic_scale():
    thresholds = neighbourhood(MOMENTUM, FEW, points=7).y_values
    np.testing.assert_allclose(thresholds[1:] / thresholds[:-1], 200 ** (0.2 / 3))
    spec = StrategySpec("mean_reversion", {"lookback_period": 30, "std_multiplier": 2.0})
    np.testing.assert_allclose(neighbourhood(spec, FEW, points=7).y_values, np.linspace(1.1, 2.9, 7))


def test_stop_that_is_off_is_compared_with_the_whole_searched_range():
    values = neighbourhood(MOMENTUM, FEW, y="take_profit", points=5).y_values
    np.testing.assert_allclose(values, [0.0, *np.geomspace(2e-3, 1.0, 4)])


def test_grid_is_cut_off_at_the_valid_values():
    spec = StrategySpec("breakout", {"lookback_period": 2, "breakout_threshold": 0.0})
    found = neighbourhood(spec, FEW, points=9)
    assert found.x_values.tolist() == [2.0, 3.0, 4.0, 5.0, 7.0]
    np.testing.assert_allclose(found.y_values, np.linspace(0.0, 0.01, 5))


@pytest.mark.parametrize(
    ("x", "y", "names"),
    [
        (None, None, ("lookback_period", "threshold")),
        ("threshold", None, ("threshold", "lookback_period")),
        (None, "lookback_period", ("threshold", "lookback_period")),
        (None, "stop_loss", ("lookback_period", "stop_loss")),
    ],
)
def test_parameters_that_are_not_chosen_are_the_first_of_the_type(x, y, names):
    found = neighbourhood(MOMENTUM, FEW, x, y, points=3)
    assert (found.x_name, found.y_name) == names


def test_neighbourhood_on_spot_trades_long_only():
    candles = synthetic_candles(symbol="BTC/USDT", bars=1500, seed=21)
    found = neighbourhood(MOMENTUM, candles, points=3)
    np.testing.assert_array_equal(found.scs, neighbourhood(MOMENTUM, candles, points=3, sides="long").scs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": "speed"}, 'that change its score, was "speed"; known: lookback_period, threshold, stop_loss, take_pro'),
        ({"y": "quantity"}, 'parameters of momentum that change its score, was "quantity"; known: lookback_period'),
        ({"x": "threshold", "y": "threshold"}, 'two parameters, were both "threshold"; known: lookback_period, thresh'),
        ({"points": 2}, r"points must be in \[3, 101\], was 2"),
        ({"points": 102}, r"points must be in \[3, 101\], was 102"),
        ({"spread": 0.0}, r"spread must be in \(0, 1\] of the searched range, was 0"),
        ({"spread": float("nan")}, r"spread must be in \(0, 1\] of the searched range, was nan"),
    ],
)
def test_neighbourhood_of_malformed_arguments_is_refused(arguments, message):
    with pytest.raises(BacktestError, match=message) as error:
        neighbourhood(MOMENTUM, FEW, **arguments)
    assert "\n" not in str(error.value)

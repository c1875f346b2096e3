"""Specs: what is accepted, and what a mistake is told."""

import math
import pickle

import numpy as np
import pytest

import strategies
from strategies import ParameterError, StrategySpec, UnknownStrategyError

VALID = {
    "momentum": {"lookback_period": 20, "threshold": 0.01},
    "mean_reversion": {"lookback_period": 20, "std_multiplier": 2.0},
    "breakout": {"lookback_period": 20, "breakout_threshold": 0.0},
    "trend_following": {"lookback_period": 20, "trend_threshold": 0.1},
    "high_frequency": {"min_profit": 0.001, "volatility_threshold": 0.01},
}


def test_available_holds_the_five_types():
    assert set(VALID) <= set(strategies.available())


@pytest.mark.parametrize("kind", sorted(VALID))
def test_spec_with_defaults_is_complete_and_hashable(kind):
    spec = StrategySpec(kind, VALID[kind])
    assert spec.parameters == {**VALID[kind], "quantity": 1.0, "stop_loss": 0.0, "take_profit": 0.0}
    assert spec == StrategySpec(kind, spec.parameters)
    assert hash(spec) == hash(StrategySpec(kind, spec.parameters))
    assert pickle.loads(pickle.dumps(spec)) == spec


def test_spec_of_unknown_type_suggests_the_nearest():
    with pytest.raises(UnknownStrategyError, match=r'no strategy type "brekout"; did you mean "breakout"\?'):
        StrategySpec("brekout", {})


def test_spec_with_unknown_parameter_suggests_the_nearest():
    with pytest.raises(ParameterError, match=r'momentum has no parameter "lookback"; did you mean "lookback_period"\?'):
        StrategySpec("momentum", {"lookback": 20, "threshold": 0.01})


def test_spec_without_required_parameter_names_it():
    with pytest.raises(ParameterError, match="momentum needs threshold"):
        StrategySpec("momentum", {"lookback_period": 20})


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("momentum", {"lookback_period": 1}),
        ("momentum", {"lookback_period": 5001}),
        ("momentum", {"lookback_period": 2.5}),
        ("momentum", {"lookback_period": True}),
        ("momentum", {"lookback_period": "20"}),
        ("momentum", {"threshold": 0.0}),
        ("momentum", {"threshold": 1.1}),
        ("momentum", {"threshold": math.nan}),
        ("momentum", {"quantity": 0.0}),
        ("momentum", {"quantity": math.inf}),
        ("momentum", {"quantity": -1}),
        ("momentum", {"stop_loss": 1e-5}),
        ("momentum", {"stop_loss": 1.01}),
        ("momentum", {"take_profit": 101}),
        ("momentum", {"stop_loss": -0.1}),
        ("mean_reversion", {"std_multiplier": 0.04}),
        ("mean_reversion", {"std_multiplier": 10.5}),
        ("breakout", {"breakout_threshold": -1e-9}),
        ("trend_following", {"trend_threshold": 9e-5}),
        ("high_frequency", {"volatility_threshold": 0.0}),
        ("high_frequency", {"min_profit": 1.5}),
    ],
)
def test_spec_with_invalid_value_states_rule_and_value(kind, change):
    (name, value) = next(iter(change.items()))
    with pytest.raises(ParameterError, match=f"^{name} must be .*, was {value!r}".replace("+", r"\+")):
        StrategySpec(kind, VALID[kind] | change)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("momentum", {"lookback_period": 2, "threshold": 1e-5}),
        ("momentum", {"lookback_period": 5000, "threshold": 1.0}),
        ("breakout", {"breakout_threshold": 1.0}),
        ("high_frequency", {"min_profit": 0.0, "volatility_threshold": 10.0}),
        ("momentum", {"stop_loss": 1.0, "take_profit": 100.0, "quantity": 1e-9}),
        ("momentum", {"stop_loss": 1e-4, "take_profit": 1e-4}),
    ],
)
def test_spec_at_the_bounds_is_valid(kind, change):
    parameters = StrategySpec(kind, VALID[kind] | change).parameters
    assert {name: parameters[name] for name in change} == change


@pytest.mark.parametrize("kind", [None, 3, ["momentum"], {}])
def test_spec_of_a_type_that_is_no_name_is_refused(kind):
    with pytest.raises(
        UnknownStrategyError, match=f"^a strategy type must be a name.*was of type {type(kind).__name__};"
    ):
        StrategySpec(kind, {})


@pytest.mark.parametrize("parameters", [None, 20, "lookback_period", [("lookback_period", 20)], {20}])
def test_spec_with_parameters_that_are_no_mapping_is_refused(parameters):
    with pytest.raises(ParameterError, match=r"^parameters of momentum must be a mapping .*, was of type"):
        StrategySpec("momentum", parameters)


@pytest.mark.parametrize(
    "value",
    [np.array([20, 30]), 10**400, -(10**400), None, 1j, [20]],
    ids=["array", "huge", "-huge", "None", "complex", "list"],
)
def test_spec_with_a_value_that_is_no_float_is_refused(value):
    with pytest.raises(ParameterError, match=r"^quantity must be "):
        StrategySpec("momentum", VALID["momentum"] | {"quantity": value})

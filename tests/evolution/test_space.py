import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from evolution import Dimension, SettingsError, Space


@pytest.mark.parametrize("name", strategies.available())
@given(data=st.data())
def test_space_of_every_strategy_type_decodes_to_a_valid_spec(name, data):
    space = Space.of(name)
    genome = data.draw(st.tuples(*[st.floats(0.0, 1.0)] * len(space)))
    parameters = dict(zip(space.names, space.decode(genome), strict=True))
    spec = strategies.StrategySpec(name, parameters)
    assert {key: spec.parameters[key] for key in parameters} == parameters


@pytest.mark.parametrize("name", strategies.available())
def test_space_of_a_strategy_type_has_its_parameters_but_quantity(name):
    declared = [parameter.name for parameter in strategies.get(name).parameters]
    space = Space.of(strategies.get(name))
    assert list(space.names) == [item for item in declared if item != "quantity"]
    assert {"stop_loss", "take_profit"} <= set(space.names)
    assert space == Space.of(name)


@given(st.tuples(*[st.floats(0.0, 1.0)] * 3))
def test_repair_agrees_with_decode_and_encode(genome):
    space = Space(
        [Dimension("a", 1, 9, integer=True), Dimension("b", 1e-3, 1, log=True), Dimension("c", 1, 2, off=True)]
    )
    repaired, parameters = space.repair(genome)
    assert parameters == space.decode(genome) == space.decode(repaired)
    assert space.decode(space.encode(parameters)) == parameters


def test_space_without_dimensions_is_refused():
    with pytest.raises(SettingsError, match="at least one dimension"):
        Space([])


def test_space_with_a_name_twice_is_refused():
    with pytest.raises(SettingsError, match="x occurs twice"):
        Space([Dimension("x", 0, 1), Dimension("x", 0, 2)])

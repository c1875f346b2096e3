import dataclasses
import json

import pytest

from evolution import Dimension, IdentityError, RunIdentity, Settings, SettingsError, Space, Species, StateError


@pytest.fixture
def identity(three_species):
    return RunIdentity.of(three_species, population=60, seed=7, data_hash="d", costs_hash="c", objective_hash="o")


def test_identity_fills_in_defaults_and_sorts_species(identity, three_species):
    assert (identity.batch_size, identity.lag, identity.settings) == (3, 4, Settings())
    assert [species for species, _ in identity.spaces] == sorted(three_species)


def test_identity_survives_json(identity):
    again = RunIdentity.from_description(json.loads(json.dumps(identity.describe())))
    assert again == identity
    assert again.hash == identity.hash


@pytest.mark.parametrize(
    "change",
    [
        {"population": 61},
        {"seed": 8},
        {"batch_size": 4},
        {"lag": 5},
        {"settings": Settings(rivals=3)},
        {"data_hash": "e"},
        {"costs_hash": "e"},
        {"objective_hash": "e"},
        {"engine_version": 0},
    ],
)
def test_identity_hash_differs_with_every_part(identity, change):
    assert dataclasses.replace(identity, **change).hash != identity.hash


def test_identity_difference_names_a_dimension(identity, three_species):
    changed = Species("breakout", "BTC/USDT", "1h")
    spaces = three_species | {changed: Space([Dimension("width", 0.0, 2.0), Dimension("n", 1, 9, integer=True)])}
    other = RunIdentity.of(spaces, population=60, seed=7, data_hash="d", costs_hash="c", objective_hash="o")
    with pytest.raises(IdentityError, match=r"different: breakout BTC/USDT 1h, width \(recorded .*\)\. Start"):
        identity.require(other)
    identity.require(identity)


def test_identity_recorded_before_objectives_had_one_is_that_of_the_empty_one(three_species):
    identity = RunIdentity.of(three_species, population=60, seed=7)
    values = identity.describe()
    del values["objective_hash"]
    again = RunIdentity.from_description(values)
    again.require(identity)
    with pytest.raises(IdentityError, match=r'objective_hash \(recorded "", asked for "folds"\)'):
        again.require(dataclasses.replace(identity, objective_hash="folds"))


def test_identity_that_cannot_be_read_is_refused(identity):
    values = identity.describe()
    for name in ("spaces", "seed", "settings"):
        with pytest.raises(StateError, match="identity of the run cannot be read"):
            RunIdentity.from_description({key: value for key, value in values.items() if key != name})


def test_identity_species_twice_are_refused(space):
    with pytest.raises(SettingsError, match="species must be different"):
        RunIdentity.of({"a": space, Species("a"): space}, population=10, seed=1)

import pickle

import pytest

from evolution import Settings, SettingsError


def test_settings_describe_rebuilds_them():
    settings = Settings(shares={"immigrant": 0.25, "sbx": 0.75}, tournament=2)
    assert Settings(**settings.describe()) == settings


def test_settings_survive_pickling_and_hash():
    settings = Settings(rivals=3)
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert hash(settings) == hash(Settings(rivals=3))


def test_settings_shares_cannot_be_changed():
    with pytest.raises(TypeError):
        Settings().shares["sbx"] = 1.0


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"shares": {"sbx": 0.5}}, "sum to 1"),
        ({"shares": {"magic": 1.0}}, 'no variation operator "magic"'),
        ({"shares": {"sbx": 1.5, "immigrant": -0.5}}, r"in \[0, 1\], was -0.5"),
        ({"tournament": 0}, "tournament must be a whole number of at least 1, was 0"),
        ({"rivals": 1.5}, "rivals must be a whole number"),
        ({"elites": -0.1}, r"elites must be in \[0, 1\], was -0.1"),
        ({"mutation_rate": 2.0}, r"mutation_rate must be in \[0, 1\], was 2.0"),
        ({"crossover_eta": float("nan")}, "crossover_eta must be finite"),
        ({"proposals": 0}, "proposals must be a whole number of at least 1, was 0"),
        ({"experience": 0}, "experience must be a whole number of at least 1, was 0"),
        ({"novelty": -1.0}, "novelty must be finite and at least 0, was -1"),
        ({"greedy": 1.5}, r"greedy must be in \[0, 1\], was 1.5"),
        ({"adaptation": -0.1}, r"adaptation must be in \[0, 1\], was -0.1"),
        ({"memory": 10}, "memory must be a whole number of at least 4,096, was 10"),
    ],
)
def test_settings_out_of_bounds_state_rule_and_value(arguments, rule):
    with pytest.raises(SettingsError, match=rule):
        Settings(**arguments)

"""Discovery: built-in files, plug-ins, and plug-ins that are broken."""

from importlib.metadata import EntryPoint

import pytest

import strategies
from strategies import Parameter, StrategyType, registry


class Plugin(StrategyType):
    """Never trades."""

    name = "plug_in"
    summary = "never trades"
    own_parameters = (Parameter("patience", 1, 10, 2, 5, "bars", "how long to do nothing", integer=True),)

    def warm_up(self, parameters):
        return int(parameters["patience"])

    def columns(self, prices):
        return (prices.close,)

    def sides(self, columns, parameters, one_way_cost, out):
        out[:] = 0


@pytest.fixture
def install(monkeypatch):
    """Pretend that plug-ins are installed: entry points by name and target."""

    def entry_points(**targets):
        points = [EntryPoint(name, target, registry.ENTRY_POINT_GROUP) for name, target in targets.items()]
        monkeypatch.setattr(registry, "entry_points", lambda group: points)
        registry._discovered.cache_clear()

    yield entry_points
    monkeypatch.undo()
    registry._discovered.cache_clear()


def test_available_with_an_installed_plug_in_holds_it(install, monkeypatch):
    monkeypatch.setattr(EntryPoint, "load", lambda self: Plugin)
    install(plug_in="plugins:Plugin")
    assert "plug_in" in strategies.available()
    assert strategies.StrategySpec("plug_in", {"patience": 3}).parameters["patience"] == 3


def test_available_with_a_broken_plug_in_warns_and_keeps_the_others(install):
    install(broken="no_such_module_anywhere:Thing", odd="math:pi")
    with pytest.warns(UserWarning, match="was not loaded") as caught:
        names = strategies.available()
    assert len(caught) == 2
    assert "momentum" in names


def test_available_with_a_name_that_is_taken_keeps_the_built_in(install, monkeypatch):
    impostor = type("Impostor", (Plugin,), {"name": "momentum"})
    monkeypatch.setattr(EntryPoint, "load", lambda self: impostor)
    install(momentum="plugins:Impostor")
    with pytest.warns(UserWarning, match='"momentum" is taken'):
        assert not isinstance(strategies.get("momentum"), impostor)


@pytest.mark.parametrize("name", strategies.available())
def test_type_declares_searchable_valid_parameters(name):
    kind = strategies.get(name)
    assert kind.name == name
    assert kind.summary
    assert len({parameter.name for parameter in kind.parameters}) == len(kind.parameters)
    for parameter in kind.own_parameters:
        assert parameter.unit
        assert parameter.description
        assert parameter.check(parameter.search_low) == parameter.search_low
        assert parameter.check(parameter.search_high) == parameter.search_high
        assert parameter.search_low < parameter.search_high
        assert not (parameter.log and parameter.search_low <= 0.0)

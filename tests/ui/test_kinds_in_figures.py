"""Types and operators look the same in figures of every language, whichever others are there."""

import pytest

from backtest.plots import lineage_figure, strategy_map_figure
from ui.panel.catalogue import LANGUAGES, catalogue

ENGLISH = catalogue("en").words


def kinds(group):
    return [key.removeprefix(f"word.{group}.") for key in ENGLISH if key.startswith(f"word.{group}.")]


def strategy_map(types, names):
    ids = [str(number) for number in range(len(types))]
    return strategy_map_figure(ids, types, [50.0] * len(types), [40.0] * len(types), names=names).data


def lineage(operators, names):
    ids = [str(number) for number in range(len(operators))]
    return lineage_figure(ids, [1] * len(ids), operators, [None] * len(ids), [], names=names).data[1:]


def looks(draw, group, language, shown):
    """Return colour and shape by kind."""
    names = {kind: catalogue(language).word(group, kind) for kind in shown}
    traces = {trace.name.partition(" (")[0]: (trace.marker.color, trace.marker.symbol) for trace in draw(shown, names)}
    return {kind: traces[name] for kind, name in names.items()}


@pytest.mark.parametrize(("draw", "group"), [(strategy_map, "type"), (lineage, "operator")])
def test_kind_looks_the_same_in_every_language_and_whichever_others_are_there(draw, group):
    every = looks(draw, group, "en", kinds(group))
    assert len(set(every.values())) == len(every) >= 5
    for language in LANGUAGES:
        for kind in every:
            assert looks(draw, group, language, [kind, "of a plug-in"])[kind] == every[kind]

"""The scores around a strategy's parameters: a plateau is robust, a lonely peak is luck."""

from statistics import median

import numpy as np
import streamlit as st

from backtest.plots import neighbourhood_figure
from ui.panel import Tile, View, plot, tiles
from ui.panel.address_choice import choice
from ui.panel.first_answer import first_answer
from ui.strategy_answers import Neighbourhood, StrategyDetail

__all__ = ["draw_surroundings", "surroundings_asked"]

_AGE_S = 3_600.0
_NOT_A_GENE = "quantity"
_PLATEAU, _SPIKE = 0.8, 0.5
_NEAR = 2  # cells


def surroundings_asked(view: View, strategy: str) -> tuple[str | None, str | None]:
    """Ask over which two parameters; outside of what draws itself again."""
    found: StrategyDetail | None = first_answer(view, f"strategy:{strategy}", lambda: view.client.strategy(strategy))
    if found is None:
        return None, None
    names = [name for name in found.parameters if name != _NOT_A_GENE]
    left, right, _ = st.columns([1, 1, 2])
    with left:
        x = choice(view, "x", view.text("strategy.x"), names, none=view.text("strategy.first_parameter"))
    with right:
        others = [name for name in names if name != x]
        y = choice(view, "y", view.text("strategy.y"), others, none=view.text("strategy.second_parameter"))
    return x, y


def draw_surroundings(view: View, found: StrategyDetail, x: str | None, y: str | None) -> None:
    """Draw the scores around a strategy, and what they say.

    Parameters
    ----------
    view : View
        For whom.
    found : StrategyDetail
        Which strategy.
    x, y : str or None
        Two of its parameters.
    """
    around = view.load(
        f"neighbourhood:{found.id}:{found.version}:{x}:{y}",
        lambda: view.patient_client.neighbourhood(found.id, x, y),
        max_age_s=_AGE_S,
    )
    if around is None:
        return
    if not around.scs:
        view.empty("strategy.no_surroundings")
        return
    _verdict(view, around)
    figure = neighbourhood_figure(
        around.x_values,
        around.y_values,
        np.array(around.scs, float),
        around.x,
        around.y,
        at=around.at,
        name=None,
        labels={"this strategy": view.text("strategy.this_one")},
    )
    plot(figure, f"surroundings-{found.id}-{around.x}-{around.y}", view.text("strategy.surroundings_alt"))


def _verdict(view: View, around: Neighbourhood) -> None:
    """Say whether the scores around it are about as high."""
    column = min(range(len(around.x_values)), key=lambda place: abs(around.x_values[place] - around.at[0]))
    row = min(range(len(around.y_values)), key=lambda place: abs(around.y_values[place] - around.at[1]))
    own = around.scs[row][column]
    others = [
        value
        for up, values in enumerate(around.scs)
        for across, value in enumerate(values)
        if value is not None and 0 < max(abs(up - row), abs(across - column)) <= _NEAR
    ]
    middle = median(others) if others else None
    share = None if middle is None or not own else middle / own
    text = view.text
    if own is not None and not own:
        name, tone, why = text("strategy.zero"), "bad", text("strategy.zero_why")
    elif share is None:
        name, tone, why = text("strategy.flat"), "muted", text("strategy.flat_why")
    elif share >= _PLATEAU:
        name, tone, why = text("strategy.plateau"), "good", text("strategy.plateau_why")
    elif share < _SPIKE:
        name, tone, why = text("strategy.spike"), "bad", text("strategy.spike_why")
    else:
        name, tone, why = text("strategy.slope"), "warn", text("strategy.slope_why")
    tiles(
        (
            Tile(text("strategy.shape"), name, "", tone),
            Tile(text("strategy.scs_here"), view.number(own, 1)),
            Tile(
                text("strategy.scs_around"),
                view.number(middle, 1),
                text("strategy.scs_around_share", share=view.percent(share, 0)),
            ),
            Tile(text("strategy.scs_best"), view.number(max(others, default=None), 1)),
        )
    )
    st.caption(why)

"""A part of a strategy's page: drawn as soon as the desk has told of the strategy, and again by itself."""

from collections.abc import Callable

from ui.panel import View
from ui.strategy_answers import StrategyDetail
from ui.strategy_parts.summary import strategy_of

__all__ = ["live_part"]


def live_part(view: View, strategy: str, draw: Callable[[View, StrategyDetail], None], every_s: float) -> None:
    """Draw a part now and again; nothing while the strategy is not known, which the summary says.

    Parameters
    ----------
    view : View
        For whom.
    strategy : str
        Its id.
    draw : callable
        Draws the part for a viewer, of everything the desk knows about the strategy.
    every_s : float
        After how many seconds it is drawn again.
    """

    def part() -> None:
        found = strategy_of(view, strategy)
        if found is not None:
            draw(view, found)

    view.live(part, every_s)

"""A run whose window rolls from one regime to another, and the restarts beside it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from campaigns.planted import KINDS
from campaigns.regime_search import Curve, Search, objective_of
from campaigns.switching import switching_candles

__all__ = ["QUARTERS", "SHARPE", "RegimeRolls", "curve_of", "rises"]

SHARPE = 3.0
"""Annual Sharpe ratio that is planted in both regimes."""

QUARTERS = 4
"""How often on its way a run is compared."""

RESTARTS = 3


@dataclass(frozen=True)
class RegimeRolls:
    """One run over one market.

    Parameters
    ----------
    before : {"trend", "reversion"}
        The old regime; the new one is the other.
    seed : int
        Of the run; of the market as well.
    population : int
        Of the run, and of each restart.
    bars : int
        Of a window.
    rolls : int
        Rolls until the window is of the new regime, a multiple of four.
    life : int
        Generations of a window.
    horizon : int
        Generations within which a level is to be reached.
    generations : int
        Of a restart.
    """

    before: str
    seed: int
    population: int
    bars: int
    rolls: int
    life: int
    horizon: int
    generations: int

    def run(self) -> dict[str, Any]:
        """Return the best so far, by quarter, of the run and of the restarts beside it: where and to what it rose."""
        after = next(kind for kind in KINDS if kind != self.before)
        candles = switching_candles(self.before, after, SHARPE, 2 * self.bars, self.bars, 100 + self.seed)
        search = Search(objective_of(candles[: self.bars]), self.population, self.seed)
        search.best_so_far(self.horizon)
        warm, cold = [], []
        for roll in range(1, self.rolls + 1):
            first = roll * self.bars // self.rolls
            objective = objective_of(candles[first : first + self.bars])
            if roll % (self.rolls // QUARTERS) == 0:
                warm.append(rises(search.rolled(objective).best_so_far(self.horizon)))
                seeds = range(1000 + RESTARTS * self.seed, 1000 + RESTARTS * (self.seed + 1))
                restarts = [Search(objective, self.population, seed).best_so_far(self.generations) for seed in seeds]
                cold.append([rises(restart) for restart in restarts])
            search = search.rolled(objective)
            search.best_so_far(self.life)
        return {"warm": warm, "cold": cold}


def rises(curve: Curve) -> dict[str, Any]:
    """Return a curve that never falls as the evaluations after which it rose, and its levels from there."""
    at = np.flatnonzero(np.diff(curve, prepend=-np.inf))
    return {"at": at.tolist(), "level": curve[at].tolist(), "length": curve.size}


def curve_of(record: dict[str, Any]) -> Curve:
    """Return the curve that `rises` describes."""
    return np.repeat(record["level"], np.diff([*record["at"], record["length"]]))

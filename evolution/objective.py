"""The objective: the fitness of strategies on the candles they are trained on."""

from collections.abc import Mapping, Sequence

import numpy as np

import backtest
from evolution.candidate import Candidate
from evolution.errors import RunnerError, SettingsError
from strategies import StrategySpec

__all__ = ["ScsObjective"]

Market = tuple[str, str]
"""Symbol and timeframe."""


class ScsObjective:
    """Scores each candidate with its SCS on the training candles of its market.

    One market at a time passes through `fitness`: fitness over several spans of the candles (folds, neighbourhoods)
    overrides that method and nothing else. Holdout candles never get here.

    Parameters
    ----------
    markets : mapping of (symbol, timeframe) to PreparedCandles
        The training candles.
    costs : Costs or None
        What trading costs; the defaults of `backtest` when None.

    Raises
    ------
    SettingsError
        If there is no market.
    """

    def __init__(self, markets: Mapping[Market, backtest.PreparedCandles], costs: backtest.Costs | None = None) -> None:
        if not markets:
            raise SettingsError("an objective must have at least one market, had 0; give it candles")
        self.markets = dict(markets)
        self.costs = backtest.Costs() if costs is None else costs

    def __call__(self, candidates: Sequence[Candidate]) -> list[float]:
        """Return the fitness of candidates.

        Parameters
        ----------
        candidates : sequence of Candidate
            Strategies of any type on any of the markets.

        Returns
        -------
        list of float
            One fitness a candidate, in their order.

        Raises
        ------
        RunnerError
            If a candidate's market is not among the markets.
        """
        positions: dict[Market, list[int]] = {}
        for position, candidate in enumerate(candidates):
            positions.setdefault(candidate.species.market, []).append(position)
        scores = np.empty(len(candidates))
        for market, where in positions.items():
            if market not in self.markets:
                known = ", ".join(" ".join(key) for key in self.markets)
                raise RunnerError(f"a candidate's market must be one of {known}, was {' '.join(market)}")
            specs = [
                StrategySpec(candidates[position].species.type, candidates[position].as_dict()) for position in where
            ]
            scores[where] = self.fitness(specs, self.markets[market])
        fitness: list[float] = scores.tolist()
        return fitness

    def fitness(self, specs: Sequence[StrategySpec], candles: backtest.PreparedCandles) -> np.ndarray:
        """Return the fitness of strategies on one market.

        Parameters
        ----------
        specs : sequence of StrategySpec
            The strategies, at quantity 1.
        candles : PreparedCandles
            Training candles of their market.

        Returns
        -------
        ndarray of float64, shape (n_specs,)
            SCS, 0..100.
        """
        return backtest.score_many(specs, candles, self.costs)

    def work(self, candidates: Sequence[Candidate]) -> int:
        """Return the strategy-bars of candidates.

        Parameters
        ----------
        candidates : sequence of Candidate
            What would be evaluated.

        Returns
        -------
        int
            Bars of each candidate's market, added up.
        """
        return sum(len(self.markets[candidate.species.market]) for candidate in candidates)

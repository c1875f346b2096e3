"""The objective: the fitness of strategies on the candles they are trained on."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

import backtest
from evolution.behaviour import Behaviour
from evolution.candidate import Candidate
from evolution.errors import RunnerError, SettingsError
from strategies import StrategySpec

__all__ = ["Market", "ScsObjective", "spec_of"]

Market = tuple[str, str]
"""Symbol and timeframe."""


class ScsObjective:
    """Scores each candidate with its SCS on the training candles of its market.

    One market at a time passes through `fitness`, which `FoldObjective` overrides. Candles of a test span or a holdout
    never get here.

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
            One fitness a candidate, in their order. A candidate whose market is not among the markets is refused
            (`RunnerError`).
        """
        scores = np.empty(len(candidates))
        for market, where in self._by_market(candidates).items():
            scores[where] = self.fitness([candidates[position] for position in where], self.markets[market])
        fitness: list[float] = scores.tolist()
        return fitness

    def fitness(self, candidates: Sequence[Candidate], candles: backtest.PreparedCandles) -> np.ndarray:
        """Return the fitness of candidates on one market.

        Parameters
        ----------
        candidates : sequence of Candidate
            Of any species of the market.
        candles : PreparedCandles
            Training candles of their market.

        Returns
        -------
        ndarray of float64, shape (n_candidates,)
            SCS, 0..100.
        """
        return backtest.score_many([spec_of(candidate) for candidate in candidates], candles, self.costs)

    def behaviours(self, candidates: Sequence[Candidate]) -> list[Behaviour]:
        """Return how candidates trade on the candles that they are trained on.

        Parameters
        ----------
        candidates : sequence of Candidate
            Strategies of any type on any of the markets.

        Returns
        -------
        list of Behaviour
            One a candidate, in their order.
        """
        found: dict[int, Behaviour] = {}
        for market, where in self._by_market(candidates).items():
            candles, specs = self.markets[market], [spec_of(candidates[i]) for i in where]
            table = backtest.run_many(specs, candles, self.costs)
            holding = backtest.mean_holding_bars(table["exposure"], table["n_trades"], len(candles))
            returns = backtest.interval_returns(specs, candles, self.costs)
            with_market = _correlations(returns, backtest.market_interval_returns(candles))
            rows = zip(where, holding.tolist(), table["exposure"].tolist(), with_market.tolist(), strict=True)
            found |= {i: Behaviour(bars, exposure, correlation) for i, bars, exposure, correlation in rows}
        return [found[i] for i in range(len(candidates))]

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

    def _by_market(self, candidates: Sequence[Candidate]) -> dict[Market, list[int]]:
        """Return the positions of the candidates of each market."""
        positions: dict[Market, list[int]] = {}
        for position, candidate in enumerate(candidates):
            market = candidate.species.market
            if market not in self.markets:
                known = ", ".join(" ".join(key) for key in self.markets)
                raise RunnerError(f"a candidate's market must be one of {known}, was {' '.join(market)}")
            positions.setdefault(market, []).append(position)
        return positions


def _correlations(returns: np.ndarray, market: np.ndarray) -> np.ndarray:
    """Return the correlation of each column with the market; NaN where one of them never varies."""
    rest, market = returns - returns.mean(axis=0), market - market.mean()
    norms = np.sqrt((rest * rest).sum(axis=0) * (market @ market))
    products = np.array([math.fsum(column * market) for column in rest.T])
    correlations = np.divide(products, norms, out=np.full(norms.shape, np.nan), where=norms > 0.0)
    return np.asarray(np.clip(correlations, -1.0, 1.0))


def spec_of(candidate: Candidate) -> StrategySpec:
    """Return a candidate as a strategy.

    Parameters
    ----------
    candidate : Candidate
        Its species is a strategy type on a market.

    Returns
    -------
    StrategySpec
        At quantity 1: it cannot change the score.
    """
    return StrategySpec(candidate.species.type, candidate.as_dict())

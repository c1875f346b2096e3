"""The objective of evolution: what a strategy scores in its worse times, with its neighbours."""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import backtest
from evolution.candidate import Candidate
from evolution.errors import SettingsError
from evolution.memory import fingerprint
from evolution.objective import Market, ScsObjective, spec_of
from evolution.space import Space
from evolution.species import Species
from strategies import StrategySpec

__all__ = ["FoldObjective", "FoldSettings", "neighbours"]

_MOST_NEIGHBOURS = 8
"""What one digest has bits for."""


@dataclass(frozen=True, slots=True)
class FoldSettings:
    """How candles become fitness; part of a run's identity.

    Attributes
    ----------
    folds : int
        Parts of the training candles, at least 1.
    neighbours : int
        Genomes around each one that count as much as itself: an even number, 0 for none, 8 at most.
    radius : float
        How far away they are in every gene, in the unit cube.

    Raises
    ------
    SettingsError
        If one is out of its bounds.

    Notes
    -----
    Chosen on random genomes of all types on 18 real markets, two windows each: the median SCS of ten selected ones in
    the following quarter was 2.1 when they were selected by the SCS of the whole training window, 2.2 by the mean of
    its folds, 3.1 by the worse folds, and 3.7 by the worse folds averaged over neighbours.
    """

    folds: int = 4
    neighbours: int = 4
    radius: float = 0.05

    def __post_init__(self) -> None:
        if not isinstance(self.folds, int) or self.folds < 1:
            raise SettingsError(f"folds must be a whole number of at least 1, was {self.folds}")
        if not isinstance(self.neighbours, int) or self.neighbours not in range(0, _MOST_NEIGHBOURS + 1, 2):
            raise SettingsError(f"neighbours must be an even number in [0, {_MOST_NEIGHBOURS}], was {self.neighbours}")
        if not 0.0 < self.radius <= 0.5:
            raise SettingsError(f"radius must be in (0, 0.5], was {self.radius}")

    def describe(self) -> dict[str, Any]:
        """Return the settings as JSON values; ``FoldSettings(**values)`` gives them back."""
        return asdict(self)


class FoldObjective(ScsObjective):
    """Scores each candidate by its SCS on folds of the training candles, averaged over its neighbourhood.

    The worst fold counts most: sorted from worst to best, the weights of four folds are 16, 9, 4 and 1 thirtieths. A
    strategy that lives on one lucky stretch therefore scores little, and so does one whose neighbours lose: what is a
    spike in the training candles is rarely there afterwards. Nobody scores more than on all training candles
    together: trades that cross the edge of a fold are in none, and losers held across edges would not count.
    A candidate that scores 0 has no neighbours evaluated.

    Parameters
    ----------
    markets : mapping of (symbol, timeframe) to PreparedCandles
        The training candles, ending where the selection window ends.
    spaces : mapping of Species to Space
        Where neighbours are taken from.
    costs : Costs or None
        What trading costs; the defaults of `backtest` when None.
    settings : FoldSettings or None
        The defaults when None.
    """

    def __init__(
        self,
        markets: Mapping[Market, backtest.PreparedCandles],
        spaces: Mapping[Species, Space],
        costs: backtest.Costs | None = None,
        settings: FoldSettings | None = None,
    ) -> None:
        super().__init__(markets, costs)
        self.spaces = dict(spaces)
        self.settings = FoldSettings() if settings is None else settings

    def fitness(self, candidates: Sequence[Candidate], candles: backtest.PreparedCandles) -> np.ndarray:
        """Return the fitness of candidates on one market.

        Parameters
        ----------
        candidates : sequence of Candidate
            Of any species of the market.
        candles : PreparedCandles
            Training candles of the market.

        Returns
        -------
        ndarray of float64, shape (n_candidates,)
            Neighbourhood-averaged, rank-weighted SCS of the folds, each at most that of all bars; 0..100.
        """
        fitness = self._weighted([spec_of(candidate) for candidate in candidates], candles)
        alive = [position for position, score in enumerate(fitness.tolist()) if score > 0.0]
        n = self.settings.neighbours
        if n and alive:
            around = [spec for position in alive for spec in self.neighbours(candidates[position])]
            scores = self._weighted(around, candles).reshape(len(alive), n)
            for position, others in zip(alive, scores, strict=True):
                fitness[position] = (fitness[position] + others.sum()) / (n + 1)
        return fitness

    def neighbours(self, candidate: Candidate) -> list[StrategySpec]:
        """Return the strategies around a candidate that its fitness is averaged over."""
        space = self.spaces[candidate.species]
        return [
            StrategySpec(candidate.species.type, dict(zip(space.names, parameters, strict=True)))
            for parameters in neighbours(candidate, space, self.settings)
        ]

    def work(self, candidates: Sequence[Candidate]) -> int:
        """Return the strategy-bars of candidates, neighbours included.

        Parameters
        ----------
        candidates : sequence of Candidate
            What would be evaluated.

        Returns
        -------
        int
            An upper bound: those that score nothing have no neighbours.
        """
        return super().work(candidates) * (1 + self.settings.neighbours)

    def _weighted(self, specs: Sequence[StrategySpec], candles: backtest.PreparedCandles) -> np.ndarray:
        scores = backtest.fold_scores(specs, candles, self.settings.folds, self.costs)
        folds = np.sort(scores[:, :-1], axis=1)
        weights = np.arange(self.settings.folds, 0, -1, dtype=np.float64) ** 2
        total = np.zeros(len(specs))
        for column, weight in zip(folds.T, weights / weights.sum(), strict=True):
            total += weight * column  # column by column: a matrix product may round differently in company
        return np.asarray(np.minimum(total, scores[:, -1]))


def neighbours(candidate: Candidate, space: Space, settings: FoldSettings) -> list[tuple[float, ...]]:
    """Return the parameters of a candidate's neighbours.

    They come in opposite pairs: `radius` up or down in every gene at once, the signs a function of the parameters
    alone. So are the neighbours: of two genomes that stand for the same parameters, both have the same ones.

    Parameters
    ----------
    candidate : Candidate
        In the middle.
    space : Space
        Of its species.
    settings : FoldSettings
        How many, and how far.

    Returns
    -------
    list of tuple of float
        Inside the bounds; `settings.neighbours` of them.
    """
    bits = hashlib.blake2b(
        fingerprint(candidate.species, candidate.parameters), digest_size=8 * settings.neighbours or 8
    )
    words = struct.unpack(f"<{max(settings.neighbours, 1)}Q", bits.digest())
    found = []
    middle = space.encode(candidate.parameters)  # its own genome may have more digits than the parameters have
    for word in words[: settings.neighbours // 2]:
        steps = [settings.radius if word >> i & 1 else -settings.radius for i in range(len(space))]
        for side in (1.0, -1.0):
            genes = [min(max(gene + side * step, 0.0), 1.0) for gene, step in zip(middle, steps, strict=True)]
            found.append(space.repair(genes)[1])
    return found

"""Refinement: a CMA-ES with margin around an elite, fed by those of its samples that were evaluated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evolution.candidate import Member
from evolution.dimension import Dimension
from evolution.space import Space
from evolution.stream import Stream

if TYPE_CHECKING:
    from cmaes import CMAwM

__all__ = ["Refinement", "Sample", "Search"]

_SIGMA = 0.1
"""Standard deviation of the first samples, in units of a gene's range."""

_MOST_GENERATIONS = 50
"""A search ends after so many updates at the latest, which bounds the state."""

_GRID = 2.0**20
"""Samples are rounded to the inverse of it: the last bits of linear algebra differ between machines."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A point that a search proposes.

    Attributes
    ----------
    genes : tuple of float
        What to evaluate, in the unit cube.
    raw : tuple of float
        The same point in the coordinates of the search, where whole numbers have a margin around them.
    parent : int
        Child index of the elite that the search began at.
    """

    genes: tuple[float, ...]
    raw: tuple[float, ...]
    parent: int


@dataclass(slots=True)
class Search:
    """What a search consists of: where it began, and everything it was told. The rest follows from it.

    Attributes
    ----------
    parent : int
        Child index of the elite it began at.
    start : tuple of float
        Genes of that elite.
    told : list of (tuple of float, float)
        Raw samples and their scores, in the order of commitment.
    open : dict of int to tuple of float
        Raw samples that are not committed, by child.
    """

    parent: int
    start: tuple[float, ...]
    told: list[tuple[tuple[float, ...], float]] = field(default_factory=list)
    open: dict[int, tuple[float, ...]] = field(default_factory=dict)


class Refinement:
    """The searches of one species within a window, one after the other.

    A search begins at an elite when a sample is wanted and there is none. Its samples are told in the order in which
    children commit; as many as CMA-ES wants for an update make one, so samples of the distribution before may be among
    them. It ends when the package says that it has converged, or after a bounded number of updates; what is still open
    then is no concern of the next one. A score that is not finite ranks last.

    A whole number on a linear scale has its margin. On a logarithmic scale, or beside "off", values are not evenly
    spaced, which the package does not provide for; there the gene is continuous and decoded as any other.

    The distribution is a function of `search`, and a sample one of the distribution and the child's own random numbers:
    nothing is remembered of samples that were not chosen.

    Parameters
    ----------
    space : Space
        Of the species.

    References
    ----------
    Hamano, R., Saito, S., Nomura, M., Shirakawa, S. (2022). "CMA-ES with Margin". Proceedings of GECCO 2022.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        steps, bounds = zip(*(_grid(dimension) for dimension in space.dimensions), strict=True)
        self._steps, self._bounds = np.array(steps), np.array(bounds)
        self.search: Search | None = None
        self._distribution: CMAwM | None = None
        self._pending: list[tuple[np.ndarray, float]] = []

    def begin(self, elite: Member) -> None:
        """Start a search.

        Parameters
        ----------
        elite : Member
            Where.
        """
        self.restore(Search(elite.candidate.child, elite.candidate.genome))

    def sample(self, stream: Stream) -> Sample:
        """Return a sample of the present search.

        Parameters
        ----------
        stream : Stream
            The child's own random numbers.

        Returns
        -------
        Sample
            To be evaluated, or not.
        """
        assert self.search is not None
        assert self._distribution is not None
        self._distribution.reseed_rng(stream.below(2**32))
        encoded, raw = self._distribution.ask()
        genes = np.clip(_rounded(encoded), 0.0, 1.0)
        return Sample(tuple(genes.tolist()), tuple(_rounded(raw).tolist()), self.search.parent)

    def expect(self, child: int, sample: Sample) -> None:
        """Take note that a sample of the present search becomes a child.

        Parameters
        ----------
        child : int
            Its index within the species.
        sample : Sample
            What `sample` returned.
        """
        assert self.search is not None
        self.search.open[child] = sample.raw

    def tell(self, child: int, score: float) -> None:
        """Take the score of a child that commits; it may be none of the samples.

        Parameters
        ----------
        child : int
            Its index within the species.
        score : float
            Its score.
        """
        if self.search is not None and child in self.search.open:
            raw = self.search.open.pop(child)
            self.search.told.append((raw, score))
            self._learn(raw, score)

    def restore(self, search: Search | None) -> None:
        """Take over a search.

        Parameters
        ----------
        search : Search or None
            What `search` was when the state was taken.

        Raises
        ------
        ValueError
            If it could not have gone on.
        """
        self.search, self._distribution, self._pending = search, None, []
        if search is None:
            return
        self._distribution = self._begun(search.start)
        for raw, score in search.told:
            self._learn(raw, score)
        if self.search is None:
            raise ValueError("a search that has ended cannot go on")

    def _begun(self, start: Sequence[float]) -> "CMAwM":
        from cmaes import CMAwM  # it imports scipy where that is installed, which takes a while

        mean = np.clip(np.array(start), self._bounds[:, 0], self._bounds[:, 1])
        return CMAwM(mean=mean, sigma=_SIGMA, bounds=self._bounds, steps=self._steps, seed=0)

    def _learn(self, raw: Sequence[float], score: float) -> None:
        distribution = self._distribution
        assert distribution is not None
        self._pending.append((np.array(raw), -score if math.isfinite(score) else math.inf))
        if len(self._pending) < distribution.population_size:
            return
        with np.errstate(all="ignore"):  # what has degenerated ends below
            distribution.tell(self._pending)
            has_ended = not np.isfinite(distribution.mean).all() or distribution.should_stop()
        self._pending = []
        if has_ended or distribution.generation >= _MOST_GENERATIONS:
            self.search = self._distribution = None


def _grid(dimension: Dimension) -> tuple[float, tuple[float, float]]:
    """Return the step of the genes of a dimension, 0 for none, and their bounds."""
    count = dimension.high - dimension.low + 1.0
    if not dimension.integer or dimension.log or dimension.off or count < 2.0:
        return 0.0, (0.0, 1.0)
    return 1.0 / count, (0.5 / count, 1.0 - 0.5 / count)


def _rounded(values: np.ndarray) -> np.ndarray:
    rounded: np.ndarray = np.floor(values * _GRID + 0.5) / _GRID
    return rounded

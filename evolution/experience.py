"""Experience: where a species has been evaluated lately, and what was found there."""

import math
from collections import deque
from collections.abc import Sequence

import numpy as np

__all__ = ["Experience"]

_STEPS = 65_535
"""Genes are remembered on a grid of two bytes: enough for distances, and a quarter of the state."""


class Experience:
    """The latest evaluated genomes of one species with their scores; the oldest are forgotten beyond the limit.

    `Memory` knows which genomes were evaluated, of all species and without their genes; this knows where they lie.

    Parameters
    ----------
    n_genes : int
        Genes of a genome.
    limit : int
        How many genomes are remembered.
    """

    def __init__(self, n_genes: int, limit: int) -> None:
        self._n_genes = n_genes
        self._items: deque[tuple[bytes, float]] = deque(maxlen=limit)
        self._columns: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def add(self, genome: Sequence[float], score: float) -> None:
        """Remember an evaluated genome.

        Parameters
        ----------
        genome : sequence of float
            Its genes, in [0, 1].
        score : float
            Its score; one that is not finite counts as the worst that is remembered.
        """
        words = np.array([int(gene * _STEPS + 0.5) for gene in genome], dtype="<u2")
        self._items.append((words.tobytes(), score if math.isfinite(score) else math.nan))
        self._columns = None

    def columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what is remembered.

        Returns
        -------
        genes : ndarray of float64, shape (n_genes, n_items)
            The oldest first.
        scores : ndarray of float64, shape (n_items,)
            All finite.
        """
        if self._columns is None:
            words = np.frombuffer(self.genes(), dtype="<u2").reshape(len(self), self._n_genes)
            scores = np.array([score for _, score in self._items], dtype=np.float64)
            known = scores[np.isfinite(scores)]
            scores[np.isnan(scores)] = known.min() if known.size else 0.0
            self._columns = np.ascontiguousarray(words.T) / _STEPS, scores
        return self._columns

    def genes(self) -> bytes:
        """Return the genes as they are stored.

        Returns
        -------
        bytes
            Two bytes a gene, the oldest genome first.
        """
        return b"".join(words for words, _ in self._items)

    def scores(self) -> list[float]:
        """Return the scores as they are stored.

        Returns
        -------
        list of float
            The oldest first; NaN for one that was not finite.
        """
        return [score for _, score in self._items]

    def restore(self, genes: bytes, scores: Sequence[float]) -> None:
        """Take over what `genes` and `scores` returned.

        Parameters
        ----------
        genes : bytes
            Two bytes a gene.
        scores : sequence of float
            As many as genomes.

        Raises
        ------
        ValueError
            If they do not fit each other.
        """
        size = 2 * self._n_genes
        if len(genes) != size * len(scores):
            raise ValueError(
                f"experience of {len(scores)} genomes must have {size * len(scores)} bytes, had {len(genes)}"
            )
        self._items.clear()
        self._items.extend((genes[at * size : (at + 1) * size], score) for at, score in enumerate(scores))
        self._columns = None

"""Memory of evaluated genomes: no genome is evaluated twice."""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence

from evolution.species import Species

__all__ = ["Memory", "fingerprint"]


def fingerprint(species: Species, parameters: Sequence[float]) -> bytes:
    """Return what identifies the parameters of a species.

    Parameters
    ----------
    species : Species
        Whose parameters.
    parameters : sequence of float
        Values in declared order.

    Returns
    -------
    bytes
        8 bytes of BLAKE2b. Two of a million genomes share one with a probability of 3e-8.
    """
    data = struct.pack(f"<{len(parameters)}d", *parameters)
    key = "\0".join((species.type, species.symbol, species.timeframe)).encode()
    return hashlib.blake2b(key + b"\0" + data, digest_size=8).digest()


class Memory:
    """Scores of committed genomes, by fingerprint; the least recently used are forgotten beyond the limit.

    It holds what determinism needs and no more: whether a genome is known decides whether a child redraws, so memory
    is part of the state, 16 bytes a genome. A search on one window of data evaluates fewer genomes than the default
    limit (`Settings.memory`), so there nothing is ever forgotten. Forgetting follows the order of commits and is
    as deterministic as they are.

    Parameters
    ----------
    limit : int
        Genomes to remember.
    items : iterable of (bytes, float)
        What is known already, the least recently used first.
    """

    def __init__(self, limit: int, items: Iterable[tuple[bytes, float]] = ()) -> None:
        self._limit = limit
        self._scores: dict[bytes, float] = dict(items)

    def __contains__(self, key: bytes) -> bool:
        return key in self._scores

    def __len__(self) -> int:
        return len(self._scores)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._scores)

    def get(self, key: bytes) -> float | None:
        """Return the score of a genome without using it up.

        Parameters
        ----------
        key : bytes
            Its fingerprint.

        Returns
        -------
        float or None
            Its score, None when it is not known.
        """
        return self._scores.get(key)

    def scores(self) -> Iterable[float]:
        """Return all scores.

        Returns
        -------
        iterable of float
            In the order of iteration.
        """
        return self._scores.values()

    def touch(self, key: bytes) -> float:
        """Return the score of a known genome, and count it as used.

        Parameters
        ----------
        key : bytes
            Its fingerprint.

        Returns
        -------
        float
            Its score.
        """
        score = self._scores.pop(key)
        self._scores[key] = score
        return score

    def remember(self, key: bytes, score: float) -> None:
        """Store the score of a genome.

        Parameters
        ----------
        key : bytes
            Its fingerprint.
        score : float
            Its score, finite or not.
        """
        self._scores.pop(key, None)
        self._scores[key] = score
        if len(self._scores) > self._limit:
            del self._scores[next(iter(self._scores))]

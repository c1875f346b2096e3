"""Random numbers: one counter-based stream a child, reproducible on any worker and after any restart."""

import hashlib
import json

import numpy as np
from numpy.random import Philox

from evolution.engine_version import ENGINE_VERSION
from evolution.species import Species

__all__ = ["REPLACEMENT", "VARIATION", "Stream", "StreamKeys"]

VARIATION = 0
"""Domain of the numbers that make a child."""

REPLACEMENT = 1
"""Domain of the numbers that decide whom it competes with: drawn later, and independent of the redraws before."""

_BLOCK = 32
_SHIFT = np.uint64(11)


class Stream:
    """Uniform numbers of one child, from raw 64-bit Philox output.

    Parameters
    ----------
    key : bytes
        16 bytes: the key of the Philox generator, its two words little-endian.
    domain : int
        What the numbers are for: the highest word of the generator's counter, so domains never overlap.

    References
    ----------
    Salmon, J. K., Moraes, M. A., Dror, R. O., Shaw, D. E. (2011). "Parallel Random Numbers: As Easy as 1, 2, 3".
    Proceedings of SC11.
    """

    __slots__ = ("_domain", "_generator", "_key", "_next", "_values")

    def __init__(self, key: bytes, domain: int = VARIATION) -> None:
        self._key = key
        self._domain = domain
        self._generator: Philox | None = None
        self._values: list[float] = []
        self._next = 0

    def uniform(self) -> float:
        """Return the next number.

        Returns
        -------
        float
            In [0, 1): the upper 53 bits of the next raw output, times 2**-53.
        """
        if self._next == len(self._values):
            self._refill()
        value = self._values[self._next]
        self._next += 1
        return value

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to `bound` - 1.

        Parameters
        ----------
        bound : int
            At least 1 and below 2**53.

        Returns
        -------
        int
            The next uniform number, scaled and truncated; its bias is below `bound` * 2**-53.
        """
        return int(self.uniform() * bound)

    def _refill(self) -> None:
        if self._generator is None:  # made on the first draw: most replacement streams are never drawn from
            counter = np.array([0, 0, 0, self._domain], dtype=np.uint64)
            self._generator = Philox(key=np.frombuffer(self._key, dtype="<u8"), counter=counter)
        raw = self._generator.random_raw(_BLOCK)
        self._values = ((raw >> _SHIFT) * 2.0**-53).tolist()
        self._next = 0


class StreamKeys:
    """The keys of a species' children: functions of the run's seed and the child's index, and of nothing else.

    Parameters
    ----------
    seed : int
        Seed of the run.
    species : Species
        Whose children.
    """

    def __init__(self, seed: int, species: Species) -> None:
        identity = [ENGINE_VERSION, seed, [species.type, species.symbol, species.timeframe]]
        text = json.dumps(identity, separators=(",", ":"), ensure_ascii=True)
        self._prefix = hashlib.sha256(text[:-1].encode() + b",")

    def key(self, child: int) -> bytes:
        """Return the key of a child's stream.

        Parameters
        ----------
        child : int
            Index of the child within the species.

        Returns
        -------
        bytes
            The first 16 bytes of SHA-256 over the canonical JSON ``[engine version, seed, [type, symbol, timeframe],
            child]`` (no spaces, ASCII).
        """
        digest = self._prefix.copy()
        digest.update(b"%d]" % child)
        return digest.digest()[:16]

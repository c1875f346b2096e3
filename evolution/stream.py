"""Random numbers: one counter-based stream a child, reproducible on any worker and after any restart."""

import hashlib
import json

import numpy as np
from numpy.random import Philox

from evolution.engine_version import ENGINE_VERSION
from evolution.species import Species

__all__ = ["REPLACEMENT", "VARIATION", "Stream", "Streams"]

VARIATION = 0
"""Domain of the numbers that make a child."""

REPLACEMENT = 1
"""Domain of the numbers that decide whom it competes with: drawn later, and independent of the redraws before."""

_BLOCK = 32
"""Numbers drawn at a time; a multiple of the 4 that one counter value gives. It changes nothing but the speed."""

_SHIFT = np.uint64(11)
_EMPTY = np.zeros(4, dtype=np.uint64)


class Streams:
    """The random numbers of a species' children: functions of the run's seed and of the child's index alone.

    The key of a child is the first 16 bytes of SHA-256 over the canonical JSON ``[engine version, seed, [type, symbol,
    timeframe], child]`` (no spaces, ASCII), read as two little-endian words.

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
        self._generator = Philox(key=0)

    def of(self, child: int, domain: int) -> "Stream":
        """Return the numbers of a child from their beginning.

        Parameters
        ----------
        child : int
            Index of the child within the species.
        domain : int
            What they are for: `VARIATION` or `REPLACEMENT`.

        Returns
        -------
        Stream
            The same numbers at each call.
        """
        digest = self._prefix.copy()
        digest.update(b"%d]" % child)
        return Stream(digest.digest()[:16], domain, self._generator)


class Stream:
    """Uniform numbers from raw 64-bit Philox output.

    Parameters
    ----------
    key : bytes
        16 bytes: the key of the generator.
    domain : int
        The highest word of the generator's counter, so that domains never overlap.
    generator : Philox or None
        A generator to compute with, perhaps shared: its state is set before each use. Making one costs ten times as
        much as setting one.

    References
    ----------
    Salmon, J. K., Moraes, M. A., Dror, R. O., Shaw, D. E. (2011). "Parallel Random Numbers: As Easy as 1, 2, 3".
    Proceedings of SC11.
    """

    __slots__ = ("_counter", "_domain", "_generator", "_key", "_values")

    def __init__(self, key: bytes, domain: int = VARIATION, generator: Philox | None = None) -> None:
        self._key = np.frombuffer(key, dtype="<u8")
        self._domain = domain
        self._generator = Philox(key=0) if generator is None else generator
        self._counter = 0
        self._values: list[float] = []

    def uniform(self) -> float:
        """Return the next number.

        Returns
        -------
        float
            In [0, 1): the upper 53 bits of the next raw output, times 2**-53.
        """
        if not self._values:
            self._refill()
        return self._values.pop()

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
        self._generator.state = {
            "bit_generator": "Philox",
            "state": {"counter": np.array((self._counter, 0, 0, self._domain), dtype=np.uint64), "key": self._key},
            "buffer": _EMPTY,
            "buffer_pos": 4,  # all used up: the next output increments the counter first
            "has_uint32": 0,
            "uinteger": 0,
        }
        raw = self._generator.random_raw(_BLOCK)
        self._counter += _BLOCK // 4
        self._values = ((raw >> _SHIFT) * 2.0**-53)[::-1].tolist()  # drawn from the end

"""Which genomes were tried already: a set that keeps sixteen bytes of each, and can tell of millions."""

import hashlib
import struct

import numpy as np

__all__ = ["Genome", "GenomeSet"]

Genome = tuple[str, tuple[float, ...]]
"""A species and the parameters of one of its strategies."""

_DIGEST = np.dtype("S16")
_SHARDS = 256
_MOST_RECENT = 2**14


class GenomeSet:
    """A set of genomes that remembers a digest of 128 bits of each: two of 10^12 are alike with probability 10^-15.

    Notes
    -----
    Digests lie sorted in 256 arrays, by their first byte. New ones are gathered in a set and sorted in by the
    thousands, an array at a time, so that little more than 16 bytes a genome are ever needed.

    Examples
    --------
    >>> tried = GenomeSet()
    >>> tried.add(("momentum BTC/USDT 1h", (20.0, 0.01))), tried.add(("momentum BTC/USDT 1h", (20.0, 0.01)))
    (True, False)
    """

    def __init__(self) -> None:
        self._sorted = [np.empty(0, _DIGEST)] * _SHARDS
        self._recent: set[bytes] = set()
        self._n_sorted = 0

    def __len__(self) -> int:
        return self._n_sorted + len(self._recent)

    @property
    def nbytes(self) -> int:
        """Bytes of the sorted digests; up to 16,384 more wait beside them."""
        return sum(shard.nbytes for shard in self._sorted)

    def add(self, genome: Genome) -> bool:
        """Remember a genome.

        Parameters
        ----------
        genome : (str, tuple of float)
            Its species and its parameters; 0.0 and -0.0 are the same, as in the database.

        Returns
        -------
        bool
            Whether it is new.
        """
        name, parameters = genome
        values = struct.pack(f"<{len(parameters)}d", *(value + 0.0 for value in parameters))  # -0.0 + 0.0 is 0.0
        digest = hashlib.blake2b(name.encode() + b"\0" + values, digest_size=_DIGEST.itemsize).digest()
        if digest in self._recent or self._is_sorted_in(digest):
            return False
        self._recent.add(digest)
        if len(self._recent) >= _MOST_RECENT:
            self._sort_in()
        return True

    def _is_sorted_in(self, digest: bytes) -> bool:
        shard, wanted = self._sorted[digest[0]], np.frombuffer(digest, _DIGEST)
        place = int(shard.searchsorted(wanted)[0])
        return place < len(shard) and bool(shard[place] == wanted[0])

    def _sort_in(self) -> None:
        new = np.sort(np.frombuffer(b"".join(self._recent), _DIGEST))
        firsts = new.view(np.uint8).reshape(len(new), -1)[:, 0]
        for number in range(_SHARDS):
            low, high = firsts.searchsorted([number, number + 1])
            shard = self._sorted[number]
            self._sorted[number] = np.insert(shard, shard.searchsorted(new[low:high]), new[low:high])
        self._n_sorted += len(new)
        self._recent.clear()

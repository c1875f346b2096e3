"""Random numbers that are the same on every machine: raw Philox output and IEEE arithmetic, nothing else.

NumPy promises the same bits of a bit generator for ever, but not of `standard_normal`; and `exp` or `log` may differ in
the last bit from one processor to the next. So normals are sums of uniforms, exponentials are built by squaring, and
every operation here is one that IEEE 754 rounds correctly.
"""

import hashlib
import json

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_LANES = np.uint64(0x0000_FFFF_0000_FFFF)


class Stream:
    """A named source of random numbers: the same name gives the same numbers.

    Parameters
    ----------
    *name : str or int
        What the numbers are for; hashed to the key of the generator.
    """

    def __init__(self, *name: str | int) -> None:
        digest = hashlib.sha256(json.dumps(name).encode()).digest()
        self._bits = np.random.Philox(key=np.frombuffer(digest[:16], dtype="<u8").astype(np.uint64))

    def uniforms(self, count: int) -> Floats:
        """Return numbers in [0, 1), each from 53 bits."""
        return (self._bits.random_raw(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def normals(self, count: int) -> Floats:
        """Return numbers of mean 0 and variance 1, each the sum of twelve uniforms of 16 bits (Irwin-Hall)."""
        raw = self._bits.random_raw(3 * count)
        halves = (raw & _LANES) + ((raw >> np.uint64(16)) & _LANES)
        thirds = halves.reshape(count, 3)
        lanes = thirds[:, 0] + thirds[:, 1] + thirds[:, 2]
        total = (lanes & np.uint64(0xFFFF_FFFF)) + (lanes >> np.uint64(32))
        return (total.astype(np.float64) + 6.0) / 65536.0 - 6.0

    def exponentials(self, count: int) -> Floats:
        """Return numbers of mean 1 with the exponential distribution: half the squared length of a normal pair."""
        first, second = self.normals(2 * count).reshape(count, 2).T
        return (first * first + second * second) / 2.0


def autoregressive(innovations: Floats, memory_bars: float) -> Floats:
    """Return a stationary first-order autoregressive series of variance 1.

    Parameters
    ----------
    innovations : ndarray of float64, shape (n_bars,)
        Independent numbers of mean 0 and variance 1.
    memory_bars : float
        Bars after which about 1/e of a shock is left.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        The series. Solved by doubling, not bar by bar, so that it is quick and its rounding is the same everywhere.
    """
    keep = 1.0 / (1.0 + 1.0 / memory_bars)
    series: Floats = innovations * np.sqrt(1.0 - keep * keep)
    series[:1] = innovations[:1]
    shift = 1
    while shift < len(series) and keep > 1e-18:
        series[shift:] = series[shift:] + keep * series[:-shift]
        keep *= keep
        shift *= 2
    return series


def exponential(values: Floats) -> Floats:
    """Return e to the power of moderate values, to about 1e-6 (relative), by twenty squarings."""
    result = 1.0 + values / 2.0**20
    for _ in range(20):
        result = result * result
    return result

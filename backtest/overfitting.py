"""How often the best in one half of the data is below the middle in the other: PBO by CSCV."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from backtest.checked_returns import FLAT, return_matrix
from backtest.errors import EvidenceError

__all__ = ["Overfitting", "probability_of_backtest_overfitting"]

_MOST_BLOCKS = 20  # 184,756 splits; more only cost time


@dataclass(frozen=True, slots=True, eq=False)
class Overfitting:
    """What combinatorially symmetric cross-validation found.

    Attributes
    ----------
    pbo : float
        Probability of backtest overfitting, 0..1: the share of splits in which the in-sample best ranks below the
        middle out of sample, exactly at the middle counting half. NaN where no split has an in-sample best.
    logits : ndarray of float64, shape (n_splits,)
        ``ln(w / (1 - w))`` of its relative out-of-sample rank w; below 0 is overfitted. NaN in a split without an
        in-sample best.
    in_sample : ndarray of float64, shape (n_splits,)
        Its Sharpe ratio in sample, per bar.
    out_of_sample : ndarray of float64, shape (n_splits,)
        Its Sharpe ratio out of sample, per bar; NaN where it did not vary there.
    """

    pbo: float
    logits: np.ndarray
    in_sample: np.ndarray
    out_of_sample: np.ndarray

    @property
    def probability_of_loss(self) -> float:
        """Share of the defined out-of-sample Sharpe ratios below 0; NaN without any."""
        defined = self.out_of_sample[~np.isnan(self.out_of_sample)]
        return float(np.mean(defined < 0.0)) if defined.size else math.nan

    @property
    def degradation(self) -> float:
        """Least-squares slope of `out_of_sample` on `in_sample`; NaN where fewer than two pairs differ."""
        both = ~np.isnan(self.out_of_sample)
        if np.unique(self.in_sample[both]).size < 2:
            return math.nan
        x = self.in_sample[both] - self.in_sample[both].mean()
        return float(x @ self.out_of_sample[both] / (x @ x))


def probability_of_backtest_overfitting(returns: ArrayLike, n_blocks: int = 16) -> Overfitting:
    """Return the probability of backtest overfitting (PBO) by combinatorially symmetric cross-validation (CSCV).

    The bars are cut into blocks. Every way of taking half of them as the sample in which the strategy with the highest
    Sharpe ratio is selected leaves the other half to see how it ranks there.

    Parameters
    ----------
    returns : array_like of float, shape (n_bars, n_strategies)
        Simple net bar returns of every strategy that was a candidate, losers included.
    n_blocks : int
        Number of blocks S, even, 2..20; 16 give 12,870 splits. Where it does not divide the number of bars, the first
        blocks are one bar longer.

    Returns
    -------
    Overfitting
        The probability, and what plots of the logits and of the degradation need.

    Raises
    ------
    EvidenceError
        If there are fewer than two strategies, `n_blocks` is odd or out of bounds, a block would have fewer than two
        bars, or a return is not finite.

    Notes
    -----
    Ties count half everywhere: equal out-of-sample Sharpe ratios share their mean rank, and where several strategies
    are best in sample, the split is the mean over them (its logit that of the mean rank). A strategy that does not
    vary in a half has no Sharpe ratio there: in sample it is never selected; out of sample it has no rank, and if it is
    the selected one it ranks last, below all that have one. On data without any edge the expected PBO is 0.5.

    Memory is that of the block sums, ``2 * n_blocks * n_strategies`` numbers, whatever the number of splits.

    References
    ----------
    Bailey, D. H., Borwein, J. M., Lopez de Prado, M. and Zhu, Q. J. (2017). "The Probability of Backtest Overfitting".
    Journal of Computational Finance 20(4): the CSCV procedure.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(1).normal(0.0, 0.01, (992, 20))
    >>> edge = noise.copy()
    >>> edge[:, 3] += 0.005
    >>> probability_of_backtest_overfitting(edge).pbo
    0.0
    """
    matrix = return_matrix(returns)
    n_bars, n_strategies = matrix.shape
    if n_strategies < 2:
        raise EvidenceError(f"PBO needs at least 2 strategies to select from, had {n_strategies}")
    if n_blocks % 2 or not 2 <= n_blocks <= _MOST_BLOCKS:
        raise EvidenceError(f"n_blocks must be even and in [2, {_MOST_BLOCKS}], was {n_blocks}")
    if n_bars < 2 * n_blocks:
        raise EvidenceError(
            f"{n_blocks} blocks need at least {2 * n_blocks} bars, had {n_bars}; take fewer blocks or more bars"
        )
    blocks = [np.ascontiguousarray(block) for block in np.array_split(matrix, n_blocks)]  # or sums differ by layout
    sizes = np.array([len(block) for block in blocks], np.float64)
    sums = np.stack([block.sum(axis=0) for block in blocks])
    squares = np.stack([(block * block).sum(axis=0) for block in blocks])
    halves = np.array([half for half in combinations(range(n_blocks), n_blocks // 2) if half[0] == 0], np.int64)
    inside = np.zeros((len(halves), n_blocks), np.bool_)
    np.put_along_axis(inside, halves, values=True, axis=1)
    rows = np.empty((2 * len(halves), 4))
    _cross_validate(inside, sizes, sums, squares, rows)
    chosen = ~np.isnan(rows[:, 0])
    found = Overfitting(
        pbo=float(rows[chosen, 0].mean()) if chosen.any() else math.nan,
        logits=np.log(rows[:, 1] / (1.0 - rows[:, 1])),
        in_sample=rows[:, 2].copy(),
        out_of_sample=rows[:, 3].copy(),
    )
    for array in (found.logits, found.in_sample, found.out_of_sample):
        array.setflags(write=False)
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _cross_validate(
    inside: np.ndarray, sizes: np.ndarray, sums: np.ndarray, squares: np.ndarray, rows: np.ndarray
) -> None:
    """Write overfitted share, relative rank and both Sharpe ratios of the best, for each half and its complement.

    Every column goes through the same additions in the same order, so that equal columns tie to the last bit.
    """
    n_blocks, n = sums.shape
    sharpe = np.empty((2, n))
    square = np.empty((2, n))
    for split in range(len(inside)):
        bars = np.zeros(2)
        sharpe[:] = 0.0
        square[:] = 0.0
        for block in range(n_blocks):
            half = 0 if inside[split, block] else 1
            bars[half] += sizes[block]
            for column in range(n):
                sharpe[half, column] += sums[block, column]
                square[half, column] += squares[block, column]
        for half in range(2):
            for column in range(n):
                mean = sharpe[half, column] / bars[half]
                mean_square = square[half, column] / bars[half]
                variance = (mean_square - mean * mean) * bars[half] / (bars[half] - 1.0)
                flat = variance < FLAT * FLAT or variance < 1e-13 * mean_square  # what rounding leaves of none
                sharpe[half, column] = np.nan if flat else mean / math.sqrt(variance)
        _judge(sharpe[0], sharpe[1], rows[2 * split])
        _judge(sharpe[1], sharpe[0], rows[2 * split + 1])


@njit(cache=True, nogil=True, error_model="numpy")
def _judge(in_sample: np.ndarray, out_of_sample: np.ndarray, row: np.ndarray) -> None:
    """Write how the in-sample best ranks out of sample; NaN where there is none."""
    n = in_sample.size
    best = -np.inf
    ranked = 0
    for column in range(n):
        if in_sample[column] > best:
            best = in_sample[column]
        ranked += not np.isnan(out_of_sample[column])
    winners = 0
    defined = 0
    overfitted = 0.0
    rank = 0.0
    outcome = 0.0
    seen = np.nan
    share = 0.0
    place = 0.0
    for column in range(n):
        if in_sample[column] != best:
            continue
        value = out_of_sample[column]
        winners += 1
        if np.isnan(value):
            share, place = 1.0, 1.0 / (ranked + 2.0)
        else:
            defined += 1
            outcome += value
            if value != seen:  # many equal winners need one count
                below = 0
                equal = 0
                for other in range(n):
                    below += out_of_sample[other] < value
                    equal += out_of_sample[other] == value
                twice = 2 * below + equal + 1
                share = 1.0 if twice < ranked + 1 else (0.5 if twice == ranked + 1 else 0.0)
                place = 0.5 * twice / (ranked + 1.0)
                seen = value
        overfitted += share
        rank += place
    row[0] = overfitted / winners if winners else np.nan
    row[1] = rank / winners if winners else np.nan
    row[2] = best if winners else np.nan
    row[3] = outcome / defined if defined else np.nan

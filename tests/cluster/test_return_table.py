"""How returns are put into bins: what was lost and what was won never share one."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cluster.api.return_table import histogram_of

RETURNS = st.floats(-1.0, 5.0, allow_subnormal=False)


@given(st.lists(RETURNS, min_size=1, max_size=80))
@example([-0.031, 0.054, 0.002])
@example([0.01])
@example([-0.01, -0.01])
@example([0.0])
@example([-0.02, 0.0])
@example([1.0, float(np.nextafter(1.0, 2.0))])
def test_histogram_of_any_returns_counts_each_once_and_no_bin_straddles_zero(returns):
    found = histogram_of(np.array(returns))
    edges, counts = found["edges"], found["counts"]
    assert sum(counts) == len(returns)
    assert 5 <= len(counts) == len(edges) - 1 <= 50
    assert edges == sorted(edges)
    assert edges[0] <= min(returns) <= max(returns) <= edges[-1]
    assert not [(low, high) for low, high in pairwise(edges) if low < 0.0 < high]
    lost = sum(count for count, low in zip(counts, edges, strict=False) if low < 0.0)
    assert lost == sum(value < 0.0 for value in returns)


def test_histogram_of_many_returns_has_the_most_bins_and_fits_the_extremes():
    returns = np.random.default_rng(7).normal(0.001, 0.02, 10_000)
    found = histogram_of(returns)
    assert len(found["counts"]) == 50
    assert found["edges"][-1] - found["edges"][0] == pytest.approx(np.ptp(returns), rel=0.03)


def test_histogram_of_nothing_is_empty():
    assert histogram_of(np.array([])) == {"edges": [], "counts": []}

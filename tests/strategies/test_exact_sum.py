"""Kernels' exact sums against the standard library."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.exact_sum import deviation_of, mean_of, new_partials, sum_add, sum_value

finite = st.floats(-1e100, 1e100, allow_nan=False, allow_subnormal=False)


@settings(derandomize=True, deadline=None)
@given(st.lists(finite, max_size=60))
def test_sum_value_of_any_terms_equals_fsum(terms):
    partials = new_partials()
    for term in terms:
        sum_add(partials, term)
    assert sum_value(partials) == math.fsum(terms)


def test_sum_value_with_a_tie_rounds_half_to_even():
    terms = [1.0, 2.0**-53, 2.0**-106]
    partials = new_partials()
    for term in terms:
        sum_add(partials, term)
    assert sum_value(partials) == math.fsum(terms) == 1.0 + 2.0**-52


@settings(derandomize=True, deadline=None)
@given(st.lists(st.floats(1e-3, 1e6), min_size=3, max_size=50))
def test_mean_and_deviation_equal_the_definition(values):
    array = np.array(values)
    mean = math.fsum(values[1:]) / (len(values) - 1)
    assert mean_of(array, 1, len(values)) == mean
    variance = math.fsum([(x - mean) * (x - mean) for x in values[1:]]) / (len(values) - 1)
    assert deviation_of(array, 1, len(values), mean) == math.sqrt(variance)

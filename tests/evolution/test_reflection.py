import math

from hypothesis import given
from hypothesis import strategies as st

from evolution.reflection import reflect

finite = st.floats(-1e6, 1e6)


@given(finite)
def test_reflect_stays_in_the_unit_interval(gene):
    assert 0.0 <= reflect(gene) <= 1.0


@given(st.floats(0.0, 1.0))
def test_reflect_inside_changes_nothing(gene):
    assert reflect(gene) == gene


@given(finite)
def test_reflect_agrees_with_the_triangle_wave(gene):
    wave = math.acos(math.cos(math.pi * gene)) / math.pi
    assert math.isclose(reflect(gene), wave, abs_tol=1e-6)


@given(st.floats(0.0, 1.0))
def test_reflect_mirrors_at_both_bounds(step):
    assert reflect(-step) == step
    assert math.isclose(reflect(1.0 + step), 1.0 - step, abs_tol=1e-15)

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import Dimension, SettingsError

genes = st.floats(0.0, 1.0)


@st.composite
def dimensions(draw):
    log, integer, off = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    if integer:
        low = draw(st.integers(1 if log or off else -1000, 1000))
        high = draw(st.integers(low, low + 10_000))
    else:
        low = draw(st.floats(1e-6 if log or off else -1e3, 1e3))
        high = draw(st.floats(low, low + 1e4))
    return Dimension("x", low, high, integer=integer, log=log, off=off)


@given(dimensions(), genes)
def test_decode_any_gene_gives_a_valid_value(dimension, gene):
    value = dimension.decode(gene)
    assert (dimension.off and value == 0.0) or dimension.low <= value <= dimension.high
    assert not dimension.integer or value.is_integer()


@given(dimensions(), genes)
def test_encode_a_decoded_value_decodes_to_the_same(dimension, gene):
    value = dimension.decode(gene)
    encoded = dimension.encode(value)
    assert 0.0 <= encoded <= 1.0
    assert dimension.decode(encoded) == value


@given(dimensions(), genes)
def test_repair_twice_equals_once(dimension, gene):
    repaired, value = dimension.repair(gene)
    assert dimension.repair(repaired) == (repaired, value)
    assert value == dimension.decode(gene)


@given(dimensions(), genes)
def test_decode_printed_with_six_digits_reproduces_the_value(dimension, gene):
    value = dimension.decode(gene)
    assert value in (dimension.low, dimension.high) or dimension.integer or float(f"{value:.6g}") == value


@given(dimensions(), genes, genes)
def test_decode_never_falls_when_the_gene_rises(dimension, a, b):
    assert dimension.decode(min(a, b)) <= dimension.decode(max(a, b))


def test_decode_off_dimension_is_off_in_the_first_quarter_and_at_its_low_after_it():
    dimension = Dimension("stop_loss", 0.01, 0.5, log=True, off=True)
    assert dimension.decode(0.0) == dimension.decode(math.nextafter(0.25, 0.0)) == 0.0
    assert dimension.decode(0.25) == 0.01
    assert dimension.decode(1.0) == 0.5


def test_decode_integer_dimension_gives_each_value_an_equal_share():
    dimension = Dimension("n", 1, 4, integer=True)
    values = [dimension.decode((i + 0.5) / 400) for i in range(400)]
    assert [values.count(n) for n in (1, 2, 3, 4)] == [100] * 4


def test_decode_log_dimension_is_geometric():
    assert Dimension("x", 1e-4, 1.0, log=True).decode(0.5) == 0.01


def test_repair_integer_gives_equal_values_one_gene():
    dimension = Dimension("n", 1, 4, integer=True)
    assert dimension.repair(0.01) == dimension.repair(0.2)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"low": 2.0, "high": 1.0}, "finite and in order"),
        ({"low": math.nan, "high": 1.0}, "finite and in order"),
        ({"low": 0.0, "high": math.inf}, "finite and in order"),
        ({"low": 0.0, "high": 1.0, "log": True}, "positive low"),
        ({"low": 0.5, "high": 3.0, "integer": True}, "whole"),
        ({"low": 0.0, "high": 1.0, "off": True}, "positive low"),
    ],
)
def test_dimension_out_of_bounds_states_the_rule(arguments, rule):
    with pytest.raises(SettingsError, match=rule):
        Dimension("x", **arguments)


def test_encode_outside_the_bounds_states_rule_and_value():
    with pytest.raises(SettingsError, match=r"x must be in \[0, 1\], was 7"):
        Dimension("x", 0.0, 1.0).encode(7)


def test_describe_rebuilds_the_dimension():
    dimension = Dimension("x", 1, 50, integer=True, log=True, off=True)
    assert Dimension(**dimension.describe()) == dimension


def test_decode_never_gives_a_negative_zero():
    values = [
        Dimension("x", -1.0, 1.0).decode(0.5 - 1e-17),
        Dimension("x", -1.0, 0.0).decode(1.0),
        Dimension("x", -1e-320, 1.0).decode(0.0),
        Dimension("x", -0.0, 1.0).decode(0.0),
        Dimension("x", -3, 3, integer=True).decode(0.5),
    ]
    assert [math.copysign(1.0, value) for value in values if value == 0.0] == [1.0] * 4

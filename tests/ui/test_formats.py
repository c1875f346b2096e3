"""Numbers, money and times as the panel writes them."""

import math
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.panel import formats
from ui.panel.catalogue import catalogue

BERLIN = ZoneInfo("Europe/Berlin")
SUMMER_MS = 1_782_900_000_000  # 2026-07-01 10:00 UTC


@pytest.mark.parametrize(
    ("value", "decimals", "unit", "shown"),
    [
        (1034, 0, "", "1,034"),
        (1234567.891, 2, "USDT", "1,234,567.89 USDT"),
        (-12.5, 1, "", "−12.5"),
        (0, 2, "", "0.00"),
        (-0.001, 2, "", "0.00"),
        (Decimal("0.1"), 3, "", "0.100"),
        (None, 2, "USDT", "–"),
        (math.nan, 2, "", "–"),
        (math.inf, 2, "", "–"),
    ],
)
def test_number_has_separators_and_fixed_decimals(value, decimals, unit, shown):
    assert formats.number(value, decimals, unit) == shown


@pytest.mark.parametrize(("value", "shown"), [(1.5, "+1.5"), (-1.5, "−1.5"), (0.01, "0.0"), (None, "–")])
def test_number_with_sign_has_none_at_zero(value, shown):
    assert formats.number(value, 1, signed=True) == shown


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 6))
def test_number_can_be_read_back(value, decimals):
    shown = formats.number(value, decimals)
    assert float(shown.replace(",", "").replace("−", "-")) == pytest.approx(value, abs=0.5001 * 10.0**-decimals)


@pytest.mark.parametrize(("ratio", "shown"), [(0.1234, "12.3%"), (-0.5, "−50.0%"), (None, "–"), (math.nan, "–")])
def test_percent_is_of_a_ratio(ratio, shown):
    assert formats.percent(ratio) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("1234.5", "1,234.50 USDT"), (Decimal("-0.015"), "−0.02 USDT"), (None, "–"), ("much", "–"), ("NaN", "–")],
)
def test_money_is_exact_text(amount, shown):
    assert formats.money(amount, "USDT") == shown


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.4, "0 s", "0 秒"),
        (59.9, "59 s", "59 秒"),
        (60, "1 min 00 s", "1 分 00 秒"),
        (3_599, "59 min 59 s", "59 分 59 秒"),
        (3_600, "1 h 00 min", "1 小时 00 分"),
        (86_400, "1 d 00 h", "1 天 00 小时"),
        (1e9, "11,574 d 01 h", "11,574 天 01 小时"),
        (-5, "0 s", "0 秒"),
        (None, "–", "–"),
        (math.nan, "–", "–"),
        (math.inf, "–", "–"),
    ],
)
def test_duration_has_its_two_largest_units_in_the_viewers_language(seconds, english, chinese):
    assert formats.duration(seconds, catalogue("en").text) == english
    assert formats.duration(seconds, catalogue("zh").text) == chinese


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.000012345678, "1.23457e−05"), (20.0, "20"), (-1_234.5678, "−1,234.57"), (None, "–"), (math.nan, "–")],
)
def test_significant_digits_are_so_many_whatever_the_size(value, shown):
    assert formats.significant(value) == shown


def test_moment_is_told_in_the_zone_that_was_asked_for():
    assert formats.moment(SUMMER_MS, ZoneInfo("UTC")) == "2026-07-01 10:00"
    assert formats.moment(SUMMER_MS, BERLIN, seconds=True) == "2026-07-01 12:00:00"
    assert formats.clock_time(SUMMER_MS, BERLIN) == "12:00:00"


@pytest.mark.parametrize("ms", [None, 10**18])
def test_moment_that_is_none_is_absent(ms):
    assert formats.moment(ms, BERLIN) == "–"


@pytest.mark.parametrize(
    ("name", "key"), [("Asia/Shanghai", "Asia/Shanghai"), (None, "UTC"), ("", "UTC"), ("Nowhere", "UTC")]
)
def test_zone_that_there_is_not_is_utc(name, key):
    assert formats.zone_of(name).key == key


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/localtime", "a\0b"])
def test_zone_with_an_odd_name_is_utc(name):
    assert formats.zone_of(name).key == "UTC"

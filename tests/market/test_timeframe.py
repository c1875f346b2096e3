"""Timeframes and instants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import MarketError, UnknownNameError
from market.instants import LAST_MS, instant_ms, iso
from market.timeframe import KNOWN, canonical, floor_time, infer_timeframe, parse_timeframe


@pytest.mark.parametrize(
    ("name", "length", "usual"),
    [
        ("1s", 1000, "1s"),
        ("1m", 60_000, "1m"),
        ("60s", 60_000, "1m"),
        ("5m", 300_000, "5m"),
        ("60m", 3_600_000, "1h"),
        ("24h", 86_400_000, "1d"),
        ("1d", 86_400_000, "1d"),
        ("7d", 604_800_000, "1w"),
        ("1w", 604_800_000, "1w"),
    ],
)
def test_timeframe_by_any_name_has_one_length_and_one_name(name: str, length: int, usual: str) -> None:
    assert parse_timeframe(name) == length
    assert canonical(name) == usual


@pytest.mark.parametrize("name", ["", "h", "0h", "-1h", "7m", "1M", "1y", "1H", "1.5h", "hour", "99999999999m", "١h"])
def test_timeframe_that_is_not_known_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"timeframe must be one of 1s, .*1w"):
        parse_timeframe(name)


def test_timeframe_lengths_are_distinct_and_rise() -> None:
    lengths = list(KNOWN.values())
    assert lengths == sorted(set(lengths))


@given(ms=st.integers(0, LAST_MS), name=st.sampled_from(sorted(KNOWN)))
def test_floor_time_is_the_open_of_the_bar_that_contains_it(ms: int, name: str) -> None:
    opening = floor_time(ms, name)
    assert opening <= ms < opening + KNOWN[name]
    assert floor_time(opening, name) == opening


def test_floor_time_of_a_week_is_a_monday() -> None:
    assert iso(floor_time(instant_ms("2024-03-07T15:00"), "1w")) == "2024-03-04T00:00:00Z"


@given(
    name=st.sampled_from(sorted(KNOWN)),
    steps=st.lists(st.integers(1, 50), min_size=1, max_size=30),
    start=st.integers(0, 10**12),
)
def test_infer_timeframe_of_a_grid_with_gaps_is_its_step(name: str, steps: list[int], start: int) -> None:
    opens = start + KNOWN[name] * np.cumsum([0, 1, *steps])
    assert infer_timeframe(opens) == name


@pytest.mark.parametrize("opens", [[0], [0, 7000], [0, 60_000, 150_000], [0, 2_592_000_000]])
def test_infer_timeframe_of_no_known_grid_is_none(opens: list[int]) -> None:
    assert infer_timeframe(np.array(opens)) is None


@given(ms=st.integers(0, LAST_MS))
def test_iso_text_is_read_back_as_the_same_instant(ms: int) -> None:
    assert instant_ms(iso(ms)) == ms


def test_instant_in_a_smaller_unit_is_refused() -> None:
    with pytest.raises(MarketError, match="another unit"):
        instant_ms(1_704_067_200_000_000)

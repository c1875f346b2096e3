"""Clocks."""

import asyncio

import pytest

from market import Clock, ManualClock, ScaledClock, SystemClock


def test_manual_clock_moves_only_when_told_or_waited_on() -> None:
    clock = ManualClock(1_000)
    assert (clock.now_ms(), clock.monotonic()) == (1_000, 0.0)
    clock.advance(1.5)
    clock.sleep(2.0)
    asyncio.run(clock.wait(0.25))
    assert (clock.now_ms(), clock.monotonic()) == (4_750, 3.75)
    assert clock.waits == [2.0, 0.25]


def test_manual_clock_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="moves forward only"):
        ManualClock(0).advance(-1)


def test_scaled_clock_runs_at_its_speed() -> None:
    clock = ScaledClock(start_ms=5_000, speed=1e6)
    before = clock.monotonic()
    clock.sleep(1_000)
    asyncio.run(clock.wait(1_000))
    assert clock.monotonic() - before >= 2_000
    assert clock.now_ms() >= 5_000 + 2_000_000


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_scaled_clock_that_would_not_advance_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be positive"):
        ScaledClock(start_ms=0, speed=speed)


def test_system_clock_tells_the_time_in_ms_and_never_backwards() -> None:
    clock: Clock = SystemClock()
    assert 1_700_000_000_000 < clock.now_ms() < 10_000_000_000_000
    before = clock.monotonic()
    clock.sleep(0.001)
    asyncio.run(clock.wait(-1))
    assert clock.monotonic() >= before + 0.001

"""Seeded candles of the shapes that break backtest engines: ties, standstills, steps, gaps, no volume."""

import random
from collections.abc import Callable

import numpy as np

from market import Candles

HOUR_MS = 3_600_000
START_MS = 1_577_836_800_000  # 2020-01-01 UTC
TICK = 10_000  # prices of the coarse shapes are integers over this: one tick is 0.0001


def random_walk(rng: random.Random, n: int) -> list[float]:
    price, closes = 100.0, []
    for _ in range(n):
        price *= 1.0 + rng.gauss(0.0, 0.01)
        closes.append(price)
    return closes


def trending(rng: random.Random, n: int) -> list[float]:
    price, drift, closes = 2_000.0, 0.002, []
    for _ in range(n):
        if rng.random() < 0.02:
            drift = -drift
        price *= 1.0 + drift + rng.gauss(0.0, 0.003)
        closes.append(round(price, 2))
    return closes


def coarse_ticks(rng: random.Random, n: int) -> list[float]:
    """Walk in ticks around 1.0, standing still every other bar: windows tie with each other all the time."""
    ticks, closes = 10_000, []
    for _ in range(n):
        ticks += rng.choice((-1, 0, 0, 0, 1)) if abs(ticks - 10_000) < 20 else (1 if ticks < 10_000 else -1)
        closes.append(ticks / TICK)
    return closes


def few_ticks(rng: random.Random, n: int) -> list[float]:
    """Walk between prices of a handful of ticks, each of which is a large step."""
    ticks, closes = 5, []
    for _ in range(n):
        ticks = min(9, max(2, ticks + rng.choice((-1, 0, 1))))
        closes.append(ticks / TICK)
    return closes


def alternating(rng: random.Random, n: int) -> list[float]:
    """Alternate between two ticks: the mean of an even window lies exactly between them."""
    low = rng.randrange(3, 20_000)
    return [(low + t % 2) / TICK for t in range(n)]


def constant(rng: random.Random, n: int) -> list[float]:
    return [rng.choice((0.1, 0.7, 1.0, 3.3, 23_143.82))] * n


def constant_stretches(rng: random.Random, n: int) -> list[float]:
    closes: list[float] = []
    while len(closes) < n:
        closes += [rng.randrange(9_950, 10_050) / TICK] * rng.randrange(1, 60)
    return closes[:n]


def steps(rng: random.Random, n: int) -> list[float]:
    """Stand still, then jump by a tenth and more: one price of a window differs from all others."""
    price, closes = 100, []
    for t in range(n):
        if t % 17 == 16:
            price = min(1_000, max(10, price + rng.choice((-1, 1)) * rng.randrange(1, 10)))
        closes.append(float(price))
    return closes


def spikes(rng: random.Random, n: int) -> list[float]:
    """Leave a constant price for a bar at a time: with one other price in L, z is exactly sqrt(L - 1)."""
    base = rng.randrange(9_000, 11_000)
    return [(base + (rng.choice((-1, 1)) if rng.random() < 0.08 else 0)) / TICK for _ in range(n)]


def wild(rng: random.Random, n: int) -> list[float]:
    """Double and halve within hours: short positions are ruined, stops and take-profits are hit."""
    price, closes = 1.0, []
    for _ in range(n):
        price = min(20.0, max(0.05, price * 2.0 ** rng.gauss(0.0, 0.3)))
        closes.append(price)
    return closes


def geometric(rng: random.Random, n: int) -> list[float]:
    """Grow at one rate but for rounding, or for noise around 1e-12: log returns hardly deviate, if at all."""
    rate = rng.choice((1.0 / 1_024, 0.01, -0.003, 0.1 / 3))
    noise = rng.choice((0.0, 3e-13, 1e-12, 3e-12))
    return [100.0 * (1.0 + rate) ** (t % 150) * (1.0 + noise * rng.gauss(0.0, 1.0)) for t in range(n)]


def ulps(rng: random.Random, n: int) -> list[float]:
    """Move by a few units in the last place, or by about 1e-12: deviations around the bound below which z is 0."""
    base = rng.choice((1.0, 0.1, 99.99, 27_345.01))
    step = rng.choice((2.0**-52, 1e-12, 4e-12))
    return [base * (1.0 + rng.randrange(-2, 3) * step) for _ in range(n)]


def tiny(rng: random.Random, n: int) -> list[float]:
    """Walk around 0.00001 in ticks of a hundredth of it, as the cheapest coins do."""
    ticks, closes = 1_000, []
    for _ in range(n):
        ticks = max(500, ticks + rng.choice((-10, -1, 0, 1, 10)))
        closes.append(ticks / 1e8)
    return closes


SHAPES: dict[str, Callable[[random.Random, int], list[float]]] = {
    shape.__name__: shape
    for shape in (
        random_walk,
        trending,
        coarse_ticks,
        few_ticks,
        alternating,
        constant,
        constant_stretches,
        steps,
        spikes,
        wild,
        geometric,
        ulps,
        tiny,
    )
}


def shaped_candles(shape: str, seed: int, n_bars: int, *, gaps: bool = False) -> Candles:
    """Return candles of one shape; some opens gap away from the close before, some volumes are zero."""
    rng = random.Random(f"{shape}/{seed}")
    return candles_of(SHAPES[shape](rng, n_bars), rng, gaps=gaps)


def candles_of(closes: list[float], rng: random.Random, *, gaps: bool = False) -> Candles:
    """Wrap closes in hourly candles; their other prices are prices of the series, so ticks stay ticks."""
    n = len(closes)
    opens = [rng.choice(closes) if rng.random() < 0.05 else closes[max(0, t - 1)] for t in range(n)]
    beside = [closes[max(0, t - rng.randrange(3))] for t in range(n)]
    columns = np.array((opens, closes, beside))
    bars = np.arange(n, dtype=np.int64)
    if gaps:
        bars += np.cumsum([rng.random() < 0.05 for _ in range(n)], dtype=np.int64) * 3
    return Candles(
        timestamp=START_MS + bars * HOUR_MS,
        open=columns[0],
        high=columns.max(axis=0),
        low=columns.min(axis=0),
        close=columns[1],
        volume=np.array([float(rng.choice((0, 1, 10))) for _ in range(n)]),
        symbol="BTC/USDT:USDT",
        timeframe="1h",
        venue="unknown",
        market_type="swap",
        origin="simulated:0",
    )

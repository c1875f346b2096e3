"""What a desk says in a minute: a schedule of events, the same for every seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["TYPES", "Spoken", "population", "schedule"]

TYPES = ("strategy_update", "evolution_log", "system_metrics", "alert")
_STRATEGIES = 1_034
_BURST_EVERY_S = 10.0
_BURST = 100


@dataclass(frozen=True, slots=True)
class Spoken:
    """An event to publish.

    Attributes
    ----------
    at : float
        Seconds after the start.
    kind : str
        Its type.
    data : dict
        What it says.
    """

    at: float
    kind: str
    data: dict[str, Any]


def strategy(number: int, draw: random.Random) -> dict[str, Any]:
    """Return the data of a strategy_update."""
    return {
        "id": f"momentum-{number:08x}",
        "state": "candidate",
        "enabled": False,
        "money": "simulated",
        "scs": round(draw.uniform(20, 80), 3),
        "oos_scs": round(draw.uniform(0, 70), 3),
        "grade": draw.choice("ABC"),
        "weight": None,
        "pnl_day": None,
        "version": draw.randrange(1, 50),
    }


def population(seed: int) -> list[dict[str, Any]]:
    """Return the strategies that are known when the minute begins."""
    draw = random.Random(seed)  # noqa: S311  # no secret
    return [strategy(number, draw) for number in range(_STRATEGIES)]


def schedule(seconds: float, seed: int) -> list[Spoken]:
    """Return everything that is said in that time, in order.

    Every second eight strategies change and two rounds end; every two seconds the machine is measured; every ten
    seconds a window rolls and a hundred strategies change at once, and an alert is raised.

    Parameters
    ----------
    seconds : float
        How long.
    seed : int
        What is said.

    Returns
    -------
    list of Spoken
        By time.
    """
    draw = random.Random(seed)  # noqa: S311  # no secret
    return sorted(_spoken(seconds, draw), key=lambda spoken: spoken.at)


def _spoken(seconds: float, draw: random.Random) -> Iterator[Spoken]:
    for second in range(int(seconds)):
        for _ in range(8):
            yield Spoken(second + draw.random(), "strategy_update", strategy(draw.randrange(_STRATEGIES), draw))
        for half in (0.25, 0.75):
            yield Spoken(second + half, "evolution_log", _round(second, draw))
        if second % 2 == 0:
            yield Spoken(second + 0.5, "system_metrics", _measured(draw))
        if second % _BURST_EVERY_S == 5:
            for _ in range(_BURST):
                yield Spoken(second + 0.6, "strategy_update", strategy(draw.randrange(_STRATEGIES), draw))
            yield Spoken(second + 0.7, "alert", {"id": str(second), "severity": "info", "code": "window_rolled"})


def _round(second: int, draw: random.Random) -> dict[str, Any]:
    quartiles = sorted(round(draw.uniform(5, 80), 3) for _ in range(4))
    return {
        "run_id": "20260101-000000-7",
        "generation": second // 20,
        "round": second % 4 + 1,
        "species": "momentum BTC/USDT:USDT 1m",
        "evaluations": 1_034 * (second // 20 + 1),
        "q25": quartiles[0],
        "median_scs": quartiles[1],
        "q75": quartiles[2],
        "best_scs": quartiles[3],
        "diversity": round(draw.random(), 4),
        "coverage": round(draw.random(), 4),
        "event": "round",
        "message": "round ended",
    }


def _measured(draw: random.Random) -> dict[str, Any]:
    return {
        "cpu_pct": round(draw.uniform(0, 100), 1),
        "memory_pct": round(draw.uniform(20, 60), 1),
        "disk_pct": 41.5,
        "net_rx_bps": draw.randrange(10**6),
        "net_tx_bps": draw.randrange(10**6),
        "db_ok": True,
        "db_latency_ms": round(draw.uniform(0.2, 3), 2),
        "cache_ok": True,
        "queues": {"push": 0, "batches": draw.randrange(5)},
        "kill_state": "armed",
    }

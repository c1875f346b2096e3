"""The search is worth having: it clearly beats random search at an equal budget."""

import math
from itertools import pairwise

import numpy as np
import pytest

from evolution import Dimension, Optimizer, Space

SEEDS = range(5)
POPULATION, BUDGET = 50, 1000


def sphere(c):
    return -sum((gene - 0.37) ** 2 for gene in c.genome)


def rosenbrock(c):
    x = [4.0 * gene - 2.0 for gene in c.genome]
    return -sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x))


def rastrigin(c):
    x = [10.24 * (gene - 0.37) for gene in c.genome]
    return -sum(value * value + 10.0 - 10.0 * math.cos(2.0 * math.pi * value) for value in x)


def strategy_like(c):
    """Integer and log scales, a switch that should be off, and one that should be on."""
    score = -abs(c["period"] - 317) / 100 - abs(math.log(c["threshold"] / 0.013))
    return score - (0.2 + c["stop"] if c["stop"] else 0.0) - 3.0 * abs(c["profit"] - 0.7)


CUBE = Space([Dimension(f"x{i}", 0, 1) for i in range(5)])
STRATEGY = Space(
    [
        Dimension("period", 5, 1000, integer=True, log=True),
        Dimension("threshold", 1e-3, 0.2, log=True),
        Dimension("stop", 2e-3, 0.3, log=True, off=True),
        Dimension("profit", 2e-3, 1.0, log=True, off=True),
    ]
)


def evolved(space, score, seed):
    optimizer = Optimizer(space, population=POPULATION, seed=seed)
    while optimizer.evaluations < BUDGET:
        candidates = optimizer.ask()
        optimizer.tell(candidates, [score(candidate) for candidate in candidates])
    return optimizer.best.score


def at_random(space, score, seed):
    initial = Optimizer(space, population=BUDGET, seed=seed, batch_size=BUDGET, lag=1).ask()
    return max(score(candidate) for candidate in initial)


@pytest.mark.parametrize(
    ("space", "score", "factor"),
    [(CUBE, sphere, 20.0), (CUBE, rosenbrock, 3.0), (CUBE, rastrigin, 2.0), (STRATEGY, strategy_like, 5.0)],
    ids=["sphere", "rosenbrock", "rastrigin", "strategy-like"],
)
def test_evolution_beats_random_search_at_an_equal_budget(space, score, factor):
    errors = [-evolved(space, score, seed) for seed in SEEDS]
    random_errors = [-at_random(space, score, seed) for seed in SEEDS]
    assert np.median(errors) * factor < np.median(random_errors)
    assert max(errors) < np.median(random_errors)

"""Evolution in the terminal of a desk: what is known of a round, and nothing that is not."""

import pytest

from cluster.supervisor.evolution_view import round_line

STANDS = {"generation": 1, "round": 2, "evaluations": 1_240, "best_scs": 61.25, "median_scs": None}


@pytest.mark.parametrize("rate", [None, 0.0, 0.2])
def test_round_without_a_speed_says_nothing_of_it(rate):
    told = {**STANDS, "evaluations_per_s": rate, "strategy_bars_per_s": None if rate is None else rate * 20_000}
    assert round_line(told) == "generation 1, round 2 · 1,240 evaluations · best 61.2, median –"


def test_round_with_a_speed_tells_it():
    told = {**STANDS, "evaluations_per_s": 512.4, "strategy_bars_per_s": 10.2e6, "median_scs": 31.0}
    words = "generation 1, round 2 · 1,240 evaluations · 512/s · 10.2 M strategy-bars/s · best 61.2, median 31.0"
    assert round_line(told) == words

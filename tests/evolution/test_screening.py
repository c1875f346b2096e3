import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution.experience import Experience
from evolution.screening import most_promising

places = st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0))


def experience(items, limit=100):
    found = Experience(2, limit)
    for genome, score in items:
        found.add(genome, score)
    return found


def by_hand(proposals, items, pending, spread, novelty):
    """Say the same in plain words: three nearest, weighted; plus the distance to the nearest of all."""
    worths = []
    for place in proposals:
        nearest = sorted((math.dist(place, genome) ** 2, score) for genome, score in items)[:3]
        weights = [1.0 / (distance + 1e-6) for distance, _ in nearest]
        predicted = sum(w * score for w, (_, score) in zip(weights, nearest, strict=True)) / sum(weights)
        away = min([math.dist(place, genome) for genome, _ in items] + [math.dist(place, other) for other in pending])
        worths.append(predicted / spread + novelty * min(away, 0.5))
    return worths


@given(
    st.lists(places, min_size=1, max_size=10),
    st.lists(st.tuples(places, st.floats(-10, 100)), min_size=1, max_size=30),
    st.lists(places, max_size=5),
    st.sampled_from([0.0, 1.0, 5.0]),
)
def test_most_promising_has_the_greatest_worth(proposals, items, pending, novelty):
    known = experience(items)
    genes, scores = known.columns()
    stored = list(zip(map(tuple, genes.T.tolist()), scores.tolist(), strict=True))
    worths = by_hand(proposals, stored, pending, 10.0, novelty)
    chosen = most_promising(proposals, known, pending, 10.0, novelty)
    # equally near genomes of different scores may be averaged in another order
    distances = [sorted(math.dist(place, genome) for genome, _ in stored) for place in proposals]
    if all(len(each) < 4 or each[3] - each[2] > 1e-9 for each in distances):
        assert worths[chosen] >= max(worths) - 1e-6 * (1.0 + abs(max(worths)))


def test_most_promising_of_equals_is_the_first():
    assert most_promising([(0.5, 0.5)] * 4, experience([((0.1, 0.1), 1.0)]), [], 1.0, 5.0) == 0


def test_most_promising_keeps_away_from_what_is_pending():
    known = experience([((0.0, 0.0), 1.0), ((1.0, 1.0), 1.0)])
    assert most_promising([(0.5, 0.5), (0.2, 0.7)], known, [(0.5, 0.5)], 1.0, 5.0) == 1


def test_experience_forgets_the_oldest_and_survives_storage():
    known = experience([((n / 10, 0.5), float(n)) for n in range(10)], limit=4)
    genes, scores = known.columns()
    assert scores.tolist() == [6.0, 7.0, 8.0, 9.0]
    assert genes[0] == pytest.approx([0.6, 0.7, 0.8, 0.9], abs=1e-5)
    again = Experience(2, 4)
    again.restore(known.genes(), known.scores())
    assert np.array_equal(again.columns()[0], genes)
    assert again.scores() == known.scores()


def test_experience_counts_a_score_that_is_not_finite_as_the_worst():
    items = [((0.1, 0.1), math.inf), ((0.2, 0.2), 5.0), ((0.3, 0.3), math.nan), ((0.4, 0.4), 3.0)]
    assert experience(items).columns()[1].tolist() == [3.0, 5.0, 3.0, 3.0]
    assert experience(items[:1]).columns()[1].tolist() == [0.0]


def test_experience_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="experience of 2 genomes must have 8 bytes, had 7"):
        Experience(2, 4).restore(b"1234567", [1.0, 2.0])

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import Candidate, Species
from evolution.past import Past

SPECIES = Species("momentum", "BTC/USDT", "1h")


def candidate(number, gene):
    return Candidate(number, SPECIES, number, 0, (gene,), ("x",), (gene,), (number,), "returning")


def genes(past):
    return [one.genome[0] for one in past]


def test_past_takes_in_the_first_four_that_are_new_to_it():
    back = [candidate(number, number / 10) for number in range(6)]
    past = Past(10).after(back)
    assert list(past) == back[:4]
    assert genes(past.after(back)) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]  # known ones do not count


def test_past_puts_those_who_had_their_turn_behind_the_others():
    past = Past(10, [candidate(1, 0.1), candidate(2, 0.2), candidate(3, 0.3)])
    assert genes(past.after([candidate(1, 0.1), candidate(9, 0.9)])) == [0.2, 0.3, 0.1, 0.9]
    assert genes(past) == [0.1, 0.2, 0.3]  # the old window keeps its own


def test_past_that_is_full_loses_the_first_of_the_two_most_alike():
    past = Past(3, [candidate(1, 0.1), candidate(2, 0.5), candidate(3, 0.9)])
    assert genes(past.after([candidate(4, 0.52)])) == [0.1, 0.9, 0.52]


def test_past_of_many_windows_of_one_regime_keeps_the_other_one():
    past = Past(4, [candidate(0, 0.95)])
    for window in range(1, 200):
        past = past.after([candidate(window, 0.2 + 0.001 * (window % 50))])
    assert 0.95 in genes(past)


@pytest.mark.parametrize("limit", [1, 2, 7])
@given(windows=st.lists(st.lists(st.integers(0, 40), unique=True, max_size=9), max_size=12))
def test_past_is_bounded_distinct_and_a_function_of_what_returned(limit, windows):
    pasts = [Past(limit), Past(limit)]
    for number, window in enumerate(windows):
        back = [candidate(100 * number + gene, gene / 40) for gene in window]
        pasts = [past.after(back) for past in pasts]
        assert len(set(genes(pasts[0]))) == len(pasts[0]) <= limit
    assert genes(pasts[0]) == genes(pasts[1])

"""Finalists: the best that differ from each other, against a selection written with numpy."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import FINALISTS, Candidate, Finalist, Member, Species, select_finalists

SPECIES = [
    Species("momentum", "BTC/USDT", "1h"),
    Species("breakout", "BTC/USDT", "1h"),
    Species("trend_following", "BTC/USDT", "1h"),
    Species("momentum", "BTC/USDT", "4h"),
    Species("momentum", "ETH/USDT", "1h"),
]


def member_of(number, score, species=0, parameter=None):
    value = float(number if parameter is None else parameter)
    return Member(Candidate(number, SPECIES[species], number, 0, (), ("x",), (value,), (), "initial"), score, 1, 1)


def returns_of(series):
    """Return what gives the returns of members, by their number."""
    return lambda members: np.array([series[member.candidate.number] for member in members]).T


def apart(n, n_intervals=400):
    return np.random.default_rng(1).normal(0.0, 0.01, (n, n_intervals))


def numbers(members):
    return [member.candidate.number for member in members]


def selected_slowly(members, series, frozen, count):
    chosen = []
    for member in sorted(members, key=lambda m: (-m.score, m.candidate.number)):
        own = series[member.candidate.number]
        if member.score <= 0.0 or len(chosen) == count:
            continue
        genomes = {(m.species, m.candidate.parameters) for m in [*chosen, *(finalist.member for finalist in frozen)]}
        if (member.species, member.candidate.parameters) in genomes:
            continue
        if sum(m.species == member.species for m in chosen) == 2:
            continue
        rivals = [series[m.candidate.number] for m in chosen if m.species.market == member.species.market]
        if any(own.std() > 0 < r.std() and np.corrcoef(own, r)[0, 1] >= 0.7 for r in rivals):
            continue
        chosen.append(member)
    return chosen


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(1, 12))
def test_selection_is_that_of_the_slow_reference(seed, size, count):
    rng = np.random.default_rng(seed)
    ideas = rng.normal(0.0, 0.01, (6, 60))
    members, series = [], []
    for number in range(size):
        parameter = rng.integers(0, 30)
        members.append(member_of(number, float(rng.integers(-1, 9)), rng.integers(0, 5), parameter))
        series.append(ideas[rng.integers(0, 6)] + rng.choice([0.003, 0.01, 0.03]) * rng.normal(0.0, 1.0, 60))
        if rng.random() < 0.1:
            series[-1] = np.zeros(60)
    frozen = [Finalist(member, "") for member in members if rng.random() < 0.1]
    found = select_finalists(members, returns_of(series), frozen, count)
    assert list(found) == selected_slowly(members, series, frozen, count)
    assert select_finalists(members[::-1], returns_of(series), frozen, count) == found


def test_finalists_are_at_most_ten_and_two_of_a_species():
    members = [member_of(number, 100.0 - number, number % 5) for number in range(100)]
    found = select_finalists(members, returns_of(apart(100)))
    assert numbers(found) == list(range(FINALISTS)) == list(range(10))
    assert set(Counter(member.species for member in found).values()) == {2}
    three = [member_of(number, 50.0 - number, 0) for number in range(3)]
    assert numbers(select_finalists(three, returns_of(apart(3)))) == [0, 1]


def test_copies_of_one_idea_are_one_finalist():
    returns = np.tile(apart(1), (30, 1)) * np.linspace(0.1, 3.0, 30)[:, None]
    members = [member_of(number, 10.0 + number, number % 3) for number in range(30)]
    assert numbers(select_finalists(members, returns_of(returns))) == [29]


@pytest.mark.parametrize(("other", "expected"), [(0, [0]), (1, [0]), (3, [0, 1]), (4, [0, 1])])
def test_the_same_returns_on_another_market_are_another_idea(other, expected):
    """Another timeframe is another market; another type on the same one is not."""
    returns = np.tile(apart(1), (2, 1))
    members = [member_of(0, 9.0, 0), member_of(1, 8.0, other)]
    assert numbers(select_finalists(members, returns_of(returns))) == expected


def test_the_opposite_of_an_idea_is_another_idea():
    returns = apart(1) * np.array([[1.0], [-1.0]])
    assert numbers(select_finalists([member_of(0, 9.0), member_of(1, 8.0, 1)], returns_of(returns))) == [0, 1]


def test_whoever_scores_nothing_is_no_finalist():
    members = [member_of(0, 0.0), member_of(1, -5.0, 1), member_of(2, 1e-9, 2)]
    assert numbers(select_finalists(members, returns_of(apart(3)))) == [2]
    assert select_finalists([], returns_of(apart(1))) == ()


def test_finalists_of_earlier_windows_and_their_genomes_are_skipped():
    members = [member_of(0, 9.0), member_of(1, 8.0, 1), member_of(2, 7.0, 2)]
    frozen = [Finalist(member_of(77, 3.0, 0, parameter=0), "")]  # the genome of number 0
    assert numbers(select_finalists(members, returns_of(apart(3)), frozen)) == [1, 2]
    elsewhere = [Finalist(member_of(77, 3.0, 3, parameter=0), "")]
    assert numbers(select_finalists(members, returns_of(apart(3)), elsewhere)) == [0, 1, 2]


def test_of_equal_scores_the_earlier_child_is_first():
    members = [member_of(number, 5.0, number % 5) for number in (4, 2, 9, 0)]
    assert numbers(select_finalists(members, returns_of(apart(10)), count=2)) == [0, 2]


@pytest.mark.parametrize(("correlation", "expected"), [(0.69, [0, 1]), (0.71, [0])])
def test_finalists_of_one_market_correlate_by_less_than_seven_tenths(correlation, expected):
    waves = np.cos(np.outer([1, 2], np.arange(64) + 0.5) * np.pi / 64)  # do not correlate at all, and have no mean
    returns = [waves[0], correlation * waves[0] + np.sqrt(1.0 - correlation**2) * waves[1]]
    assert np.corrcoef(returns)[0, 1] == pytest.approx(correlation)
    assert numbers(select_finalists([member_of(0, 9.0), member_of(1, 8.0, 1)], returns_of(returns))) == expected


def test_finalists_are_compared_with_those_who_were_chosen_only():
    one, other = apart(2)
    returns = [one, 0.8 * one + 0.6 * other, 0.3 * one + 0.9 * other]
    assert np.corrcoef(returns)[1, 2] > 0.7  # but number 1 is a copy of number 0
    members = [member_of(number, 9.0 - number, number) for number in range(3)]
    assert numbers(select_finalists(members, returns_of(returns))) == [0, 2]


def test_whoever_is_skipped_takes_no_place_of_its_species():
    returns = apart(4)
    returns[1] = returns[0]
    members = [member_of(number, 9.0 - number) for number in range(4)]
    assert numbers(select_finalists(members, returns_of(returns))) == [0, 2]


def test_returns_that_never_vary_are_no_copy_of_each_other():
    members = [member_of(number, 9.0 - number, number) for number in range(3)]
    assert numbers(select_finalists(members, returns_of(np.zeros((3, 30))))) == [0, 1, 2]


def test_returns_are_asked_for_members_of_one_market_at_a_time():
    asked = []

    def returns(members):
        asked.append({member.species.market for member in members})
        return returns_of(apart(5))(members)

    assert len(select_finalists([member_of(number, 9.0, number) for number in range(5)], returns)) == 5
    assert all(len(markets) == 1 for markets in asked)

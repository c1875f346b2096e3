import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import FINALISTS, Candidate, Finalist, Member, Species, select_finalists

BTC = Species("momentum", "BTC/USDT", "1h")
BREAKOUT = Species("breakout", "BTC/USDT", "1h")
TREND = Species("trend_following", "BTC/USDT", "1h")
ETH = Species("momentum", "ETH/USDT", "1h")
SLOW = Species("momentum", "BTC/USDT", "4h")

WAVES = np.cos(np.outer(np.arange(64) + 0.5, np.arange(1, 33)) * np.pi / 64)
"""Columns that do not correlate with each other at all (a cosine basis); none has a mean."""


def member(number, score, species=BTC, parameter=None):
    value = float(number) if parameter is None else parameter
    return Member(Candidate(number, species, number, 0, (0.5,), ("x",), (value,), (), "mutation"), score, 1, 1)


def independent(members):
    """Return returns of which no two correlate: the parameter is the column."""
    return np.array([WAVES[:, int(member.candidate.parameters[0])] for member in members]).T


def alike(correlation):
    """Return what gives every member the first wave, with this correlation to the first member's."""
    rest = np.sqrt(1.0 - correlation**2)

    def returns(members):
        return np.array(
            [
                WAVES[:, 0] if member.candidate.number == 0
                else correlation * WAVES[:, 0] + rest * WAVES[:, member.candidate.number]
                for member in members
            ]
        ).T  # fmt: skip

    return returns


def numbers(members):
    return [member.candidate.number for member in members]


def test_finalists_are_the_best_first():
    members = [member(0, 5.0), member(1, 30.0, BREAKOUT), member(2, 20.0, TREND)]
    assert numbers(select_finalists(members, independent)) == [1, 2, 0]
    assert select_finalists([], independent) == ()


def test_finalists_of_equal_fitness_come_by_age_whatever_the_order_given():
    members = [member(number, 5.0, species) for number, species in enumerate([BTC, BREAKOUT, TREND, ETH])]
    assert numbers(select_finalists(members[::-1], independent)) == [0, 1, 2, 3]
    assert numbers(select_finalists(members[::-1], independent, count=2)) == [0, 1]


def test_finalists_are_at_most_two_a_species():
    members = [member(number, 50.0 - number) for number in range(5)] + [member(5, 1.0, SLOW), member(6, 0.5, ETH)]
    assert numbers(select_finalists(members, independent)) == [0, 1, 5, 6]


def test_finalists_are_ten_by_default():
    species = [Species(f"type {index}", "BTC/USDT", "1h") for index in range(8)]
    members = [member(number, 50.0 - number, species[number % 8]) for number in range(16)]
    assert FINALISTS == 10
    assert numbers(select_finalists(members, independent)) == list(range(10))
    assert numbers(select_finalists(members, independent, count=0)) == []


@pytest.mark.parametrize("score", [0.0, -3.0])
def test_finalists_have_a_positive_fitness(score):
    assert numbers(select_finalists([member(0, 1e-9), member(1, score, BREAKOUT)], independent)) == [0]


@pytest.mark.parametrize(("correlation", "chosen"), [(0.69, [0, 1]), (0.71, [0]), (1.0, [0]), (-0.9, [0, 1])])
def test_finalists_of_one_market_correlate_by_less_than_seven_tenths(correlation, chosen):
    members = [member(0, 10.0), member(1, 9.0, BREAKOUT)]
    assert numbers(select_finalists(members, alike(correlation))) == chosen


def test_finalists_of_other_markets_may_correlate():
    members = [member(0, 10.0), member(1, 9.0, ETH), member(2, 8.0, SLOW)]
    assert numbers(select_finalists(members, alike(1.0))) == [0, 1, 2]


def test_finalists_are_compared_with_those_chosen_only():
    # 1 is too much like 0; 2 is like 1, which was not chosen, and not like 0
    columns = {0: WAVES[:, 0], 1: 0.8 * WAVES[:, 0] + 0.6 * WAVES[:, 1], 2: 0.3 * WAVES[:, 0] + 0.9 * WAVES[:, 1]}
    members = [member(0, 10.0), member(1, 9.0, BREAKOUT), member(2, 8.0, TREND)]
    chosen = select_finalists(members, lambda some: np.array([columns[m.candidate.number] for m in some]).T)
    assert np.corrcoef(columns[1], columns[2])[0, 1] > 0.7
    assert numbers(chosen) == [0, 2]


def test_finalists_that_were_skipped_take_no_place_of_their_species():
    members = [member(0, 10.0), member(1, 9.0), member(2, 8.0), member(3, 7.0)]
    columns = [WAVES[:, 0], WAVES[:, 0], WAVES[:, 2], WAVES[:, 3]]
    chosen = select_finalists(members, lambda some: np.array([columns[m.candidate.number] for m in some]).T)
    assert numbers(chosen) == [0, 2]


def test_finalists_are_not_frozen_twice():
    frozen = [Finalist(member(0, 10.0), ""), Finalist(member(1, 99.0, BREAKOUT, 7.0), "")]
    members = [member(8, 12.0, BTC, 0.0), member(9, 11.0, ETH, 0.0), member(10, 10.0, TREND, 7.0)]
    # 8 has the parameters of a finalist of its species; 9 and 10 have parameters of finalists of other species
    assert numbers(select_finalists(members, independent, frozen)) == [9, 10]


def test_finalists_that_never_varied_correlate_with_nobody():
    members = [member(0, 10.0), member(1, 9.0, BREAKOUT), member(2, 8.0, TREND)]
    assert numbers(select_finalists(members, lambda some: np.zeros((30, len(some))))) == [0, 1, 2]


def test_finalists_returns_are_asked_for_one_market_at_a_time():
    asked = []

    def returns(members):
        asked.append({member.species.market for member in members})
        return independent(members)

    select_finalists([member(n, 9.0 - n, s) for n, s in enumerate([BTC, ETH, BREAKOUT, SLOW])], returns)
    assert asked
    assert all(len(markets) == 1 for markets in asked)


def slow_finalists(members, returns, frozen, count):
    """Return the same by definition: try everybody in order, with numpy's correlation."""
    ranked = sorted(members, key=lambda m: m.candidate.number)
    ranked.sort(key=lambda m: m.score, reverse=True)
    chosen = []
    for one in ranked:
        kin = [other for other in chosen if other.species == one.species]
        known = [f.member for f in frozen] + chosen
        rivals = [other for other in chosen if other.species.market == one.species.market]
        if one.score <= 0 or len(chosen) >= count or len(kin) >= 2:
            continue
        if any(o.species == one.species and o.candidate.parameters == one.candidate.parameters for o in known):
            continue
        if any(np.corrcoef(returns([one])[:, 0], returns([other])[:, 0])[0, 1] >= 0.7 for other in rivals):
            continue
        chosen.append(one)
    return chosen


populations = st.lists(
    st.tuples(st.integers(-2, 8), st.sampled_from([BTC, BREAKOUT, TREND, ETH, SLOW]), st.integers(0, 11)), max_size=40
)


@given(populations, st.lists(st.tuples(st.sampled_from([BTC, ETH]), st.integers(0, 11)), max_size=6),
       st.integers(0, 12), st.integers(0, 2**32 - 1))  # fmt: skip
def test_finalists_equal_a_slow_obvious_reference(population, before, count, seed):
    generator = np.random.default_rng(seed)
    themes = generator.normal(size=(50, 4))
    columns = {
        (species, float(parameter)): themes[:, parameter % 4]
        + generator.normal(size=50) * (0.3 + 0.2 * (parameter % 3))
        for species in (BTC, BREAKOUT, TREND, ETH, SLOW)
        for parameter in range(12)
    }

    def returns(members):
        return 0.01 + np.array([columns[m.species, m.candidate.parameters[0]] for m in members]).T

    members = [member(n, float(score), species, float(p)) for n, (score, species, p) in enumerate(population)]
    frozen = [Finalist(member(100 + n, 1.0, species, float(p)), "") for n, (species, p) in enumerate(before)]
    chosen = select_finalists(iter(members), returns, iter(frozen), count)
    assert numbers(chosen) == numbers(slow_finalists(members, returns, frozen, count))
    assert numbers(select_finalists(members[::-1], returns, frozen, count)) == numbers(chosen)

"""Operators' counts: every child is one that competed, or one that took an empty place of its window."""

import pytest

from cluster.operator_counts import OperatorCounts
from evolution import Evolution
from evolution.windows import Windows
from market import synthetic_candles

POPULATION = 40


def counted(rolls_after, generations):
    """Return what was counted in each generation of a run, and what became of the members."""
    windows = Windows([synthetic_candles(symbol="BTC/USDT:USDT", bars=1_500, seed=3)])
    counts, taken, replaced = OperatorCounts(), [], []

    def heard(commit):
        counts.add(commit)
        if commit.ends_generation:
            taken.append(counts.take())
            replaced.append(sum(one.members for one in commit.statistics))

    evolution = Evolution(windows.objective(0), windows.spaces, population=POPULATION, seed=2, listener=heard)
    for number in range(1, generations + 1):
        evolution.run(number)
        if number in rolls_after:
            evolution.roll(windows.objective(0), f"{number}")
    return taken, replaced


def total(generation, name):
    return sum(one[name] for one in generation.values())


def test_children_of_a_full_species_are_those_that_compete():
    taken, members = counted(rolls_after=(), generations=4)
    assert members == [POPULATION] * 4
    assert [total(each, "tried") for each in taken] == [POPULATION] * 4
    assert [total(each, "founded") for each in taken] == [POPULATION, 0, 0, 0]
    won = sum(total(each, "accepted") for each in taken)
    assert 0.1 < won / (3 * POPULATION) < 0.7


def test_children_of_a_window_that_begins_have_founded_it():
    taken, _ = counted(rolls_after=(2, 3), generations=4)
    assert [total(each, "founded") for each in taken] == [POPULATION, 0, POPULATION, POPULATION]
    assert total(taken[2], "accepted") == total(taken[3], "accepted") == 0
    assert taken[2]["returning"]["founded"] == taken[2]["returning"]["tried"]


def test_first_batch_after_a_resume_is_not_counted():
    windows = Windows([synthetic_candles(symbol="BTC/USDT:USDT", bars=1_500, seed=3)])
    counts, commits = OperatorCounts(), []
    Evolution(windows.objective(0), windows.spaces, population=POPULATION, seed=2, listener=commits.append).run(2)
    second = [commit for commit in commits if commit.generation == 2]
    assert len(second) > 1
    for commit in second:
        counts.add(commit)
    taken = counts.take()
    assert total(taken, "tried") == POPULATION - len(second[0].candidates)
    assert total(taken, "founded") == 0


@pytest.mark.parametrize("generation", [0, 1])
def test_counts_begin_anew_once_they_are_taken(generation):
    taken, _ = counted(rolls_after=(), generations=2)
    assert total(taken[generation], "tried") == POPULATION

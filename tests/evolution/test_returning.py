import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import Behaviour, Candidate, Member, Settings, Species
from evolution.archive import Elite
from evolution.deme import Deme
from evolution.returning import returning

SPECIES = Species("momentum", "BTC/USDT", "1h")


def candidate(number, parameter=None, operator="mutation", parents=()):
    value = float(number) if parameter is None else parameter
    return Candidate(number, SPECIES, number, 0, (0.5,), ("x",), (value,), parents, operator)


def member(number, score, parameter=None):
    return Member(candidate(number, parameter), score, seed=1, engine_version=1)


def elite(number, score, parameter=None):
    return Elite(member(number, score, parameter), Behaviour(5.0, 0.5, 0.0))


@pytest.fixture
def deme():
    """Return five members: 0 scores 50, 1 scores 40, ..."""
    deme = Deme(10, Settings())
    for number in range(5):
        deme.join(member(number, 50.0 - 10.0 * number))
    return deme


def numbers(candidates):
    return [candidate.number for candidate in candidates]


def test_returning_takes_the_top_of_the_deme_and_the_archive_in_turn(deme):
    elites = [elite(10, 1.0), elite(11, 3.0), elite(12, 2.0)]
    assert numbers(returning(deme, elites, [], 5)) == [0, 11, 1, 12, 2]
    assert numbers(returning(deme, elites, [], 100)) == [0, 11, 1, 12, 2, 10, 3, 4]


def test_returning_names_no_genome_twice(deme):
    elites = [elite(0, 50.0), elite(11, 40.0, parameter=1.0), elite(12, 30.0)]
    # the best of the archive is the best of the deme, and the next one repeats the parameters of another member
    assert numbers(returning(deme, elites, [], 4)) == [0, 11, 2, 12]
    assert numbers(returning(deme, elites, [], 100)) == [0, 11, 2, 12, 3, 4]


def test_returning_of_equals_in_the_archive_the_older_one_comes_first():
    elites = [elite(12, 3.0), elite(11, 3.0), elite(10, 3.0)]
    assert numbers(returning(Deme(5, Settings()), elites, [], 100)) == [10, 11, 12]


def test_returning_without_an_archive_is_the_top_of_the_deme(deme):
    assert numbers(returning(deme, [], [], 3)) == [0, 1, 2]


def test_returning_without_anybody_or_without_room_is_empty(deme):
    assert returning(Deme(5, Settings()), [], [], 3) == []
    assert returning(deme, [elite(10, 1.0)], [candidate(20, operator="returning")], 0) == []


def test_returning_takes_whom_earlier_windows_left_in_turn_as_they_are(deme):
    past = [candidate(30, operator="returning", parents=(8,)), candidate(1, operator="returning", parents=(1,))]
    back = returning(deme, [elite(11, 3.0)], [], 100, past)
    assert numbers(back) == [0, 30, 11, 1, 2, 3, 4]  # the second one is a member, and comes as it was left
    assert back[1] is past[0]
    assert numbers(returning(Deme(5, Settings()), [], [], 1, past)) == [30]


def test_returning_are_children_of_those_they_repeat(deme):
    first = returning(deme, [], [], 1)[0]
    assert (first.operator, first.parents) == ("returning", (0,))
    assert (first.genome, first.parameters) == (deme[0].candidate.genome, deme[0].candidate.parameters)


def test_returning_ends_with_those_who_were_waiting_to_be_scored_again(deme):
    waiting = [
        candidate(20, operator="returning", parents=(7,)),
        candidate(21, operator="mutation", parents=(0, 1)),  # of no committed standing: forgotten
        candidate(22, parameter=1.0, operator="returning", parents=(8,)),  # scored by now under another number
        candidate(23, operator="returning", parents=(9,)),
    ]
    back = returning(deme, [elite(10, 1.0)], waiting, 100)
    assert numbers(back) == [0, 10, 1, 2, 3, 4, 20, 23]
    assert [one.parents for one in back[-2:]] == [(7,), (9,)]  # they were never committed: no parents themselves
    assert numbers(returning(deme, [], waiting, 6)) == [0, 1, 2, 3, 4, 20]


entries = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), max_size=12)


@given(entries, entries, entries, st.integers(0, 20))
def test_returning_is_distinct_bounded_and_complete(in_deme, in_archive, in_flight, count):
    deme = Deme(100, Settings())
    for number, (parameter, score) in enumerate(in_deme):
        deme.join(member(number, float(score), float(parameter)))
    elites = [elite(50 + i, float(score), float(parameter)) for i, (parameter, score) in enumerate(in_archive)]
    waiting = [candidate(90 + i, float(parameter), "returning", (1,)) for i, (parameter, _) in enumerate(in_flight)]
    back = returning(deme, elites, waiting, count)
    everything = {parameter for parameter, _ in (*in_deme, *in_archive, *in_flight)}
    assert len({one.parameters for one in back}) == len(back) == min(count, len(everything))
    assert all(one.operator == "returning" and len(one.parents) == 1 for one in back)
    if in_deme and count:
        assert back[0].number == deme[0].candidate.number
    if in_deme and in_archive and count >= 2:
        best = max(score for parameter, score in in_archive)
        others = {float(p) for p, score in in_archive if score == best} - {back[0].parameters[0]}
        if others:
            assert back[1].parameters[0] in others

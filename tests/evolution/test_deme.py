import pytest

from evolution import Candidate, Member, Settings, Species
from evolution.deme import Deme
from evolution.stream import Stream

SPECIES = Species("any")


def member(child, score, genome=(0.5, 0.5)):
    candidate = Candidate(child, SPECIES, child, 0, genome, ("x", "y"), genome, (), "initial")
    return Member(candidate, score, 0, 1)


def full_deme(scores, genomes=None, **settings):
    deme = Deme(len(scores), Settings(**settings))
    for child, score in enumerate(scores):
        deme.join(member(child, score, genomes[child] if genomes else (0.5, 0.5)))
    return deme


def test_deme_ranks_best_first_and_the_older_of_equals_first():
    deme = full_deme([1.0, 3.0, 2.0, 3.0])
    assert [item.candidate.child for item in deme] == [1, 3, 2, 0]
    assert deme.scores() == [3.0, 3.0, 2.0, 1.0]


def test_challenge_better_child_takes_the_place_of_its_nearest():
    genomes = [(0.0, 0.0), (0.9, 0.9), (0.1, 0.1), (1.0, 1.0)]
    deme = full_deme([9.0, 5.0, 4.0, 1.0], genomes, rivals=10, elites=0.25)
    assert deme.challenge(member(4, 4.5, (0.12, 0.12)), Stream(b"\0" * 16))
    assert [item.candidate.child for item in deme] == [0, 1, 4, 3]


def test_challenge_child_no_better_than_its_nearest_stays_out():
    genomes = [(0.0, 0.0), (0.9, 0.9), (0.1, 0.1), (1.0, 1.0)]
    deme = full_deme([9.0, 5.0, 4.0, 1.0], genomes, rivals=10, elites=0.25)
    for score in (3.0, 4.0):  # worse, and equal: the older one stays
        assert not deme.challenge(member(4, score, (0.12, 0.12)), Stream(b"\0" * 16))
    assert [item.candidate.child for item in deme] == [0, 1, 2, 3]


def test_challenge_never_displaces_a_better_elite():
    deme = full_deme([9.0, 8.0, 1.0, 0.0], elites=0.5, rivals=3)
    elites = [item.candidate.child for item in deme][:2]
    for child in range(4, 60):
        deme.challenge(member(child, 7.0 - 1.0 / child), Stream(child.to_bytes(16, "big")))
    assert [item.candidate.child for item in deme][:2] == elites


@pytest.mark.parametrize("rivals", [1, 2, 8])
def test_challenge_child_better_than_an_elite_always_gets_in(rivals):
    for key in range(20):
        deme = full_deme([9.0, 8.0, 7.0, 0.0], elites=0.5, rivals=rivals)
        assert deme.challenge(member(4, 8.5), Stream(key.to_bytes(16, "big")))
        assert [item.score for item in deme][:2] == [9.0, 8.5]
        assert len(deme) == 4


def test_challenge_in_a_deme_of_one_replaces_only_by_better():
    deme = full_deme([1.0])
    assert not deme.challenge(member(1, 1.0), Stream(b"\0" * 16))
    assert deme.challenge(member(2, 1.5), Stream(b"\0" * 16))
    assert [item.candidate.child for item in deme] == [2]

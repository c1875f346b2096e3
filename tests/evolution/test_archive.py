import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import Archive, Behaviour, Candidate, Optimizer, Species, StateError
from evolution.breeder import Breeder

ONE, OTHER = Species("momentum", "BTC/USDT", "1h"), Species("breakout", "BTC/USDT", "1h")


def candidate(number, species=ONE):
    return Candidate(number, species, number, 0, (0.5,), ("x",), (0.5,), (), "initial")


@pytest.mark.parametrize(
    ("holding_time", "exposure", "cell"),
    [
        (0.5, 0.0, (0, 0)),
        (1.0, 0.0999, (0, 0)),
        (2.0, 0.1, (1, 1)),
        (3.99, 0.55, (1, 5)),
        (4.0, 0.999, (2, 9)),
        (2048.0, 1.0, (11, 9)),
        (1e6, 1.0, (11, 9)),
    ],
)
def test_behaviour_lies_in_its_cell(holding_time, exposure, cell):
    assert Behaviour(holding_time, exposure).cell == cell


@pytest.mark.parametrize(
    ("holding_time", "exposure"), [(math.nan, 0.0), (math.inf, 0.5), (0.0, 0.5), (5.0, math.nan), (5.0, 1.1)]
)
def test_behaviour_that_is_undefined_has_no_cell_and_never_gets_in(holding_time, exposure):
    archive = Archive()
    assert Behaviour(holding_time, exposure).cell is None
    assert not archive.offer(candidate(0), 50.0, Behaviour(holding_time, exposure))
    assert len(archive) == 0


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_offer_with_a_score_that_is_not_finite_never_gets_in(score):
    archive = Archive()
    assert not archive.offer(candidate(0), score, Behaviour(5.0, 0.5))
    assert archive.coverage(ONE) == 0.0


def test_offer_keeps_the_best_of_a_cell_and_the_first_of_equals():
    archive = Archive()
    cell = Behaviour(5.0, 0.5).cell
    assert archive.offer(candidate(0), 10.0, Behaviour(5.0, 0.5))
    assert not archive.offer(candidate(1), 9.0, Behaviour(6.0, 0.51))
    assert not archive.offer(candidate(2), 10.0, Behaviour(6.0, 0.51))
    assert archive.elites(ONE)[cell].candidate.number == 0
    assert archive.offer(candidate(3), 11.0, Behaviour(6.0, 0.51))
    assert archive.elites(ONE)[cell].candidate.number == 3
    assert len(archive) == 1


def test_species_have_grids_of_their_own():
    archive = Archive()
    archive.offer(candidate(0), 10.0, Behaviour(5.0, 0.5))
    archive.offer(candidate(1, OTHER), 20.0, Behaviour(5.0, 0.5))
    archive.offer(candidate(2, OTHER), 5.0, Behaviour(50.0, 0.5))
    assert (archive.coverage(ONE), archive.coverage(OTHER)) == (1 / 120, 2 / 120)
    assert (archive.quality(ONE), archive.quality(OTHER)) == (10.0, 25.0)
    assert [elite.candidate.number for elite in archive] == [1, 2, 0]
    assert archive.coverage(Species("absent")) == archive.quality(Species("absent")) == 0.0


offers = st.lists(st.tuples(st.floats(-10, 100), st.floats(0.1, 5000), st.floats(0, 1)), max_size=60)


@given(offers)
def test_archive_holds_the_best_of_everything_offered(items):
    archive, best = Archive(), {}
    for number, (score, holding_time, exposure) in enumerate(items):
        behaviour = Behaviour(holding_time, exposure)
        archive.offer(candidate(number), score, behaviour)
        best[behaviour.cell] = max(best.get(behaviour.cell, -math.inf), score)
    assert {cell: elite.score for cell, elite in archive.elites(ONE).items()} == best
    assert archive.coverage(ONE) == len(best) / 120


@pytest.fixture
def filled(three_species):
    """Return an archive of real candidates, and what restores them."""
    optimizer = Optimizer(three_species, population=60, seed=1)
    archive = Archive()
    while optimizer.evaluations < 240:
        for each in optimizer.ask():
            optimizer.tell([each], [each.genome[0]])
            archive.offer(each, each.genome[0], Behaviour(1.0 + 100.0 * each.genome[1], each.genome[0] / 3))
    return archive, Breeder(optimizer.identity).restore


def test_archive_survives_json(filled):
    archive, restore = filled
    values = json.loads(json.dumps(archive.to_json()))
    again = Archive.from_json(values, restore)
    assert list(again) == list(archive)
    assert len(archive) > 20
    assert again.to_json() == archive.to_json()


def test_archive_that_is_damaged_is_refused(filled):
    archive, restore = filled
    values = archive.to_json()
    with pytest.raises(StateError, match="format of an archive must be 1, was 2"):
        Archive.from_json(values | {"format": 2}, restore)
    for name in ("genome", "score", "operator"):
        damaged = json.loads(json.dumps(values))
        del damaged["elites"][3][name]
        with pytest.raises(StateError, match=name):
            Archive.from_json(damaged, restore)
    twice = values | {"elites": [values["elites"][0]] * 2}
    with pytest.raises(StateError, match="holds no cell"):
        Archive.from_json(twice, restore)

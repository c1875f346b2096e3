import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import Archive, Behaviour, Candidate, Member, Species
from evolution.behaviour import CELLS

ONE, OTHER = Species("momentum", "BTC/USDT", "1h"), Species("breakout", "BTC/USDT", "1h")


def member(number, score, species=ONE):
    candidate = Candidate(number, species, number, 0, (0.5,), ("x",), (0.5,), (), "initial")
    return Member(candidate, score, seed=1, engine_version=1)


@pytest.mark.parametrize(
    ("holding_time", "exposure", "correlation", "cell"),
    [
        (0.5, 0.0, -1.0, (0, 0, 0)),
        (1.0, 0.0999, -0.601, (0, 0, 0)),
        (2.0, 0.1, -0.6, (1, 1, 1)),
        (3.99, 0.55, -0.2, (1, 5, 2)),
        (3.99, 0.55, 0.0, (1, 5, 2)),
        (4.0, 0.999, 0.2, (2, 9, 3)),
        (4.0, 0.999, 0.599, (2, 9, 3)),
        (2048.0, 1.0, 0.6, (11, 9, 4)),
        (1e6, 1.0, 1.0, (11, 9, 4)),
    ],
)
def test_behaviour_lies_in_its_cell(holding_time, exposure, correlation, cell):
    assert Behaviour(holding_time, exposure, correlation).cell == cell


@given(st.floats(1e-3, 1e6), st.floats(0, 1), st.floats(-1, 1))
def test_behaviour_that_is_defined_has_one_of_the_cells(holding_time, exposure, correlation):
    assert CELLS == 12 * 10 * 5
    holding, invested, with_market = Behaviour(holding_time, exposure, correlation).cell
    assert (holding in range(12), invested in range(10), with_market in range(5)) == (True, True, True)


@pytest.mark.parametrize(
    ("holding_time", "exposure", "correlation"),
    [
        (math.nan, 0.0, 0.0),
        (math.inf, 0.5, 0.0),
        (0.0, 0.5, 0.0),
        (5.0, math.nan, 0.0),
        (5.0, 1.1, 0.0),
        (5.0, 0.5, math.nan),
        (5.0, 0.5, 1.1),
        (5.0, 0.5, -1.1),
    ],
)
def test_behaviour_that_is_undefined_has_no_cell_and_never_gets_in(holding_time, exposure, correlation):
    archive = Archive()
    behaviour = Behaviour(holding_time, exposure, correlation)
    assert behaviour.cell is None
    assert not archive.offer(member(0, 50.0), behaviour)
    assert len(archive) == 0


def test_offer_keeps_the_best_of_a_cell_and_the_first_of_equals():
    archive = Archive()
    cell = Behaviour(5.0, 0.5, 0.3).cell
    assert archive.offer(member(0, 10.0), Behaviour(5.0, 0.5, 0.3))
    assert not archive.offer(member(1, 9.0), Behaviour(6.0, 0.51, 0.4))
    assert not archive.offer(member(2, 10.0), Behaviour(6.0, 0.51, 0.4))
    assert archive.elites(ONE)[cell].member == member(0, 10.0)
    assert archive.offer(member(3, 11.0), Behaviour(6.0, 0.51, 0.4))
    assert archive.elites(ONE)[cell].member == member(3, 11.0)
    assert len(archive) == 1


def test_offer_of_another_correlation_with_the_market_is_another_way_of_trading():
    archive = Archive()
    for number, correlation in enumerate((-0.9, 0.0, 0.9)):
        assert archive.offer(member(number, 10.0 - number), Behaviour(5.0, 0.5, correlation))
    assert [elite.behaviour.correlation for elite in archive] == [-0.9, 0.0, 0.9]


def test_species_have_grids_of_their_own():
    archive = Archive()
    archive.offer(member(0, 10.0), Behaviour(5.0, 0.5, 0.0))
    archive.offer(member(1, 20.0, OTHER), Behaviour(5.0, 0.5, 0.0))
    archive.offer(member(2, 5.0, OTHER), Behaviour(50.0, 0.5, 0.0))
    assert (archive.coverage(ONE), archive.coverage(OTHER)) == (1 / CELLS, 2 / CELLS)
    assert (archive.quality(ONE), archive.quality(OTHER)) == (10.0, 25.0)
    assert [elite.member.candidate.number for elite in archive] == [1, 2, 0]
    assert archive.coverage(Species("absent")) == archive.quality(Species("absent")) == 0.0


offers = st.lists(st.tuples(st.floats(-10, 100), st.floats(0.1, 5000), st.floats(0, 1), st.floats(-1, 1)), max_size=60)


@given(offers)
def test_archive_holds_the_best_of_everything_offered(items):
    archive, best, coverage = Archive(), {}, 0.0
    for number, (score, *numbers) in enumerate(items):
        behaviour = Behaviour(*numbers)
        archive.offer(member(number, score), behaviour)
        best[behaviour.cell] = max(best.get(behaviour.cell, -math.inf), score)
        assert archive.coverage(ONE) >= coverage
        coverage = archive.coverage(ONE)
    assert {cell: elite.member.score for cell, elite in archive.elites(ONE).items()} == best
    assert coverage == len(best) / CELLS
    assert archive.quality(ONE) == math.fsum(best.values())

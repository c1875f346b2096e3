import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import Archive, Behaviour, Candidate, Evolution, Member, Optimizer, Species
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


class Observer:
    """Tells how candidates trade, by their genes alone, and remembers who was asked about."""

    def __init__(self):
        self.asked = []

    def __call__(self, candidates):
        self.asked.append(list(candidates))
        return [
            Behaviour(1.0 + 300.0 * c.genome[0] if c.genome[0] > 0.2 else math.nan, c.genome[-1], 1.0 - c.genome[0])
            for c in candidates
        ]


RUN = {"population": 30, "batch_size": 8, "seed": 7}


def test_archive_of_a_run_is_offered_whoever_lives_at_the_end_of_the_generation_it_was_born_in(
    three_species, landscape, ledger
):
    observer = Observer()
    evolution = Evolution(landscape, three_species, behaviours=observer, journal=ledger, **RUN)
    alive = []

    def note(record):
        if record.ends_generation:
            alive.append([member.candidate for member in evolution.optimizer.population])

    evolution._listener = note
    evolution.run(generations=5)
    assert len(observer.asked) == 5
    offered = Archive()
    scores = {c.number: s for r in ledger.records for c, s in zip(r.candidates, r.scores, strict=True)}
    for generation, asked in enumerate(observer.asked):
        newborn = range(30 * generation, 30 * generation + 30)
        assert asked == [candidate for candidate in alive[generation] if candidate.number in newborn]
        for candidate in sorted(asked, key=lambda candidate: candidate.number):
            offered.offer(Member(candidate, scores[candidate.number], 7, 1), *Observer()([candidate]))
    assert [(e.member, e.behaviour) for e in evolution.optimizer.archive] == [(e.member, e.behaviour) for e in offered]
    assert {len(asked) for asked in observer.asked[1:]} < set(range(30))  # not all newborn survive their generation


def test_archive_coverage_and_quality_of_a_run_grow_within_a_window_and_begin_anew_with_the_next(
    space, landscape, ledger
):
    evolution = Evolution(landscape, space, behaviours=Observer(), journal=ledger, **RUN)
    evolution.run(generations=6)
    evolution.roll(landscape, "next", behaviours=Observer())
    evolution.run(generations=12)
    for window in ("", "next"):
        statistics = [record.statistics[0] for record in ledger.records if record.window == window]
        assert len(statistics) == 24
        coverage = [item.coverage for item in statistics]
        assert coverage[:3] == [0.0] * 3  # nobody is offered before a generation ends
        assert coverage == sorted(coverage)
        assert coverage[0] < coverage[3] < coverage[-1] < 1.0
        assert len(set(coverage)) <= 7  # it changes where a generation ends
        assert round(CELLS * coverage[-1]) == pytest.approx(CELLS * coverage[-1])
    (last,) = ledger.records[-1].statistics
    archive = evolution.optimizer.archive
    (species,) = evolution.optimizer.demes
    assert (last.coverage, last.quality) == (archive.coverage(species), archive.quality(species))
    assert last.quality == math.fsum(elite.member.score for elite in archive)


def test_archive_of_a_run_without_behaviours_stays_empty_and_decides_nothing(space, landscape):
    with_archive = Evolution(landscape, space, behaviours=Observer(), **RUN)
    without = Evolution(landscape, space, **RUN)
    assert with_archive.run(generations=4) == without.run(generations=4)  # it matters at a roll only
    assert (len(without.optimizer.archive), len(with_archive.optimizer.archive) > 5) == (0, True)
    assert with_archive.optimizer.population_hash() == without.optimizer.population_hash()


def test_archive_decides_who_returns_at_a_roll(space, landscape):
    runs = [Evolution(landscape, space, behaviours=behaviours, **RUN) for behaviours in (Observer(), None)]
    firsts = []
    for run in runs:
        run.run(generations=4)
        run.roll(landscape, "next")
        firsts.append({candidate.parameters for candidate in run.optimizer.ask()})
    assert firsts[0] != firsts[1]


def test_archive_never_holds_what_has_no_finite_score(space, make_landscape):
    landscape = make_landscape(lambda c: math.nan if c.number % 3 else c.genome[0])
    evolution = Evolution(landscape, space, behaviours=Observer(), **RUN)
    evolution.run(generations=5)
    assert len(evolution.optimizer.archive) > 3
    assert all(elite.member.candidate.number % 3 == 0 for elite in evolution.optimizer.archive)


def test_characterise_in_the_middle_of_a_generation_offers_the_latest_population_s_worth_of_children(space):
    optimizer = Optimizer(space, **RUN)
    while optimizer.evaluations < 120:
        candidates = optimizer.ask()
        optimizer.tell(candidates, [candidate.genome[0] for candidate in candidates])
    observer = Observer()
    optimizer.characterise(observer)
    numbers = [candidate.number for candidate in observer.asked[0]]
    assert numbers
    assert min(numbers) >= optimizer.evaluations - 30


def test_characterise_of_equals_in_one_cell_the_oldest_holds_it(three_species):
    optimizer = Optimizer(three_species, **RUN)
    candidates = optimizer.take(30)
    optimizer.receive(candidates, [1.0] * 30)
    while optimizer.advance():
        pass
    optimizer.characterise(lambda candidates: [Behaviour(5.0, 0.5, 0.0)] * len(candidates))
    assert sorted(elite.member.candidate.number for elite in optimizer.archive) == [0, 1, 2]  # one a species

"""What a roll leaves behind, and what it brings back."""

import math

import pytest

from evolution import (
    Behaviour,
    Dimension,
    Evolution,
    Optimizer,
    SerialRunner,
    Settings,
    Space,
    StateError,
    TellError,
)

RUN = {"population": 60, "batch_size": 4, "seed": 3}


def old(candidate):
    return 50.0 - sum((gene - 0.25) ** 2 for gene in candidate.genome)


def new(candidate):
    return 10.0 - sum((gene - 0.75) ** 2 for gene in candidate.genome)


def behaviours(candidates):
    """Tell ways of trading apart by the genes alone."""
    return [Behaviour(1.0 + 100.0 * c.genome[0], c.genome[-1], 2.0 * c.genome[0] - 1.0) for c in candidates]


def advance(optimizer, score, evaluations):
    """Evolve, batch by batch; return what was handed out. Results of batches that are not committed may be told."""
    handed_out = []
    while optimizer.evaluations < evaluations:
        candidates = optimizer.take(math.inf)
        handed_out += candidates
        optimizer.receive(candidates, [score(candidate) for candidate in candidates])
        optimizer.advance()
    return handed_out


@pytest.fixture
def rolled(space):
    """Return an optimizer after a roll, and what it was before: members, archive and asked candidates."""
    optimizer = Optimizer(space, **RUN)
    asked = advance(optimizer, old, 240)
    optimizer.characterise(behaviours)
    before = optimizer.population, list(optimizer.archive), asked
    optimizer.roll("next")
    return optimizer, before


def test_roll_leaves_nothing_of_the_old_scores(rolled):
    optimizer, (members, elites, _) = rolled
    assert (len(members), len(elites) > 5) == (60, True)
    assert (optimizer.population, optimizer.hall_of_fame, optimizer.best) == ((), (), None)
    assert (len(optimizer.archive), optimizer.finalists, optimizer.window) == (0, (), "next")
    state = optimizer.state()
    assert all(not state[name]["numbers"] for name in ("members", "hall", "archive"))
    assert state["experience"]["sizes"] == [0]
    assert state["memory"]["scores"] == {"base64": ""}


def test_roll_scores_an_identical_genome_again(rolled):
    optimizer, (_, _, before) = rolled
    known = {candidate.parameters for candidate in before}
    again = optimizer.ask()
    assert {candidate.parameters for candidate in again} <= known
    optimizer.tell(again, [new(candidate) for candidate in again])
    assert optimizer.best.score == max(new(candidate) for candidate in again) < 10.0
    assert {member.score for member in optimizer.population} == {new(candidate) for candidate in again}


def test_roll_begins_with_exactly_the_returning_elites_in_the_first_lag_batches(rolled):
    optimizer, (members, elites, _) = rolled
    by_child = {member.candidate.child: member.candidate for member in members}
    by_child |= {elite.member.candidate.child: elite.member.candidate for elite in elites}
    first = optimizer.ask()
    assert [candidate.number for candidate in first] == list(range(240, 256))  # lag x batch size
    for candidate in first:
        assert candidate.operator == "returning"
        (parent,) = candidate.parents
        assert (candidate.genome, candidate.parameters) == (by_child[parent].genome, by_child[parent].parameters)
    top = sorted(members, key=lambda member: (-member.score, member.candidate.child))
    others = sorted(elites, key=lambda elite: (-elite.member.score, elite.member.candidate.number))
    assert first[0].parents == (top[0].candidate.child,)
    assert {member.candidate.child for member in top[:8]} <= {candidate.parents[0] for candidate in first}
    assert {elite.member.candidate.child for elite in others[:4]} <= {candidate.parents[0] for candidate in first}
    optimizer.tell(first, [new(candidate) for candidate in first])
    assert "returning" not in {candidate.operator for candidate in optimizer.ask()}


def test_roll_numbers_children_and_counters_go_on_without_gaps(three_species):
    optimizer = Optimizer(three_species, **RUN)
    asked = advance(optimizer, old, 212)
    distinct = optimizer.distinct
    before = optimizer.evaluations, optimizer.generation, optimizer.round, optimizer.committed
    assert before == (212, 4, 3, 53)
    optimizer.roll("next")
    assert (optimizer.evaluations, optimizer.generation, optimizer.round, optimizer.committed) == before
    assert optimizer.distinct == distinct
    after = advance(optimizer, new, 420)
    assert (optimizer.generation, optimizer.round) == (7, 4)
    kept = [candidate for candidate in asked if candidate.number < before[0]]
    kept += [candidate for candidate in after if candidate.number < 420]
    assert [candidate.number for candidate in kept] == list(range(420))
    for species in three_species:
        assert [c.child for c in kept if c.species == species] == list(range(140))
    assert optimizer.distinct == 420


def test_generations_in_window_count_whole_populations_since_the_roll(space):
    optimizer = Optimizer(space, **RUN)
    advance(optimizer, old, 212)
    assert optimizer.generations_in_window == 3
    optimizer.roll("next")
    counted = []
    for evaluations in (212, 240, 268, 272, 332):  # a roll within a generation: 60 children later it is one
        advance(optimizer, new, evaluations)
        counted.append(optimizer.generations_in_window)
    assert counted == [0, 0, 0, 1, 2]


def test_roll_of_several_species_brings_back_each_its_own(three_species):
    optimizer = Optimizer(three_species, **RUN)
    advance(optimizer, old, 240)
    best = {species: deme[0].candidate for species, deme in optimizer.demes.items()}
    optimizer.roll("next")
    for candidate in optimizer.ask()[:3]:
        assert candidate.operator == "returning"
        assert candidate.parents == (best[candidate.species].child,)
        assert candidate.parameters == best[candidate.species].parameters


def test_roll_with_fewer_elites_than_places_fills_up_at_random(space):
    optimizer = Optimizer(space, population=8, batch_size=8, seed=1)
    advance(optimizer, old, 80)
    optimizer.roll("next")
    first = optimizer.ask()
    assert [c.operator for c in first] == ["returning"] * 8 + ["immigrant"] * 24  # nobody is known to descend from
    assert len({candidate.parameters for candidate in first}) == 32
    optimizer.tell(first, [new(candidate) for candidate in first])
    assert advance(optimizer, new, 400)
    assert optimizer.best.score > 9.99


def test_roll_in_the_first_generation_goes_on_with_its_initial_samples(space):
    optimizer = Optimizer(space, population=60, batch_size=4, seed=1)
    advance(optimizer, old, 20)
    optimizer.roll("next")
    assert optimizer.evaluations == 20
    operators = [candidate.operator for candidate in advance(optimizer, new, 200)]
    assert operators[:41] == ["returning"] * 16 + ["initial"] * 24 + [operators[40]]  # 20 + 16 + 24 are a population
    assert operators[40] != "initial"
    assert optimizer.best.score > 9.0


def test_roll_when_everything_was_undefined_starts_anew(space):
    optimizer = Optimizer(space, **RUN)
    advance(optimizer, lambda candidate: math.nan, 120)
    optimizer.roll("next")
    assert {candidate.operator for candidate in advance(optimizer, new, 400)[:16]} == {"immigrant"}
    assert optimizer.best.score > 9.9


def test_roll_soon_after_a_roll_brings_back_those_who_were_not_scored_yet(space):
    optimizer = Optimizer(space, **RUN)
    advance(optimizer, old, 240)
    optimizer.roll("second")
    first = optimizer.ask()
    optimizer.tell(first[:4], [new(candidate) for candidate in first[:4]])  # one batch of four is committed
    optimizer.roll("third")
    again = optimizer.ask()
    assert [candidate.number for candidate in again] == list(range(244, 260))
    assert {candidate.parameters for candidate in again} == {candidate.parameters for candidate in first}
    committed = {candidate.child for candidate in first[:4]}
    for candidate in again:  # each descends from a child that was committed
        same = next(one for one in first if one.parameters == candidate.parameters)
        assert candidate.operator == "returning"
        assert candidate.parents in ([(same.child,), same.parents] if same.child in committed else [same.parents])
    optimizer.roll("fourth")
    assert {candidate.parameters for candidate in optimizer.ask()} == {candidate.parameters for candidate in first}


def test_roll_brings_back_what_paid_in_a_window_long_ago(space):
    optimizer = Optimizer(space, **RUN)
    advance(optimizer, old, 240)
    for window in range(8):  # in which what paid before is worth nothing
        optimizer.roll(str(window))
        advance(optimizer, new, optimizer.evaluations + 240)
    returning = []
    for window in range(3):  # not all can be tried at once, but all are in turn
        optimizer.roll(f"{window} candles after it came back")
        returning += [candidate for candidate in optimizer.ask() if candidate.operator == "returning"]
    assert max(old(candidate) for candidate in returning) > 49.99


def test_roll_remembers_a_bounded_number_of_genomes(three_species):
    optimizer = Optimizer(three_species, **RUN)
    for window in range(6):
        advance(optimizer, old if window % 2 else new, optimizer.evaluations + 120)
        optimizer.roll(str(window))
        past = optimizer.state()["past"]["numbers"]
        assert len(past) <= 3 * 5  # a quarter of twenty members
    assert len(past) == 15


def test_roll_in_an_exhausted_space_evaluates_each_genome_once_a_window(make_landscape):
    space = Space([Dimension("n", 0, 3, integer=True)])
    optimizer = Optimizer(space, population=32, seed=4)
    for window in ("second", "third"):
        landscape = make_landscape(lambda c: c["n"])
        until = optimizer.evaluations + 96
        while optimizer.evaluations < until:
            candidates = optimizer.ask()
            optimizer.tell(candidates, landscape(candidates))
        assert sorted(landscape.calls.values()) == [1, 1, 1, 1]
        optimizer.roll(window)


def test_roll_finalists_keep_the_score_and_the_window_they_were_frozen_with(space):
    optimizer = Optimizer(space, **RUN)
    advance(optimizer, old, 240)
    first = optimizer.population[:3]
    optimizer.freeze(first)
    optimizer.roll("second")
    advance(optimizer, new, 360)
    second = optimizer.hall_of_fame[:2]
    optimizer.freeze(second)
    optimizer.roll("third")
    advance(optimizer, old, 480)
    assert [finalist.member for finalist in optimizer.finalists] == [*first, *second]
    assert [finalist.window for finalist in optimizer.finalists] == ["", "", "", "second", "second"]
    assert [finalist.member.score for finalist in optimizer.finalists] == [
        *(old(member.candidate) for member in first),
        *(new(member.candidate) for member in second),
    ]
    again = Optimizer.from_state(optimizer.state())
    assert again.finalists == optimizer.finalists


def test_results_of_the_old_window_are_refused_after_a_roll(space):
    optimizer = Optimizer(space, **RUN)
    handed_out = advance(optimizer, old, 240) + optimizer.take(math.inf)
    assert len(handed_out) == 256
    optimizer.roll("next")
    state = optimizer.state()
    for candidate in handed_out:
        with pytest.raises(TellError, match="was not asked for in this run"):
            optimizer.tell([candidate], [old(candidate)])
    assert optimizer.state() == state


@pytest.mark.parametrize("target", [49.9, None], ids=["stopped by its target", "stopped by request"])
def test_roll_with_candidates_pending_on_the_runner_leaks_nothing(space, make_landscape, one_at_a_time, ledger, target):
    first, second = make_landscape(old), make_landscape(new)
    runner = one_at_a_time(first)
    evolution = Evolution(runner, space, journal=ledger, listener=lambda r: r.batch == 40 and evolution.stop(), **RUN)
    evolution.run(target_score=target)
    assert runner.pending > 0
    seen = sum(first.calls.values())
    evaluations = evolution.optimizer.evaluations
    evolution.roll(second, "next")
    assert runner.pending == 0
    evolution.run(generations=evolution.optimizer.generation + 2)
    assert sum(first.calls.values()) == seen  # nobody asked for the old scores again
    rest = [record for record in ledger.records if record.evaluations > evaluations]
    for record in rest:
        assert record.window == "next"
        assert list(record.scores) == [new(candidate) for candidate in record.candidates]
    assert all(member.score == new(member.candidate) for member in evolution.optimizer.population)
    assert sum(second.calls.values()) == evolution.optimizer.evaluations - evaluations


def test_roll_drops_what_a_serial_runner_has_queued(space, make_landscape):
    runner = SerialRunner(make_landscape(old))
    candidates = Optimizer(space, **RUN).ask()
    runner.submit(candidates)
    runner.renew(make_landscape(new))
    assert (runner.pending, runner.collect()) == (0, [])
    runner.submit(candidates)
    assert [score for _, score in runner.collect()] == [new(candidate) for candidate in candidates]


def test_records_carry_the_window_and_say_where_a_generation_ends(space, make_landscape, ledger):
    evolution = Evolution(make_landscape(old), space, population=30, batch_size=8, seed=1, journal=ledger)
    evolution.run(generations=2)
    evolution.roll(make_landscape(new), "next")
    assert len(ledger.records) == 8  # a roll commits nothing
    evolution.run(generations=3)
    assert [record.window for record in ledger.records] == [""] * 8 + ["next"] * 4
    assert [record.ends_generation for record in ledger.records] == [False, False, False, True] * 3
    assert [record.batch for record in ledger.records] == list(range(12))
    assert ledger.records[7].best.score > 40.0 > ledger.records[8].best.score


def test_roll_keeps_what_the_operators_have_earned(space):
    settings = Settings(adaptation=0.1)
    optimizer = Optimizer(space, settings=settings, **RUN)
    advance(optimizer, old, 240)
    earned = optimizer.state()["credits"]
    optimizer.roll("next")
    assert optimizer.state()["credits"] == earned != Optimizer(space, settings=settings, **RUN).state()["credits"]


def test_characterise_that_is_interrupted_leaves_no_state_to_go_on_from(space, make_landscape, ledger):
    def interrupted(candidates):
        raise KeyboardInterrupt

    evolution = Evolution(make_landscape(old), space, behaviours=interrupted, journal=ledger, **RUN)
    with pytest.raises(KeyboardInterrupt):
        evolution.run(generations=3)
    assert len(ledger.records) == 14  # the last batch of the generation is not recorded
    with pytest.raises(StateError, match="interrupted within a batch"):
        evolution.run(generations=3)  # it would leave a gap in the journal, and the archive without a generation
    resumed = Evolution(make_landscape(old), space, behaviours=behaviours, state=ledger.states[-1], **RUN)
    whole = Evolution(make_landscape(old), space, behaviours=behaviours, **RUN)
    assert resumed.run(generations=3) == whole.run(generations=3)
    assert resumed.optimizer.state() == whole.optimizer.state()

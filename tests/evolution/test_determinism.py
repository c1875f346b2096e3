import hashlib
import struct

import pytest

from evolution import (
    Dimension,
    Evolution,
    IdentityError,
    Optimizer,
    SerialRunner,
    Settings,
    Space,
    decode_state,
    encode_state,
    operators,
    population_hash,
)

RUN = {"population": 50, "seed": 7, "batch_size": 8}
GENERATIONS = 6


@pytest.fixture
def evolve(three_species, landscape):
    """Return what runs evolution on a runner and returns it."""

    def run(runner=None, generations=GENERATIONS, **changes):
        evolution = Evolution(runner or SerialRunner(landscape), three_species, **(RUN | changes))
        evolution.run(generations=generations)
        return evolution

    return run


EVERYTHING = Settings(
    shares={name: 1.0 / len(operators.available()) for name in operators.available()}, adaptation=0.1, experience=60
)
"""Every operator, adaptive shares, migration, and an experience that forgets."""


@pytest.fixture
def expected(evolve):
    """Return the population hash of the uninterrupted serial run."""
    return evolve().optimizer.population_hash()


@pytest.mark.parametrize("seed", range(8))
def test_population_is_the_same_whatever_the_order_of_results(evolve, expected, shuffled_runner, landscape, seed):
    runner = shuffled_runner(landscape, seed)
    assert evolve(runner).optimizer.population_hash() == expected
    assert runner.most_pending > 8  # many in flight, over several batches


def test_population_is_the_same_one_result_at_a_time(evolve, expected, one_at_a_time, landscape):
    assert evolve(one_at_a_time(landscape)).optimizer.population_hash() == expected


def test_population_is_the_same_by_ask_and_tell(three_species, expected, landscape):
    optimizer = Optimizer(three_species, **RUN)
    while optimizer.evaluations < GENERATIONS * RUN["population"]:
        candidates = optimizer.ask(1)
        optimizer.tell(candidates, landscape(candidates))
    assert optimizer.evaluations == GENERATIONS * RUN["population"]
    assert optimizer.population_hash() == expected


@pytest.mark.parametrize("change", [{"seed": 8}, {"batch_size": 9}, {"lag": 3}, {"settings": Settings(rivals=2)}])
def test_population_differs_with_another_identity(evolve, expected, change):
    assert evolve(**change).optimizer.population_hash() != expected


def test_resume_after_any_batch_equals_the_uninterrupted_run(evolve, expected, ledger, shuffled_runner, landscape):
    evolve(journal=ledger)
    assert [record.batch for record in ledger.records] == list(range(len(ledger.records)))
    for seed, state in enumerate(ledger.states):
        resumed = evolve(shuffled_runner(landscape, seed), state=state)
        assert resumed.optimizer.population_hash() == expected


def test_resume_with_every_operator_and_adaptive_shares_equals_the_uninterrupted_run(
    evolve, ledger, shuffled_runner, landscape
):
    whole = evolve(journal=ledger, settings=EVERYTHING).optimizer
    assert {c.operator for record in ledger.records for c in record.candidates} >= {"migrant", "rank_mu", "sbx"}
    for seed, state in list(enumerate(ledger.states))[::5]:
        resumed = evolve(shuffled_runner(landscape, seed), state=state, settings=EVERYTHING).optimizer
        assert resumed.state() == whole.state()


def test_resume_many_times_equals_the_uninterrupted_run(evolve, expected, ledger, three_species, landscape):
    state, batches = None, 0
    while True:
        evolution = Evolution(landscape, three_species, state=state, journal=ledger, **RUN)
        evolution._listener = lambda record, run=evolution: run.stop()
        outcome = evolution.run(generations=GENERATIONS)
        if outcome.reason == "generations":
            break
        state, batches = ledger.states[-1], batches + 1
    assert outcome.population_hash == expected
    assert batches + 1 == len(ledger.states) == 7 * GENERATIONS  # one batch a run


def test_resume_goes_on_after_whole_generations_as_if_it_had_not_stopped(evolve, expected, ledger):
    evolve(generations=2, journal=ledger)
    assert evolve(generations=GENERATIONS, state=ledger.states[-1]).optimizer.population_hash() == expected


def test_state_after_a_batch_is_the_same_in_every_run(evolve, ledger, shuffled_runner, landscape):
    evolve(journal=ledger)
    states = list(ledger.states)
    evolve(shuffled_runner(landscape, 3), journal=ledger)
    assert ledger.states[len(states) :] == states


def test_records_and_counters_are_the_same_in_every_run(evolve, ledger, shuffled_runner, landscape):
    evolve(journal=ledger)
    first = [(item.candidates, item.scores, item.shared, item.statistics) for item in ledger.records]
    ledger.records.clear()
    evolve(shuffled_runner(landscape, 5), journal=ledger)
    assert [(item.candidates, item.scores, item.shared, item.statistics) for item in ledger.records] == first


def test_state_survives_the_codec_and_the_optimizer(evolve):
    optimizer = evolve().optimizer
    state = optimizer.state()
    assert decode_state(encode_state(state)) == state
    again = Optimizer.from_state(state)
    assert again.state() == state
    assert (again.population, again.hall_of_fame, again.best) == (
        optimizer.population,
        optimizer.hall_of_fame,
        optimizer.best,
    )
    assert (again.evaluations, again.distinct, again.generation, again.round) == (
        optimizer.evaluations,
        optimizer.distinct,
        optimizer.generation,
        optimizer.round,
    )


def test_resume_in_a_small_space_never_evaluates_a_committed_genome_again(make_landscape, ledger):
    space = Space([Dimension("a", 0, 7, integer=True), Dimension("b", 0, 7, integer=True)])
    first = make_landscape(lambda c: -((c["a"] - 2) ** 2) - (c["b"] - 1) ** 2)
    whole = Evolution(first, space, population=32, seed=1, journal=ledger)
    outcome = whole.run(generations=5)
    for record, state in list(zip(ledger.records, ledger.states, strict=True))[::7]:
        second = make_landscape(first.function)
        resumed = Evolution(second, space, population=32, seed=1, state=state)
        assert resumed.run(generations=5) == outcome
        committed = {(c.species, c.parameters) for item in ledger.records[: record.batch + 1] for c in item.candidates}
        assert not committed & set(second.calls)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 8}, r"seed \(recorded 7, asked for 8\)"),
        ({"population": 51}, r"population \(recorded 50, asked for 51\)"),
        ({"batch_size": 9, "lag": 3}, r"batch_size .*, lag \(recorded 4, asked for 3\)"),
        ({"settings": Settings(tournament=7)}, r"settings.tournament \(recorded \d, asked for 7\)"),
        ({"data_hash": "new"}, r'data_hash \(recorded "", asked for "new"\)'),
        ({"costs_hash": "new"}, "costs_hash"),
        ({"objective_hash": "new"}, r'objective_hash \(recorded "", asked for "new"\)'),
        ({"spaces": {"other": Space([Dimension("x", 0, 1)])}}, "species breakout BTC/USDT 1h .*species other"),
    ],
)
def test_resume_with_another_identity_is_refused_naming_what_differs(three_species, landscape, ledger, changes, named):
    run = {"spaces": three_species, **RUN}
    Evolution(landscape, journal=ledger, **run).run(generations=1)
    with pytest.raises(IdentityError, match=f"(?s)can only be resumed as it was started.*{named}"):
        Evolution(landscape, state=ledger.states[-1], **(run | changes))


def test_resume_by_another_engine_version_is_refused(evolve):
    state = evolve(generations=1).optimizer.state()
    state["identity"]["engine_version"] = 0
    with pytest.raises(IdentityError, match="recorded engine version 0"):
        Optimizer.from_state(state)


def test_population_hash_has_the_documented_layout(three_species):
    optimizer = Optimizer(three_species, population=6, seed=1)
    candidates = optimizer.ask()
    optimizer.tell(candidates, [float(c.number) for c in candidates])
    data = b""
    for member in sorted(optimizer.population, key=lambda m: (str(m.species), m.candidate.child)):
        for text in (member.species.type, member.species.symbol, member.species.timeframe):
            data += len(text).to_bytes(4, "little") + text.encode()
        data += len(member.candidate.parameters).to_bytes(4, "little")
        data += b"".join(struct.pack("<d", value) for value in member.candidate.parameters)
        data += struct.pack("<d", member.score)
    assert optimizer.population_hash() == hashlib.sha256(data).hexdigest()
    assert population_hash(reversed(optimizer.population)) == optimizer.population_hash()


def test_golden_population_has_not_changed_silently(evolve):
    outcome = evolve().optimizer.population_hash()
    assert outcome == "327f47ec41bf2ce9e0f325e982feaf0f636e6ea5af32e0717aacb08133158456", (
        "the same seed gives another population than before. If that is meant, raise "
        "evolution.engine_version.ENGINE_VERSION, put the new hash here, and say so in the changelog"
    )

import copy
import math

import pytest

from evolution import Optimizer, Settings, Space, Species, StateError, decode_state, encode_state


@pytest.fixture
def state(space):
    optimizer = Optimizer(space, population=20, seed=1)
    for _ in range(30):
        candidates = optimizer.ask()
        optimizer.tell(candidates, [math.nan if c.number % 5 == 0 else -c.genome[1] for c in candidates])
    return optimizer.state()


def test_decode_damaged_bytes_are_refused(state):
    data = encode_state(state)
    for position in (20, len(data) // 2, len(data) - 1):
        damaged = bytearray(data)
        damaged[position] ^= 1
        with pytest.raises(StateError, match="checksum"):
            decode_state(bytes(damaged))
    with pytest.raises(StateError, match="checksum"):
        decode_state(data[:-1])
    for foreign in (b"", b"EV", b"something else altogether"):
        with pytest.raises(StateError, match="must start with"):
            decode_state(foreign)


@pytest.mark.parametrize(
    "name", ["members", "pending", "memory", "hall", "committed", "distinct", "experience", "credits"]
)
def test_state_without_a_part_is_refused(state, name):
    del state[name]
    with pytest.raises(StateError, match=name):
        Optimizer.from_state(state)


def test_state_with_missing_children_is_refused(state):
    for name in ("numbers", "operator", "parents", "shared"):
        damaged = copy.deepcopy(state)
        damaged["pending"][name].pop()
        with pytest.raises(StateError):
            Optimizer.from_state(damaged)


def test_state_of_another_format_is_refused(state):
    state["format"] = 99
    with pytest.raises(StateError, match="format of a state must be 1, was 99"):
        Optimizer.from_state(state)


def test_state_without_identity_is_refused():
    with pytest.raises(StateError, match="engine version"):
        Optimizer.from_state({})


def test_state_remembers_scores_that_are_not_finite(state):
    again = Optimizer.from_state(state)
    assert any(math.isnan(score) for score in again._memory.scores())


def test_state_of_a_full_population_after_ten_generations_is_below_300_kb():
    spaces = {Species(name, "BTC/USDT", "1h"): Space.of(name) for name in ("momentum", "breakout")}
    optimizer = Optimizer(spaces, population=1034, seed=1)
    while optimizer.evaluations < 10_340:
        candidates = optimizer.ask()
        optimizer.tell(candidates, [-c.genome[0] for c in candidates])
    assert len(encode_state(optimizer.state())) < 300_000


def test_memory_that_forgets_keeps_a_resumed_run_equal(make_landscape, space):
    settings = Settings(memory=4096)
    whole = Optimizer(space, population=200, seed=1, settings=settings)
    landscape = make_landscape(lambda c: c.genome[1])
    states = []
    while whole.evaluations < 6000:
        candidates = whole.ask()
        whole.tell(candidates, landscape(candidates))
        if whole.evaluations > 4500 + 500 * len(states):
            states.append(whole.state())
    assert whole.distinct > 4096
    for state in states:
        resumed = Optimizer.from_state(state)
        while resumed.evaluations < whole.evaluations:
            candidates = resumed.ask()
            resumed.tell(candidates, landscape(candidates))
        assert resumed.state() == whole.state()
    assert len(states) == 4


def test_optimizer_interrupted_within_a_batch_gives_no_state(space, monkeypatch):
    optimizer = Optimizer(space, population=20, seed=1)
    candidates = optimizer.ask()
    optimizer.receive(candidates, [c.genome[1] for c in candidates])

    def interrupt(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("evolution.hall.HallOfFame.offer", interrupt)
        with pytest.raises(KeyboardInterrupt):
            optimizer.advance()
    for use in (optimizer.state, optimizer.advance, lambda: optimizer.receive([], [])):
        with pytest.raises(StateError, match="interrupted"):
            use()

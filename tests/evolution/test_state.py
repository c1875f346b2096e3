import copy
import math
from pathlib import Path

import numpy as np
import pytest

from evolution import (
    FINALISTS,
    Behaviour,
    Dimension,
    Evolution,
    Optimizer,
    Settings,
    Space,
    Species,
    StateError,
    decode_state,
    encode_state,
)
from evolution.state_codec import binary, data_of

STATES = Path(__file__).parent / "states"


def behaviours(candidates):
    """Tell ways of trading apart by the genes alone; those with a small first gene never trade."""
    return [
        Behaviour(2.0 ** (12.0 * c.genome[0]) if c.genome[0] > 0.1 else math.nan, c.genome[1], 2.0 * c.genome[2] - 1.0)
        for c in candidates
    ]


@pytest.fixture
def state(space):
    """Return the state of a run in its second window, with an archive and three finalists."""
    optimizer = Optimizer(space, population=20, seed=1)
    for step in range(30):
        candidates = optimizer.ask()
        optimizer.tell(candidates, [math.nan if c.number % 5 == 0 else -c.genome[1] for c in candidates])
        optimizer.characterise(behaviours)
        if step == 15:
            optimizer.freeze(optimizer.hall_of_fame[:3])
            optimizer.roll("second")
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
    "name",
    [
        *("members", "pending", "memory", "hall", "committed", "distinct", "experience", "credits"),
        *("window", "archive", "past", "finalists"),
    ],
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
    with pytest.raises(StateError, match="format of a state must be 1 to 4, was 99"):
        Optimizer.from_state(state)


def test_state_without_identity_is_refused():
    with pytest.raises(StateError, match="engine version"):
        Optimizer.from_state({})


def test_state_remembers_scores_that_are_not_finite(state):
    again = Optimizer.from_state(state)
    assert any(math.isnan(score) for score in again._window.memory.scores())


def test_state_of_a_full_population_after_ten_generations_is_below_300_kb():
    spaces = {Species(name, "BTC/USDT", "1h"): Space.of(name) for name in ("momentum", "breakout")}
    optimizer = Optimizer(spaces, population=1034, seed=1)
    while optimizer.evaluations < 10_340:
        candidates = optimizer.ask()
        optimizer.tell(candidates, [-c.genome[0] for c in candidates])
    assert len(encode_state(optimizer.state())) < 300_000


def test_state_of_a_full_population_in_its_fifth_window_stays_bounded():
    # archives that hold a third of all cells, more than trading can reach, and forty finalists
    spaces = {Species(name, "BTC/USDT", "1h"): Space.of(name) for name in ("momentum", "breakout")}
    optimizer = Optimizer(spaces, population=1034, seed=1)

    def scattered(candidates):
        thousandths = [[1000.0 * gene % 1.0 for gene in candidate.genome] for candidate in candidates]
        return [Behaviour(2.0 ** (12.0 * a), b, 2.0 * c - 1.0) for a, b, c, *_ in thousandths]

    sizes = []
    for window in range(1, 6):
        for _ in range(2):
            until = optimizer.evaluations + 1034
            while optimizer.evaluations < until:
                candidates = optimizer.take(until)
                optimizer.receive(candidates, [c.genome[1] * c.genome[2] for c in candidates])
                optimizer.advance()
            optimizer.characterise(scattered)
        assert len(optimizer.archive) > 400
        sizes.append(len(encode_state(optimizer.state())))
        optimizer.freeze(optimizer.hall_of_fame[:FINALISTS])
        optimizer.roll(str(window))
    assert len(optimizer.finalists) == 5 * FINALISTS
    assert max(sizes) < 300_000
    assert max(sizes) < sizes[0] + 20_000  # nothing but the finalists piles up


def test_state_with_archive_and_finalists_survives_the_codec_and_the_optimizer(state):
    assert decode_state(encode_state(state)) == state
    again = Optimizer.from_state(decode_state(encode_state(state)))
    assert again.state() == state
    assert again.window == "second"
    assert [finalist.window for finalist in again.finalists] == ["", "", ""]
    assert again.best.candidate.number >= 64 > again.finalists[0].member.candidate.number
    assert len(again.archive) > 5
    for elite in again.archive:
        assert [elite.behaviour] == behaviours([elite.member.candidate])
        assert elite.member.score == -elite.member.candidate.genome[1]
        assert elite.member.candidate.batch == again.identity.schedule.batch_of(elite.member.candidate.number)


def damage(state, part, name, change):
    values = copy.deepcopy(state)
    values[part][name] = change(values[part][name])
    return values


def numbers_of(packed):
    return np.frombuffer(data_of(packed), dtype="<f8").copy()


def packed(numbers):
    return binary(np.asarray(numbers, dtype="<f8").tobytes())


@pytest.mark.parametrize(
    ("part", "name", "change"),
    [
        ("archive", "numbers", lambda numbers: numbers[:-1]),
        ("archive", "scores", lambda scores: packed(numbers_of(scores)[1:])),
        ("archive", "genomes", lambda genomes: packed(numbers_of(genomes)[1:])),
        ("archive", "behaviours", lambda values: packed(numbers_of(values)[:-1])),  # no whole number of behaviours
        ("archive", "behaviours", lambda values: packed(numbers_of(values)[:-3])),  # one behaviour too few
        ("archive", "behaviours", lambda values: packed(np.full_like(numbers_of(values), np.nan))),  # without a cell
        ("archive", "behaviours", lambda values: packed(np.full_like(numbers_of(values), 0.5))),  # all in one cell
        ("archive", "behaviours", lambda values: "text"),
        ("finalists", "windows", lambda windows: windows[1:]),
        ("finalists", "scores", lambda scores: packed(numbers_of(scores)[1:])),
        ("finalists", "operator", lambda operators: [99 for _ in operators]),
        ("window", "rolled_at", lambda batch: None),
        ("past", "genomes", lambda genomes: packed(numbers_of(genomes)[1:])),
        ("past", "parents", lambda parents: parents[1:]),
    ],
)
def test_state_with_a_damaged_archive_or_damaged_finalists_is_refused(state, part, name, change):
    with pytest.raises(StateError, match=r"damaged|missing|holds no cell"):
        Optimizer.from_state(damage(state, part, name, change))


def test_state_of_format_1_is_still_read_and_goes_on_as_it_would_have(make_landscape):
    # written by the engine before windows rolled: three generations of the run below, which ended in this hash
    space = Space(
        [Dimension("n", 1, 9, integer=True), Dimension("x", -1.0, 3.0), Dimension("stop", 0.01, 0.5, off=True)]
    )
    run = {"population": 12, "seed": 7, "batch_size": 4, "settings": Settings(experience=20, hall_of_fame=5)}
    hill = make_landscape(lambda c: -sum((gene - 0.375) * (gene - 0.375) for gene in c.genome))
    recorded = (STATES / "format_1.state").read_bytes()
    evolution = Evolution(hill, {"a": space, "b": space}, state=recorded, **run)
    assert (evolution.optimizer.evaluations, evolution.optimizer.window, evolution.optimizer.finalists) == (36, "", ())
    outcome = evolution.run(generations=6)
    assert outcome.population_hash == "4d78f93e26a12dab6e33ac294cbbd71ab3cd7e33902b5fd08ac6e79d89f65ec5"


def test_state_of_format_2_has_no_past_and_goes_on(state):
    assert state["past"]["numbers"]
    del state["past"]
    again = Optimizer.from_state(state | {"format": 2})
    assert again.state()["past"]["numbers"] == []
    again.roll("third")
    assert len(again.state()["past"]["numbers"]) == 4


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

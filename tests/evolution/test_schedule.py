import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import Dimension, Optimizer, SettingsError, Space
from evolution.schedule import Schedule, default_batch_size


@st.composite
def schedules(draw):
    n_species = draw(st.integers(1, 7))
    population = draw(st.integers(n_species, 300))
    return Schedule(population, n_species, draw(st.integers(1, 80)), draw(st.integers(1, 6)))


def test_shares_of_1034_over_five_species_differ_by_at_most_one():
    schedule = Schedule(1034, 5, 64, 4)
    assert [schedule.share(index) for index in range(5)] == [207, 207, 207, 207, 206]


@given(schedules())
def test_shares_add_up_and_the_first_generation_fills_them(schedule):
    shares = [schedule.share(index) for index in range(schedule.n_species)]
    assert sum(shares) == schedule.population
    assert max(shares) - min(shares) <= 1
    filled = [0] * schedule.n_species
    for number in range(schedule.population):
        index, child = schedule.locate(number)
        assert child == filled[index]
        filled[index] += 1
    assert filled == shares


@given(schedules())
def test_batches_tile_the_numbers_and_never_straddle_a_generation(schedule):
    expected = 0
    for batch in range(3 * schedule.batches_per_generation):
        children = schedule.children(batch)
        assert children.start == expected
        assert 1 <= len(children) <= schedule.batch_size
        assert children[0] // schedule.population == children[-1] // schedule.population
        assert {schedule.batch_of(number) for number in children} == {batch}
        expected = children.stop
    assert expected == 3 * schedule.population


@given(schedules())
def test_initial_samples_are_the_first_generation_and_the_first_batches(schedule):
    for number in range(3 * schedule.population):
        index, child = schedule.locate(number)
        expected = child < schedule.share(index) or schedule.batch_of(number) < schedule.lag
        assert schedule.is_initial(number) == expected


def brute_force(population, generations):
    """Generation and round of each count, by dealing out evaluations one at a time."""
    quarter = population // 4
    lengths = [quarter, quarter, quarter, population - 3 * quarter]
    return [
        (generation, number)
        for generation in range(1, generations + 1)
        for number, length in enumerate(lengths, 1)
        for _ in range(length)
    ]


@pytest.mark.parametrize("population", [1, 2, 3, 4, 5, 7, 64, 1034])
def test_generation_and_round_agree_with_dealing_out_evaluations(population):
    schedule = Schedule(population, 1, 64, 4)
    counted = [(schedule.generation(n), schedule.round(n)) for n in range(1, 3 * population + 1)]
    assert counted == brute_force(population, 3)
    assert (schedule.generation(0), schedule.round(0)) == (1, 1)


def test_round_of_1034_takes_the_remainder_last():
    schedule = Schedule(1034, 5, 64, 4)
    rounds = [schedule.round(count) for count in range(1, 1035)]
    assert [rounds.count(number) for number in (1, 2, 3, 4)] == [258, 258, 258, 260]
    assert (schedule.generation(52 * 1034), schedule.round(52 * 1034)) == (52, 4)
    assert (schedule.generation(52 * 1034 + 1), schedule.round(52 * 1034 + 1)) == (53, 1)


@pytest.mark.parametrize(("population", "size"), [(1, 1), (31, 1), (32, 2), (160, 10), (1034, 64), (10_000, 64)])
def test_default_batch_size_is_a_sixteenth_between_1_and_64(population, size):
    assert default_batch_size(population) == size


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"population": 0}, r"population must be at least 3 \(one for each of the species\), was 0"),
        ({"population": 2}, "population must be at least 3 .*, was 2"),
        ({"population": -5}, "population must be at least 3 .*, was -5"),
        ({"population": 10.0}, "population must be a whole number, was 10.0"),
        ({"batch_size": 0}, "batch_size must be at least 1, was 0"),
        ({"lag": 0}, "lag must be at least 1, was 0"),
        ({"seed": "x"}, "seed must be a whole number, was 'x'"),
        ({"batch_size": 20_000, "population": 20_000}, r"memory must hold lag \+ 1 batches"),
    ],
)
def test_optimizer_out_of_bounds_states_rule_and_value(arguments, message, three_species):
    with pytest.raises(SettingsError, match=message):
        Optimizer(three_species, **arguments)


def test_optimizer_population_zero_of_one_species_is_refused():
    with pytest.raises(SettingsError, match=r"population must be at least 1 .*, was 0"):
        Optimizer(Space([Dimension("x", 0, 1)]), population=0)


def test_optimizer_without_species_is_refused():
    with pytest.raises(SettingsError, match="at least one species"):
        Optimizer({}, population=10)

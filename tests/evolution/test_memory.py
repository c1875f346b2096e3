import struct

from evolution import Candidate, Member, Species
from evolution.hall import HallOfFame
from evolution.memory import Memory, fingerprint


def key(number):
    return struct.pack(">Q", number)


def test_memory_forgets_the_least_recently_used_first():
    memory = Memory(3)
    for number in range(3):
        memory.remember(key(number), float(number))
    assert memory.touch(key(0)) == 0.0
    memory.remember(key(3), 3.0)
    assert [key(number) in memory for number in range(4)] == [True, False, True, True]


def test_memory_looked_at_is_not_used():
    memory = Memory(2)
    memory.remember(key(0), 0.0)
    memory.remember(key(1), 1.0)
    assert memory.get(key(0)) == 0.0
    memory.remember(key(2), 2.0)
    assert memory.get(key(0)) is None


def test_memory_rebuilt_from_its_items_is_in_the_same_order():
    memory = Memory(5)
    for number in (3, 1, 2):
        memory.remember(key(number), float(number))
    memory.touch(key(3))
    again = Memory(5, zip(memory, memory.scores(), strict=True))
    assert list(again) == list(memory) == [key(1), key(2), key(3)]
    assert list(again.scores()) == [1.0, 2.0, 3.0]


def test_fingerprint_tells_species_and_last_bits_apart():
    species = [Species("a", "b", "c"), Species("ab", "", "c"), Species("a", "b", "d")]
    keys = {fingerprint(item, (1.0, 2.0)) for item in species}
    keys |= {fingerprint(species[0], (1.0, 2.0000000000000004)), fingerprint(species[0], (2.0, 1.0))}
    assert len(keys) == 5


def member(number, score, value):
    candidate = Candidate(number, Species("any"), number, 0, (value,), ("x",), (value,), (), "initial")
    return Member(candidate, score, 0, 1)


def test_hall_keeps_the_best_distinct_and_the_older_of_equals():
    hall = HallOfFame(3)
    for number, (score, value) in enumerate([(1.0, 0.1), (5.0, 0.2), (5.0, 0.2), (3.0, 0.3), (3.0, 0.4), (9.0, 0.5)]):
        hall.offer(member(number, score, value))
    assert [(item.candidate.number, item.score) for item in hall] == [(5, 9.0), (1, 5.0), (3, 3.0)]


def test_hall_takes_a_genome_again_that_had_dropped_out():
    hall = HallOfFame(1)
    hall.offer(member(0, 1.0, 0.1))
    hall.offer(member(1, 2.0, 0.2))
    hall.offer(member(2, 3.0, 0.1))
    assert [item.candidate.number for item in hall] == [2]

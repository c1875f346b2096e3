"""The set of genomes that were tried: it answers as a set does, in sixteen bytes a genome."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.genome_set import GenomeSet

SPECIES = "momentum BTC/USDT:USDT 1h"


def test_genome_set_of_many_answers_as_a_set_in_sixteen_bytes_each():
    rng = random.Random(4)
    tried, reference = GenomeSet(), set()
    for _ in range(60_000):
        genome = (f"{SPECIES} {rng.randrange(3)}", (float(rng.randrange(200)), rng.randrange(100) / 7))
        assert tried.add(genome) == (genome not in reference)
        reference.add(genome)
    assert len(tried) == len(reference) > 2 * 2**14  # they were sorted in more than once
    assert not any(tried.add(genome) for genome in reference)
    assert tried.nbytes == 16 * (len(tried) - len(tried) % 2**14)


@given(st.lists(st.tuples(st.sampled_from(["a", "ab", ""]), st.lists(st.sampled_from([0.0, -0.0, 1.0, 5e-324])))))
@settings(deadline=None)
def test_genome_set_tells_apart_what_tuples_tell_apart(genomes):
    tried, reference = GenomeSet(), set()
    for name, parameters in genomes:
        genome = (name, tuple(parameters))
        assert tried.add(genome) == (genome not in reference)
        reference.add(genome)
    assert len(tried) == len(reference)

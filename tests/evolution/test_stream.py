import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Philox

from evolution import Species
from evolution.stream import REPLACEMENT, VARIATION, Stream, Streams

SPECIES = Species("momentum", "BTC/USDT", "1h")


def test_philox_of_numpy_gives_the_published_answer():
    # Random123, kat_vectors: philox4x64 10, counter and key all zero
    generator = Philox(key=0, counter=np.array([2**64 - 1] * 4, dtype=np.uint64))  # incremented before each use
    assert [f"{word:016x}" for word in generator.random_raw(4).tolist()] == [
        "16554d9eca36314c",
        "db20fe9d672d0fdc",
        "d7e772cee186176b",
        "7e68b68aec7ba23b",
    ]


def test_stream_equals_an_independent_philox_over_many_blocks():
    text = b'[1,7,["momentum","BTC/USDT","1h"],3]'
    key = np.frombuffer(hashlib.sha256(text).digest()[:16], dtype="<u8")
    for domain in (VARIATION, REPLACEMENT):
        raw = Philox(key=key, counter=np.array([0, 0, 0, domain], dtype=np.uint64)).random_raw(200)
        stream = Streams(7, SPECIES).of(3, domain)
        assert [stream.uniform() for _ in range(200)] == [(word >> 11) * 2.0**-53 for word in raw.tolist()]


def test_streams_interleaved_equal_streams_in_turn():
    streams = Streams(7, SPECIES)
    first, second = streams.of(0, VARIATION), streams.of(1, VARIATION)
    interleaved = [(first.uniform(), second.uniform()) for _ in range(100)]
    again, other = streams.of(0, VARIATION), streams.of(1, VARIATION)
    assert interleaved == list(
        zip([again.uniform() for _ in range(100)], [other.uniform() for _ in range(100)], strict=True)
    )


def test_streams_of_other_seed_species_child_or_domain_differ():
    starts = [
        Streams(7, SPECIES).of(0, VARIATION),
        Streams(8, SPECIES).of(0, VARIATION),
        Streams(7, Species("momentum", "BTC/USDT", "4h")).of(0, VARIATION),
        Streams(7, SPECIES).of(1, VARIATION),
        Streams(7, SPECIES).of(0, REPLACEMENT),
    ]
    assert len({stream.uniform() for stream in starts}) == len(starts)


@given(st.binary(min_size=16, max_size=16), st.integers(1, 2000))
def test_below_gives_whole_numbers_below_the_bound(key, bound):
    stream = Stream(key)
    assert all(0 <= stream.below(bound) < bound for _ in range(50))


def test_uniform_fills_the_unit_interval():
    stream = Stream(b"\0" * 16)
    values = [stream.uniform() for _ in range(4000)]
    assert 0.0 <= min(values) < 0.01
    assert 0.99 < max(values) < 1.0
    counts, _ = np.histogram(values, bins=10, range=(0.0, 1.0))
    assert np.all(np.abs(counts - 400) < 5 * np.sqrt(400))

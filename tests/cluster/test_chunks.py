"""Chunks: nothing is lost in cutting, and what is cut is even."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_evaluators import candidates

from cluster.chunks import Speed, chunk_count, cut


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=100), st.integers(1, 20))
def test_cut_keeps_every_candidate_in_order(works: list[int], count: int):
    given_candidates = candidates(len(works))
    chunks = cut(given_candidates, works, count)
    assert [candidate for chunk in chunks for candidate in chunk.candidates] == given_candidates
    assert 1 <= len(chunks) <= count
    assert sum(chunk.work for chunk in chunks) == sum(works)
    assert all(chunk.candidates for chunk in chunks)


@given(st.lists(st.integers(1, 1_000), min_size=1, max_size=100), st.integers(1, 20))
def test_cut_no_chunk_exceeds_its_share_by_more_than_a_candidate(works: list[int], count: int):
    share = sum(works) / count
    for chunk in cut(candidates(len(works)), works, count):
        assert chunk.work <= share + max(works)


@pytest.mark.parametrize(
    ("seconds", "idle", "free", "count"),
    [
        (0.04, 2, 4, 1),  # smaller than a chunk should be, but somebody idles
        (0.08, 2, 4, 2),  # enough for both
        (0.30, 2, 4, 2),
        (0.65, 2, 4, 3),  # one in full size waits behind the two
        (9.00, 2, 4, 4),  # never more than there is room for
        (9.00, 0, 2, 2),
        (0.15, 0, 2, 0),  # everybody works: it waits until it is worth a trip
        (9.00, 0, 0, 0),
        (0.50, 64, 128, 10),
    ],
)
def test_chunk_count(seconds: float, idle: int, free: int, count: int):
    assert chunk_count(seconds, idle, free) == count


def test_speed_first_measurement_replaces_the_prior():
    speed = Speed()
    assert not speed.measured
    speed.observe(100, 1.0)
    assert speed.seconds(200) == pytest.approx(2.0)
    speed.observe(100, 2.0)
    assert 1.0 < speed.seconds(100) < 2.0


def test_speed_no_work_teaches_nothing():
    speed = Speed()
    speed.observe(0, 1.0)
    assert not speed.measured

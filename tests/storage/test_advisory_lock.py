"""A lock has one holder, and ends with it."""

import pytest

import storage
from storage.advisory_lock import advisory_lock


def test_lock_has_one_holder_at_a_time(database: storage.Database):
    def lock(name):
        return advisory_lock(database.engine, name)

    with lock("thing") as first, lock("thing") as second, lock("other") as other:
        assert (first, second, other) == (True, False, True)
    with lock("thing") as again:
        assert again


def test_claim_of_a_run_that_is_worked_on_names_the_holder(runs, run_id):
    refused = pytest.raises(storage.ConflictError, match=f"works on run {run_id}: let it go on, or stop it first")
    with runs.claim(run_id), refused, runs.claim(run_id):
        pytest.fail("claimed twice")
    with runs.claim(run_id):
        pass

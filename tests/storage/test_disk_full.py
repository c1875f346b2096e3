"""A full disk is one clear line, and nothing committed is lost by it."""

import os
import subprocess
from pathlib import Path

import pytest

import storage


@pytest.fixture
def small_disk(tmp_path: Path):
    """Return a home on a disk of its own of 120 MB; only root can make one."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=120m,mode=0700", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk may be mounted here")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_disk_that_fills_up_is_told_and_what_was_committed_stays(small_disk: Path, make_run):
    committed = -1
    with storage.open_database(small_disk, environ={}) as database:
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(20 * 2**20))
        runs = storage.RunRepository(database.engine)
        run_id = runs.create(make_run())

        def fill() -> None:
            nonlocal committed
            for batch in range(100):
                state = batch.to_bytes(1, "big") + os.urandom(3_000_000)
                runs.commit(run_id, batch=batch, state=state, trials=[], evaluations=0, generation=1, round=1)
                committed = batch

        with pytest.raises(storage.DiskFullError, match=r"no space left for the database at .*: free some") as caught:
            fill()
        assert "\n" not in str(caught.value)
    ballast.unlink()
    with storage.open_database(small_disk, environ={}) as database:
        batch, state = storage.RunRepository(database.engine).state(run_id)
        assert (batch, state[0]) == (committed, committed)


def test_disk_too_small_for_a_cluster_is_told(small_disk: Path):
    (small_disk / "ballast").write_bytes(bytes(100 * 2**20))
    with pytest.raises(storage.DiskFullError, match=r"no space left for the server in .*: free some space, or set EV"):
        storage.open_database(small_disk, environ={})
    assert list((small_disk / "postgres").glob(".new-*")) == []

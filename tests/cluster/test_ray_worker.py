"""Workers stand back behind whoever answers people."""

import os
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sample_evaluators import Recording, candidates

from cluster.errors import UserError
from cluster.ray_runner import RayRunner
from cluster.ray_session import RaySession
from cluster.ray_worker import niceness

pytestmark = pytest.mark.alone


def test_niceness_is_that_of_the_environment():
    assert niceness({}) == niceness({"EVOQ_WORKER_NICE": " "}) == 5
    assert niceness({"EVOQ_WORKER_NICE": "0"}) == 0
    assert niceness({"EVOQ_WORKER_NICE": "19"}) == 19


@pytest.mark.parametrize("text", ["-1", "20", "5.0", "low", "٣"])
def test_niceness_that_cannot_be_is_refused(text):
    with pytest.raises(UserError, match=r"EVOQ_WORKER_NICE must be a whole number in \[0, 19\], was"):
        niceness({"EVOQ_WORKER_NICE": text})


def test_worker_stands_back(ray_session: RaySession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVOQ_WORKER_NICE", "17")  # Ray itself gives its workers 15 where nobody says otherwise
    evaluator = Recording(tmp_path, seconds=0.05)
    runner = RayRunner(evaluator, ray_session)
    try:
        runner.start()
        runner.submit(candidates(60))
        while runner.pending:
            runner.collect()
        found = set()
        for pid in set(evaluator.processes()) - {os.getpid()}:
            with suppress(psutil.NoSuchProcess):
                found.add(psutil.Process(pid).nice())
    finally:
        runner.close()
    assert found == {17}
    assert psutil.Process().nice() < 17

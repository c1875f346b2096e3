"""The runner over real Ray: the same scores as without it, whatever happens to workers."""

import os
import signal
import subprocess
import sys
import threading
import types
from pathlib import Path

import numpy as np
import psutil
import pytest
from sample_evaluators import CompiledElsewhere, Failing, Kernel, Recording, Views, candidates
from waiting import until

from cluster.errors import EvaluationError, UserError, WorkerImportError
from cluster.ray_runner import RayRunner
from cluster.ray_session import RaySession
from evolution.candidate import Candidate
from evolution.runner import Evaluator, Runner, SerialRunner

pytestmark = pytest.mark.alone

HERE = Path(__file__).resolve().parent
PRICES = np.linspace(1.0, 2.0, 200_000)


def drain(runner: Runner) -> dict[int, float]:
    scores: dict[int, float] = {}
    while runner.pending:
        results = runner.collect()
        assert results
        scores.update((candidate.number, score) for candidate, score in results)
    return scores


def serial(evaluator: Evaluator, submitted: list[Candidate]) -> dict[int, float]:
    runner = SerialRunner(evaluator)
    runner.submit(submitted)
    return drain(runner)


def first_worker(evaluator: Recording) -> int:
    """Return the first process but this one that evaluates."""
    return until(lambda: next((pid for pid in evaluator.processes() if pid != os.getpid()), None))


def test_runner_is_a_runner(ray_session: RaySession):
    assert isinstance(RayRunner(Kernel(PRICES), ray_session), Runner)


def test_runner_small_work_never_starts_ray():
    session = RaySession("local", workers=2)
    runner = RayRunner(Kernel(PRICES[:1_000]), session)
    runner.submit(candidates(256))
    assert drain(runner) == serial(Kernel(PRICES[:1_000]), candidates(256))
    assert not session.started
    assert runner.collect() == []


def test_runner_session_one_worker_never_pays_for_ray(tmp_path: Path):
    session = RaySession("local", workers=1)
    runner = RayRunner(Recording(tmp_path, seconds=0.01), session)
    runner.submit(candidates(64))
    drain(runner)
    assert not session.started
    assert list(Recording(tmp_path).processes()) == [os.getpid()]


@pytest.mark.parametrize("workers", [1, 2])
def test_runner_any_workers_give_the_scores_of_a_serial_one(ray_session: RaySession, workers: int):
    evaluator = Kernel(PRICES)
    runner = RayRunner(evaluator, ray_session, workers=workers)
    runner.start()
    submitted = candidates(512)
    scores: dict[int, float] = {}
    for start in range(0, 512, 64):  # as the engine does: a batch at a time, at most four open
        runner.submit(submitted[start : start + 64])
        while runner.pending >= 256:
            scores.update((candidate.number, score) for candidate, score in runner.collect())
            assert runner.under_way <= 2 * workers
    scores.update(drain(runner))
    assert scores == serial(evaluator, submitted)
    runner.close()


def test_runner_uses_all_workers_and_hands_out_in_order(ray_session: RaySession, tmp_path: Path):
    evaluator = Recording(tmp_path, seconds=0.01)
    runner = RayRunner(evaluator, ray_session)
    runner.start()
    runner.submit(candidates(134))
    drain(runner)
    runner.close()
    record = evaluator.processes()
    here = record.pop(os.getpid())
    assert here == ["0 1", "2 5"]
    assert len(record) == 2
    for lines in record.values():
        firsts = [int(line.split()[0]) for line in lines]
        assert firsts == sorted(firsts)
        assert len(lines) <= 3


def test_runner_arrays_are_shared_and_read_only_in_workers(ray_session: RaySession):
    prices = np.zeros(4_000_000)
    runner = RayRunner(Views(prices), ray_session)
    runner.start()
    runner.submit(candidates(106))
    scores = drain(runner)
    runner.close()
    assert [scores[number] for number in range(6, 106)] == [1.0] * 100
    assert [scores[number] for number in range(6)] == [0.0] * 6  # this process has an ordinary array


def test_runner_worker_loads_what_the_driver_compiled(ray_session: RaySession):
    runner = RayRunner(CompiledElsewhere(PRICES), ray_session)
    runner.start()
    runner.submit(candidates(106))
    scores = drain(runner)
    runner.close()
    assert [scores[number] for number in range(6, 106)] == [1.0] * 100


def test_runner_killed_worker_chunk_is_evaluated_again(
    ray_session: RaySession, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    evaluator = Recording(tmp_path, seconds=0.02)
    runner = RayRunner(evaluator, ray_session)
    runner.start()
    runner.submit(candidates(70))
    killer = threading.Thread(target=lambda: os.kill(first_worker(evaluator), signal.SIGKILL))
    killer.start()
    scores = drain(runner)
    killer.join()
    runner.close()
    assert scores == {number: 2.0 * number for number in range(70)}
    assert "evaluated again by another worker" in caplog.text


def test_runner_frozen_worker_chunk_is_evaluated_elsewhere(
    ray_session: RaySession, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    evaluator = Recording(tmp_path, seconds=0.005)
    runner = RayRunner(evaluator, ray_session, deadline_s=1.0, deadline_multiple=2.0)
    runner.start()
    runner.submit(candidates(70))
    drain(runner)  # workers have answered: no allowance for compiling any more
    for path in tmp_path.iterdir():
        path.unlink()
    runner.submit(candidates(100, first=100))
    frozen: list[int] = []

    def freeze() -> None:
        frozen.append(first_worker(evaluator))
        os.kill(frozen[0], signal.SIGSTOP)

    freezer = threading.Thread(target=freeze)
    freezer.start()
    try:
        scores = drain(runner)
        freezer.join()
        assert scores == {number: 2.0 * number for number in range(100, 200)}
        assert "did not answer in time" in caplog.text
        until(lambda: not psutil.pid_exists(frozen[0]))  # Ray ends it, so that its place is free again
    finally:
        runner.close()
        for pid in frozen:
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)


def test_runner_evaluator_error_in_worker_names_the_candidate(ray_session: RaySession, tmp_path: Path):
    runner = RayRunner(Failing(number=50, seconds=0.01), ray_session)
    runner.start()
    runner.submit(candidates(106))
    with pytest.raises(EvaluationError, match=r"candidate 50 \(sample BTC/USDT 1h, \{'x': 50.0\}\): ZeroDivisionError"):
        drain(runner)
    runner.close()
    assert runner.pending == 0


def test_runner_evaluator_error_here_names_the_candidate():
    runner = RayRunner(Failing(number=3), RaySession("local", workers=2))
    runner.submit(candidates(8))
    with pytest.raises(EvaluationError, match="candidate 3 ") as caught:
        drain(runner)
    assert "no such price" in caught.value.__notes__[0]
    assert runner.pending == 6  # the two before it are collected, nothing is lost


def test_runner_evaluator_unknown_to_workers_says_what_is_missing(
    ray_session: RaySession, monkeypatch: pytest.MonkeyPatch
):
    module = types.ModuleType("only_the_driver_has_this")
    ghost = type("Ghost", (Recording,), {"__module__": module.__name__})
    module.Ghost = ghost
    monkeypatch.setitem(sys.modules, module.__name__, module)
    runner = RayRunner(ghost(Path(os.environ["EVOQ_HOME"]) / "ghost", seconds=0.01), ray_session)
    runner._evaluator.folder.mkdir()
    runner.start()
    runner.submit(candidates(64))
    with pytest.raises(WorkerImportError, match="only_the_driver_has_this"):
        drain(runner)
    runner.close()


@pytest.mark.parametrize(
    "killed",
    [
        ["raylet"],
        pytest.param(["gcs_server", "raylet"], marks=pytest.mark.long),  # leaving Ray then takes 10-20 s
    ],
    ids=["node", "head"],
)
def test_runner_lost_ray_carries_on_alone(tmp_path: Path, killed: list[str]):
    """In a process of its own, which loses its Ray in the middle of the work."""
    output = tmp_path / "output"
    with output.open("w") as file:
        process = subprocess.run(
            [sys.executable, HERE / "lose_head.py", tmp_path, *killed],
            stdout=file,
            stderr=file,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(HERE), str(HERE.parent.parent)))},
            timeout=120,
        )
    lines = output.read_text().splitlines()
    assert process.returncode == 0, output.read_text()
    assert sum("Ray is lost" in line for line in lines) == 1
    assert lines[-1] == "complete"


def test_session_workers_out_of_range_is_refused():
    with pytest.raises(UserError, match=r"--workers must be in \[1, 1024\], was 0"):
        RaySession("local", workers=0)

"""The crew: jobs of a campaign in a pool of processes, with what is known already left out."""

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, is_dataclass
from multiprocessing import get_context, parent_process
from typing import Any, Protocol

from campaigns.record_cache import RecordCache
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

__all__ = ["Job", "carried_out"]

_LINES = 20
"""Lines of progress where nobody watches."""

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Job(Protocol):
    """One measurement: a frozen dataclass of JSON values, so that it can be sent to a process and looked up."""

    def run(self) -> dict[str, Any]:
        """Measure.

        Returns
        -------
        dict of str to JSON values
            The record.
        """
        ...


def carried_out(jobs: Sequence[Job], cache: RecordCache, workers: int, title: str) -> list[dict[str, Any]]:
    """Return the records of jobs, in their order; each one is cached as soon as it is there.

    Parameters
    ----------
    jobs : sequence of Job
        What to measure.
    cache : RecordCache
        What was measured before.
    workers : int
        Processes; 1 for this one alone.
    title : str
        What the progress bar says.

    Returns
    -------
    list of dict
        One record a job.
    """
    known = [described(job) for job in jobs]
    missing = [job for job, key in zip(jobs, known, strict=True) if cache.get(key) is None]
    done = len(jobs) - len(missing)
    with _bar() as bar:
        task = bar.add_task(title, total=len(jobs), completed=done)
        for job, record in _results(missing, workers):
            cache.put(described(job), record)
            bar.advance(task)
            done += 1
            if bar.disable and done * _LINES // len(jobs) > (done - 1) * _LINES // len(jobs):
                print(f"{title}: {done:,} of {len(jobs):,}", file=sys.stderr, flush=True)
    records = [cache.get(key) for key in known]
    return [record for record in records if record is not None]


def described(job: Job) -> dict[str, Any]:
    """Return a job as JSON values.

    Parameters
    ----------
    job : Job
        A dataclass.

    Returns
    -------
    dict
        Its fields, but for the folder: where candles lie does not matter, their hash does.
    """
    assert is_dataclass(job)
    return {name: value for name, value in asdict(job).items() if name != "folder"}


def _results(jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, dict[str, Any]]]:
    if workers == 1 or len(jobs) < 2:
        for job in jobs:
            yield job, job.run()
        return
    for name in _ONE_THREAD:  # the processes are the parallelism: read by the workers when they import NumPy
        os.environ.setdefault(name, "1")
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent)
    try:
        running = {pool.submit(_carry_out, job): job for job in jobs}
        for future in as_completed(running):
            yield running.pop(future), future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with_parent() -> None:
    """Let a worker end when the campaign is killed, and not only when its job is done."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _carry_out(job: Job) -> dict[str, Any]:
    return job.run()


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(compact=True),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )

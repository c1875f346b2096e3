"""What Ray costs: wall time of dispatches beside the pure computing time in them.

    python benchmarks/bench_ray.py [--workers 2] [--rounds 12]

"alone" gives one dispatch at a time to all workers together and waits for it: the worst case. "flowing" keeps four
batches of 64 candidates open, as the evolution engine does. "busiest" is the pure computing time of the worker that
had most of it: what wall time has more is Ray's overhead. "ideal" is the computing time of all workers, evenly shared;
"total" is the overhead over that, and so includes uneven workers, as other programs on the machine make them. Medians.
"""

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import psutil
from ray_kernel import PROCESS, TimedKernel

from cluster.ray_runner import RayRunner
from cluster.ray_session import RaySession
from evolution.candidate import Candidate
from evolution.species import Species

BATCH = 64
OPEN_BATCHES = 4
BARS = 8_760
WANTED_MS = (100, 200, 400, 1_000)


def candidates(count: int) -> list[Candidate]:
    """Return that many candidates."""
    species = Species("benchmark")
    return [Candidate(n, species, n, n // BATCH, (n / count,), ("x",), (0.0,), (), "initial") for n in range(count)]


@dataclass
class Lap:
    """One measurement: wall time, and the computing time of each process."""

    wall: float = 0.0
    busy: dict[int, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, scores: Iterable[float]) -> None:
        """Take in what the evaluator returned."""
        for score in scores:
            process, seconds = divmod(score, PROCESS)
            self.busy[int(process)] += seconds


def pass_seconds(prices: np.ndarray) -> float:
    """Return how long one pass takes in this process."""
    kernel = TimedKernel(prices, 20)
    kernel(candidates(4))
    return statistics.median(score % PROCESS for score in kernel(candidates(20))) / kernel.passes


def warm(runner: RayRunner) -> None:
    """Let every worker load the kernel, and the runner learn its speed."""
    for _ in range(4):
        runner.submit(candidates(BATCH * OPEN_BATCHES))
        while runner.pending:
            runner.collect()


def alone(runner: RayRunner) -> Lap:
    """Measure a dispatch of one batch."""
    lap, started = Lap(), time.perf_counter()
    runner.submit(candidates(BATCH))
    while runner.pending:
        lap.add(score for _, score in runner.collect())
    lap.wall = time.perf_counter() - started
    return lap


def flowing(runner: RayRunner, batches: int) -> Lap:
    """Measure batches that follow each other, four of them open."""
    lap, started, submitted, collected = Lap(), time.perf_counter(), 0, 0
    while collected < batches * BATCH:
        while submitted < batches and submitted * BATCH - collected < OPEN_BATCHES * BATCH:
            runner.submit(candidates(BATCH))
            submitted += 1
        results = runner.collect()
        collected += len(results)
        lap.add(score for _, score in results)
    lap.wall = time.perf_counter() - started
    return lap


def row(name: str, wanted_ms: int, laps: list[Lap], workers: int) -> None:
    """Print one line of the table."""
    busiest = [max(lap.busy.values()) for lap in laps]
    ideal = [sum(lap.busy.values()) / workers for lap in laps]
    wall = [lap.wall for lap in laps]
    overhead = statistics.median(each / best for each, best in zip(wall, busiest, strict=True)) - 1.0
    total = statistics.median(each / best for each, best in zip(wall, ideal, strict=True)) - 1.0
    times = " ".join(f"{1e3 * statistics.median(column):9.1f} ms" for column in (ideal, busiest, wall))
    print(f"{name:8} {wanted_ms:6d} ms {times} {100 * overhead:7.1f} % {100 * total:7.1f} %")


def memory_mib() -> float:
    """Return the memory of this process and its children, shared pages counted once."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(process.memory_full_info().pss for process in processes) / 2**20


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--no-dashboard", action="store_true")
    options = parser.parse_args()
    prices = np.linspace(1.0, 2.0, BARS)
    one_pass = pass_seconds(prices)
    before = memory_mib()
    with RaySession("local", workers=options.workers, dashboard=not options.no_dashboard) as session:
        started = time.perf_counter()
        session.start()
        print(f"start {time.perf_counter() - started:.1f} s")
        print(f"{'dispatch':8} {'size':>9} {'ideal':>12} {'busiest':>12} {'wall':>12} {'overhead':>9} {'total':>9}")
        for wanted_ms in WANTED_MS:
            kernel = TimedKernel(prices, max(1, round(wanted_ms / 1e3 / one_pass / BATCH)))
            runner = RayRunner(kernel, session)
            runner.start()
            warm(runner)
            row("alone", wanted_ms, [alone(runner) for _ in range(options.rounds)], options.workers)
            row("flowing", wanted_ms, [flowing(runner, 2 * options.rounds)], options.workers)
            runner.close()
        print(f"memory {memory_mib():.0f} MiB, of which this process {before:.0f} MiB before")


if __name__ == "__main__":
    main()

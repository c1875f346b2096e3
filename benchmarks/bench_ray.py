"""What Ray costs: wall time of dispatches beside the pure computing time in them.

    python benchmarks/bench_ray.py [--workers 2] [--rounds 12]

"alone" gives one dispatch at a time to all workers together and waits for it: the worst case. "flowing" keeps four
batches of 64 candidates open, as the evolution engine does. Overhead is wall time over the ideal, the computing time
that the workers measured divided by their number, minus one. Medians; run it on an otherwise idle machine.
"""

import argparse
import statistics
import time
from collections.abc import Sequence

import numpy as np
import psutil
from ray_kernel import TimedKernel

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


def pass_seconds(prices: np.ndarray) -> float:
    """Return how long one pass takes in this process."""
    kernel = TimedKernel(prices, 20)
    kernel(candidates(4))
    return statistics.median(kernel(candidates(20))) / kernel.passes


def warm(runner: RayRunner) -> None:
    """Let every worker load the kernel, and the runner learn its speed."""
    for _ in range(4):
        runner.submit(candidates(BATCH * OPEN_BATCHES))
        while runner.pending:
            runner.collect()


def alone(runner: RayRunner, workers: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return ideal and wall seconds of dispatches of one batch, one after the other."""
    ideal, wall = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        runner.submit(candidates(BATCH))
        computed = 0.0
        while runner.pending:
            computed += sum(seconds for _, seconds in runner.collect())
        wall.append(time.perf_counter() - started)
        ideal.append(computed / workers)
    return ideal, wall


def flowing(runner: RayRunner, workers: int, batches: int) -> tuple[list[float], list[float]]:
    """Return ideal and wall seconds for batches that follow each other, four of them open."""
    started, computed, submitted, collected = time.perf_counter(), 0.0, 0, 0
    while collected < batches * BATCH:
        while submitted < batches and submitted * BATCH - collected < OPEN_BATCHES * BATCH:
            runner.submit(candidates(BATCH))
            submitted += 1
        results = runner.collect()
        collected += len(results)
        computed += sum(seconds for _, seconds in results)
    return [computed / workers], [time.perf_counter() - started]


def row(name: str, wanted_ms: int, ideal: Sequence[float], wall: Sequence[float]) -> None:
    """Print one line of the table."""
    ratios = [each / best for each, best in zip(wall, ideal, strict=True)]
    print(
        f"{name:8} {wanted_ms:6d} ms {1e3 * statistics.median(ideal):10.1f} ms {1e3 * statistics.median(wall):10.1f} ms"
        f" {statistics.median(ratios):7.3f} {100 * (statistics.median(ratios) - 1):8.1f} %"
    )


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
        print(f"{'dispatch':8} {'size':>9} {'ideal':>13} {'wall':>13} {'ratio':>7} {'overhead':>10}")
        for wanted_ms in WANTED_MS:
            kernel = TimedKernel(prices, max(1, round(wanted_ms / 1e3 / one_pass / BATCH)))
            runner = RayRunner(kernel, session)
            runner.start()
            warm(runner)
            row("alone", wanted_ms, *alone(runner, options.workers, options.rounds))
            row("flowing", wanted_ms, *flowing(runner, options.workers, 2 * options.rounds))
            runner.close()
        print(f"memory {memory_mib():.0f} MiB, of which this process {before:.0f} MiB before")


if __name__ == "__main__":
    main()

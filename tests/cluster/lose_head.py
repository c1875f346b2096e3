"""Run by a test: a driver whose Ray dies under it. Prints "complete" if no candidate was lost.

Arguments: a folder, and the names of the processes to kill.
"""

import logging
import sys
from pathlib import Path

import psutil
from sample_evaluators import Recording, candidates

from cluster.ray_runner import RayRunner
from cluster.ray_session import RaySession

CANDIDATES = 160  # more than the chunks that can be under way when the process dies


def main(folder: Path, names: list[str]) -> None:
    logging.basicConfig(level=logging.WARNING)
    record = folder / "record"
    record.mkdir()
    session = RaySession("local", workers=2, dashboard=False)
    runner = RayRunner(Recording(record, seconds=0.05), session)
    runner.start()
    runner.submit(candidates(CANDIDATES))
    scores = {}
    while runner.pending:
        scores.update((candidate.number, score) for candidate, score in runner.collect())
        if runner.under_way:
            for process in psutil.Process().children(recursive=True):
                if process.name() in names:
                    process.kill()
    runner.close()
    session.close()
    sys.stderr.flush()
    if scores == {number: 2.0 * number for number in range(CANDIDATES)}:
        sys.stdout.write("complete\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

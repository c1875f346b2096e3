"""Run by a test: a driver that joins a cluster and evaluates there."""

import logging
import sys

import numpy as np
from sample_evaluators import Kernel, candidates

from cluster.ray_runner import RayRunner
from cluster.ray_session import RaySession
from evolution.runner import SerialRunner


def main(address: str) -> None:
    logging.basicConfig(level=logging.WARNING)
    evaluator = Kernel(np.linspace(1.0, 2.0, 400_000))
    with RaySession(address) as session:
        runner = RayRunner(evaluator, session)
        runner.start()
        serial = SerialRunner(evaluator)
        both = []
        for each in (runner, serial):
            each.submit(candidates(256))
            results = {}
            while each.pending:
                results.update((candidate.number, score) for candidate, score in each.collect())
            both.append(results)
        same = "same as" if both[0] == both[1] else "not"
        sys.stdout.write(f"{same} serial, workers {session.workers}\n")
        runner.close()


if __name__ == "__main__":
    main(sys.argv[1])

"""An entire run in one process: walk-forward evolution on one market, its trials counted, its finalists graded."""

import math
import time
from collections.abc import Sequence
from typing import Any

import backtest
from evolution import (
    BatchCommit,
    Candidate,
    Evolution,
    FinalistEvidence,
    WalkForwardEvolution,
    Windows,
    gather_evidence,
)
from evolution.objective import spec_of
from market import Candles

__all__ = ["FINALIST_COLUMNS", "CandidateLedger", "entire_run", "rounded"]

FINALIST_COLUMNS = (
    "window", "type", "fitness", "in_sample_scs", "oos_scs", "oos_trades", "excess", "psr", "dsr", "dsr_raw", "grade",
)  # fmt: skip
"""What a record says of each finalist, in this order."""


class CandidateLedger:
    """A journal that keeps every candidate that was evaluated, and nothing else.

    Attributes
    ----------
    candidates : list of Candidate
        In the order in which they were committed.
    """

    def __init__(self) -> None:
        self.candidates: list[Candidate] = []

    def record(self, commit: BatchCommit) -> None:
        """Keep the children of a batch that did not share the result of an equal one."""
        pairs = zip(commit.candidates, commit.shared, strict=True)
        self.candidates += [candidate for candidate, is_shared in pairs if not is_shared]


def entire_run(candles: Candles, population: int, generations: int, seed: int) -> dict[str, Any]:
    """Run walk-forward evolution on a market from the first sample to the grades.

    Parameters
    ----------
    candles : Candles
        The market.
    population : int
        Members over all strategy types.
    generations : int
        How many.
    seed : int
        Of the evolution.

    Returns
    -------
    dict of str to JSON values
        Trials and their effective number, the annual Sharpe ratio that luck alone is expected to show, the best SCS of
        the last population on its training bars and on all bars, and the finalists (`FINALIST_COLUMNS`). None is
        undefined.
    """
    started = time.perf_counter()
    windows, ledger = Windows([candles]), CandidateLedger()
    evolution = Evolution(
        windows.objective(0),
        windows.spaces,
        population=population,
        seed=seed,
        objective_hash=windows.objective_hash,
        journal=ledger,
    )
    run = WalkForwardEvolution(evolution, windows)
    run.run(generations)
    ((market, prepared),) = windows.whole.items()
    clusters = backtest.trial_clusters(prepared)
    backtest.add_trials(clusters, [spec_of(candidate) for candidate in ledger.candidates], prepared, windows.costs)
    tries = len(ledger.candidates) * (1 + windows.folds.neighbours)
    trials = backtest.TrialStatistics.of(clusters, len(prepared), tries)
    members = [spec_of(member.candidate) for member in evolution.optimizer.population]
    training = windows.training(run.window)[market]
    evidence = gather_evidence(run.finalists(), windows, {market: trials})
    return {
        "evaluated": len(ledger.candidates),
        "trials": trials.n_trials,
        "effective": trials.n_effective,
        "hurdle": rounded(trials.annual_hurdle(candles.bars_per_year)),
        "best_in_sample": rounded(float(backtest.score_many(members, training, windows.costs).max())),
        "best_on_all_bars": rounded(float(backtest.score_many(members, prepared, windows.costs).max())),
        "finalists": _rows(evidence, windows),
        "seconds": round(time.perf_counter() - started, 2),
    }


def rounded(value: float) -> float | None:
    """Return a number with 6 significant digits, None where it is undefined.

    Parameters
    ----------
    value : float
        Any.

    Returns
    -------
    float or None
        For JSON.
    """
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _rows(evidence: Sequence[FinalistEvidence], windows: Windows) -> list[list[Any]]:
    return [
        [
            windows.index(item.finalist.window),
            item.spec.type,
            rounded(item.finalist.member.score),
            rounded(item.in_sample_scs),
            rounded(item.oos.scs),
            int(item.oos.metrics["n_trades"]),
            rounded(item.oos.excess),
            rounded(item.oos.psr),
            rounded(item.dsr),
            rounded(item.dsr_raw),
            item.grade.letter,
        ]
        for item in evidence
    ]

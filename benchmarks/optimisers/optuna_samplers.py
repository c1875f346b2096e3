"""Optuna: its tree-structured Parzen estimator and its NSGA-III, as they come."""

import warnings
from collections.abc import Sequence

import optuna
from landscapes.axis import Axis
from optimisers.optimiser import Point

__all__ = ["OptunaNsga3", "OptunaTpe"]


class _Study:
    """A study in memory with the axes as its distributions."""

    def __init__(self, axes: tuple[Axis, ...], sampler: optuna.samplers.BaseSampler) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._distributions: dict[str, optuna.distributions.BaseDistribution] = {
            axis.name: optuna.distributions.IntDistribution(int(axis.low), int(axis.high), log=axis.log)
            if axis.integer
            else optuna.distributions.FloatDistribution(axis.low, axis.high, log=axis.log)
            for axis in axes
        }
        self._study = optuna.create_study(sampler=sampler, direction="maximize")

    def ask(self) -> list[Point]:
        """Return one point."""
        self._trial = self._study.ask(self._distributions)
        return [[float(self._trial.params[name]) for name in self._distributions]]

    def tell(self, scores: Sequence[float]) -> None:
        """End the trial."""
        self._study.tell(self._trial, scores[0])


class OptunaTpe(_Study):
    """TPESampler with its defaults."""

    def __init__(self, axes: tuple[Axis, ...], seed: int) -> None:
        super().__init__(axes, optuna.samplers.TPESampler(seed=seed))


class OptunaNsga3(_Study):
    """NSGAIIISampler with its defaults (populations of 50)."""

    def __init__(self, axes: tuple[Axis, ...], seed: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # its interface may change; pinned
            super().__init__(axes, optuna.samplers.NSGAIIISampler(seed=seed))

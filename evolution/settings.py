"""Settings of the algorithm: how children are made and who survives."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from evolution import operators
from evolution.errors import SettingsError

__all__ = ["Settings"]

_SHARES = {
    "mutation": 0.3,
    "uniform": 0.3,
    "differential": 0.12,
    "current_to_pbest": 0.12,
    "rank_mu": 0.11,
    "immigrant": 0.05,
}

_LEAST = {"tournament": 1, "rivals": 1, "hall_of_fame": 1, "proposals": 1, "experience": 1, "memory": 4096}


@dataclass(frozen=True, slots=True)
class Settings:
    """Parameters of the evolutionary algorithm; part of a run's identity.

    The defaults are the best of some fifty combinations, measured at budgets of 100 to 1,000 evaluations on landscapes
    of every strategy type on real candles (the tuning set of `benchmarks/bench_evolution.py`). What did not pay there
    (SBX, CMA-ES, adaptive shares) has no share or is off.

    Attributes
    ----------
    shares : mapping of str to float
        Probability of each variation operator, by its name (`operators.available()`); they sum to 1.
    tournament : int
        Members drawn for a tournament; the best of them becomes a parent. At least 1 (no selection).
    elite_parents : float
        Probability that a parent is drawn from the elites instead of by tournament.
    elites : float
        Share of a species' members that only a better child displaces (at least one member), 0..1.
    rivals : int
        Members among which a child's nearest is sought, to compete with (restricted tournament); at least 1.
    crossover_eta : float
        Distribution index of SBX: the higher, the closer children stay to their parents. At least 0.
    mutation_eta : float
        Distribution index of polynomial mutation: the higher, the smaller the steps. At least 0.
    mutation_rate : float or None
        Probability that a gene mutates; None is one over the number of genes.
    hall_of_fame : int
        Best distinct members of a window that are kept; at least 1.
    proposals : int
        Children that are drawn for each one that is evaluated (`evolution.screening`); 1 for no screening.
    novelty : float
        What distance from everything known is worth in the choice among them, in spreads of the members' scores.
    greedy : float
        Share of the children chosen by prediction alone, 0..1: they refine, where novelty keeps its distance.
    experience : int
        Latest evaluated genomes of a species that the choice is based on; at least 1.
    adaptation : float
        How fast the shares follow the success of the operators (`evolution.credit`), 0..1; 0 keeps them as they are.
    share_floor : float
        Share of the children whose operators are drawn as `shares` says, whatever their success, 0..1.
    memory : int
        Evaluated genomes that are remembered, so that they are never evaluated again; at least 4,096. The least
        recently used are forgotten first.

    Raises
    ------
    SettingsError
        If one is out of its bounds.
    """

    shares: Mapping[str, float] = field(default_factory=lambda: dict(_SHARES), hash=False)
    tournament: int = 5
    elite_parents: float = 0.3
    elites: float = 0.05
    rivals: int = 16
    crossover_eta: float = 10.0
    mutation_eta: float = 3.0
    mutation_rate: float | None = None
    hall_of_fame: int = 100
    proposals: int = 10
    novelty: float = 5.0
    greedy: float = 0.2
    experience: int = 512
    adaptation: float = 0.0
    share_floor: float = 0.3
    memory: int = 65_536

    def __post_init__(self) -> None:
        shares = {name: float(share) for name, share in sorted(self.shares.items())}
        object.__setattr__(self, "shares", MappingProxyType(shares))
        for name, share in shares.items():
            operators.get(name)
            _check_unit(f'the share of operator "{name}"', share)
        total = math.fsum(shares.values())
        if abs(total - 1.0) > 1e-9:
            raise SettingsError(f"the shares of the operators must sum to 1, did to {total:g}")
        for name in ("elite_parents", "elites", "greedy", "adaptation", "share_floor"):
            _check_unit(name, getattr(self, name))
        if self.mutation_rate is not None:
            _check_unit("mutation_rate", self.mutation_rate)
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise SettingsError(f"{name} must be a whole number of at least {least:,}, was {value}")
        for name in ("crossover_eta", "mutation_eta", "novelty"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise SettingsError(f"{name} must be finite and at least 0, was {value}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.describe(),)  # a read-only mapping cannot be pickled

    def gene_rate(self, n_genes: int) -> float:
        """Return the probability that a gene mutates.

        Parameters
        ----------
        n_genes : int
            Genes of a genome.

        Returns
        -------
        float
            `mutation_rate`, or one over the number of genes.
        """
        return 1.0 / n_genes if self.mutation_rate is None else self.mutation_rate

    def describe(self) -> dict[str, Any]:
        """Return the settings as JSON values; ``Settings(**values)`` gives them back.

        Returns
        -------
        dict
            All attributes.
        """
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return values | {"shares": dict(self.shares)}


def _check_unit(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise SettingsError(f"{name} must be in [0, 1], was {value}")


def _rebuild(values: dict[str, Any]) -> Settings:
    return Settings(**values)

"""Everybody who takes part, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from optimisers.cma_es_margin import CmaEsMargin
from optimisers.deap_ga import DeapGa
from optimisers.evoq_engine import EvoqEngine
from optimisers.optimiser import MakeOptimiser
from optimisers.optuna_samplers import OptunaNsga3, OptunaTpe
from optimisers.pymoo_mixed import PymooMixed
from optimisers.random_search import RandomSearch
from optimisers.sobol import Sobol

__all__ = ["CONTESTANTS", "OURS"]

OURS = "Evoq"
"""Whom the others are compared with."""

CONTESTANTS: Mapping[str, MakeOptimiser] = MappingProxyType(
    {
        OURS: EvoqEngine,
        "random": RandomSearch,
        "Sobol": Sobol,
        "Optuna TPE": OptunaTpe,
        "Optuna NSGA-III": OptunaNsga3,
        "CMA-ES with margin": CmaEsMargin,
        "pymoo MixedVariableGA": PymooMixed,
        "DEAP": DeapGa,
    }
)
"""All optimisers, ours first."""

"""Evolution: how the population improves.

An `Optimizer` is asked for candidates and told their scores, in any order; a `Space` says what it searches. `Evolution`
runs it on a `Runner` with an `Evaluator` such as `ScsObjective`, and records every batch in a `Journal`. The population
is a function of the run's identity (`RunIdentity`) and of the scores alone, so it is the same with any number of
workers, and after any interruption.

Examples
--------
>>> import evolution
>>> space = evolution.Space([evolution.Dimension("x", 0, 1)])
>>> optimizer = evolution.Optimizer(space, population=20, seed=1)
>>> candidates = optimizer.ask()
>>> optimizer.tell(candidates, [c["x"] for c in candidates])
>>> optimizer.evaluations, optimizer.generation, optimizer.round
(4, 1, 1)
"""

from evolution.archive import Archive, Elite
from evolution.behaviour import Behaviour
from evolution.candidate import Candidate, Member
from evolution.dimension import Dimension
from evolution.engine_version import ENGINE_VERSION
from evolution.errors import (
    EvolutionError,
    IdentityError,
    RunnerError,
    SettingsError,
    StateError,
    TellError,
)
from evolution.evolution import Evolution, Outcome, StopReason
from evolution.finalist_evidence import FinalistEvidence, SpanScore, gather_evidence
from evolution.finalists import FINALISTS, Finalist, select_finalists
from evolution.fold_objective import FoldObjective, FoldSettings
from evolution.identity import RunIdentity
from evolution.journal import BatchCommit, Journal, Listener
from evolution.objective import ScsObjective
from evolution.optimizer import Optimizer
from evolution.population_hash import population_hash
from evolution.recorded_archive import RecordedElite, recorded_archive
from evolution.runner import Evaluator, Runner, SerialRunner
from evolution.settings import Settings
from evolution.space import Space
from evolution.species import Species
from evolution.species_statistics import SpeciesStatistics
from evolution.state_codec import decode_state, encode_state
from evolution.stitched import StitchedCurve, stitched_curve
from evolution.walk_forward import WalkForward
from evolution.walk_forward_evolution import WalkForwardEvolution
from evolution.windows import Windows

__all__ = [
    "ENGINE_VERSION",
    "FINALISTS",
    "Archive",
    "BatchCommit",
    "Behaviour",
    "Candidate",
    "Dimension",
    "Elite",
    "Evaluator",
    "Evolution",
    "EvolutionError",
    "Finalist",
    "FinalistEvidence",
    "FoldObjective",
    "FoldSettings",
    "IdentityError",
    "Journal",
    "Listener",
    "Member",
    "Optimizer",
    "Outcome",
    "RecordedElite",
    "RunIdentity",
    "Runner",
    "RunnerError",
    "ScsObjective",
    "SerialRunner",
    "Settings",
    "SettingsError",
    "Space",
    "SpanScore",
    "Species",
    "SpeciesStatistics",
    "StateError",
    "StitchedCurve",
    "StopReason",
    "TellError",
    "WalkForward",
    "WalkForwardEvolution",
    "Windows",
    "decode_state",
    "encode_state",
    "gather_evidence",
    "population_hash",
    "recorded_archive",
    "select_finalists",
    "stitched_curve",
]

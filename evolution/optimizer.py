"""The engine: ask for candidates, tell their scores in any order, and the population improves."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evolution.archive import Archive
from evolution.batch import Batch
from evolution.breeder import Breeder
from evolution.candidate import Candidate, Member
from evolution.commit import Commit
from evolution.credit import Credit
from evolution.deme import Deme
from evolution.engine_version import ENGINE_VERSION
from evolution.errors import IdentityError, SettingsError, StateError, TellError
from evolution.finalists import Finalist
from evolution.identity import RunIdentity
from evolution.in_flight import InFlight, not_asked
from evolution.memory import fingerprint
from evolution.population_hash import population_hash
from evolution.settings import Settings
from evolution.space import Space
from evolution.species import Species
from evolution.state import EngineState
from evolution.window import Behaviours, Window

__all__ = ["Optimizer"]


class Optimizer:
    """A steady-state evolutionary algorithm without a generation barrier, deterministic in any order of results.

    Children come in numbered batches. Batch k is generated at the moment when batch k - `lag` is committed, and
    batches commit in their order, so the population is a function of the seed and the scores alone: not of the number
    of workers, nor of the order in which they finish.

    Scores are maximised; a score that is not finite is recorded and never ranks.

    Parameters
    ----------
    space : Space or mapping of (str or Species) to Space
        What to search; with a mapping each species has its own space and its own share of the population.
    population : int
        Members over all species.
    seed : int
        Seed of all random numbers.
    batch_size : int or None
        Children of a batch; None for a sixteenth of the population, at most 64.
    lag : int
        Batches in flight at most.
    settings : Settings or None
        Parameters of the algorithm; None for the defaults.
    data_hash, costs_hash, objective_hash : str
        Identity of what scores depend on; part of the run's identity.

    Examples
    --------
    >>> from evolution import Dimension, Optimizer, Space
    >>> space = Space([Dimension("x", -5, 5), Dimension("n", 0, 20, integer=True)])
    >>> optimizer = Optimizer(space, population=50, seed=1)
    >>> while optimizer.evaluations < 1000:
    ...     candidates = optimizer.ask()
    ...     scores = [-((c["x"] - 1) ** 2) - (c["n"] - 7) ** 2 for c in candidates]
    ...     optimizer.tell(candidates, scores)
    >>> best = optimizer.best.candidate
    >>> best["n"], abs(best["x"] - 1) < 0.01
    (7.0, True)
    """

    def __init__(
        self,
        space: Space | Mapping[str | Species, Space],
        *,
        population: int = 100,
        seed: int = 0,
        batch_size: int | None = None,
        lag: int = 4,
        settings: Settings | None = None,
        data_hash: str = "",
        costs_hash: str = "",
        objective_hash: str = "",
    ) -> None:
        identity = RunIdentity.of(
            space,
            population=population,
            seed=seed,
            batch_size=batch_size,
            lag=lag,
            settings=settings,
            data_hash=data_hash,
            costs_hash=costs_hash,
            objective_hash=objective_hash,
        )
        self._begin(identity)

    @classmethod
    def of(cls, identity: RunIdentity) -> "Optimizer":
        """Return a new optimizer for the identity of a run.

        Parameters
        ----------
        identity : RunIdentity
            What decides its results.

        Returns
        -------
        Optimizer
            With nothing committed.
        """
        optimizer = cls.__new__(cls)
        optimizer._begin(identity)
        return optimizer

    @classmethod
    def from_state(cls, state: Mapping[str, Any], identity: RunIdentity | None = None) -> "Optimizer":
        """Return an optimizer that goes on where `state` was taken.

        Parameters
        ----------
        state : mapping
            What `state` returned, perhaps by way of `decode_state`.
        identity : RunIdentity or None
            What the caller believes the run to be; None takes what is recorded.

        Returns
        -------
        Optimizer
            It asks again for whatever was not committed.

        Raises
        ------
        IdentityError
            If the state belongs to another run or another engine version.
        """
        values = state.get("identity", {})
        if values.get("engine_version") != ENGINE_VERSION:
            raise IdentityError(
                f"a run can only be resumed by the engine that started it: recorded engine version "
                f"{values.get('engine_version')}, this is {ENGINE_VERSION}; start a new run"
            )
        recorded = RunIdentity.from_description(values)
        if identity is not None:
            recorded.require(identity)
        optimizer = cls.__new__(cls)
        optimizer._start(recorded)
        optimizer._restore(EngineState.from_json(state, recorded, optimizer._breeder.restore))
        return optimizer

    @property
    def identity(self) -> RunIdentity:
        """Everything that decides the results of this run."""
        return self._identity

    @property
    def evaluations(self) -> int:
        """Committed children, those that share a result included."""
        return self._identity.schedule.children(self._committed).start

    @property
    def committed(self) -> int:
        """Committed batches."""
        return self._committed

    @property
    def distinct(self) -> int:
        """Committed genomes that were evaluated."""
        return self._distinct

    @property
    def generation(self) -> int:
        """The generation being worked on, from 1; exactly G after G populations of results."""
        return self._schedule.generation(self.evaluations)

    @property
    def round(self) -> int:
        """The round of the generation, 1 to 4."""
        return self._schedule.round(self.evaluations)

    @property
    def window(self) -> str:
        """Label of the window that scores belong to; empty for the first one."""
        return self._window.label

    @property
    def archive(self) -> Archive:
        """The best of each way of trading in this window; to be read only."""
        return self._window.archive

    @property
    def finalists(self) -> tuple[Finalist, ...]:
        """Everybody who was frozen, in the order of freezing."""
        return tuple(self._finalists)

    @property
    def generations_in_window(self) -> int:
        """Whole populations of children committed since the window began."""
        first = self._schedule.children(self._window.first_batch).start
        return (self.evaluations - first) // self._identity.population

    @property
    def stagnation(self) -> int:
        """Children committed since the best of this window was born."""
        return self._window.stagnation(self.evaluations)

    @property
    def best(self) -> Member | None:
        """The best member of this window; None before a finite score is committed."""
        return self._window.best

    @property
    def hall_of_fame(self) -> tuple[Member, ...]:
        """The best distinct members of this window, best first."""
        return tuple(self._window.hall)

    @property
    def population(self) -> tuple[Member, ...]:
        """All members, sorted by species and child."""
        return self._window.members

    @property
    def demes(self) -> dict[Species, Deme]:
        """The members of each species, best first; to be read only."""
        return {species: deme for (species, _), deme in zip(self._identity.spaces, self._window.demes, strict=True)}

    def population_hash(self) -> str:
        """Return the SHA-256 of the population.

        Returns
        -------
        str
            64 hexadecimal digits; see `evolution.population_hash`.
        """
        return population_hash(self.population)

    def ask(self, n: int | None = None) -> list[Candidate]:
        """Return candidates to evaluate that have not been asked for yet.

        Where every child shares a result (a small space that is exhausted) there is nothing to evaluate: the children
        of at most one generation are committed on the way, and the list may be empty.

        Parameters
        ----------
        n : int or None
            At most so many; None for all there are.

        Returns
        -------
        list of Candidate
            In the order of their numbers. Empty while all that can be generated is in flight.

        Raises
        ------
        SettingsError
            If `n` is below 1.
        """
        if n is not None and n < 1:
            raise SettingsError(f"n must be at least 1, was {n}")
        for _ in range(self._schedule.batches_per_generation):
            if self._in_flight.has_queue or self.advance() is None:
                break
        return self._in_flight.take(n or math.inf, math.inf)

    def tell(self, candidates: Sequence[Candidate], scores: Sequence[float]) -> None:
        """Take scores of candidates, in any order and any portions, and commit every batch that is complete.

        A candidate that is unknown or has another score already is refused (`TellError`), and nothing is taken then;
        telling the same score again is no error.

        Parameters
        ----------
        candidates : sequence of Candidate
            What was evaluated.
        scores : sequence of float
            One score each; higher is better.
        """
        self.receive(candidates, scores)
        while any(not slot.is_shared for slot in self._in_flight.batches[0].slots) and self.advance():
            pass  # a batch with nothing to evaluate waits for the next `ask`: an exhausted space has no end of them

    def take(self, before: float) -> list[Candidate]:
        """Return candidates that have not been asked for yet, and commit nothing.

        `take`, `receive` and `advance` are `ask` and `tell` in steps, for a loop that records every batch.

        Parameters
        ----------
        before : float
            Only candidates with a number below this one.

        Returns
        -------
        list of Candidate
            In the order of their numbers.
        """
        return self._in_flight.take(math.inf, before)

    def receive(self, candidates: Sequence[Candidate], scores: Sequence[float]) -> None:
        """Take scores, and commit nothing.

        Parameters
        ----------
        candidates : sequence of Candidate
            What was evaluated.
        scores : sequence of float
            One score each; higher is better.
        """
        fresh = self._in_flight.match(candidates, scores, self._committed_score)
        self._enter()
        for slot, score in fresh:
            self._in_flight.score(slot, score)
        self._is_torn = False

    def advance(self) -> Commit | None:
        """Commit the next batch if all its results are there, and generate the batch that reads the new state.

        Returns
        -------
        Commit or None
            What was committed; None while results are missing.
        """
        if self._in_flight.batches[0].missing:
            return None
        self._enter()
        batch = self._in_flight.close()
        scores: list[float] = []
        joined: list[bool] = []
        for slot in batch.slots:
            score, has_joined = self._window.settle(slot, self._breeder.replacement_stream)
            species = self._schedule.locate(slot.candidate.number)[0]
            self._credits[species].reward(slot.candidate.operator, float(has_joined))
            self._distinct += not slot.is_shared
            scores.append(score)
            joined.append(has_joined)
        self._committed += 1
        self._breed(batch.number + self._identity.lag)
        self._is_torn = False
        return Commit(
            batch=batch.number,
            candidates=tuple(slot.candidate for slot in batch.slots),
            scores=tuple(scores),
            shared=tuple(slot.is_shared for slot in batch.slots),
            joined=tuple(joined),
        )

    def characterise(self, behaviours: Behaviours) -> None:
        """Offer the members that were born in the last generation to the archive.

        Parameters
        ----------
        behaviours : callable
            Tells how candidates trade, as a function of nothing else; one behaviour each.
        """
        self._enter()
        self._window.characterise(self.evaluations - self._identity.population, behaviours)
        self._is_torn = False

    def freeze(self, members: Sequence[Member]) -> None:
        """Make members finalists of this window.

        Parameters
        ----------
        members : sequence of Member
            They stay members as well; a copy of each is kept for good.
        """
        self._finalists += [Finalist(member, self._window.label) for member in members]

    def roll(self, window: str) -> None:
        """Begin another window: scores so far are of other candles and count no more.

        The first `lag` batches that follow are the elites and the archive of each species and whom earlier windows
        left, to be scored again; everything after descends from them. What was generated and is not committed is
        forgotten.

        Parameters
        ----------
        window : str
            A label, part of the state.
        """
        self._enter()
        batches = range(self._committed, self._committed + self._identity.lag)
        back = self._window.returning(batches, self._in_flight.batches)
        pasts = [past.after(again) for past, again in zip(self._window.pasts, back, strict=True)]
        self._open(Window(self._identity, window, self._committed, pasts))
        for number in batches:
            self._breed(number, back)
        self._is_torn = False

    def state(self) -> dict[str, Any]:
        """Return all that a resumed run needs, as JSON values; `encode_state` makes bytes of it.

        Returns
        -------
        dict
            A function of the committed batches alone: results told for later ones are not in it.
        """
        self._enter()
        self._is_torn = False
        return EngineState(
            identity=self._identity,
            committed=self._committed,
            distinct=self._distinct,
            batches=tuple(self._in_flight.batches),
            credits=self._credits,
            window=self._window,
            finalists=self._finalists,
        ).to_json()

    def _begin(self, identity: RunIdentity) -> None:
        self._start(identity)
        for number in range(identity.lag):
            self._breed(number)

    def _start(self, identity: RunIdentity) -> None:
        self._identity = identity
        self._schedule = identity.schedule
        self._breeder = Breeder(identity)
        settings = identity.settings
        self._credits = [Credit(settings.shares, settings.adaptation, settings.share_floor) for _ in identity.spaces]
        self._finalists: list[Finalist] = []
        self._is_torn = False
        self._committed = 0
        self._distinct = 0
        self._open(Window(identity))

    def _open(self, window: Window) -> None:
        self._window = window
        self._in_flight = InFlight()

    def _restore(self, state: EngineState) -> None:
        self._committed, self._distinct = state.committed, state.distinct
        self._credits, self._finalists = list(state.credits), list(state.finalists)
        self._open(state.window)
        for batch in state.batches:
            self._in_flight.open(batch)

    def _enter(self) -> None:
        """Begin what must be done wholly: an exception such as Ctrl-C in the middle leaves no state to go on from."""
        if self._is_torn:
            raise StateError("the optimizer was interrupted within a batch; resume from the last recorded state")
        self._is_torn = True

    def _breed(self, number: int, back: Sequence[list[Candidate]] = ()) -> None:
        window, in_flight = self._window, self._in_flight
        slots = self._breeder.breed(number, window, self._credits, in_flight.batches, self._is_known, back)
        batch = Batch(number, slots)
        for slot in batch.slots:
            if slot.is_shared and slot.key in window.memory:
                window.memory.touch(slot.key)  # must not be forgotten before this batch commits
        in_flight.open(batch)

    def _is_known(self, key: bytes) -> bool:
        return key in self._window.memory or key in self._in_flight

    def _committed_score(self, candidate: Candidate) -> float:
        """Return the score of a candidate that is committed already."""
        score = self._window.memory.get(fingerprint(candidate.species, candidate.parameters))
        if score is None or candidate.number >= self.evaluations:
            raise TellError(not_asked(candidate))
        return score

"""The state of the engine as data: everything a resumed run needs to equal an uninterrupted one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolution.archive import Archive
from evolution.batch import Batch, Slot
from evolution.behaviour import Behaviour
from evolution.candidate import Candidate, Member
from evolution.credit import Credit
from evolution.errors import StateError
from evolution.experience import Experience
from evolution.finalists import Finalist
from evolution.identity import RunIdentity
from evolution.memory import Memory, fingerprint
from evolution.past import Past
from evolution.refinement import Search
from evolution.species import Species
from evolution.state_codec import binary, data_of
from evolution.window import Window

__all__ = ["EngineState"]

_FORMAT = 4

Restore = Callable[[int, tuple[float, ...], tuple[float, ...], tuple[int, ...], str], Candidate]


@dataclass(frozen=True, slots=True)
class EngineState:
    """What is committed, and what was generated from older committed states.

    Results that were told but not yet committed are no part of it: it is a function of the committed batches alone,
    the same on every machine, and their candidates are asked again after a resume.

    Attributes
    ----------
    identity : RunIdentity
        Identity of the run.
    committed : int
        Committed batches.
    distinct : int
        Genomes evaluated so far.
    batches : sequence of Batch
        Generated and not committed, in their order.
    credits : sequence of Credit
        Success of the operators in each species.
    window : Window
        Everything that was scored in the present window.
    finalists : sequence of Finalist
        Everybody frozen so far, with scores of their own windows.
    """

    identity: RunIdentity
    committed: int
    distinct: int
    batches: Sequence[Batch]
    credits: Sequence[Credit]
    window: Window
    finalists: Sequence[Finalist]

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON values. Floats are base64 of little-endian doubles: exact, compact, NaN included.

        Returns
        -------
        dict
            What `from_json` reads.
        """
        slots = [slot for batch in self.batches for slot in batch.slots]
        window = self.window
        return {
            "format": _FORMAT,
            "identity": self.identity.describe(),
            "committed": self.committed,
            "distinct": self.distinct,
            "members": _members_to_json(window.members),
            "hall": _members_to_json(tuple(window.hall)),
            "pending": _candidates_to_json([slot.candidate for slot in slots])
            | {"shared": [int(slot.is_shared) for slot in slots]},
            "memory": {
                "keys": binary(b"".join(window.memory)),
                "scores": _pack(window.memory.scores()),
            },
            "experience": {
                "sizes": [len(experience) for experience in window.experiences],
                "genes": binary(b"".join(experience.genes() for experience in window.experiences)),
                "scores": _pack(score for experience in window.experiences for score in experience.scores()),
            },
            "refinements": [_search_to_json(refinement.search) for refinement in window.refinements],
            "credits": [_pack(credit.values.values()) for credit in self.credits],
            "window": {"label": window.label, "rolled_at": window.first_batch},
            "archive": _archive_to_json(window.archive),
            "past": _candidates_to_json([candidate for past in window.pasts for candidate in past]),
            "finalists": _members_to_json([finalist.member for finalist in self.finalists])
            | {"windows": [finalist.window for finalist in self.finalists]},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], identity: RunIdentity, restore: Restore) -> "EngineState":
        """Return the state that `to_json` wrote.

        Parameters
        ----------
        values : mapping
            JSON values.
        identity : RunIdentity
            The identity recorded in them.
        restore : callable
            Makes a candidate from number, genome, parameters, parents and operator.

        Returns
        -------
        EngineState
            Equal to the one written.

        Raises
        ------
        StateError
            If something is missing, damaged, or of an unknown format.
        """
        written: Any = values.get("format")
        if written in range(1, _FORMAT):
            added = {1: _only_window(), 2: _no_past(), 3: {"refinements": [None for _ in identity.spaces]}}
            for older in range(written, _FORMAT):
                values = {**values, **added[older]}
        elif written != _FORMAT:
            raise StateError(f"the format of a state must be 1 to {_FORMAT}, was {written}")
        try:
            return cls(
                identity=identity,
                committed=int(values["committed"]),
                distinct=int(values["distinct"]),
                batches=_batches_from_json(values["pending"], identity, int(values["committed"]), restore),
                credits=_credits_from_json(values["credits"], identity),
                window=_window_from_json(values, identity, restore),
                finalists=[
                    Finalist(member, str(window))
                    for member, window in zip(
                        _members_from_json(values["finalists"], identity, restore),
                        values["finalists"]["windows"],
                        strict=True,
                    )
                ],
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise StateError(f"the state is damaged: {error!r}; restore an older one or start a new run") from error


def _only_window() -> dict[str, Any]:
    """Return what states of format 1 lack: it was written before windows rolled."""
    return {
        "window": {"label": "", "rolled_at": 0},
        "archive": _archive_to_json(Archive()),
        "finalists": _members_to_json([]) | {"windows": []},
    }


def _no_past() -> dict[str, Any]:
    """Return what states of format 2 lack: nobody was remembered beyond a window."""
    return {"past": _candidates_to_json([])}


def _pack(values: Iterable[float]) -> dict[str, str]:
    return binary(np.fromiter(values, dtype="<f8").tobytes())


def _unpack(value: Mapping[str, str]) -> list[float]:
    values: list[float] = np.frombuffer(data_of(value), dtype="<f8").tolist()
    return values


def _candidates_to_json(candidates: Sequence[Candidate]) -> dict[str, Any]:
    names = sorted({candidate.operator for candidate in candidates})
    index = {name: position for position, name in enumerate(names)}
    return {
        "numbers": [candidate.number for candidate in candidates],
        "operators": names,
        "operator": [index[candidate.operator] for candidate in candidates],
        "parents": [list(candidate.parents) for candidate in candidates],
        "genomes": _pack(gene for candidate in candidates for gene in candidate.genome),
        "parameters": _pack(value for candidate in candidates for value in candidate.parameters),
    }


def _candidates_from_json(values: Mapping[str, Any], identity: RunIdentity, restore: Restore) -> list[Candidate]:
    genes, parameters = _unpack(values["genomes"]), _unpack(values["parameters"])
    sizes = [len(space) for _, space in identity.spaces]
    candidates: list[Candidate] = []
    start = 0
    for number, operator, parents in zip(values["numbers"], values["operator"], values["parents"], strict=True):
        end = start + sizes[number % len(sizes)]
        if end > len(genes) or end > len(parameters):
            raise StateError(f"genes of child {number} are missing")
        candidates.append(
            restore(
                number,
                tuple(genes[start:end]),
                tuple(parameters[start:end]),
                tuple(parents),
                values["operators"][operator],
            )
        )
        start = end
    return candidates


def _members_to_json(members: Sequence[Member]) -> dict[str, Any]:
    candidates = _candidates_to_json([member.candidate for member in members])
    return candidates | {"scores": _pack(member.score for member in members)}


def _members_from_json(values: Mapping[str, Any], identity: RunIdentity, restore: Restore) -> list[Member]:
    candidates = _candidates_from_json(values, identity, restore)
    return [
        Member(candidate, score, identity.seed, identity.engine_version)
        for candidate, score in zip(candidates, _unpack(values["scores"]), strict=True)
    ]


def _window_from_json(values: Mapping[str, Any], identity: RunIdentity, restore: Restore) -> Window:
    window = Window(identity, str(values["window"]["label"]), int(values["window"]["rolled_at"]))
    demes = dict(zip((species for species, _ in identity.spaces), window.demes, strict=True))
    for member in _members_from_json(values["members"], identity, restore):
        demes[member.species].join(member)
    for member in _members_from_json(values["hall"], identity, restore):
        window.hall.offer(member)
    window.memory = _memory_from_json(values["memory"], identity.settings.memory)
    window.experiences = _experiences_from_json(values["experience"], identity)
    for refinement, search in zip(window.refinements, values["refinements"], strict=True):
        refinement.restore(_search_from_json(search, len(refinement.space)))
    window.archive = _archive_from_json(values["archive"], identity, restore)
    left: dict[Species, list[Candidate]] = {species: [] for species in demes}
    for candidate in _candidates_from_json(values["past"], identity, restore):
        left[candidate.species].append(candidate)
    window.pasts = [Past(past.limit, left[species]) for past, species in zip(window.pasts, demes, strict=True)]
    return window


def _archive_to_json(archive: Archive) -> dict[str, Any]:
    elites = list(archive)
    numbers = (
        value
        for elite in elites
        for value in (elite.behaviour.holding_time, elite.behaviour.exposure, elite.behaviour.correlation)
    )
    return _members_to_json([elite.member for elite in elites]) | {"behaviours": _pack(numbers)}


def _archive_from_json(values: Mapping[str, Any], identity: RunIdentity, restore: Restore) -> Archive:
    archive = Archive()
    behaviours = np.array(_unpack(values["behaviours"])).reshape(-1, 3).tolist()
    for member, behaviour in zip(_members_from_json(values, identity, restore), behaviours, strict=True):
        if not archive.offer(member, Behaviour(*behaviour)):
            raise StateError(f"child {member.candidate.number} holds no cell of the archive")
    return archive


def _batches_from_json(
    values: Mapping[str, Any], identity: RunIdentity, committed: int, restore: Restore
) -> list[Batch]:
    candidates = _candidates_from_json(values, identity, restore)
    slots = [
        Slot(candidate, fingerprint(candidate.species, candidate.parameters), bool(is_shared))
        for candidate, is_shared in zip(candidates, values["shared"], strict=True)
    ]
    batches: list[Batch] = []
    for number in range(committed, committed + identity.lag):
        size = len(identity.schedule.children(number))
        batches.append(Batch(number, slots[:size]))
        slots = slots[size:]
        if [slot.candidate.number for slot in batches[-1].slots] != list(identity.schedule.children(number)):
            raise StateError(f"children of batch {number} are missing")
    return batches


def _memory_from_json(values: Mapping[str, Any], limit: int) -> Memory:
    keys = data_of(values["keys"])
    scores = _unpack(values["scores"])
    return Memory(limit, zip((keys[at : at + 8] for at in range(0, len(keys), 8)), scores, strict=True))


def _experiences_from_json(values: Mapping[str, Any], identity: RunIdentity) -> list[Experience]:
    genes, scores = data_of(values["genes"]), _unpack(values["scores"])
    experiences: list[Experience] = []
    for (_, space), size in zip(identity.spaces, values["sizes"], strict=True):
        experiences.append(Experience(len(space), identity.settings.experience))
        experiences[-1].restore(genes[: 2 * len(space) * size], scores[:size])
        genes, scores = genes[2 * len(space) * size :], scores[size:]
    return experiences


def _search_to_json(search: Search | None) -> dict[str, Any] | None:
    if search is None:
        return None
    raw = [*(raw for raw, _ in search.told), *search.open.values()]
    return {
        "parent": search.parent,
        "start": _pack(search.start),
        "scores": _pack(score for _, score in search.told),
        "open": list(search.open),
        "raw": _pack(value for sample in raw for value in sample),
    }


def _search_from_json(values: Mapping[str, Any] | None, n_genes: int) -> Search | None:
    if values is None:
        return None
    scores, children = _unpack(values["scores"]), [int(child) for child in values["open"]]
    raw = np.array(_unpack(values["raw"])).reshape(len(scores) + len(children), n_genes).tolist()
    start = tuple(_unpack(values["start"]))
    if len(start) != n_genes:
        raise StateError(f"a search must start at {n_genes} genes, did at {len(start)}")
    samples = [tuple(sample) for sample in raw]
    return Search(
        parent=int(values["parent"]),
        start=start,
        told=list(zip(samples, scores, strict=False)),
        open=dict(zip(children, samples[len(scores) :], strict=True)),
    )


def _credits_from_json(values: Sequence[Mapping[str, str]], identity: RunIdentity) -> list[Credit]:
    settings = identity.settings
    restored: list[Credit] = []
    for _, packed in zip(identity.spaces, values, strict=True):
        restored.append(Credit(settings.shares, settings.adaptation, settings.share_floor))
        restored[-1].values = dict(zip(restored[-1].values, _unpack(packed), strict=True))
    return restored

"""Who returns when the window rolls: elites, whom earlier windows left, other ways of trading, scored first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from evolution.archive import Elite
from evolution.candidate import Candidate
from evolution.deme import Deme

__all__ = ["RETURNING", "returning"]

RETURNING = "returning"
"""What `Candidate.operator` says of an elite that is scored on the candles of another window."""


def returning(
    deme: Deme, elites: Sequence[Elite], waiting: Sequence[Candidate], count: int, past: Iterable[Candidate] = ()
) -> list[Candidate]:
    """Return the members of a species that a new window begins with.

    One from the top of the deme, one that earlier windows left and one from the archive in turn: what was best may be
    what the last regime paid for; an earlier regime may be back; and the archive holds what others might pay for. After
    them whoever returned to the window before and was not scored
    there yet: a window that is rolled over at once loses nobody.

    Parameters
    ----------
    deme : Deme
        Members, best first.
    elites : sequence of Elite
        What the archive holds of the species.
    waiting : sequence of Candidate
        Children of the species that are generated and not committed.
    count : int
        How many at most.
    past : iterable of Candidate
        Whom earlier windows left, as they return; whose turn is next first.

    Returns
    -------
    list of Candidate
        Of different parameters, each the child of the committed one that it repeats; numbers are still the old ones.
    """
    others = sorted(elites, key=lambda elite: (-elite.member.score, elite.member.candidate.number))
    queues: list[Iterator[Candidate]] = [
        (_again(member.candidate) for member in deme),
        iter(past),
        (_again(elite.member.candidate) for elite in others),
    ]
    chosen: dict[tuple[float, ...], Candidate] = {}
    while queues and len(chosen) < count:
        queue = queues.pop(0)
        candidate = next((one for one in queue if one.parameters not in chosen), None)
        if candidate is not None:
            chosen[candidate.parameters] = candidate
            queues.append(queue)
    for candidate in waiting:
        if candidate.operator == RETURNING and len(chosen) < count:
            chosen.setdefault(candidate.parameters, candidate)
    return list(chosen.values())


def _again(candidate: Candidate) -> Candidate:
    return replace(candidate, parents=(candidate.child,), operator=RETURNING)

"""Who returns when the window rolls: elites and other ways of trading, to be scored again before anybody else."""

from collections.abc import Iterator

from evolution.archive import Elite
from evolution.candidate import Candidate
from evolution.deme import Deme

__all__ = ["RETURNING", "returning"]

RETURNING = "returning"
"""What `Candidate.operator` says of an elite that is scored on the candles of another window."""


def returning(deme: Deme, elites: list[Elite], count: int) -> list[Candidate]:
    """Return the members of a species that a new window begins with.

    One from the top of the deme and one from the archive in turn: what was best may be what the last regime paid for,
    and the archive holds what other regimes might.

    Parameters
    ----------
    deme : Deme
        Members, best first.
    elites : list of Elite
        What the archive holds of the species.
    count : int
        How many at most.

    Returns
    -------
    list of Candidate
        Of different parameters.
    """
    others = sorted(elites, key=lambda elite: (-elite.member.score, elite.member.candidate.number))
    queues: list[Iterator[Candidate]] = [
        (member.candidate for member in deme),
        (elite.member.candidate for elite in others),
    ]
    chosen: dict[tuple[float, ...], Candidate] = {}
    while queues and len(chosen) < count:
        queue = queues.pop(0)
        candidate = next((one for one in queue if one.parameters not in chosen), None)
        if candidate is not None:
            chosen[candidate.parameters] = candidate
            queues.append(queue)
    return list(chosen.values())

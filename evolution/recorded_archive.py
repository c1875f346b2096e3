"""The archive in a recorded state, for whoever shows it: read without the run's spaces, and without resuming it."""

from dataclasses import dataclass

import numpy as np

from evolution.behaviour import Behaviour, Cell
from evolution.errors import StateError
from evolution.species import Species
from evolution.state_codec import data_of, decode_state

__all__ = ["RecordedElite", "recorded_archive"]


@dataclass(frozen=True, slots=True)
class RecordedElite:
    """Who held a cell.

    Attributes
    ----------
    species : Species
        Of the strategy.
    cell : Cell
        Bins of its holding time, exposure and correlation with the market.
    score : float
        Its fitness.
    """

    species: Species
    cell: Cell
    score: float


def recorded_archive(data: bytes) -> tuple[RecordedElite, ...]:
    """Return the archive of a recorded state.

    Parameters
    ----------
    data : bytes
        What `BatchCommit.state` returned.

    Returns
    -------
    tuple of RecordedElite
        By species and cell; empty for a state that was written before there was an archive.

    Raises
    ------
    StateError
        If the state is damaged.
    """
    values = decode_state(data)
    if "archive" not in values:
        return ()
    try:
        species = [Species(*space["species"]) for space in values["identity"]["spaces"]]
        archive = values["archive"]
        scores = np.frombuffer(data_of(archive["scores"]), "<f8").tolist()
        behaviours = np.frombuffer(data_of(archive["behaviours"]), "<f8").reshape(-1, 3).tolist()
        found = []
        for number, score, behaviour in zip(archive["numbers"], scores, behaviours, strict=True):
            cell = Behaviour(*behaviour).cell
            if cell is None:
                raise StateError(f"child {number} holds no cell of the archive")
            found.append(RecordedElite(species[number % len(species)], cell, score))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StateError(f"the archive of the state is damaged: {error!r}") from error
    return tuple(found)

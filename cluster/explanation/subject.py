"""What an id on the command line means: a strategy, or a run."""

from typing import NamedTuple

from cluster.errors import UserError
from storage import Database, NotFoundError, RunRepository, StrategyRepository

__all__ = ["Subject", "find_subject"]

_NAMED = 5


class Subject(NamedTuple):
    """What is to be explained.

    Attributes
    ----------
    kind : {"strategy", "run"}
        What it is.
    id : str
        Its whole id.
    """

    kind: str
    id: str


def find_subject(database: Database, wanted: str | None = None) -> Subject:
    """Return what an id means.

    Parameters
    ----------
    database : Database
        Where it is looked for.
    wanted : str, optional
        The id of a run, or of a strategy, of which the first letters are enough; the run that was worked on last
        unless given.

    Returns
    -------
    Subject
        Strategy or run.

    Raises
    ------
    UserError
        If nothing has the id, more than one strategy begins with it, or nothing is stored at all.
    """
    runs = RunRepository(database.engine)
    latest = runs.latest()
    if latest is None:
        raise UserError("nothing is stored yet; evoq evolve --candles FILE")
    if wanted is None:
        return Subject("run", latest.id)
    sought = wanted.strip().lower()
    found = StrategyRepository(database.engine).beginning_with(sought, limit=_NAMED + 1)
    if len(found) == 1 or sought in found:
        return Subject("strategy", found[0])
    if found:
        more = ", ..." if len(found) > _NAMED else ""
        raise UserError(
            f'"{sought}" begins the ids of several strategies ({", ".join(found[:_NAMED])}{more}); give more letters'
        )
    try:
        return Subject("run", runs.get(sought).id)
    except NotFoundError:
        raise UserError(
            f'there is no strategy and no run "{wanted}"; see evoq strategies, or give the latest run, {latest.id}'
        ) from None

"""The database, the cache, and the desk itself: reachable, or not running."""

from collections.abc import Iterator

from cluster.checkup.finding import Finding, Grade
from cluster.supervisor.desk import Desk
from cluster.supervisor.desk_processes import marked
from storage import StorageError, open_cache, open_database
from storage.cache_server import cache_status
from storage.embedded import embedded_status

__all__ = ["examine"]

_NOT_RUNNING = "not running; the desk starts it"


def examine(desk: Desk) -> Iterator[Finding]:
    """Examine the servers.

    Parameters
    ----------
    desk : Desk
        The desk.

    Yields
    ------
    Finding
        What was found.
    """
    yield _desk(desk)
    yield _database(desk)
    yield _cache(desk)


def _desk(desk: Desk) -> Finding:
    if desk.files.held():
        state = desk.files.read_state().get("state", "starting")
        grade = Grade.OK if state in ("ready", "starting") else Grade.WARNING
        return Finding("desk", grade, str(state), "" if grade is Grade.OK else "evoq status; evoq logs")
    left = len(marked(desk.files.mark))
    if left:
        return Finding("desk", Grade.WARNING, f"down, but {left} of its processes were left behind", "evoq down")
    return Finding("desk", Grade.OK, "down")


def _database(desk: Desk) -> Finding:
    if not desk.environ.get("DB_HOST", "").strip() and not embedded_status(desk.home).running:
        return Finding("database", Grade.OK, _NOT_RUNNING)
    try:
        with open_database(desk.home, desk.environ) as database:
            kind = "embedded" if database.embedded else "yours"
            return Finding("database", Grade.OK, f"answers at {database.settings.place} ({kind})")
    except StorageError as error:
        return Finding("database", Grade.PROBLEM, str(error), "see `evoq logs database`, or the server's own log")


def _cache(desk: Desk) -> Finding:
    if not desk.environ.get("REDIS_URL", "").strip() and not cache_status(desk.home).running:
        return Finding("cache", Grade.OK, _NOT_RUNNING)
    try:
        with open_cache(desk.home, desk.environ) as cache:
            kind = "embedded" if cache.embedded else "yours"
            return Finding("cache", Grade.OK, f"answers at {cache.place} ({kind})")
    except StorageError as error:
        return Finding("cache", Grade.PROBLEM, str(error), "see `evoq logs cache`, or the server's own log")

"""How long rows are kept in the tables that grow slowly; those that grow fast have `storage.partitions`."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from storage.models import table_of
from storage.runtime_models import Alert, Command

__all__ = ["delete_expired"]

_KEPT = timedelta(days=3 * 366)

_commands = table_of(Command)
_alerts = table_of(Alert)


def delete_expired(connection: Connection, now: datetime) -> int:
    """Delete commands that ended and alerts that were resolved three years ago.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    now : datetime
        The present, aware.

    Returns
    -------
    int
        How many rows were deleted.
    """
    ended = _commands.c.status.in_(("done", "refused", "failed"))
    old_commands = delete(_commands).where(ended, _commands.c.ts < now - _KEPT)
    old_alerts = delete(_alerts).where(~_alerts.c.open, _alerts.c.ts < now - _KEPT)
    return sum(int(connection.execute(statement).rowcount) for statement in (old_commands, old_alerts))

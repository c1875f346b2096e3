"""How long the disk lasts: every strategy that was ever tried is kept, and counts against the next ones."""

import shutil
from collections.abc import Iterator

from cluster.checkup.finding import Finding, Grade
from cluster.supervisor.desk import Desk
from storage import open_database, trial_growth
from storage.embedded import embedded_status

__all__ = ["examine"]

_MEBIBYTE = 2**20
_PROBLEM_DAYS, _WARNING_DAYS = 3.0, 30.0
_CURE = "lengthen auto_trading.evolution_interval, free some space, or move EVOQ_HOME to a larger disk"


def examine(desk: Desk) -> Iterator[Finding]:
    """Examine the growth of the database, where it runs.

    Parameters
    ----------
    desk : Desk
        The desk.

    Yields
    ------
    Finding
        What was found.
    """
    ours = not desk.environ.get("DB_HOST", "").strip()
    if ours and not embedded_status(desk.home).running:
        return
    with open_database(desk.home, desk.environ) as database:
        growth = trial_growth(database.engine)
    words = f"{growth.total_bytes / _MEBIBYTE:,.0f} MiB of trials"
    if growth.bytes_per_day is None:
        yield Finding("growth", Grade.OK, f"{words}; how fast they grow is known after ten minutes of evolution")
        return
    words += f", {growth.bytes_per_day / _MEBIBYTE:,.0f} MiB more a day"
    days = growth.days_left(shutil.disk_usage(desk.home).free) if ours else None
    if days is None:
        yield Finding("growth", Grade.OK, words)
        return
    grade = Grade.PROBLEM if days < _PROBLEM_DAYS else Grade.WARNING if days < _WARNING_DAYS else Grade.OK
    yield Finding("growth", grade, f"{words}: the disk lasts {days:,.0f} days", "" if grade is Grade.OK else _CURE)

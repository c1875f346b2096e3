"""How fast trials fill the disk: they are kept for good, for the honest count needs every one of them."""

from dataclasses import dataclass

from sqlalchemy import Engine, text

__all__ = ["TrialGrowth", "trial_growth"]

_LEAST_S = 600.0
_DAY_S = 86_400.0
_BYTES_EACH = 224.0  # measured; until there are enough of them to tell
_FEWEST = 10_000
_LATELY = text("""
    SELECT COALESCE(sum(evaluations), 0) AS evaluations, EXTRACT(epoch FROM now() - min(since)) AS seconds
    FROM (
        SELECT max(evaluations) - min(evaluations) AS evaluations, min(ts) AS since
        FROM strategy_evolution_history WHERE ts > now() - interval '1 day' AND evaluations IS NOT NULL
        GROUP BY run_id
    ) AS runs
""")
_SIZE = text("""
    SELECT pg_total_relation_size(oid) AS bytes, CAST(reltuples AS bigint) AS rows
    FROM pg_class WHERE oid = 'trials'::regclass
""")


@dataclass(frozen=True, slots=True)
class TrialGrowth:
    """How large trials are, and how fast they grow.

    Attributes
    ----------
    total_bytes : int
        Of all of them, indexes included.
    bytes_per_day : float or None
        By what was evaluated during the last day; None before ten minutes of evolution.
    """

    total_bytes: int
    bytes_per_day: float | None

    def days_left(self, free_bytes: int) -> float | None:
        """Return for how long a disk has room.

        Parameters
        ----------
        free_bytes : int
            What is free on it.

        Returns
        -------
        float or None
            Days at the present rate; None where nothing grows, or nobody knows.
        """
        return free_bytes / self.bytes_per_day if self.bytes_per_day else None


def trial_growth(engine: Engine) -> TrialGrowth:
    """Return how large trials are, and how fast they grow.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.

    Returns
    -------
    TrialGrowth
        From the sizes of tables and the evolution history; no trial is read.
    """
    with engine.connect() as connection:
        lately = connection.execute(_LATELY).one()
        size = connection.execute(_SIZE).one()
    each = size.bytes / size.rows if size.rows >= _FEWEST else _BYTES_EACH
    seconds = float(lately.seconds or 0.0)
    per_day = None if seconds < _LEAST_S else float(lately.evaluations) * each * _DAY_S / seconds
    return TrialGrowth(int(size.bytes), per_day)

"""Tries to sign in, counted before the password is looked at.

The database counts them, so that no replica can be played off against another and no restart forgets.
"""

from datetime import timedelta

from sqlalchemy import Engine, case, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from storage.access_models import SignInAttempt
from storage.models import table_of
from storage.values import plain

__all__ = ["LONGEST_LOCK_S", "MOST_FAILURES", "SignInRepository"]

MOST_FAILURES = 5
"""So many failures lock a caller out."""

LONGEST_LOCK_S = 900.0
"""For how long a caller is locked out at most, seconds."""

_REMEMBERED = timedelta(minutes=15)
_FIRST_LOCK_S = 30.0
_MOST_DOUBLINGS = 10
_FORGOTTEN = timedelta(days=1)
_now = func.clock_timestamp()
_table = table_of(SignInAttempt)


class SignInRepository:
    """Tries to sign in, by caller: whoever is counted together, such as an address and the role it asks for.

    After some failures, each within a quarter of an hour of the one before, a caller is locked out for 30 seconds;
    every further one doubles that, up to a limit.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def attempt(
        self, caller: str, *, most_failures: int = MOST_FAILURES, longest_lock_s: float = LONGEST_LOCK_S
    ) -> float:
        """Count a try as failed, unless the caller is locked out; `succeeded` takes it back.

        Parameters
        ----------
        caller : str
            Who tries what.
        most_failures : int
            How many failures lock the caller out.
        longest_lock_s : float
            For how long at most, seconds.

        Returns
        -------
        float
            0 where the password may be looked at, else for how many seconds the caller is still locked out.
        """
        who = plain(str(caller))
        row = insert(_table).values(caller=who, failures=1, last_at=_now, locked_until=None)
        failures = case((_table.c.last_at < _now - literal(_REMEMBERED), 1), else_=_table.c.failures + 1)
        doublings = func.least(failures - int(most_failures), _MOST_DOUBLINGS)
        lock_s = func.least(_FIRST_LOCK_S * func.power(2.0, doublings), float(longest_lock_s))
        locked = case((failures >= int(most_failures), _now + func.make_interval(0, 0, 0, 0, 0, 0, lock_s)), else_=None)
        counted = row.on_conflict_do_update(
            index_elements=["caller"],
            set_={"failures": failures, "last_at": _now, "locked_until": locked},
            where=_table.c.locked_until.is_(None) | (_table.c.locked_until <= _now),
        ).returning(_table.c.failures)
        with self._engine.begin() as connection:
            if connection.execute(counted).one_or_none() is not None:
                connection.execute(delete(_table).where(_table.c.last_at < _now - literal(_FORGOTTEN)))
                return 0.0
        return max(self.locked_out_s(caller), 1.0)

    def locked_out_s(self, caller: str) -> float:
        """Return for how many seconds a caller is still locked out; 0 for one that is not. Nothing is counted."""
        left = func.extract("epoch", _table.c.locked_until - _now)
        with self._engine.connect() as connection:
            found = connection.execute(select(left).where(_table.c.caller == plain(str(caller)))).scalar()
        return max(float(found or 0.0), 0.0)

    def succeeded(self, caller: str) -> None:
        """Forget the failures of a caller.

        Parameters
        ----------
        caller : str
            Who has signed in.
        """
        with self._engine.begin() as connection:
            connection.execute(delete(_table).where(_table.c.caller == plain(str(caller))))

"""Leases: the right to do something alone, for a time, by the clock of the database.

Who gets a lease gets a token that is higher than every one before it. A holder that was cut off may still
believe in its lease, so it looks at two things: its own clock, which began to run *before* it asked the
database (`Lease.left_s`), and, where it writes, the token (`require_lease`), in the same transaction.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.errors import InvalidValueError, LeaseLostError
from storage.models import table_of
from storage.runtime_models import Lease as LeaseRow
from storage.values import plain

__all__ = ["Lease", "LeaseRecord", "LeaseRepository", "raise_tokens", "require_lease"]

_table = table_of(LeaseRow)
_LONGEST_S = 86_400.0
_now = func.clock_timestamp()  # not now(): a statement may have waited for the row


def _clock_s() -> float:
    """Return a clock that goes on while the machine sleeps, where there is one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


@dataclass(frozen=True)
class Lease:
    """A lease that we hold, as of its last renewal.

    Attributes
    ----------
    name : str
        What it is for.
    holder : str
        Who we are.
    token : int
        Higher than that of every holder before us.
    ttl_s : float
        For how long it was given, in seconds.
    expires_at : datetime
        By the clock of the database.
    """

    name: str
    holder: str
    token: int
    ttl_s: float
    expires_at: datetime
    _asked_s: float = field(repr=False, compare=False)

    def left_s(self, margin_s: float = 0.0) -> float:
        """Return for how long we may still act on it.

        Parameters
        ----------
        margin_s : float
            By how many seconds we want to stop earlier.

        Returns
        -------
        float
            Seconds by our own clock since before we asked for it; zero or less means stop.
        """
        return self._asked_s + self.ttl_s - margin_s - _clock_s()


class LeaseRecord(NamedTuple):
    """What the database knows of a lease.

    Attributes
    ----------
    name : str
        What it is for.
    holder : str or None
        Who has or had it; None when it was given back.
    token : int
        Of this holder.
    expires_at : datetime
        By the clock of the database.
    held : bool
        Whether it has not expired.
    left_s : float
        For how long it is held, in seconds; 0 when it is not.
    """

    name: str
    holder: str | None
    token: int
    expires_at: datetime
    held: bool
    left_s: float


class LeaseRepository:
    """The leases.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def acquire(self, name: str, holder: str, ttl_s: float) -> Lease | None:
        """Take a lease, if nobody holds it.

        Parameters
        ----------
        name : str
            What it is for.
        holder : str
            Who we are: unique for each process that asks, so that nobody takes it for its own by mistake.
        ttl_s : float
            For how long, in seconds, above 0 up to a day.

        Returns
        -------
        Lease or None
            None while somebody holds it, be it a holder of the same name.
        """
        names = {"name": _said("name", name), "holder": _said("holder", holder)}
        expires = _now + _interval(ttl_s)
        added = insert(_table).values(**names, token=1, expires_at=expires)
        taken = added.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": names["holder"], "token": _table.c.token + 1, "expires_at": expires},
            where=_table.c.expires_at <= _now,
        ).returning(_table.c.token, _table.c.expires_at)
        asked_s = _clock_s()
        with self._engine.begin() as connection:
            row = connection.execute(taken).one_or_none()
        return (
            None
            if row is None
            else Lease(**names, token=row.token, ttl_s=float(ttl_s), expires_at=row.expires_at, _asked_s=asked_s)
        )

    def take_over(self, record: LeaseRecord, holder: str, ttl_s: float) -> Lease | None:
        """Take a lease from a holder that is known to have ended without giving it back.

        Parameters
        ----------
        record : LeaseRecord
            As `get` returned it.
        holder : str
            Who we are, as for `acquire`.
        ttl_s : float
            For how long, in seconds, above 0 up to a day.

        Returns
        -------
        Lease or None
            None if somebody has taken, renewed or given back the lease since.
        """
        said = _said("holder", holder)
        same = (_table.c.name == record.name, _table.c.token == record.token, _table.c.holder == record.holder)
        unchanged = (*same, _table.c.expires_at == record.expires_at)
        taken = (
            update(_table)
            .where(*unchanged)
            .values(holder=said, token=_table.c.token + 1, expires_at=_now + _interval(ttl_s))
        )
        asked_s = _clock_s()
        with self._engine.begin() as connection:
            row = connection.execute(taken.returning(_table.c.token, _table.c.expires_at)).one_or_none()
        return None if row is None else Lease(record.name, said, row.token, float(ttl_s), row.expires_at, asked_s)

    def renew(self, lease: Lease, ttl_s: float | None = None) -> Lease:
        """Hold a lease for longer; one that has expired too, while nobody else has taken it.

        Parameters
        ----------
        lease : Lease
            The lease we hold.
        ttl_s : float, optional
            For how long from now on, in seconds; by default as long as before.

        Returns
        -------
        Lease
            To be used instead of the old one.

        Raises
        ------
        LeaseLostError
            If somebody else holds or held it since, or we gave it back.
        """
        length_s = lease.ttl_s if ttl_s is None else float(ttl_s)
        renewed = update(_table).where(*_ours(lease)).values(expires_at=_now + _interval(length_s))
        asked_s = _clock_s()
        with self._engine.begin() as connection:
            row = connection.execute(renewed.returning(_table.c.expires_at)).one_or_none()
        if row is None:
            raise LeaseLostError(_lost(lease))
        return Lease(lease.name, lease.holder, lease.token, length_s, row.expires_at, asked_s)

    def release(self, lease: Lease) -> bool:
        """Give a lease back, so that the next one need not wait.

        Parameters
        ----------
        lease : Lease
            The lease we hold.

        Returns
        -------
        bool
            Whether it was still ours.
        """
        released = update(_table).where(*_ours(lease)).values(holder=None, expires_at=_now)
        with self._engine.begin() as connection:
            return int(connection.execute(released).rowcount) == 1

    def get(self, name: str) -> LeaseRecord | None:
        """Return what is known of a lease.

        Parameters
        ----------
        name : str
            What it is for.

        Returns
        -------
        LeaseRecord or None
            None if nobody ever held it.
        """
        left = func.extract("epoch", _table.c.expires_at - _now).label("left_s")
        with self._engine.connect() as connection:
            row = connection.execute(select(_table, left).where(_table.c.name == plain(str(name)))).one_or_none()
        if row is None:
            return None
        left_s = max(0.0, float(row.left_s))
        return LeaseRecord(row.name, row.holder, row.token, row.expires_at, left_s > 0, left_s)


def require_lease(connection: Connection, lease: Lease) -> None:
    """Let a transaction go on only while a lease is ours; nobody takes it over before the transaction ends.

    Parameters
    ----------
    connection : Connection
        In the transaction that needs it.
    lease : Lease
        The lease.

    Raises
    ------
    LeaseLostError
        If somebody else holds it, or it has expired.
    """
    query = select(_table.c.name).where(*_ours(lease), _table.c.expires_at > _now).with_for_update(read=True)
    if connection.execute(query).one_or_none() is None:
        raise LeaseLostError(_lost(lease))


def raise_tokens(connection: Connection) -> int:
    """Take every lease from its holder: whoever still believes in one is refused from now on.

    Parameters
    ----------
    connection : Connection
        In a transaction.

    Returns
    -------
    int
        How many leases there are.
    """
    raised = update(_table).values(token=_table.c.token + 1, holder=None, expires_at=_now)
    return int(connection.execute(raised).rowcount)


def _ours(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a lease is still this one."""
    return (_table.c.name == lease.name, _table.c.token == lease.token, _table.c.holder == lease.holder)


def _interval(ttl_s: float) -> object:
    """Return a length of time for the database."""
    if not 0 < ttl_s <= _LONGEST_S:
        raise InvalidValueError(f"a lease is for more than 0 s and at most {_LONGEST_S:.0f} s, was {ttl_s!r}")
    return func.make_interval(0, 0, 0, 0, 0, 0, float(ttl_s))


def _lost(lease: Lease) -> str:
    """Return what is said to a holder that was replaced."""
    return f"{lease.holder} has lost the lease {lease.name} (token {lease.token}): stop, and take it anew"


def _said(name: str, value: object) -> str:
    """Return a text that must not be blank."""
    said = str(plain(str(value))).strip()
    if not said:
        raise InvalidValueError(f"a lease needs a {name}, was blank")
    return said

"""Commands: what people ask the desk to do. Accepted by one process, done by another, remembered for all."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.errors import ConflictError, InvalidValueError, NotFoundError
from storage.models import table_of
from storage.operations_log_repository import append_operations
from storage.pagination import Listing, Page, read_page
from storage.runtime_models import Command as CommandRow
from storage.values import plain

__all__ = ["Command", "CommandRepository"]

_table = table_of(CommandRow)
_ENDS = ("done", "refused", "failed")
_OPEN = ("accepted", "running")
_LONGEST_KEY = 200
_LISTING = Listing(
    name="commands",
    source=_table,
    sorts=("ts", "updated_at"),
    default="-ts",
    ties=("id",),
    filters=("action", "target", "status", "by", "role"),
    required=frozenset({"ts", "updated_at"}),
)


@dataclass(frozen=True)
class Command:
    """One command, as it is now.

    Attributes
    ----------
    id : str
        Short and unguessable.
    ts : datetime
        When it was accepted.
    action : str
        What is to be done.
    target : str or None
        To what.
    parameters : mapping
        With which values.
    reason : str or None
        Why.
    by, role : str
        Who asks for it, and in which role.
    idempotency_key : str or None
        What the client called it.
    status : str
        "accepted", "running", "done", "refused" or "failed".
    detail : str or None
        What became of it.
    updated_at : datetime
        When it changed last.
    """

    id: str
    ts: datetime
    action: str
    target: str | None
    parameters: Mapping[str, Any]
    reason: str | None
    by: str
    role: str
    idempotency_key: str | None
    status: str
    detail: str | None
    updated_at: datetime


class CommandRepository:
    """The commands.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self,
        action: str,
        target: str | None = None,
        parameters: Mapping[str, object] | None = None,
        reason: str | None = None,
        *,
        by: str,
        role: str,
        idempotency_key: str | None = None,
        logged_from: str | None = None,
    ) -> str:
        """Accept a command.

        Parameters
        ----------
        action : str
            What is to be done, such as "pause_evolution".
        target : str, optional
            To what, such as the id of a strategy.
        parameters : mapping, optional
            With which values.
        reason : str, optional
            Why.
        by, role : str
            Who asks for it, and in which role.
        idempotency_key : str, optional
            What the client calls it: the same one again is the same command, and is not accepted twice.
        logged_from : str, optional
            From where it comes, for a row of the operations log in the same transaction; none is written unless given.

        Returns
        -------
        str
            Its id; that of the first one when the key was used before.

        Raises
        ------
        InvalidValueError
            If a value is blank or the key is too long.
        ConflictError
            If the key was used before for another command.
        """
        values = {
            "action": _said("action", action),
            "target": plain(target),
            "parameters": plain(dict(parameters or {})),
            "reason": plain(reason),
            "by": _said("by", by),
            "role": _said("role", role),
        }
        key = None if idempotency_key is None else _said("idempotency_key", idempotency_key)
        if key is not None and len(key) > _LONGEST_KEY:
            raise InvalidValueError(f"an idempotency key has at most {_LONGEST_KEY} characters, was {len(key)}")
        added = (
            insert(_table)
            .values(**values, id=_new_id(), idempotency_key=key)
            .on_conflict_do_nothing(index_elements=["idempotency_key"])
            .returning(_table.c.id)
        )
        with self._engine.begin() as connection:
            new = connection.execute(added).scalar_one_or_none()
            if new is not None:
                if logged_from is not None:
                    append_operations(connection, [_logged(str(new), values, logged_from)])
                return str(new)
            first = connection.execute(select(_table).where(_table.c.idempotency_key == key)).one()
        known = {name: first._mapping[name] for name in ("action", "target", "parameters", "by")}
        if known != {name: values[name] for name in known}:
            raise ConflictError(
                f"the idempotency key {key!r} was used for another command ({first.action}): use a new one"
            )
        return str(first.id)

    def take(self, actions: Sequence[str]) -> Command | None:
        """Take the oldest accepted command; nobody else gets it then.

        Parameters
        ----------
        actions : sequence of str
            Only commands of these.

        Returns
        -------
        Command or None
            It is running now and must be finished; None if there is none.
        """
        oldest = (
            select(_table.c.id)
            .where(_table.c.status == "accepted", _table.c.action.in_([plain(str(action)) for action in actions]))
            .order_by(_table.c.ts, _table.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        taken = update(_table).where(_table.c.id == oldest, _table.c.status == "accepted")
        taken = taken.values(status="running", updated_at=func.clock_timestamp())
        with self._engine.begin() as connection:
            row = connection.execute(taken.returning(*_table.c)).one_or_none()
        return None if row is None else Command(**row._mapping)

    def finish(self, command: str, status: str, detail: str | None = None) -> None:
        """Say what became of a command.

        Parameters
        ----------
        command : str
            Its id.
        status : str
            "done", "refused" or "failed".
        detail : str, optional
            For people to read.

        Raises
        ------
        InvalidValueError
            If `status` is none of these.
        ConflictError
            If it has ended already.
        """
        if status not in _ENDS:
            raise InvalidValueError(f"a command ends as {', '.join(_ENDS)}, was {status!r}")
        ended = update(_table).where(_table.c.id == plain(str(command)), _table.c.status.in_(_OPEN))
        ended = ended.values(status=status, detail=plain(detail), updated_at=func.clock_timestamp())
        with self._engine.begin() as connection:
            changed = connection.execute(ended).rowcount
        if changed != 1:
            raise ConflictError(f"command {command} is {self.get(command).status} already: it ends only once")

    def requeue(self, actions: Sequence[str], after_s: float) -> int:
        """Accept commands again whose taker has gone: they may be done twice, so they must allow for it.

        Parameters
        ----------
        actions : sequence of str
            Only commands of these.
        after_s : float
            Only those taken at least so many seconds ago.

        Returns
        -------
        int
            How many.
        """
        before = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, float(after_s))
        again = update(_table).where(
            _table.c.status == "running",
            _table.c.action.in_([plain(str(action)) for action in actions]),
            _table.c.updated_at <= before,
        )
        with self._engine.begin() as connection:
            changed = connection.execute(again.values(status="accepted", updated_at=func.clock_timestamp()))
            return int(changed.rowcount)

    def get(self, command: str) -> Command:
        """Return one command.

        Parameters
        ----------
        command : str
            Its id.

        Returns
        -------
        Command
            As it is now.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(_table).where(_table.c.id == plain(str(command)))).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no command {command!r}: its id is in the answer that accepted it")
        return Command(**row._mapping)

    def statuses(self, commands: Sequence[str]) -> dict[str, str]:
        """Return how far commands are.

        Parameters
        ----------
        commands : sequence of str
            Their ids; unknown ones are left out of the answer.

        Returns
        -------
        dict
            The status of each, by its id.
        """
        if not commands:
            return {}
        asked = select(_table.c.id, _table.c.status).where(_table.c.id.in_(commands))
        with self._engine.connect() as connection:
            return {row.id: row.status for row in connection.execute(asked)}

    def list(self, *, limit: int = 50, **filters: str | None) -> Sequence[Command]:
        """Return commands, the newest first.

        Parameters
        ----------
        limit : int
            How many at most, 1..500.
        **filters : str, optional
            Exact values of `action`, `target`, `status`, `by` or `role`.

        Returns
        -------
        sequence of Command
            As they are now.
        """
        return [Command(**item) for item in self.page(limit=limit, **filters).items]

    def page(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        sort: str | None = None,
        since: object = None,
        until: object = None,
        **filters: str | None,
    ) -> Page:
        """Return a page of commands, the newest first.

        Parameters
        ----------
        limit : int
            How many at most, 1..500.
        cursor : str, optional
            The `next_cursor` of the page before.
        sort : str, optional
            "ts" or "updated_at", descending with "-" before it.
        since, until : datetime or int, optional
            Only those accepted at or after `since` and before `until`: aware times or ms UTC.
        **filters : str, optional
            As for `list`.

        Returns
        -------
        Page
            All columns of the table `commands`.
        """
        return read_page(
            self._engine, _LISTING, limit=limit, cursor=cursor, sort=sort, since=since, until=until, filters=filters
        )


def _logged(command: str, values: Mapping[str, Any], source: str) -> dict[str, object]:
    """Return the row of the operations log that tells of a command that was accepted."""
    return {
        "actor": values["by"],
        "role": values["role"],
        "source": source,
        "action": values["action"],
        "target": values["target"],
        "after": {"command_id": command, **values["parameters"]},
        "reason": values["reason"],
        "result": "accepted",
    }


def _new_id() -> str:
    """Return an id: 16 letters and digits, 80 random bits."""
    return base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower()


def _said(name: str, value: object) -> str:
    """Return a text that must not be blank."""
    said = str(plain(str(value))).strip()
    if not said:
        raise InvalidValueError(f"a command needs {name}, was blank")
    return said

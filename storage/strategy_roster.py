"""The roster: which strategies run, who let them in, and who left. Evolution never touches a member.

::

    candidate --enable--> enabled --retire--> retired
                          ^     |                |
                          |     +-- disable      |
                          +---------enable-------+

A strategy that was disabled keeps its state and its place beside evolution, but does not run (`enabled` is
false) until it is enabled again. The states of real money have rules of their own and are not reached here.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, exists, func, not_, select, text, update

from storage.errors import ConflictError, InvalidValueError, NotFoundError, StorageUserError, TransitionError
from storage.models import Strategy, StrategyManagementConfig, table_of
from storage.operations_log_repository import append_operations
from storage.values import plain

__all__ = [
    "ACTIONS",
    "MOST_AT_ONCE",
    "Author",
    "StateChange",
    "change_states",
    "lock_strategies",
    "long_enabled",
    "to_enable",
]

_table = table_of(Strategy)
_management = table_of(StrategyManagementConfig)
_CHANGING = 0x45564F51_524F5354  # an advisory lock of our own: "EVOQROST"

MOST_AT_ONCE = 500

# From (state, enabled) to (state, enabled).
_STEPS: Mapping[str, Mapping[tuple[str, bool], tuple[str, bool]]] = {
    "enable": {
        ("candidate", False): ("enabled", True),
        ("enabled", False): ("enabled", True),
        ("retired", False): ("enabled", True),
    },
    "disable": {("enabled", True): ("enabled", False)},
    "retire": {("enabled", True): ("retired", False), ("enabled", False): ("retired", False)},
}
ACTIONS = tuple(_STEPS)


class Author(NamedTuple):
    """Who changes something, for the audit log.

    Attributes
    ----------
    by : str
        Who.
    role : str
        In which role.
    source : str
        From where.
    reason : str or None
        Why.
    """

    by: str
    role: str
    source: str
    reason: str | None


class StateChange(NamedTuple):
    """What became of one strategy that should change its state.

    Attributes
    ----------
    id : str
        The strategy.
    changed : bool
        Whether it changed.
    state : str or None
        Its state now; None where there is no such strategy.
    enabled : bool
        Whether it runs now.
    version : int or None
        Its version now.
    error : StorageUserError or None
        Why it did not change.
    was : str or None
        What it was before, in words: its state, or "disabled"; None where there is no such strategy.
    """

    id: str
    changed: bool
    state: str | None
    enabled: bool
    version: int | None
    error: StorageUserError | None
    was: str | None

    @property
    def told(self) -> str:
        """What has changed from what to what, in words."""
        if self.version is None or not self.changed:
            return f"strategy {self.id} is {self.was or 'not there'}"
        now = _described(self)
        return f"strategy {self.id}: {self.was} → {now}, version {self.version - 1} → {self.version}"


def lock_strategies(connection: Connection) -> None:
    """Let one transaction at a time change which strategies there are, so that no two wait for each other.

    Parameters
    ----------
    connection : Connection
        In a transaction, which holds the lock to its end.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHANGING})


def change_states(
    connection: Connection, action: str, versions: Mapping[str, int | None], author: Author
) -> list[StateChange]:
    """Change the state of strategies, and write each change into the audit log.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    action : str
        One of `ACTIONS`.
    versions : mapping of str to int or None
        For each strategy the version it must have; None for any.
    author : Author
        Who, and why.

    Returns
    -------
    list of StateChange
        One for each strategy, in the order given.

    Raises
    ------
    InvalidValueError
        If there is no such action, or there are too many strategies.
    """
    if action not in ACTIONS:
        raise InvalidValueError(f"action must be one of {', '.join(ACTIONS)}, was {action!r}")
    if len(versions) > MOST_AT_ONCE:
        raise InvalidValueError(f"at most {MOST_AT_ONCE} strategies change at once, were {len(versions)}: send parts")
    lock_strategies(connection)
    ids = [plain(str(strategy)) for strategy in versions]
    query = select(_table.c.id, _table.c.state, _table.c.enabled, _table.c.version).where(_table.c.id.in_(ids))
    found = {row.id: row for row in connection.execute(query.with_for_update())}
    most = int(connection.execute(select(_management.c.max_enabled)).scalar_one())
    free = most - _count_enabled(connection) if action == "enable" else 0
    changes, logged = [], []
    for strategy, version in versions.items():
        row = found.get(strategy)
        error = _refusal(action, strategy, row, version)
        if error is None and action == "enable" and free <= 0:
            error = TransitionError(
                f"there is no place for strategy {strategy}: {most} strategies are enabled,"
                " as many as management.max_enabled allows: disable or retire one, or raise it"
            )
        if row is None or error is not None:
            changes.append(_unchanged(strategy, row, error))
            continue
        free -= 1
        state, enabled = _STEPS[action][row.state, row.enabled]
        values = {"state": state, "enabled": enabled, "version": row.version + 1}
        changed = update(_table).where(_table.c.id == strategy).values(**values, updated_at=func.clock_timestamp())
        if state != row.state:
            changed = changed.values(state_since=func.clock_timestamp())
        connection.execute(changed)
        before = {"state": row.state, "enabled": row.enabled, "version": row.version}
        logged.append(_logged(action, strategy, author, before, values))
        changes.append(StateChange(strategy, True, state, enabled, row.version + 1, None, _described(row)))
    append_operations(connection, logged)
    return changes


def to_enable(
    connection: Connection,
    *,
    run_id: str | None,
    max_enabled: int | None,
    least_oos_scs: float | None,
    least_oos_trades: int,
) -> list[Mapping[str, Any]]:
    """Return the best candidates, as many as there are free places.

    Parameters
    ----------
    connection : Connection
        To the database.
    run_id : str or None
        Only candidates of this run.
    max_enabled : int or None
        How many may be enabled at once; None for what the configuration says.
    least_oos_scs : float or None
        The least SCS out of sample.
    least_oos_trades : int
        The fewest trades out of sample.

    Returns
    -------
    list of mappings
        All columns, best first: by grade, by SCS out of sample, by SCS.
    """
    most = connection.execute(select(_management.c.max_enabled)).scalar_one() if max_enabled is None else max_enabled
    free = min(int(most) - _count_enabled(connection), MOST_AT_ONCE)
    if free <= 0:
        return []
    member = _table.alias("member")
    same = and_(*(member.c[name] == _table.c[name] for name in ("type", "symbol", "timeframe", "venue", "parameters")))
    query: Select[Any] = (
        select(_table)
        .where(_table.c.state == "candidate", _table.c.oos_scs.is_not(None))
        .where(func.coalesce(_table.c.oos_trades, 0) >= least_oos_trades)
        .where(not_(exists().where(member.c.state != "candidate", same)))  # nobody comes in by another name
        .order_by(_table.c.grade, _table.c.oos_scs.desc(), _table.c.scs.desc().nulls_last(), _table.c.id)
        .limit(free)
    )
    if run_id is not None:
        query = query.where(_table.c.run_id == plain(str(run_id)))
    if least_oos_scs is not None:
        query = query.where(_table.c.oos_scs >= float(least_oos_scs))
    return [dict(row._mapping) for row in connection.execute(query)]


def long_enabled(connection: Connection, days: float) -> list[Mapping[str, Any]]:
    """Return the strategies that have been in the state "enabled" for long, the oldest first.

    Parameters
    ----------
    connection : Connection
        To the database.
    days : float
        For how many days at least.

    Returns
    -------
    list of mappings
        All columns.
    """
    since = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, float(days) * 86_400)
    query = select(_table).where(_table.c.state == "enabled", _table.c.state_since <= since)
    query = query.order_by(_table.c.state_since, _table.c.id).limit(MOST_AT_ONCE)
    return [dict(row._mapping) for row in connection.execute(query)]


def _count_enabled(connection: Connection) -> int:
    """Return how many strategies have taken a place."""
    query = select(func.count()).select_from(_table).where(_table.c.state == "enabled", _table.c.enabled)
    return int(connection.execute(query).scalar_one())


def _unchanged(strategy: str, row: Any, error: StorageUserError | None) -> StateChange:
    """Return that a strategy stays as it is."""
    if row is None:
        return StateChange(strategy, False, None, False, None, error, None)
    return StateChange(strategy, False, row.state, row.enabled, row.version, error, _described(row))


def _refusal(action: str, strategy: str, row: Any, version: int | None) -> StorageUserError | None:
    """Return why a strategy may not take this step, if it may not."""
    if row is None:
        return NotFoundError(f"there is no strategy {strategy!r}: see `evoq strategies`")
    if version is not None and version != row.version:
        return ConflictError(
            f"strategy {strategy} has version {row.version} ({_described(row)}), not {version}: read it again"
        )
    if row.state == "live":
        return TransitionError(f"strategy {strategy} is live: demote it first, then {action} it")
    if (row.state, row.enabled) not in _STEPS[action]:
        return TransitionError(f"strategy {strategy} is {_described(row)}: it cannot {action}")
    return None


def _described(row: Any) -> str:
    """Return a state in words."""
    return "disabled" if row.state == "enabled" and not row.enabled else str(row.state)


def _logged(
    action: str, strategy: str, author: Author, before: Mapping[str, object], after: Mapping[str, object]
) -> dict[str, object]:
    """Return the row of the audit log for one change."""
    return {
        "actor": author.by,
        "role": author.role,
        "source": author.source,
        "action": action,
        "target": strategy,
        "before": before,
        "after": after,
        "reason": author.reason,
        "result": "done",
    }

"""Commands to strategies: each is stored first, and then done by whoever serves a request next.

So a command outlives the replica that accepted it. One that was interrupted is done again (`CommandRepository.requeue`)
and then finds its work done.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine

from cluster.api.problems import Problem, of_error
from cluster.api.refusals import log_refusals
from cluster.api.writing import refusal_detail
from cluster.bus import Bus
from cluster.strategy_update import strategy_update
from market import Clock
from storage import (
    Command,
    CommandRepository,
    StateChange,
    StrategyRepository,
)

__all__ = ["ROSTER_ACTIONS", "finished", "log_refused", "work_off"]

ROSTER_ACTIONS = ("enable", "disable", "retire")

_WAIT_S = 5.0
_LOOK_S = 0.02
_AGAIN_S = 30.0
_TOLD = 5
_RESULTS = {"enable": ("enabled", True), "disable": ("enabled", False), "retire": ("retired", False)}


def finished(engine: Engine, bus: Bus, command: Command, clock: Clock) -> Command:
    """Do the commands that wait, until one of them is done.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    bus : Bus
        Is told of strategies that changed.
    command : Command
        The one that somebody waits for.
    clock : Clock
        Bounds the wait.

    Returns
    -------
    Command
        As it is then; still running where another process takes its time.
    """
    commands = CommandRepository(engine)
    until = clock.monotonic() + _WAIT_S
    while command.status in ("accepted", "running"):
        if not work_off(engine, bus, most=1):
            clock.sleep(_LOOK_S)
        command = commands.get(command.id)
        if clock.monotonic() > until:
            break
    return command


def work_off(engine: Engine, bus: Bus, most: int = 100) -> int:
    """Do commands to strategies that wait, the oldest first.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    bus : Bus
        Is told of strategies that changed.
    most : int
        How many at most.

    Returns
    -------
    int
        How many were done or refused.
    """
    commands = CommandRepository(engine)
    for done in range(most):
        command = commands.take(ROSTER_ACTIONS)
        if command is None:
            return done
        status, detail, changed = _carry_out(engine, command)
        commands.finish(command.id, status, detail)
        for strategy in changed:
            bus.publish("strategy_update", strategy_update(StrategyRepository(engine).get(strategy)))
    return most


def _carry_out(engine: Engine, command: Command) -> tuple[str, str, list[str]]:
    """Return how a command ended, what is to be said about it, and which strategies changed."""
    strategies = StrategyRepository(engine)
    author: dict[str, Any] = {"by": command.by, "role": command.role, "reason": command.reason}
    ids = command.parameters.get("ids")
    if ids is not None:
        changes = strategies.set_states(ids, command.action, **author)
        refused = _refused(changes, command)
        log_refused(engine, command, refused)
        return _summed_up(changes, refused)
    target = str(command.target)
    (change,) = strategies.set_states({target: command.parameters.get("version")}, command.action, **author)
    if change.error is None:
        return "done", change.told, [target]
    refused = _refused([change], command)
    if not refused:
        return "done", f"done before it was interrupted: {change.told}", []
    log_refused(engine, command, refused)
    return "refused", refusal_detail(refused[target]), []


def log_refused(engine: Engine, command: Command, refused: Mapping[str, Problem]) -> None:
    """Tell the operations log of strategies to which a command was refused.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    command : Command
        What was asked for.
    refused : mapping of str to Problem
        To which, and why not.
    """
    codes: dict[str | None, str] = {strategy: problem.code for strategy, problem in refused.items()}
    log_refusals(engine, codes, by=command.by, role=command.role, action=command.action, reason=command.reason)


def _refused(changes: Sequence[StateChange], command: Command) -> dict[str, Problem]:
    """Return which strategies may not change, and why; not those that an interrupted command has changed before."""
    repeated = _is_repeated(command)
    refused = {}
    for change in changes:
        if change.error is None or (repeated and (change.state, change.enabled) == _RESULTS[command.action]):
            continue
        problem = of_error(change.error)
        if problem is None or problem.status >= 500:
            raise change.error
        refused[change.id] = problem
    return refused


def _summed_up(changes: Sequence[StateChange], refused: Mapping[str, Problem]) -> tuple[str, str, list[str]]:
    changed = [change for change in changes if change.changed]
    done = len(changes) - len(refused)
    detail = f"{done} of {len(changes)} done"
    if changed:
        detail += f": {_listed([change.told for change in changed])}"
    if not refused:
        return "done", detail, [change.id for change in changed]
    detail += f"; not: {_listed([problem.detail for problem in refused.values()])}"
    if done:
        return "done", detail, [change.id for change in changed]
    return "refused", refusal_detail(_of_all(refused, detail)), []


def _of_all(refused: Mapping[str, Problem], detail: str) -> Problem:
    """Return the one problem of a command that was refused to everybody."""
    kinds = {(problem.status, problem.code) for problem in refused.values()}
    status, code = kinds.pop() if len(kinds) == 1 else (409, "refused")
    return Problem(status, code, detail)


def _listed(words: Sequence[str]) -> str:
    """Return the first of several things that are said, and how many more there are."""
    more = f"; and {len(words) - _TOLD} more" if len(words) > _TOLD else ""
    return "; ".join(words[:_TOLD]) + more


def _is_repeated(command: Command) -> bool:
    """Return whether a command was taken before: it then waited for long until it was accepted again."""
    return (command.updated_at - command.ts).total_seconds() > _AGAIN_S

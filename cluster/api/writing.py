"""Writes that are done once: an Idempotency-Key makes a command of a write, and the same key again is the same command.

What came of the first try is told again, a refusal with its code too. A try whose process was lost is done again: every
write is guarded by a version or changes nothing the second time.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from fastapi import Header

from cluster.api.caller import Caller
from cluster.api.problems import Problem, of_error
from cluster.api.refusals import log_refusals
from storage import Command, CommandRepository, ConflictError

if TYPE_CHECKING:
    from cluster.api.context import ApiContext

__all__ = ["IdempotencyKey", "add_command", "refusal_detail", "refused_again", "write_once"]

_SEPARATOR = ": "
_OURS = 500
_POLICY = (409, 412)  # the rest was no attempt at anything; a role that is too low is told before

IdempotencyKey = Annotated[
    str | None,
    Header(max_length=200, description="the same key again is the same write, and is done once", examples=["7c0e1b52"]),
]


def add_command(
    context: "ApiContext",
    caller: Caller,
    action: str,
    target: str | None,
    parameters: Mapping[str, object],
    reason: str | None,
    key: str | None,
    *,
    is_logged: bool = False,
) -> Command:
    """Accept a command, or find the one that has the key.

    Parameters
    ----------
    context : ApiContext
        Where commands are stored.
    caller : Caller
        Who asks for it.
    action, target, parameters, reason
        What is asked for.
    key : str or None
        The Idempotency-Key.
    is_logged : bool
        Whether the operations log tells that it was accepted; of others it tells what became of them.

    Returns
    -------
    Command
        As it is now: one that was there before may have ended.

    Raises
    ------
    Problem
        422 if the key was used for another command.
    """
    commands = CommandRepository(context.database.engine)
    try:
        name = commands.add(
            action,
            target,
            parameters,
            reason,
            by=caller.name,
            role=str(caller.role),
            idempotency_key=key,
            logged_from="api" if is_logged else None,
        )
    except ConflictError as error:
        raise Problem(422, "idempotency_key_reused", str(error)) from error
    return commands.get(name)


def write_once(
    context: "ApiContext",
    caller: Caller,
    action: str,
    parameters: Mapping[str, object],
    *,
    key: str | None,
    write: Callable[[], str],
    target: str | None = None,
    reason: str | None = None,
) -> None:
    """Write, unless a write of the same key was done.

    Parameters
    ----------
    context : ApiContext
        Where commands are stored.
    caller : Caller
        Who writes.
    action, parameters, target
        What is written: the same key must stand for the same.
    key : str or None
        The Idempotency-Key.
    write : callable
        Does it, and returns what to remember of it.
    reason : str, optional
        Why, for the operations log.
    """

    def audited() -> str:
        """Write; a refusal is told to the operations log, a success has told of itself."""
        try:
            return write()
        except Exception as error:  # raised again below
            problem = of_error(error)
            if problem is not None and problem.status in _POLICY:
                log_refusals(
                    context.database.engine,
                    {target: problem.code},
                    by=caller.name,
                    role=str(caller.role),
                    action=action,
                    reason=reason,
                )
            raise

    if key is None:
        audited()
        return
    command = add_command(context, caller, action, target, parameters, reason, key)
    if command.status == "done":
        return
    refused_again(command)
    commands = CommandRepository(context.database.engine)
    try:
        end = "done", audited()
    except Exception as error:  # `of_error` knows which of them are refusals
        problem = of_error(error)
        if problem is None or problem.status >= _OURS:  # it may be tried again
            raise
        if commands.get(command.id).status == "done":  # the same write at the same time was faster
            return
        end = "refused", refusal_detail(problem)
    with suppress(ConflictError):  # it has ended: the other one tells the same
        commands.finish(command.id, *end)
    refused_again(commands.get(command.id))


def refusal_detail(problem: Problem) -> str:
    """Return what is remembered of a refusal.

    Parameters
    ----------
    problem : Problem
        The refusal.

    Returns
    -------
    str
        Its code and its words.
    """
    return f"{problem.status} {problem.code}{_SEPARATOR}{problem.detail}"


def refused_again(command: Command) -> None:
    """Refuse a command that was refused before, in the same words.

    Parameters
    ----------
    command : Command
        As it was found.

    Raises
    ------
    Problem
        If it was refused.
    """
    if command.status != "refused":
        return
    head, _, words = (command.detail or "").partition(_SEPARATOR)
    status, _, code = head.partition(" ")
    if not status.isdigit():  # by whoever took it, in words alone
        raise Problem(409, "refused", command.detail or "this was refused before")
    raise Problem(int(status), code, words)

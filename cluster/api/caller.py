"""Who calls: a token says which role, and a role says what may be done."""

import math
import re
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from cluster.access import Admission, Role
from cluster.api.context import Context
from cluster.api.problems import Problem
from cluster.api.refusals import log_refusals

__all__ = ["Caller", "Calling", "Known", "admit", "known"]

_ACTION = re.compile(r"[a-z_]{1,64}")
_LONGEST_TARGET = 64
_LONGEST_REASON = 1_000
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="evoq"'}
_scheme = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description=(
        "the content of $EVOQ_HOME/token.read (reading) or $EVOQ_HOME/token.operate (reading and commands), or the"
        " token that POST /api/sessions has answered"
    ),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes
    ----------
    address : str
        Where from.
    admission : Admission
        What the gate says.
    token : str or None
        What was shown.
    """

    address: str
    admission: Admission
    token: str | None = field(default=None, repr=False)

    @property
    def role(self) -> Role | None:
        """What the caller may do; None without a valid token."""
        return self.admission.role

    @property
    def name(self) -> str:
        """How the caller is named in the operations log."""
        return self.address if self.role is None else f"{self.admission.source}.{self.role}"


def known(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_scheme)] = None) -> Caller:
    """Let a caller pass who has shown a valid token, whatever the role.

    Parameters
    ----------
    request : Request
        What the reception has let through.

    Returns
    -------
    Caller
        Who it is.

    Raises
    ------
    Problem
        401 without a valid token, 429 while the address is locked out, 503 where sessions cannot be looked up.
    """
    caller = cast("Caller", request.state.caller)
    if caller.role is not None:
        return caller
    match caller.admission.code:
        case "locked_out":
            wait_s = math.ceil(caller.admission.retry_after_s)
            raise Problem(
                429,
                "locked_out",
                f"too many wrong tokens came from this address: wait {wait_s} s",
                {"Retry-After": str(wait_s)},
            )
        case "unavailable":
            raise Problem(
                503,
                "database_unavailable",
                "the database does not answer, so your session cannot be looked up: try again",
                {"Retry-After": "2"},
            )
        case "session_ended":
            raise Problem(401, "session_ended", "your session is over: sign in again", _CHALLENGE)
    raise Problem(
        401,
        "token_needed",
        "send Authorization: Bearer TOKEN with the content of $EVOQ_HOME/token.read or token.operate, or sign in at"
        " POST /api/sessions",
        _CHALLENGE,
    )


async def admit(request: Request, context: Context, caller: Annotated[Caller, Depends(known)]) -> Caller:
    """Let a caller pass whose role is enough for the method; a dependency of every route that is not open.

    Parameters
    ----------
    request : Request
        What is asked for.
    context : ApiContext
        Where a refusal is told.
    caller : Caller
        Who has shown a valid token.

    Returns
    -------
    Caller
        The same.

    Raises
    ------
    Problem
        403 where the role may not do this.
    """
    role = caller.role
    if role is None or not role.may(Role.READ if request.method == "GET" else Role.OPERATE):
        action, target, reason = await _attempted(request)
        await run_in_threadpool(
            log_refusals,
            context.database.engine,
            {target: "role_too_low"},
            by=caller.name,
            role=str(role),
            action=action,
            reason=reason,
        )
        raise Problem(403, "role_too_low", f"a command needs the role operate, was {role}: use token.operate")
    return caller


async def _attempted(request: Request) -> tuple[str, str | None, str | None]:
    """Return action, target and reason of a command whose form nobody has checked: bounded, and fit for the log."""
    try:
        sent = await request.json()
    except (ValueError, RecursionError):  # such as no body at all
        sent = None
    said: dict[str, Any] = sent if isinstance(sent, dict) else {}
    named = said.get("action")
    is_name = isinstance(named, str) and _ACTION.fullmatch(named)
    action = str(named if is_name else request.scope["route"].name)
    return action, _told(request.path_params.get("id"), _LONGEST_TARGET), _told(said.get("reason"), _LONGEST_REASON)


def _told(value: object, most: int) -> str | None:
    if not isinstance(value, str):
        return None
    words = "".join(letter if letter.isprintable() else " " for letter in value[:most])
    return words.strip() or None


Calling = Annotated[Caller, Depends(admit)]
Known = Annotated[Caller, Depends(known)]

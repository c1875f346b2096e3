"""Who calls: a token says which role, and a role says what may be done."""

import math
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from cluster.access import Admission, Role
from cluster.api.problems import Problem

__all__ = ["Caller", "Calling", "Known", "admit", "known"]

_READING = frozenset({"GET", "HEAD"})
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


def admit(request: Request, caller: Annotated[Caller, Depends(known)]) -> Caller:
    """Let a caller pass whose role is enough for the method; a dependency of every route that is not open.

    Parameters
    ----------
    request : Request
        What is asked for.
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
    if role is None or not role.may(Role.READ if request.method in _READING else Role.OPERATE):
        raise Problem(403, "role_too_low", f"a command needs the role operate, was {role}: use token.operate")
    return caller


Calling = Annotated[Caller, Depends(admit)]
Known = Annotated[Caller, Depends(known)]

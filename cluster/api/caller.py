"""Who calls: a token says which role, and a role says what may be done."""

import math
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from cluster.access import Admission, Role
from cluster.api.problems import Problem

__all__ = ["Caller", "Calling", "admit"]

_READING = frozenset({"GET", "HEAD"})
_scheme = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="the content of $EVOQ_HOME/token.read (reading) or $EVOQ_HOME/token.operate (reading and commands)",
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
    """

    address: str
    admission: Admission

    @property
    def role(self) -> Role | None:
        """What the caller may do; None without a valid token."""
        return self.admission.role

    @property
    def name(self) -> str:
        """How the caller is named in the operations log."""
        return self.address if self.role is None else f"token.{self.role}"


def admit(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_scheme)] = None) -> Caller:
    """Let a caller pass whose role is enough for the method; a dependency of every route that is not open.

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
        401 without a valid token, 403 where the role may not do this, 429 while the address is locked out.
    """
    caller = cast("Caller", request.state.caller)
    if caller.admission.code == "locked_out":
        wait_s = math.ceil(caller.admission.retry_after_s)
        raise Problem(
            429,
            "locked_out",
            f"too many wrong tokens came from this address: wait {wait_s} s",
            {"Retry-After": str(wait_s)},
        )
    if caller.role is None:
        raise Problem(
            401,
            "token_needed",
            "send Authorization: Bearer TOKEN with the content of $EVOQ_HOME/token.read or token.operate",
            {"WWW-Authenticate": 'Bearer realm="evoq"'},
        )
    if not caller.role.may(Role.READ if request.method in _READING else Role.OPERATE):
        raise Problem(403, "role_too_low", f"a command needs the role operate, was {caller.role}: use token.operate")
    return caller


Calling = Annotated[Caller, Depends(admit)]

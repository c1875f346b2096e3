"""Signing in and out: a password for the token of a session."""

import ipaddress
import math

import anyio
import anyio.to_thread
from fastapi import APIRouter
from pydantic import ConfigDict, Field, IPvAnyAddress
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from cluster.access import Role
from cluster.api.caller import Caller, Known
from cluster.api.context import Context
from cluster.api.problems import Problem
from cluster.api.values import Answer, Body, Milliseconds, milliseconds

router = APIRouter(prefix="/api/sessions", tags=["sessions"])
OPEN = True  # each route says itself who may ask

_MOST_WAITING = 8
_one_at_a_time = anyio.CapacityLimiter(1)  # each takes 64 MiB, and what is compared slowly must not be many


class Credentials(Body):
    """Who wants to sign in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "read", "password": "as it was typed"}]})

    role: Role
    password: str = Field(min_length=1, max_length=1_000)
    viewer: IPvAnyAddress | None = Field(
        None, description="address of the person, as a control panel on the desk's machine knows it; else not believed"
    )


class SignedIn(Answer):
    """A session that has begun."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "told-once", "role": "operate", "expires_at": 1_767_830_400_000}]}
    )

    token: str = Field(description="for Authorization: Bearer TOKEN, here and at the push; told this once")
    role: Role
    expires_at: Milliseconds = Field(description="a week after it was used last, and a month from now at the latest")


class SessionAnswer(Answer):
    """What the caller's token stands for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "read", "source": "session", "expires_at": 1_767_830_400_000}]}
    )

    role: Role
    source: str = Field(description="session, or token for that of a file")
    expires_at: Milliseconds | None = Field(description="null for the token of a file")


@router.post("", status_code=HTTP_201_CREATED, summary="Sign in")
async def sign_in(request: Request, context: Context, body: Credentials) -> SignedIn:
    """Begin a session; after five wrong passwords the caller's address has to wait, longer every time."""
    caller: Caller = request.state.caller
    if _one_at_a_time.statistics().tasks_waiting >= _MOST_WAITING:
        raise Problem(503, "busy", "too many people sign in at the same time: try again", {"Retry-After": "2"})
    token, session, locked_out_s = await anyio.to_thread.run_sync(
        context.sign_in.enter, body.role, body.password, _origin(caller.address, body.viewer), limiter=_one_at_a_time
    )
    if locked_out_s > 0:
        wait_s = math.ceil(locked_out_s)
        words = f"there were too many wrong passwords for {body.role}: wait {wait_s} s"
        raise Problem(429, "locked_out", words, {"Retry-After": str(wait_s)})
    if token is None or session is None:
        words = f"this is not the password of {body.role}: try again, or set another one with `evoq passwd`"
        raise Problem(401, "wrong_password", words)
    return SignedIn(token=token, role=session.role, expires_at=milliseconds(session.expires_at))


def _origin(address: str, viewer: IPvAnyAddress | None) -> str:
    """Return whose failures are counted together."""
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return address  # of a transport without addresses
    # anybody but a panel of this machine could name another viewer with every try
    person = viewer if viewer is not None and caller.is_loopback else caller
    # of IPv6 one person is given a network of 64 bits
    if isinstance(person, ipaddress.IPv6Address) and not person.is_loopback:
        return str(ipaddress.ip_network((person, 64), strict=False))
    return str(person)


@router.get("/current", summary="Who the caller is")
def show_session(caller: Known) -> SessionAnswer:
    """Return the role of the caller's token, and how long it lasts."""
    until = caller.admission.expires_at
    return SessionAnswer(
        role=caller.role or Role.READ,
        source=caller.admission.source,
        expires_at=None if until is None else milliseconds(until),
    )


@router.delete("/current", status_code=HTTP_204_NO_CONTENT, summary="Sign out")
async def sign_out(context: Context, caller: Known) -> None:
    """End the session of the caller's token; that of a file stays."""
    if caller.admission.source != "session" or caller.token is None or caller.role is None:
        raise Problem(409, "no_session", "this is the token of a file, not of a session: there is nothing to end")
    await run_in_threadpool(context.sign_in.leave, caller.token, caller.role, caller.address)

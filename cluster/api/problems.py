"""Every refusal as problem+json (RFC 9457), and what our own errors become.

A problem says in one line what is wrong and what to do; its `code` is for programs and never changes. The words of an
unexpected failure stay in the log: the answer carries only the number under which it is found there.
"""

from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from cluster.api.coming import arrives_with
from storage import (
    ConflictError,
    DatabaseBusyError,
    DiskFullError,
    InvalidValueError,
    NotFoundError,
    StorageUserError,
    TransitionError,
)

__all__ = ["ABOUT", "Problem", "ProblemBody", "answer", "of_error", "of_http_exception", "of_validation_error"]

ABOUT = "about:blank"
MEDIA_TYPE = "application/problem+json"

_OURS = ("market", "strategies", "backtest", "evolution", "cluster")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LONGEST_ECHO = 60
_RETRY_AFTER_S = 2
_CURES = {"greater_than_equal": ("ge", "more"), "less_than_equal": ("le", "less")}
_SECRET = ("password",)  # fields that are never repeated


class ProblemBody(BaseModel):
    """Why a request was refused."""

    type: str = Field(ABOUT, description="about:blank: `code` says what kind of problem it is")
    title: str = Field(description="the HTTP status in words", examples=["Not Found"])
    status: int = Field(description="the HTTP status", examples=[404])
    detail: str = Field(
        description="the rule, the value and the cure", examples=["there is no strategy 'abc': see the list"]
    )
    code: str = Field(description="for programs; stable", examples=["not_found"])


class Problem(Exception):  # noqa: N818  # the name that RFC 9457 gives it
    """A request that is refused.

    Parameters
    ----------
    status : int
        HTTP status, 400 or more.
    code : str
        What kind of problem it is, for programs.
    detail : str
        One line: the rule, the value and the cure.
    headers : dict of str to str, optional
        Headers that belong to the refusal.
    """

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return what the answer says."""
        title = HTTPStatus(self.status).phrase
        return {"type": ABOUT, "title": title, "status": self.status, "detail": self.detail, "code": self.code}


def answer(problem: Problem) -> JSONResponse:
    """Return the response that tells of a problem.

    Parameters
    ----------
    problem : Problem
        The problem.

    Returns
    -------
    JSONResponse
        As problem+json.
    """
    return JSONResponse(problem.body(), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def of_error(error: Exception) -> Problem | None:
    """Return the problem that one of our own errors is to a caller.

    Parameters
    ----------
    error : Exception
        What a route raised.

    Returns
    -------
    Problem or None
        None for what nobody expected.
    """
    words = str(error)
    if isinstance(error, Problem):
        return error
    if isinstance(error, NotFoundError):
        return Problem(404, "not_found", words)
    if isinstance(error, ConflictError):
        return Problem(409, "version_conflict", words)
    if isinstance(error, TransitionError):
        return Problem(409, "illegal_transition", words)
    if isinstance(error, InvalidValueError):
        return Problem(422, "invalid_value", words)
    if isinstance(error, DiskFullError):
        return Problem(503, "disk_full", words, {"Retry-After": "60"})
    if isinstance(error, StorageUserError):
        kind = "database_busy" if isinstance(error, DatabaseBusyError) else "database_unavailable"
        return Problem(503, kind, words, {"Retry-After": str(_RETRY_AFTER_S)})
    if isinstance(error, ValueError) and type(error).__module__.partition(".")[0] in _OURS:
        return Problem(422, "invalid_value", words)  # told by its module: `backtest` is loaded when it is needed
    return None


def of_http_exception(request: Request, error: HTTPException) -> Problem:
    """Return the problem for what the router itself refuses.

    Parameters
    ----------
    request : Request
        The request.
    error : HTTPException
        Such as an unknown path or a method that is not there.

    Returns
    -------
    Problem
        For a route that comes later, one that says so.
    """
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        later = arrives_with(request.url.path)
        if later is not None:
            return Problem(404, "not_there_yet", f"this desk has no {later} yet: the route comes with it")
        return Problem(404, "no_such_route", "there is no such route: /openapi.json lists those that are there")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(_methods_of(request))
        words = f"this route takes {allowed}, was {_echo(request.method)}"
        return Problem(405, "method_not_allowed", words, {"Allow": allowed})
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    return Problem(error.status_code, code, str(error.detail), headers)


def of_validation_error(error: RequestValidationError) -> Problem:
    """Return one problem for a request that does not have the form it must have.

    Parameters
    ----------
    error : RequestValidationError
        All that was found; the first is told.

    Returns
    -------
    Problem
        422, or 400 for a body that is no JSON.
    """
    first = error.errors()[0]
    place, *path = [str(part) for part in first["loc"]] or ["request"]
    if first["type"] == "json_invalid":
        return Problem(400, "invalid_json", f"the body must be JSON: {first.get('ctx', {}).get('error', first['msg'])}")
    name = ".".join(path) or place
    where = {"query": "parameter", "path": "path parameter", "header": "header", "body": "field"}.get(place, place)
    what = f"{where} {name}" if path else f"the {place}"
    if first["type"] == "extra_forbidden":
        return Problem(422, f"unknown_{where.replace(' ', '_')}", f"there is no {what}: remove it")
    if first["type"] == "missing":
        return Problem(422, "invalid_value", f"{what} is needed: add it")
    rule = str(first["msg"]).replace("Input should", "must", 1)
    words = f"{what} {rule}" if rule.startswith("must") else f"{what}: {rule}"
    if name in _SECRET:
        return Problem(422, "invalid_value", words)
    bound, way = _CURES.get(first["type"], ("", ""))
    cure = f": send {first['ctx'][bound]} or {way}" if bound else ""
    return Problem(422, "invalid_value", f"{words}, was {_echo(first.get('input'))}{cure}")


def _methods_of(request: Request) -> list[str]:
    """Return the methods that a path takes: the router itself tells of one of its routes only."""
    routes = request.app.router.routes
    taken = [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return [name for method in taken for name in ((method, "HEAD") if method == "GET" else (method,))]


def _echo(value: object) -> str:
    """Return a value as it was sent, never more than a few words of it."""
    shown = repr(value) if isinstance(value, (str, int, float, bool, type(None))) else f"a {type(value).__name__}"
    return shown if len(shown) <= _LONGEST_ECHO else f"{shown[:_LONGEST_ECHO]}..."

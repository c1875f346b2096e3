"""The application, put together: routes that are found, a reception before them, and one form for every refusal."""

import contextlib
import importlib
import logging
import pkgutil
import secrets
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import version
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

import cluster.api.routes
from cluster.api.caller import admit
from cluster.api.context import ApiContext
from cluster.api.document import DocumentedApi
from cluster.api.head import HeadAsGet
from cluster.api.problems import Problem, ProblemBody, answer, of_error, of_http_exception, of_validation_error
from cluster.api.reception import Reception
from cluster.api.repeated import refuse_repeated
from cluster.api.token_bucket import TokenBuckets
from storage import DatabaseBusyError, StorageError

__all__ = ["create_app", "route_groups"]

_logger = logging.getLogger(__name__)
_THREADS = 12  # fewer than connections to the database, so that nobody waits for one
_DESCRIPTION = (
    "What the desk knows and can be told. Money is decimal text, ratios are numbers, what is absent is null, times are"
    " integer ms UTC. Lists answer {items, next_cursor, total, as_of}; refusals are problem+json with a code."
)
_REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused", "content": {"application/problem+json": {}}, "model": ProblemBody},
    "503": {
        "description": "The database, or a long computation, is not ready: ask again",
        "content": {"application/problem+json": {}},
        "model": ProblemBody,
    },
}


def create_app(context: ApiContext) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    context : ApiContext
        What the routes work with; closed when the application ends.

    Returns
    -------
    FastAPI
        Every route found in `cluster.api.routes`, none of them open unless its module says so.
    """

    @contextlib.asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        yield
        context.close()

    application = DocumentedApi(
        title="Evoq",
        version=version("evoq"),
        description=_DESCRIPTION,
        docs_url=None,  # its page loads code from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=living,
        responses=_REFUSALS,
    )
    application.state.context = context
    for router, is_open in route_groups():
        admission = [] if is_open else [Depends(admit)]
        application.include_router(router, dependencies=[*admission, Depends(refuse_repeated)])
    application.add_middleware(
        Reception,
        gate=context.gate,
        buckets=TokenBuckets(context.clock),
        with_token=context.with_token,
        without_token=context.without_token,
        largest_body=context.largest_body,
    )
    application.add_middleware(HeadAsGet)  # before the reception, so that a refusal has no body either
    _handle_refusals(application, context)
    return application


def route_groups() -> Iterator[tuple[APIRouter, bool]]:
    """Find the groups of routes.

    Yields
    ------
    tuple of APIRouter and bool
        The `router` of every module of `cluster.api.routes`, and whether it asks for no token (`OPEN = True`).
    """
    for info in sorted(pkgutil.iter_modules(cluster.api.routes.__path__), key=lambda found: found.name):
        module = importlib.import_module(f"{cluster.api.routes.__name__}.{info.name}")
        yield module.router, getattr(module, "OPEN", False) is True


def _handle_refusals(application: FastAPI, context: ApiContext) -> None:
    """Let every refusal and every failure take the one form."""

    @application.exception_handler(RequestValidationError)
    async def _malformed(_: Request, error: RequestValidationError) -> Response:
        return answer(of_validation_error(error))

    @application.exception_handler(HTTPException)
    async def _routed(request: Request, error: HTTPException) -> Response:
        return answer(of_http_exception(request, error))

    async def _ours(request: Request, error: Any) -> Response:
        if isinstance(error, DatabaseBusyError):
            await anyio.to_thread.run_sync(context.database.doubt)
        return answer(of_error(error) or _unexpected(request, error))

    for kind in (Problem, StorageError, ValueError):
        application.add_exception_handler(kind, _ours)

    @application.exception_handler(Exception)
    async def _failed(request: Request, error: Exception) -> Response:
        return answer(_unexpected(request, error))


def _unexpected(request: Request, error: Exception) -> Problem:
    """Log a failure of ours under a number, and return the problem that names the number only."""
    number = secrets.token_hex(4)
    _logger.error(
        "failure %s in %s %s", number, request.method, request.scope.get("path"), exc_info=error, stack_info=False
    )
    return Problem(500, "our_failure", f"this is our failure, not yours: the log has it as {number}")

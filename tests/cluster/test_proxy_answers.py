"""What Serve's proxy says by itself becomes problem+json; what the application says passes through."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from cluster.proxy_answers import ProxyAnswers, middlewares


def asked(path: str) -> httpx.Response:
    """Ask an application that answers as the proxy does, by way of what is put around it."""

    async def said(request: Request) -> Response:
        return PlainTextResponse("in the proxy's words", int(request.path_params["status"]))

    async def refused(request: Request) -> Response:
        return JSONResponse({"code": "not_found"}, 404, media_type="application/problem+json")

    async def streamed(request: Request) -> Response:
        return StreamingResponse(iter([b"one ", b"two"]), media_type="text/plain")

    async def nothing(scope: object, receive: object, send: object) -> None:
        """Answer nothing, as the proxy when the replica dies that worked on a request."""

    routes = [Route("/said/{status}", said), Route("/refused", refused), Route("/streamed", streamed)]
    app = nothing if path == "/nothing" else Starlette(routes=routes)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(ProxyAnswers(app)), base_url="http://x") as client:
            return await client.get(path)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/said/404", 503, "starting"),
        ("/said/408", 504, "timeout"),
        ("/said/503", 503, "unavailable"),
        ("/nothing", 502, "lost"),
    ],
)
def test_proxy_answer_of_its_own_is_a_problem(path, status, code):
    answer = asked(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert "retry-after" in answer.headers or status != 503


def test_proxy_passes_on_what_the_application_says():
    assert asked("/refused").json() == {"code": "not_found"}
    assert asked("/refused").status_code == 404
    assert asked("/streamed").text == "one two"
    assert asked("/said/200").text == "in the proxy's words"


def test_proxy_is_given_one_layer():
    (layer,) = middlewares()
    assert layer.cls is ProxyAnswers

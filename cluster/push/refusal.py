"""A refused request, as problem+json."""

import http
import math

from websockets.datastructures import Headers
from websockets.http11 import Response

from cluster.json_output import dumps

__all__ = ["refusal"]


def refusal(status: int, code: str, detail: str, retry_after_s: float = 0.0) -> Response:
    """Return the answer to a request that is not let in.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        For programs.
    detail : str
        For people.
    retry_after_s : float, optional
        When to try again; 0 says nothing about it.

    Returns
    -------
    Response
        A whole answer, after which the connection is closed.
    """
    phrase = http.HTTPStatus(status).phrase
    problem = {"type": "about:blank", "title": phrase, "status": status, "detail": detail, "code": code}
    body = dumps(problem).encode()
    headers = Headers(
        {"Content-Type": "application/problem+json", "Content-Length": str(len(body)), "Connection": "close"}
    )
    if status == http.HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if retry_after_s > 0:
        headers["Retry-After"] = str(math.ceil(retry_after_s))
    return Response(status, phrase, headers, body)

"""One request to a desk: limits of time and size, retries for what only reads, and refusals as exceptions.

A write is sent once. Where its answer is lost nobody here knows whether it was done: the error carries the
Idempotency-Key with which the same write can be sent again and is done once.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import httpx

from ui.destination import Destination
from ui.errors import (
    AnswerError,
    BusyError,
    ClientError,
    ConflictError,
    ForbiddenError,
    InvalidValueError,
    NotFoundError,
    OutcomeUnknownError,
    ServerError,
    SettingError,
    UnauthorizedError,
    UnavailableError,
)

__all__ = ["Reply", "Transport", "refusal_of"]

_ATTEMPTS = 4
_FIRST_WAIT_S = 0.2
_CONNECT_S = 5.0
_LARGEST_BYTES = 64 * 2**20
_LONGEST_DETAIL = 2_000
_KINDS: Mapping[int, type[ClientError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    428: ConflictError,
    429: BusyError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


class Reply:
    """What a desk has answered.

    Parameters
    ----------
    status : int
        HTTP status.
    headers : mapping of str to str
        By name, any case.
    body : bytes
        All of it.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class Transport:
    """Talks with one desk; threads may share it.

    Parameters
    ----------
    destination : Destination
        Which desk.
    patience_s : float
        How long a call may take, retries included.
    http : httpx.BaseTransport, optional
        What carries requests, for tests; by default the network.
    pause : callable, optional
        Waits for so many seconds.

    Raises
    ------
    SettingError
        If the patience is not above 0.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        patience_s: float = 30.0,
        http: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        if not 0.0 < patience_s < math.inf:
            raise SettingError(f"patience_s must be above 0 seconds, was {patience_s:g}")
        self.url = destination.url
        self._patience_s = patience_s
        self._pause = pause
        tls = destination.tls()
        self._http = httpx.Client(
            base_url=destination.url,
            headers={"Accept": "application/json", **_authorization(destination.token)},
            transport=http,
            verify=True if tls is None else tls,
            follow_redirects=False,  # a token goes where it was meant to go
            trust_env=False,  # and neither to a proxy, nor is it replaced by one of ~/.netrc
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def read(
        self,
        path: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        accept: tuple[int, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask for something; asked again, within the patience, where the desk is not ready.

        Where there is no answer to be had, a `ClientError` says why.

        Parameters
        ----------
        path : str
            Of the route.
        parameters : mapping, optional
            Of the query; None leaves one out.
        accept : tuple of int
            Statuses from 400 on that are no refusals here.
        headers : mapping, optional
            More headers.

        Returns
        -------
        Reply
            Below 400, or one of `accept`.
        """
        asked = {name: _written(value) for name, value in (parameters or {}).items() if value is not None}
        deadline = time.monotonic() + self._patience_s
        attempt = 0
        while True:
            attempt += 1
            wait_s = _FIRST_WAIT_S * 2.0 ** (attempt - 1)
            try:
                reply = self._exchange("GET", path, deadline, params=asked, headers=headers)
            except UnavailableError as error:
                failure: ClientError = error
            else:
                if reply.status < 400 or reply.status in accept:
                    return reply
                failure = refusal_of(reply.status, reply.headers, reply.body, self.url)
                if not _may_ask_again(failure):
                    raise failure
                wait_s = max(wait_s, failure.retry_after_s or 0.0)
            if attempt >= _ATTEMPTS or time.monotonic() + wait_s >= deadline:
                raise failure
            self._pause(wait_s)

    def write(self, method: str, path: str, body: object, key: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Send something, once.

        Parameters
        ----------
        method, path : str
            Of the route.
        body : object
            JSON value; None for no body.
        key : str
            The Idempotency-Key.
        headers : mapping, optional
            More headers.

        Returns
        -------
        Reply
            Below 400.

        Raises
        ------
        ClientError
            If there is none; it carries the key.
        """
        options: dict[str, Any] = {"headers": {**(headers or {}), "Idempotency-Key": key}}
        if body is not None:
            options["json"] = body
        try:
            reply = self._exchange(method, path, time.monotonic() + self._patience_s, **options)
            refusal = refusal_of(reply.status, reply.headers, reply.body, self.url) if reply.status >= 400 else None
            if refusal is not None:
                raise refusal
        except ClientError as error:
            error.idempotency_key = key
            raise
        return reply

    def _exchange(self, method: str, path: str, deadline: float, **options: Any) -> Reply:
        """Send one request, and return the whole answer."""
        left_s = max(deadline - time.monotonic(), 0.001)
        timeout = httpx.Timeout(left_s, connect=min(_CONNECT_S, left_s))
        try:
            with self._http.stream(method, path, timeout=timeout, **options) as response:
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if len(body) > _LARGEST_BYTES:
                        raise AnswerError(f"an answer must have at most {_LARGEST_BYTES:,} bytes, {path} had more")
                    if time.monotonic() > deadline:
                        raise httpx.ReadTimeout("the answer took too long")
                return Reply(response.status_code, response.headers, bytes(body))
        except httpx.RequestError as error:
            self._report(method, path, error)

    def _report(self, method: str, path: str, error: httpx.RequestError) -> NoReturn:
        """Put a failure into one line; the cause is left out, for it holds the request and its token."""
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
            raise UnavailableError(
                f"nobody answers at {self.url} ({reason}): start the desk with `evoq up`, or give another url"
            ) from None
        if isinstance(error, httpx.DecodingError | httpx.UnsupportedProtocol):
            raise AnswerError(f"the answer to {method} {path} cannot be read: {reason}") from None
        late = isinstance(error, httpx.TimeoutException)
        said = f"did not answer within {self._patience_s:g} s" if late else f"broke off the connection ({reason})"
        if method == "GET":
            raise UnavailableError(f"{self.url} {said}: ask again") from None
        raise OutcomeUnknownError(
            f"{self.url} {said}: whether {method} {path} was done is not known; repeat it with the same key"
        ) from None


def _authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def refusal_of(status: int, headers: Mapping[str, str], body: bytes, url: str) -> ClientError:
    """Return a refused request as an exception.

    Parameters
    ----------
    status : int
        HTTP status, 400 or more.
    headers : mapping of str to str
        Of the answer.
    body : bytes
        Of the answer: problem+json if it comes from the desk.
    url : str
        Who answered.

    Returns
    -------
    ClientError
        Of the kind that says who must act.
    """
    problem = _problem(headers.get("content-type", ""), body)
    retry_after_s = _seconds(headers.get("retry-after", ""))
    kind = _KINDS.get(status, InvalidValueError if status < 500 else ServerError)
    if problem is None:
        if status == 404:  # Ray Serve says so while the API is not deployed yet
            kind = UnavailableError
        elif status < 500 and status != 429:
            kind = AnswerError
        return kind(
            f"{url} answered {status}, and not as the API of a desk does: it may be starting, or something else listens"
            " there",
            status=status,
            retry_after_s=retry_after_s,
        )
    detail = str(problem.get("detail") or problem.get("title") or status)[:_LONGEST_DETAIL]
    return kind(detail, status=status, code=str(problem.get("code") or "") or None, retry_after_s=retry_after_s)


def _may_ask_again(failure: ClientError) -> bool:
    if isinstance(failure, BusyError):
        return failure.code != "locked_out"  # asking again with the same token would not help
    return isinstance(failure, UnavailableError)


def _problem(content_type: str, body: bytes) -> Mapping[str, Any] | None:
    if not content_type.startswith("application/problem+json"):
        return None
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else None


def _written(value: object) -> str | list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)

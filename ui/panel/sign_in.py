"""Signing in and out: a form, a password for a session of the desk, and its token in a cookie no script can read."""

import hmac
import ipaddress
import logging
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ui.client import begin_session
from ui.errors import BusyError, ClientError, UnauthorizedError, UnavailableError
from ui.panel.catalogue import Catalogue, catalogue, language_of
from ui.panel.connections import connections
from ui.panel.formats import number
from ui.panel.header import LANGUAGE
from ui.panel.panel_settings import PanelSettings
from ui.panel.session_cookie import FORM_COOKIE, SESSION_COOKIE
from ui.panel.sign_in_page import sign_in_page, sign_out_page

__all__ = ["sign_in_routes"]

_LARGEST_FORM = 8_192
_KEPT_S = 30 * 86_400  # no session of the desk lasts longer
_PATIENCE_S = 10.0

_logger = logging.getLogger("evoq.panel")


def sign_in_routes(settings: PanelSettings) -> list[Route]:
    """Return the routes of signing in and out.

    Parameters
    ----------
    settings : PanelSettings
        Which desk knows the passwords, and whether cookies travel by TLS only.

    Returns
    -------
    list of Route
        GET and POST of /login and /logout.
    """
    desk = _SignIn(settings)
    return [
        Route("/login", desk.show, methods=["GET"]),
        Route("/login", desk.enter, methods=["POST"]),
        Route("/logout", desk.show_leave, methods=["GET"]),
        Route("/logout", desk.leave, methods=["POST"]),
    ]


class _SignIn:
    """The routes."""

    def __init__(self, settings: PanelSettings) -> None:
        self._settings = settings

    async def show(self, request: Request) -> Response:
        """Ask for the password."""
        form = _form_secret(request)
        page = sign_in_page(_words(request), form, _next_path(request.query_params.get("next")))
        return self._with_form(HTMLResponse(page), form)

    async def enter(self, request: Request) -> Response:
        """Begin a session with the password, and go where the viewer wanted to go."""
        found = await _own_form(request)
        if isinstance(found, Response):
            return found
        role, password = str(found.get("role", "")), str(found.get("password", ""))
        next_path = _next_path(str(found.get("next", "")))
        try:
            begun = await run_in_threadpool(
                begin_session,
                role,
                password,
                self._settings.api_url,
                viewer=_viewer(request),
                patience_s=_PATIENCE_S,
            )
        except ClientError as error:
            words, form = _words(request), _form_secret(request)
            page = sign_in_page(words, form, next_path, said=_said(words, error), role=role)
            return self._with_form(HTMLResponse(page, _status(error)), form)
        response = RedirectResponse(_in_language(request, next_path), 303)
        self._keep(response, SESSION_COOKIE, begun.token, _KEPT_S)
        return response

    async def show_leave(self, request: Request) -> Response:
        """Ask whether to end the session."""
        form = _form_secret(request)
        return self._with_form(HTMLResponse(sign_out_page(_words(request), form)), form)

    async def leave(self, request: Request) -> Response:
        """End the session here and at the desk."""
        found = await _own_form(request)
        if isinstance(found, Response):
            return found
        token = request.cookies.get(SESSION_COOKIE)
        if token is not None:
            try:
                client = connections().of(self._settings.api_url, token).quick
                await run_in_threadpool(client.sign_out)
            except ClientError as error:  # the cookie goes anyhow
                _logger.warning("a session could not be ended at the desk, and ends there by itself: %s", error)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(SESSION_COOKIE)
        return response

    def _with_form(self, response: Response, form: str) -> Response:
        self._keep(response, FORM_COOKIE, form, None)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _keep(self, response: Response, name: str, value: str, seconds: int | None) -> None:
        by_tls = self._settings.by_tls
        response.set_cookie(name, value, max_age=seconds, secure=by_tls, httponly=True, samesite="strict")


async def _own_form(request: Request) -> FormData | Response:
    """Return what was sent, if it was sent by a form of ours."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > _LARGEST_FORM:
        return PlainTextResponse("the form is too large", 413)
    found = await request.form(max_files=0, max_fields=8)
    kept, sent = request.cookies.get(FORM_COOKIE, ""), str(found.get("form", ""))
    foreign = request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
    if foreign or not kept or not hmac.compare_digest(kept.encode(), sent.encode()):
        return PlainTextResponse("this form is not from here, or too old: go back, load it again", 403)
    return found


def _viewer(request: Request) -> str | None:
    """Return the viewer's IP address, if it is known."""
    try:
        return None if request.client is None else str(ipaddress.ip_address(request.client.host))
    except ValueError:
        return None


def _form_secret(request: Request) -> str:
    return request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)


def _words(request: Request) -> Catalogue:
    return catalogue(language_of(request.query_params.get(LANGUAGE), *_spoken(request)))


def _spoken(request: Request) -> list[str]:
    """Return the languages of the browser."""
    return [each.partition(";")[0].strip() for each in request.headers.get("accept-language", "").split(",")]


def _in_language(request: Request, path: str) -> str:
    """Return a path of this panel that speaks as the form did; without a word of it where the browser asks for that."""
    language = _words(request).language
    parts = urlsplit(path)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != LANGUAGE]
    if language != language_of(*_spoken(request)):
        query.append((LANGUAGE, language))
    return urlunsplit(parts._replace(query=urlencode(query)))


def _next_path(wanted: str | None) -> str:
    """Return a path of this panel; whatever else is wanted leads to the first page."""
    text = wanted or "/"
    if not text.startswith("/") or not text.isprintable() or "\\" in text:
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    if parts.netloc or parts.scheme or text.startswith("//") or parts.path in {"/login", "/logout"}:
        return "/"
    return text


def _said(words: Catalogue, error: ClientError) -> str:
    if isinstance(error, UnauthorizedError):
        return words.text("sign_in.wrong")
    seconds = number(error.retry_after_s or 1)
    if error.code == "locked_out":
        return words.text("sign_in.wait", seconds=seconds)
    if isinstance(error, BusyError) or error.code == "busy":
        return words.text("sign_in.busy", seconds=seconds)
    if isinstance(error, UnavailableError):
        return words.text("sign_in.unavailable")
    return words.text("sign_in.refused", error=str(error))


def _status(error: ClientError) -> int:
    return error.status or 503

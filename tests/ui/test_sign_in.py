"""Signing in and out, and the guard in front of every page."""

import re
from contextlib import contextmanager
from types import SimpleNamespace

import httpx
import pytest
from served_desk import Server
from stand_in_desk import PASSWORD, TOKEN
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from ui.panel.connections import connections
from ui.panel.guard import Guard
from ui.panel.panel_settings import PanelSettings
from ui.panel.plotly_script import plotly_path, plotly_route
from ui.panel.sign_in import sign_in_routes

PAGE = {"accept": "text/html,application/xhtml+xml"}


async def page(request):
    return PlainTextResponse("a page")


async def stream(socket: WebSocket):
    await socket.accept()
    await socket.close()


@contextmanager
def browser_of(desk, **changes):
    settings = PanelSettings(api_url=desk.url, **changes)
    routes = [
        *sign_in_routes(settings),
        plotly_route(),
        WebSocketRoute("/_stcore/stream", stream),
        Route("/{path:path}", page),
    ]
    guard = Middleware(Guard, public_url=settings.public_url)
    application = Starlette(routes=routes, middleware=[guard])
    with (
        Server(SimpleNamespace(application=lambda: application)) as server,
        httpx.Client(base_url=server.url, headers=PAGE, timeout=20.0) as client,
    ):
        yield client


@pytest.fixture
def browser(stand_in):
    with browser_of(stand_in) as client:
        yield client
    connections().close()


def form_secret(browser, path="/login"):
    return re.search(r'name="form" value="([^"]+)"', browser.get(path).text).group(1)


def sign_in(browser, password=PASSWORD, **fields):
    return browser.post(
        "/login", data={"form": form_secret(browser), "role": "operate", "password": password, "next": "/"} | fields
    )


def test_page_without_a_session_leads_to_the_sign_in_and_back(browser):
    found = browser.get("/quantitative?type=momentum")
    assert (found.status_code, found.headers["location"]) == (303, "/login?next=/quantitative%3Ftype%3Dmomentum")
    form = browser.get(found.headers["location"]).text
    assert 'name="next" value="/quantitative?type=momentum"' in form


def test_desk_is_told_from_which_address_the_viewer_comes(browser, stand_in):
    sign_in(browser, "a wrong guess")
    assert stand_in.writes[-1].body == {"role": "operate", "password": "a wrong guess", "viewer": "127.0.0.1"}


def test_password_opens_a_session_that_no_script_can_read(browser):
    found = sign_in(browser, next="/quantitative?type=momentum")
    assert (found.status_code, found.headers["location"]) == (303, "/quantitative?type=momentum")
    cookie = next(each for each in found.headers.get_list("set-cookie") if each.startswith("evoq_session="))
    assert cookie.startswith(f"evoq_session={TOKEN};")
    assert {"httponly", "samesite=strict", "path=/"} <= {each.strip().lower() for each in cookie.split(";")}
    assert "secure" not in cookie.lower()
    assert browser.get("/").text == "a page"


@pytest.mark.parametrize("tls", [{"certificate": "cert.pem", "key": "key.pem"}, {"public_url": "https://desk.example"}])
def test_cookies_under_tls_travel_by_tls_only(stand_in, tls):
    with browser_of(stand_in, **tls) as browser:
        secret = form_secret(browser)
        sent = {"form": secret, "role": "operate", "password": PASSWORD}
        found = browser.post("/login", data=sent, headers={"cookie": f"evoq_form={secret}"})  # by hand: this is no TLS
        cookies = [*browser.get("/login").headers.get_list("set-cookie"), *found.headers.get_list("set-cookie")]
    assert {each.partition("=")[0] for each in cookies} == {"evoq_form", "evoq_session"}
    assert all("secure" in each.lower() for each in cookies)


@pytest.mark.parametrize(
    ("refusal", "code", "said"),
    [
        (401, "wrong_password", "not the password"),
        (429, "locked_out", "Too many wrong passwords"),
        (429, "too_many_requests", "The desk is busy"),
        (500, "internal", "did not work"),
        (503, "busy", "The desk is busy"),
        (503, "database_unavailable", "does not answer"),
    ],
)
def test_sign_in_that_is_refused_says_why_and_opens_nothing(browser, stand_in, refusal, code, said):
    stand_in.refusal, stand_in.refusal_code = refusal, code
    found = sign_in(browser, "battery staple", next="/market")
    assert found.status_code == refusal
    assert said in found.text
    assert 'value="/market"' in found.text
    assert "evoq_session" not in browser.cookies
    assert "battery staple" not in found.text


def test_sign_in_while_the_desk_is_away_says_so(browser, stand_in):
    stand_in.stop()
    found = sign_in(browser)
    assert found.status_code == 503
    assert "does not answer" in found.text


@pytest.mark.parametrize(
    "next_path",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/a\nb",
        "/login",
        "/logout",
        "http:/evil",
        "\\\\evil",
        "/\tevil",
        "//[bad",
    ],
)
def test_sign_in_leads_nowhere_else(browser, next_path):
    assert sign_in(browser, next=next_path).headers["location"] == "/"


@pytest.mark.parametrize("form", ["", "guessed"])
def test_form_that_is_not_ours_is_refused(browser, stand_in, form):
    assert sign_in(browser, form=form).status_code == 403
    assert stand_in.asked == []


def test_form_without_its_cookie_is_refused(browser, stand_in):
    secret = form_secret(browser)
    browser.cookies.clear()
    found = browser.post("/login", data={"form": secret, "role": "operate", "password": PASSWORD})
    assert found.status_code == 403
    assert stand_in.asked == []


def test_form_that_another_site_sends_is_refused(browser, stand_in):
    secret = form_secret(browser)
    sent = {"form": secret, "role": "operate", "password": PASSWORD}
    assert browser.post("/login", data=sent, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert stand_in.asked == []


def test_form_that_is_too_large_is_refused(browser):
    assert sign_in(browser, "x" * 10_000).status_code == 413


def test_link_to_the_sign_out_ends_nothing(browser, stand_in):
    sign_in(browser)
    stand_in.asked.clear()
    assert "Sign out" in browser.get("/logout").text
    assert stand_in.asked == []
    assert browser.get("/").text == "a page"


def test_sign_out_ends_the_session_here_and_at_the_desk(browser, stand_in):
    sign_in(browser)
    found = browser.post("/logout", data={"form": form_secret(browser, "/logout")})
    assert (found.status_code, found.headers["location"]) == (303, "/login")
    assert (stand_in.asked[-1].method, stand_in.asked[-1].path) == ("DELETE", "/api/sessions/current")
    assert browser.get("/").status_code == 303


def test_link_from_elsewhere_comes_again_with_its_session(browser):
    """A strict cookie does not come along from another site: the page loads itself once, and then it does."""
    sign_in(browser)
    kept = browser.cookies["evoq_session"]
    browser.cookies.clear()
    found = browser.get("/strategy?id=a", headers={"sec-fetch-site": "cross-site"})
    assert found.status_code == 200
    assert 'http-equiv="refresh" content="0"' in found.text
    browser.cookies.set("evoq_session", kept)
    assert browser.get("/strategy?id=a", headers={"sec-fetch-site": "same-origin"}).text == "a page"


@pytest.mark.parametrize(
    "path", ["/_stcore/upload_file/a/b", "/media/secret.png", "/component/a/b", "/_stcore/metrics"]
)
def test_what_is_no_page_is_refused_without_a_session(browser, path):
    assert browser.get(path, headers={"accept": "*/*"}).status_code == 401


@pytest.mark.parametrize("path", ["/static/js/index.js", "/health", "/favicon.png"])
def test_what_everybody_may_have_needs_no_session(browser, path):
    assert browser.get(path).text == "a page"


def opened_stream(browser, **headers):
    address = str(browser.base_url).replace("http:", "ws:").rstrip("/") + "/_stcore/stream"
    with connect(address, additional_headers=headers, proxy=None) as socket, pytest.raises(ConnectionClosed):
        socket.recv()


def test_script_of_plots_is_fetched_while_the_password_is_typed(browser):
    assert plotly_path() in browser.get("/login").text
    answer = browser.get(plotly_path())
    assert answer.status_code == 200
    assert "Plotly" in answer.text
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


def test_stream_without_a_session_is_refused(browser):
    with pytest.raises(InvalidStatus, match="403"):
        opened_stream(browser)


def test_stream_with_a_session_is_opened(browser):
    opened_stream(browser, Cookie=f"evoq_session={TOKEN}")


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:3000", "http://localhost", "null"])
def test_stream_from_another_origin_is_refused(browser, origin):
    with pytest.raises(InvalidStatus, match="403"):
        opened_stream(browser, Cookie=f"evoq_session={TOKEN}", Origin=origin)


def test_stream_from_where_people_find_the_panel_is_opened(stand_in):
    with browser_of(stand_in, public_url="https://desk.example/") as browser:
        opened_stream(browser, Cookie=f"evoq_session={TOKEN}", Origin="https://desk.example")
        opened_stream(browser, Cookie=f"evoq_session={TOKEN}", Origin=str(browser.base_url).rstrip("/"))


def test_form_from_another_origin_is_refused(browser, stand_in):
    sent = {"form": form_secret(browser), "role": "operate", "password": PASSWORD}
    assert browser.post("/login", data=sent, headers={"origin": "http://127.0.0.1:3000"}).status_code == 403
    assert stand_in.asked == []


def test_session_is_found_among_cookies_of_others(browser):
    others = f'odd={{"a": [1]}}; =; evoq_session={TOKEN}; b="'
    assert browser.get("/", headers={"cookie": others}).text == "a page"


@pytest.mark.parametrize("path", ["/", "/login", "/_stcore/health"])
def test_answers_forbid_frames_and_guessing(browser, path):
    headers = browser.get(path).headers
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_sign_in_speaks_the_browser_s_language_and_the_other_one(browser):
    assert "登录交易台" in browser.get("/login", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}).text
    assert "登录交易台" in browser.get("/login?lang=zh").text
    assert "Sign in to the desk" in browser.get("/login", headers={"accept-language": "fr-FR,fr"}).text


@pytest.mark.parametrize(
    ("spoken", "chosen", "wanted", "led_to"),
    [
        ("en-GB", "zh", "/market?symbol=a%2Fb", "/market?symbol=a%2Fb&lang=zh"),
        ("zh-CN", "en", "/", "/?lang=en"),
        ("en-GB", "en", "/market?lang=zh", "/market"),
        ("en-GB", "xx", "/market", "/market"),
    ],
)
def test_language_of_the_form_is_that_of_the_page_it_leads_to(browser, spoken, chosen, wanted, led_to):
    browser.headers["accept-language"] = spoken
    sent = {"form": form_secret(browser), "role": "operate", "password": PASSWORD, "next": wanted}
    assert browser.post(f"/login?lang={chosen}", data=sent).headers["location"] == led_to


def test_sign_in_shows_text_as_text(browser):
    found = browser.get("/login", params={"next": '/"><script>alert(1)</script>'})
    assert "<script>" not in found.text


def test_form_is_not_kept_by_the_browser(browser):
    assert browser.get("/login").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_sign_in_shows_commands_as_such(browser, language):
    shown = browser.get("/login", headers={"accept-language": language}).text
    assert "<code>evoq up</code>" in shown
    refused = sign_in(browser, "a wrong <guess>").text
    assert "<code>evoq passwd</code>" in refused
    assert "`" not in re.sub(r"<style>.*?</style>", "", refused, flags=re.DOTALL)

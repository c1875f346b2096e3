"""What the client does when something is wrong: tokens, addresses, answers, and a desk that is gone or slow."""

import json
import logging
import pickle
import socket
import time
import traceback

import httpx
import pytest
from served_desk import Server, free_port, http_answer, listening

import ui
from cluster.api.token_bucket import Rate
from ui.destination import Destination
from ui.transport import Transport

TOKEN = "a-token-that-nobody-may-see"
PROBLEM = "application/problem+json"


def problem(status, code, **headers):
    body = json.dumps({"type": "about:blank", "title": "x", "status": status, "detail": "so it is", "code": code})
    return http_answer(f"{status} X", body.encode(), Content_Type=PROBLEM, **headers)


def client_of(url, **options):
    return ui.connect(url, TOKEN, **({"patience_s": 10.0} | options))


def test_one_line_connects_to_the_desk_of_this_machine(api_desk, server, monkeypatch):
    monkeypatch.setenv("EVOQ_HOME", str(api_desk.home))
    monkeypatch.setenv("EVOQ_HTTP_PORT", str(server.port))
    with ui.connect() as desk:
        assert desk.url == server.url
        assert desk.status().counts.strategies == len(api_desk.ids)
        assert desk.pause("a test").status == "accepted"
    with ui.connect(role="read") as desk:
        assert desk.config().version >= 1
        with pytest.raises(ui.ForbiddenError) as caught:
            desk.pause("a test")
    assert caught.value.code == "role_too_low"


def test_settings_of_a_dotenv_fill_gaps(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"EVOQ_HTTP_PORT=18888\nEVOQ_WS_PORT=18765\nEVOQ_HOME={tmp_path}/elsewhere\n")
    monkeypatch.setenv("EVOQ_HOME", str(tmp_path))
    (tmp_path / "token.operate").write_text(f"{TOKEN}\n")
    found = Destination.of()
    assert (found.url, found.push_url, found.token) == ("http://127.0.0.1:18888", "ws://127.0.0.1:18765/", TOKEN)


def test_home_without_a_token_says_what_to_do(home):
    with pytest.raises(ui.SettingError, match="evoq up"):
        ui.connect()
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "url", "push_url"),
    [
        ({}, "http://127.0.0.1:8888", "ws://127.0.0.1:8765/"),
        ({"EVOQ_BIND": "::1", "EVOQ_HTTP_PORT": "9"}, "http://[::1]:9", "ws://[::1]:8765/"),
    ],
)
def test_destination_follows_the_settings(settings, url, push_url):
    found = Destination.of(token=TOKEN, environ=settings)
    assert (found.url, found.push_url) == (url, push_url)


def test_another_machine_is_reached_with_tls():
    found = Destination.of("https://desk.example:443/", TOKEN, environ={})
    assert (found.url, found.push_url) == ("https://desk.example:443", "wss://desk.example:8765/")
    assert found.tls() is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://desk.example:8888", "http://10.0.0.1:8888", f"http://user:{TOKEN}@127.0.0.1", "ftp://127.0.0.1", "",
        f"http://127.0.0.1:8888/?token={TOKEN}", f"http://127.0.0.1:8888#{TOKEN}", "http://127.0.0.1:x", "127.0.0.1",
        "http://127.0.0.1:8888/api", "http://[::1", "http://127.0.0.1:0",
    ],
)  # fmt: skip
def test_address_that_cannot_be_meant_is_refused_and_never_repeated(url):
    with pytest.raises(ui.SettingError) as caught:
        ui.connect(url, "another-token-to-show")
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("token", ["", "short", "two words in a token", "x" * 513, "new\nline-in-a-token"])
def test_token_that_cannot_be_one_is_refused_and_not_repeated(token):
    with pytest.raises(ui.SettingError) as caught:
        ui.connect(token=token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"role": "admin"}, {"patience_s": 0.0}, {"patience_s": float("nan")}, {"push_url": "http://127.0.0.1"}]
)
def test_option_that_cannot_be_meant_is_refused(options):
    with pytest.raises(ui.SettingError):
        ui.connect(token=TOKEN, **options)


def test_certificates_that_are_none_are_refused(tmp_path):
    with pytest.raises(ui.SettingError, match="PEM"):
        ui.connect("https://127.0.0.1:1", TOKEN, ca_file=tmp_path / "none.pem")


def test_wrong_token_is_refused_once(server):
    with client_of(server.url) as desk, pytest.raises(ui.UnauthorizedError) as caught:
        desk.status()
    assert (caught.value.status, caught.value.code) == (401, "token_needed")


def test_health_needs_no_right_token(server):
    with client_of(server.url) as desk:
        assert desk.health().version


def test_desk_that_is_gone_comes_back(api_desk):
    with Server(api_desk) as server, server.client(patience_s=2.0) as desk:
        version = desk.config().version
        server.stop()
        with pytest.raises(ui.UnavailableError, match=r"nobody answers at .*evoq up"):
            desk.config()
        with pytest.raises(ui.UnavailableError) as caught:
            desk.pause("a test", key="my-own-key")
        assert not isinstance(caught.value, ui.OutcomeUnknownError)
        assert caught.value.idempotency_key == "my-own-key"
        server.start()
        assert desk.config().version == version


def test_rate_limit_is_waited_for(api_desk):
    with Server(api_desk, with_token=Rate(2.0, 1)) as server, server.client() as desk:
        assert [desk.config().version for _ in range(2)]


def test_read_is_asked_again_while_the_desk_is_not_ready():
    answers = iter([
        http_answer("404 Not Found", b"Path '/health' not found"), problem(503, "still_computing", Retry_After="1"),
        http_answer("200 OK", b'{"status": "ok", "version": "1", "new": [1]}', Content_Type="application/json"),
    ])  # fmt: skip
    waited = []
    with listening(lambda connection: connection.sendall(next(answers))) as (url, requests):
        transport = Transport(Destination.of(url, TOKEN, environ={}), pause=waited.append)
        assert transport.read("/health").status == 200
        transport.close()
    assert len(requests) == 3
    assert waited == [0.2, 1.0]


def test_read_gives_up_in_time():
    with listening(lambda connection: connection.sendall(problem(503, "busy", Retry_After="60"))) as (url, requests):
        with client_of(url) as desk, pytest.raises(ui.UnavailableError, match="so it is") as caught:
            desk.config()
        assert (caught.value.retry_after_s, len(requests)) == (60.0, 1)


def test_lock_out_is_not_asked_again():
    with listening(lambda connection: connection.sendall(problem(429, "locked_out", Retry_After="1"))) as (url, asked):
        with client_of(url) as desk, pytest.raises(ui.BusyError):
            desk.config()
        assert len(asked) == 1


@pytest.mark.parametrize("status", [400, 405, 409, 412, 413, 422, 428, 500])
def test_refusal_is_told_in_the_desks_words_and_not_asked_again(status):
    with listening(lambda connection: connection.sendall(problem(status, "why"))) as (url, requests):
        with client_of(url) as desk, pytest.raises(ui.ClientError, match="so it is") as caught:
            desk.config()
        assert (caught.value.status, caught.value.code, len(requests)) == (status, "why", 1)
    assert isinstance(caught.value, ValueError) == (status < 500)
    assert isinstance(caught.value, ui.ServerError) == (status == 500)


def silent(connection: socket.socket) -> None:
    while connection.recv(4_096):  # until the client gives up
        pass


def dripping(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.02)  # often enough that no read times out: only the patience of the whole call ends it


@pytest.mark.parametrize("answer", [silent, dripping])
def test_call_ends_when_its_patience_does(answer):
    with listening(answer) as (url, _), client_of(url, patience_s=0.3) as desk:
        with pytest.raises(ui.UnavailableError, match=r"within 0\.3 s"):
            desk.config()
        with pytest.raises(ui.OutcomeUnknownError, match="repeat it with the same key") as caught:
            desk.pause("a test")
        assert caught.value.idempotency_key


def test_write_whose_connection_breaks_is_sent_once():
    with listening(lambda connection: None) as (url, requests), client_of(url) as desk:
        with pytest.raises(ui.OutcomeUnknownError):
            desk.enable("abc", "a test", key="k-1")
        assert len(requests) == 1
        assert b"idempotency-key: k-1" in requests[0].lower()


@pytest.mark.parametrize(
    "answer",
    [
        http_answer("200 OK", b"<html>", Content_Type="text/html"), http_answer("200 OK", b'{"auto_trading": 1}'),
        http_answer("200 OK", b"x", Content_Encoding="gzip"), http_answer("302 Found", Location="http://127.0.0.1:1/"),
        http_answer("418 Teapot", b"?"),
    ],
)  # fmt: skip
def test_answer_of_something_else_is_told(answer):
    with listening(lambda connection: connection.sendall(answer)) as (url, requests):
        with client_of(url) as desk, pytest.raises(ui.AnswerError):
            desk.config()
        assert len(requests) == 1


def test_answer_without_end_is_cut():
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(bytes(2**20))

    with listening(endless) as (url, _), client_of(url) as desk, pytest.raises(ui.AnswerError, match="at most"):
        desk.config()


def test_neither_proxies_nor_netrc_see_or_replace_the_token(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password other-token-of-length\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    answer = http_answer("200 OK", b"{}")
    with listening(lambda connection: connection.sendall(answer)) as (url, requests), client_of(url) as desk:
        assert desk.metrics() == "{}"
    assert f"authorization: bearer {TOKEN}".encode() in requests[0].lower()
    assert TOKEN.encode() not in requests[0].split(b"\r\n", 1)[0]


def test_token_is_in_no_text(server, caplog):
    caplog.set_level(logging.DEBUG)
    with client_of(server.url, patience_s=0.5, push_url=f"ws://127.0.0.1:{free_port()}") as desk:
        shown = [repr(desk), str(desk), repr(desk._destination), repr(vars(desk))]
        calls = [desk.status, lambda: desk.pause("x"), lambda: next(desk.events(["alert"], patience_s=0.0))]
        for call in calls:
            with pytest.raises(ui.ClientError) as caught:
                call()
            error = caught.value
            shown += ["".join(traceback.format_exception(error)), repr(error), repr(vars(error))]
            chained = [error.__cause__, error.__context__]
            assert not any(isinstance(one, httpx.HTTPError) and error.__suppress_context__ is False for one in chained)
        with pytest.raises(TypeError, match="token"):
            pickle.dumps(desk)
    with client_of(f"http://127.0.0.1:{free_port()}", patience_s=0.2) as desk, pytest.raises(ui.ClientError) as caught:
        desk.status()
    shown += ["".join(traceback.format_exception(caught.value)), caplog.text]
    assert not any(TOKEN in text for text in shown)

"""The server as a whole: many clients at once, sockets, TLS, and what it writes down."""

import asyncio
import json
import logging
import os
import ssl
import subprocess
from pathlib import Path

import psutil
import pytest
from push_client import Client, bearer, client_of, deaf_client, serving, token
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from cluster.access import Gate, ListenAddress, Tokens
from cluster.errors import SettingError
from cluster.push import PushServer
from cluster.push.settings import PushSettings
from market.clock import SystemClock

pytestmark = pytest.mark.alone

CLIENTS, DEAF, EVENTS = 190, 10, 50


@pytest.fixture(autouse=True)
def _home(home):
    """Give each test tokens of its own."""


def test_two_hundred_clients_some_deaf_everybody_else_hears_everything():
    async def listen(client: Client) -> list[int]:
        numbers = []
        while len(numbers) < EVENTS:
            message = await client.next(30.0)
            assert message["type"] == "evolution_log"
            numbers.append(message["seq"])
        return numbers

    async def scenario():
        async with asyncio.timeout(60), serving() as server:
            connections = await asyncio.gather(
                *(connect(server.url, additional_headers=bearer(), compression=None) for _ in range(CLIENTS))
            )
            clients = [Client(connection) for connection in connections]
            for client in clients:
                assert (await client.next())["type"] == "hello"
                await client.subscribe("evolution_log")
            deaf = [deaf_client(server, "evolution_log") for _ in range(DEAF)]
            for each in deaf:
                await each.__aenter__()
            listening = [asyncio.create_task(listen(client)) for client in clients]
            for number in range(EVENTS):
                server.hub.publish("evolution_log", {"generation": number, "text": "x" * 5_000})
                await asyncio.sleep(0.01)
            numbers = await asyncio.gather(*listening)
            status = server.status()
            for each in deaf:
                await each.__aexit__(None, None, None)
            await asyncio.gather(*(connection.close() for connection in connections))
            return numbers, status

    numbers, status = asyncio.run(scenario())
    assert numbers == [list(range(1, EVENTS + 1))] * CLIENTS
    assert status["clients"] == CLIENTS + DEAF
    assert status["behind"] == DEAF


def test_server_listens_on_loopback_only():
    async def scenario():
        async with serving() as server:
            return server.port, [
                each.laddr for each in psutil.Process().net_connections("inet") if each.status == psutil.CONN_LISTEN
            ]

    port, listening = asyncio.run(scenario())
    assert [address.ip for address in listening if address.port == port] == ["127.0.0.1"]


def test_server_on_ipv6_loopback_answers():
    async def scenario():
        server = PushServer(Gate(Tokens(), SystemClock()), ListenAddress("::1"), 0)
        await server.start()
        try:
            async with client_of(server.url) as client:
                return server.url, await client.until_pong()
        finally:
            await server.stop()

    url, rest = asyncio.run(scenario())
    assert url.startswith("ws://[::1]:")
    assert rest == []


@pytest.fixture
def certificate(tmp_path: Path) -> ListenAddress:
    """Return an address with a certificate for it that was just made."""
    key, chain = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", chain),
        ],
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("openssl cannot make a certificate here")
    return ListenAddress("127.0.0.1", str(chain), str(key))


def test_server_with_a_certificate_speaks_tls(certificate: ListenAddress):
    async def scenario():
        server = PushServer(Gate(Tokens(), SystemClock()), certificate, 0)
        await server.start()
        try:
            trusted = ssl.create_default_context(cafile=certificate.certificate)
            async with client_of(server.url, ssl=trusted) as client:
                await client.subscribe("alert")
                server.hub.publish("alert", {"text": "x" * 200_000})
                event = await client.next()
            with pytest.raises((InvalidMessage, ConnectionError)):
                await connect(server.url.replace("wss:", "ws:"), additional_headers=bearer(), open_timeout=2.0)
            return server.url, event
        finally:
            await server.stop()

    url, event = asyncio.run(scenario())
    assert url.startswith("wss://127.0.0.1:")
    assert len(event["data"]["text"]) == 200_000


def test_server_port_taken_is_refused():
    async def scenario():
        async with serving() as server:
            second = PushServer(Gate(Tokens(), SystemClock()), port=server.port)
            with pytest.raises(SettingError, match=f"EVOQ_WS_PORT must be a free port of EVOQ_BIND, .*{server.port}"):
                await second.start()
            await second.stop()

    asyncio.run(scenario())


def test_server_logs_no_token_however_it_is_shown(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets").setLevel(logging.WARNING)  # what the tests' own clients say does not count

    async def scenario():
        async with serving() as server:
            async with client_of(server.url) as client:
                await client.send(type="auth", token=token("operate"))
                await client.until_pong()
            async with connect(server.url) as connection:
                await connection.send(json.dumps({"type": "auth", "token": token()}))
                await Client(connection).next()
            for headers, query in (({}, f"?token={token()}"), ({"Authorization": f"Basic {token()}"}, "")):
                with pytest.raises(InvalidStatus):
                    await connect(server.url + query, additional_headers=headers)
            for _ in range(12):
                with pytest.raises(InvalidStatus):
                    await connect(server.url, additional_headers={"Authorization": "Bearer hush-token"})

    asyncio.run(scenario())
    assert "locked out" in caplog.text
    for secret in (token("read"), token("operate"), "hush-token"):
        assert secret not in caplog.text


def test_settings_show_no_password():
    settings = PushSettings.of({"EVOQ_HOME": os.environ["EVOQ_HOME"], "REDIS_URL": "redis://:hush@127.0.0.1:1"})
    assert settings.cache_url == "redis://:hush@127.0.0.1:1"
    assert (settings.address, settings.port) == (ListenAddress(), 8765)
    assert "hush" not in repr(settings)
    assert (Path(os.environ["EVOQ_HOME"]) / "token.operate").exists()

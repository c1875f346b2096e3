"""The push knows sessions too, and closes those that have ended."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from push_client import Client
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import storage
from cluster.access import Gate, Passwords, Role, Sessions, Tokens
from cluster.opened_database import OpenedDatabase
from cluster.push import PushServer
from cluster.push.limits import PushLimits
from market import SystemClock
from storage import DatabaseBusyError

PASSWORD = "a reader's phrase"


@pytest.fixture
def sessions(embedded_database: storage.Database, home: Path) -> Iterator[Sessions]:
    settings = embedded_database.settings
    opened = OpenedDatabase(lambda: storage.open_database(settings.embedded_in, environ={}), SystemClock())
    passwords = Passwords(home)
    passwords.change(Role.READ, PASSWORD)
    yield Sessions(opened, passwords)
    opened.close()


def begun(sessions: Sessions, home: Path) -> str:
    credential = Passwords(home).check(Role.READ, PASSWORD)
    assert credential is not None
    return sessions.begin(Role.READ, credential, "127.0.0.1")[0]


def server_of(sessions: Sessions) -> PushServer:
    clock = SystemClock()
    return PushServer(Gate(Tokens(), clock, sessions=sessions), port=0, limits=PushLimits(session_s=0.0))


@pytest.mark.parametrize("in_header", [True, False])
def test_session_is_admitted_and_closed_when_it_ends(sessions, home, in_header):
    token = begun(sessions, home)
    other = begun(sessions, home)

    async def open_with(server: PushServer, shown: str) -> Client:
        headers = {"Authorization": f"Bearer {shown}"} if in_header else {}
        client = Client(await connect(server.url, additional_headers=headers, compression=None))
        if not in_header:
            await client.send(type="auth", token=shown)
        assert (await client.next())["role"] == "read"
        return client

    async def scenario():
        server = server_of(sessions)
        await server.start()
        try:
            client, staying = await open_with(server, token), await open_with(server, other)
            await asyncio.to_thread(sessions.end, token)
            code = await client.closed()
            await staying.send(type="ping")
            return code, (await staying.next())["type"], server.status()["clients"]
        finally:
            await server.stop()

    assert asyncio.run(scenario()) == (4401, "pong", 1)


def test_session_that_has_ended_is_refused_and_one_that_cannot_be_looked_up_too(sessions, home):
    token = begun(sessions, home)
    sessions.end(token)

    def away():
        raise DatabaseBusyError("it is away")

    async def status_of(known: Sessions) -> int:
        server = server_of(known)
        await server.start()
        try:
            with pytest.raises(InvalidStatus) as refused:
                await connect(server.url, additional_headers={"Authorization": f"Bearer {token}"}, compression=None)
            return refused.value.response.status_code
        finally:
            await server.stop()

    lost = Sessions(OpenedDatabase(away, SystemClock()), Passwords(home))
    assert asyncio.run(status_of(sessions)) == 401
    assert asyncio.run(status_of(lost)) == 503

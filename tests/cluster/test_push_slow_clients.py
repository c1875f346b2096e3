"""Who does not read loses the oldest events, is told, and is closed; nobody else notices."""

import asyncio
import time
from collections.abc import Sequence

import pytest
from push_client import Client, bearer, client_of, deaf_client, eventually, serving, strategy
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode

from cluster.push.messages import frame
from cluster.push.outbox import Event, Outbox
from market.clock import ManualClock

pytestmark = pytest.mark.alone

WIDE = "x" * 1_000


@pytest.fixture(autouse=True)
def _home(home):
    """Give each test tokens of its own."""


class Transport:
    """Takes bytes up to a limit, then says that it has enough."""

    def __init__(self, limit: int = 1_000_000, **limits: int) -> None:
        self.taken: list[bytes] = []
        self.limit = limit
        self.clock = ManualClock(0)
        self.outbox = Outbox(self.write, self.clock, limits.get("events", 100), limits.get("size", 100_000))

    def write(self, data: bytes) -> None:
        self.taken.append(data)
        if sum(map(len, self.taken)) > self.limit:
            self.outbox.pause()

    def drain(self) -> bytes:
        """Read everything that was taken, as the peer would."""
        data = b"".join(self.taken)
        self.taken.clear()
        self.outbox.resume()
        return data


def push(outbox: Outbox, *events: Event) -> None:
    outbox.push(events, b"".join(event.frame for event in events))


def numbered(count: int, kind: str = "a", first: int = 0) -> list[Event]:
    return [Event(kind, f"{kind}{number:04d}".encode()) for number in range(first, first + count)]


def numbers(events: Sequence[dict[str, object]]) -> list[int]:
    return [int(str(event["seq"])) for event in events if "seq" in event]


def test_outbox_reader_gets_events_at_once():
    transport = Transport()
    push(transport.outbox, *numbered(3))
    assert transport.taken == [b"a0000a0001a0002"]
    assert transport.outbox.waiting == 0
    assert transport.outbox.behind_since is None


def test_outbox_paused_transport_lets_events_wait_in_order():
    transport = Transport(limit=5)
    for event in numbered(5):
        push(transport.outbox, event)
    assert transport.outbox.waiting == 3
    received = transport.drain()
    while transport.outbox.behind_since is not None:
        received += transport.drain()
    assert received == b"a0000a0001a0002a0003a0004"


@pytest.mark.parametrize("limits", [{"events": 2}, {"size": 14}])
def test_outbox_too_much_drops_the_oldest_and_tells_before_the_rest(limits: dict[str, int]):
    transport = Transport(limit=0, **limits)
    push(transport.outbox, Event("a", b"first"))
    for event in [*numbered(3, "a"), *numbered(1, "b"), *numbered(2, "a", 3)]:
        push(transport.outbox, event)
    assert transport.drain() == b"first"
    gaps = transport.drain()
    assert gaps == frame({"type": "gap", "event_type": "a", "dropped": 3}) + frame(
        {"type": "gap", "event_type": "b", "dropped": 1}
    )
    assert transport.drain() == b"a0003a0004"
    assert transport.outbox.dropped == 4
    assert transport.outbox.behind_since is None


def test_outbox_answers_come_first_and_last_states_before_events():
    transport = Transport(limit=0)
    push(transport.outbox, Event("a", b"first"))
    transport.outbox.states([b"states-one", b"states-two"])
    push(transport.outbox, Event("a", b"later"))
    transport.outbox.reply({"type": "pong"})
    received = []
    while transport.taken:
        received.append(transport.drain())
    assert received == [b"first", frame({"type": "pong"}), b"states-one", b"states-two", b"later"]


def test_outbox_behind_since_begins_with_the_first_pause_and_ends_when_all_is_written():
    transport = Transport(limit=0)
    push(transport.outbox, Event("a", b"first"))
    since = transport.outbox.behind_since
    transport.clock.advance(5.0)
    push(transport.outbox, Event("a", b"second"))
    transport.drain()
    assert transport.outbox.behind_since == since == 0.0
    transport.drain()
    assert transport.outbox.behind_since is None


def test_outbox_unknown_gap_stays_unknown_when_more_is_dropped():
    transport = Transport(limit=0, events=1)
    push(transport.outbox, Event("a", b"first"))
    transport.outbox.missed(["a"])
    push(transport.outbox, *numbered(3))
    transport.drain()
    assert transport.taken == [frame({"type": "gap", "event_type": "a", "dropped": None})]


def test_outbox_closed_keeps_nothing():
    transport = Transport(limit=0)
    push(transport.outbox, *numbered(3))
    push(transport.outbox, *numbered(3))
    transport.outbox.close()
    push(transport.outbox, *numbered(3))
    transport.drain()
    assert transport.taken == []
    assert transport.outbox.waiting == 0


def test_outbox_large_backlog_is_written_in_pieces():
    transport = Transport(limit=40_000, size=10_000_000, events=1_000)
    transport.outbox.pause()
    push(transport.outbox, *[Event("a", b"x" * 1_000) for _ in range(100)])
    transport.outbox.resume()
    assert max(map(len, transport.taken)) <= 34_000
    assert transport.outbox.waiting > 0


def test_slow_client_is_told_what_it_missed_and_the_numbers_add_up():
    async def scenario():
        async with serving(queue_events=50) as server, deaf_client(server, "alert", "evolution_log") as deaf:
            await eventually(lambda: server.hub._subscribers)
            for number in range(1_000):
                server.hub.publish("alert", {"id": number, "text": WIDE})
                if number % 10 == 0:
                    server.hub.publish("evolution_log", {"text": WIDE})
                await asyncio.sleep(0)
            status = server.status()
            received = await deaf.read_all()
            server.hub.publish("alert", {"id": 1_000})
            return status, received, await deaf.read_all()

    status, received, afterwards = asyncio.run(scenario())
    assert received[0]["type"] == "hello"
    assert status["behind"] == 1
    assert status["queued"] == 50
    for kind, last in (("alert", 1_000), ("evolution_log", 100)):
        gaps = [message for message in received if message["type"] == "gap" and message["event_type"] == kind]
        events = [message["seq"] for message in received if message["type"] == kind]
        assert len(gaps) == 1
        assert events[0] == 1
        assert events[-1] == last
        assert len(events) + gaps[0]["dropped"] == last
        position = received.index(gaps[0])
        before = numbers([message for message in received[:position] if message["type"] == kind])
        after = numbers([message for message in received[position:] if message["type"] == kind])
        assert before == list(range(1, len(before) + 1))
        assert after == list(range(last - len(after) + 1, last + 1))
    assert [event["seq"] for event in afterwards] == [1_001]


def test_slow_clients_do_not_slow_the_others():
    async def scenario():
        async with (
            serving() as server,
            deaf_client(server, "alert"),
            deaf_client(server, "alert"),
            client_of(server.url, max_queue=None) as client,
        ):
            await client.subscribe("alert")
            for number in range(2_000):
                server.hub.publish("alert", {"id": number, "text": WIDE})
                await asyncio.sleep(0)
            return await client.until_pong(), server.status()

    events, status = asyncio.run(scenario())
    assert numbers(events) == list(range(1, 2_001))
    assert status["behind"] == 2
    assert status["dropped"] > 0


def test_slow_client_is_closed_after_a_while():
    async def scenario():
        async with serving(slow_s=0.5, close_s=0.1) as server, deaf_client(server, "alert") as deaf:
            await eventually(lambda: server.hub._subscribers)
            for number in range(500):
                server.hub.publish("alert", {"id": number, "text": WIDE})
                await asyncio.sleep(0)
            await eventually(lambda: server.status()["clients"] == 0)
            await eventually(deaf.reset)  # though it has not read what came before
            await eventually(lambda: not server.hub._subscribers)
            return server.status(), len(server.hub._subscribers)

    status, subscribers = asyncio.run(scenario())
    assert status["closed_slow"] == 1
    assert status["dropped"] == 0
    assert subscribers == 0


def test_dead_client_without_events_is_closed_by_the_heartbeat():
    async def scenario():
        async with serving(heartbeat_s=0.2, close_s=0.1) as server, deaf_client(server, "alert"):
            await eventually(lambda: server.status()["clients"] == 1)
            async with client_of(server.url) as client:
                await eventually(lambda: server.status()["clients"] == 1)
                return await client.until_pong()

    assert asyncio.run(scenario()) == []


def test_slow_client_is_not_listened_to():
    async def scenario():
        async with serving() as server, deaf_client(server, "strategy_update") as deaf:
            await eventually(lambda: server.hub._subscribers)
            for number in range(3_000):
                server.hub.publish("strategy_update", strategy(f"S{number}"))
            for _ in range(20):  # each would be a megabyte of last states
                await deaf.send(b'{"type": "unsubscribe", "types": ["strategy_update"]}')
                await deaf.send(b'{"type": "subscribe", "types": ["strategy_update"]}')
            await asyncio.sleep(0.2)  # the server reads what was sent; no answer tells that it has
            connection = next(iter(server._doorman.open))
            return connection.transport.get_write_buffer_size(), len(connection.outbox._states)

    buffered, states = asyncio.run(scenario())
    assert buffered < 1_200_000
    assert states < 40


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.TEXT])
def test_flood_is_closed(opcode: Opcode):
    async def scenario():
        async with serving(close_s=0.1) as server, deaf_client(server, "alert") as deaf, client_of(server.url) as other:
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(deaf.flood(opcode), 20.0)
            started = time.monotonic()
            await other.until_pong()
            return time.monotonic() - started, server.status()

    waited_s, status = asyncio.run(scenario())
    assert waited_s < 5.0
    assert status["clients"] == 1


def test_too_many_connections_are_refused_503():
    async def scenario():
        async with (
            serving(connections=3) as server,
            client_of(server.url),
            client_of(server.url),
            client_of(server.url),
        ):
            with pytest.raises(InvalidStatus) as refused:
                await connect(server.url, additional_headers=bearer())
            return refused.value.response.status_code

    assert asyncio.run(scenario()) == 503


def test_too_many_without_a_token_are_refused_and_those_with_one_are_not():
    async def scenario():
        async with serving(waiting=2) as server, connect(server.url), connect(server.url):
            with pytest.raises(InvalidStatus) as refused:
                await connect(server.url)
            async with client_of(server.url) as client:
                return refused.value.response.status_code, await client.until_pong()

    assert asyncio.run(scenario()) == (503, [])


def test_connections_that_say_nothing_are_closed_and_forgotten():
    async def scenario():
        async with serving(auth_s=0.2) as server:
            writers = [(await asyncio.open_connection("127.0.0.1", server.port))[1] for _ in range(20)]
            await eventually(lambda: server.status()["unauthenticated"] == 20)
            await eventually(lambda: server.status()["unauthenticated"] == 0)
            for writer in writers:
                writer.close()

    asyncio.run(scenario())


def test_stop_closes_everybody_quickly_deaf_or_not():
    async def scenario():
        async with (
            serving() as server,
            deaf_client(server, "alert"),
            client_of(server.url) as client,
            connect(server.url) as silent,
        ):
            port = server.port
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            await eventually(lambda: server.hub._subscribers)
            for _ in range(500):
                server.hub.publish("alert", {"text": WIDE})
                await asyncio.sleep(0)
            started = time.monotonic()
            await server.stop()
            elapsed = time.monotonic() - started
            codes = await client.closed(), await Client(silent).closed()
            writer.close()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            return elapsed, codes, server.status()

    elapsed, codes, status = asyncio.run(scenario())
    assert elapsed < 4.0
    assert codes[0] == 1001
    assert (status["clients"], status["unauthenticated"]) == (0, 0)


def test_client_that_vanishes_is_forgotten():
    async def scenario():
        async with serving() as server, client_of(server.url) as client:
            await client.subscribe("alert")
            client.connection.transport.abort()
            await eventually(lambda: server.status()["clients"] == 0)
            with pytest.raises(ConnectionClosed):
                await client.next()
            return len(server.hub._subscribers)

    assert asyncio.run(scenario()) == 0

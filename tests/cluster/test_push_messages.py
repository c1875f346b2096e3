"""Every message of the push, and everything that is none."""

import asyncio
import json

import pytest
from push_client import Client, bearer, client_of, serving, strategy, token
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from cluster.push.messages import EVENT_TYPES, Authenticate, read_request


@pytest.fixture(autouse=True)
def _home(home):
    """Give each test tokens of its own."""


def test_hello_says_what_there_is():
    async def scenario():
        async with serving() as server, connect(server.url, additional_headers=bearer("operate")) as connection:
            return await Client(connection).next()

    hello = asyncio.run(scenario())
    assert hello["type"] == "hello"
    assert hello["role"] == "operate"
    assert hello["types"] == list(EVENT_TYPES)
    assert hello["seq"] == dict.fromkeys(EVENT_TYPES, 0)


def test_auth_first_message_is_admitted():
    async def scenario():
        async with serving() as server, connect(server.url) as connection:
            client = Client(connection)
            await client.send(type="auth", token=token())
            return await client.next()

    assert asyncio.run(scenario())["role"] == "read"


@pytest.mark.parametrize(
    "first",
    [
        '{"type": "auth", "token": "wrong"}',
        '{"type": "auth"}',
        '{"type": "auth", "token": 7}',
        '{"type": "subscribe", "types": ["alert"]}',
        '{"type": "ping"}',
        "garbage",
        b"\x00\x01",
    ],
)
def test_auth_first_message_else_is_closed_4401(first: str | bytes):
    async def scenario():
        async with serving() as server, connect(server.url) as connection:
            client = Client(connection)
            await connection.send(first)
            return await client.next(), await client.closed()

    error, code = asyncio.run(scenario())
    assert (error["type"], error["code"], code) == ("error", "unauthorized", 4401)


def test_auth_nothing_in_time_is_closed_4401():
    async def scenario():
        async with serving(auth_s=0.1) as server, connect(server.url) as connection:
            client = Client(connection)
            return await client.next(), await client.closed()

    error, code = asyncio.run(scenario())
    assert error["detail"] == "a token must be shown within 0.1 s"
    assert code == 4401


def test_auth_only_websocket_pings_is_closed_4401():
    async def scenario():
        async with serving(auth_s=0.2) as server, connect(server.url, ping_interval=0.02) as connection:
            return await Client(connection).closed()

    assert asyncio.run(scenario()) == 4401


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic YTpi", "wrong"])
def test_header_wrong_token_is_refused_401(header: str):
    async def scenario():
        async with serving() as server:
            with pytest.raises(InvalidStatus) as refused:
                await connect(server.url, additional_headers={"Authorization": header})
            return refused.value.response

    response = asyncio.run(scenario())
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(response.body)["code"] == "unauthorized"


def test_header_right_token_then_auth_message_is_a_harmless_error():
    async def scenario():
        async with serving() as server, client_of(server.url) as client:
            await client.send(type="auth", token=token())
            return await client.next(), await client.until_pong()

    error, rest = asyncio.run(scenario())
    assert (error["type"], error["code"], rest) == ("error", "already_authenticated", [])


@pytest.mark.parametrize("query", ["?token={}", "?access_token={}", "?anything=1", "?{}"])
def test_address_with_a_query_is_refused_400(query: str):
    async def scenario():
        async with serving() as server:
            for headers in ({}, bearer()):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(server.url + query.format(token()), additional_headers=headers)
                assert refused.value.response.status_code == 400
                assert json.loads(refused.value.response.body)["code"] == "token_in_address"

    asyncio.run(scenario())


def test_address_another_path_is_refused_404():
    async def scenario():
        async with serving() as server:
            with pytest.raises(InvalidStatus) as refused:
                await connect(server.url + "events", additional_headers=bearer())
            return refused.value.response.status_code

    assert asyncio.run(scenario()) == 404


def test_wrong_tokens_again_and_again_are_locked_out():
    async def scenario():
        statuses = []
        async with serving() as server:
            for _ in range(11):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(server.url, additional_headers={"Authorization": "Bearer wrong"})
                statuses.append(refused.value.response.status_code)
            assert int(refused.value.response.headers["Retry-After"]) <= 30
            async with connect(server.url) as connection:
                client = Client(connection)
                await client.send(type="auth", token=token())
                return statuses, await client.next(), await client.closed(), server.status()["refused"]

    statuses, error, code, refused = asyncio.run(scenario())
    assert statuses == [401] * 10 + [429]
    assert (error["code"], code) == ("locked_out", 4429)
    assert refused == {"unauthorized": 10, "locked_out": 2}


def test_ping_is_answered():
    async def scenario():
        async with serving() as server, client_of(server.url) as client:
            await client.send(type="ping")
            return await client.next()

    pong = asyncio.run(scenario())
    assert pong["type"] == "pong"
    assert pong["ts"] > 1_700_000_000_000


def test_subscribe_gives_events_of_these_types_only():
    async def scenario():
        async with serving() as server, client_of(server.url) as client:
            assert await client.subscribe("alert", "system_metrics") == []
            server.hub.publish("alert", {"id": 1}, 1_000)
            server.hub.publish("evolution_log", {"generation": 1}, 2_000)
            server.hub.publish("system_metrics", {"cpu_pct": float("nan")}, 3_000)
            return await client.until_pong()

    assert asyncio.run(scenario()) == [
        {"type": "alert", "ts": 1_000, "seq": 1, "data": {"id": 1}},
        {"type": "system_metrics", "ts": 3_000, "seq": 1, "data": {"cpu_pct": None}},
    ]


def test_unsubscribe_ends_the_events_of_a_type():
    async def scenario():
        async with serving() as server, client_of(server.url) as client:
            await client.subscribe("alert", "system_metrics")
            await client.send(type="unsubscribe", types=["alert", "trade"])
            await client.until_pong()
            for kind in ("alert", "system_metrics"):
                server.hub.publish(kind, {})
            return await client.until_pong()

    assert [event["type"] for event in asyncio.run(scenario())] == ["system_metrics"]


def test_subscribe_sends_the_last_state_of_each_type_and_of_every_strategy():
    async def scenario():
        async with serving() as server:
            for number in range(1, 4):
                server.hub.publish("system_metrics", {"cpu_pct": number}, number)
            for name, version in (("a", 1), ("b", 1), ("a", 2)):
                server.hub.publish("strategy_update", strategy(name, version))
            async with client_of(server.url) as client:
                states = await client.subscribe("system_metrics", "strategy_update", "trade")
                again = await client.subscribe("system_metrics")
                server.hub.publish("strategy_update", strategy("c"))
                return states, again, await client.next()

    states, again, event = asyncio.run(scenario())
    metrics, *strategies = states
    assert metrics == {"type": "system_metrics", "ts": 3, "seq": 3, "data": {"cpu_pct": 3}}
    assert [(each["data"]["id"], each["data"]["version"], each["seq"]) for each in strategies] == [
        ("b", 1, 2),
        ("a", 2, 3),
    ]
    assert again == []
    assert event["seq"] == 4


def test_subscribe_while_events_are_on_their_way_neither_loses_nor_doubles_any():
    async def scenario():
        async with serving() as server, client_of(server.url) as client:
            for number in range(500):
                server.hub.publish("evolution_log", {"generation": number})
                if number == 250:
                    await client.send(type="subscribe", types=["evolution_log"])
                if number % 7 == 0:
                    await asyncio.sleep(0)
            return await client.until_pong()

    numbers = [event["seq"] for event in asyncio.run(scenario())]
    assert numbers == list(range(numbers[0], 501))
    assert len(numbers) > 100


def test_strategies_of_a_whole_population_come_as_last_states():
    async def scenario():
        async with serving() as server:
            for number in range(1_034):
                server.hub.publish("strategy_update", strategy(f"S{number}"))
            async with client_of(server.url) as client:
                return await client.subscribe("strategy_update")

    states = asyncio.run(scenario())
    assert [state["data"]["id"] for state in states] == [f"S{number}" for number in range(1_034)]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "bad_json"),
        ("{", "bad_json"),
        ("[" * 4_000, "bad_json"),
        ("9" * 4_090, "bad_message"),
        ("null", "bad_message"),
        ('["ping"]', "bad_message"),
        (b'{"type": "ping"}', "bad_message"),
        ("{}", "unknown_message"),
        ('{"type": ["ping"]}', "unknown_message"),
        ('{"type": "hello"}', "unknown_message"),
        ('{"type": "subscribe"}', "bad_message"),
        ('{"type": "subscribe", "types": []}', "bad_message"),
        ('{"type": "subscribe", "types": "alert"}', "bad_message"),
        ('{"type": "subscribe", "types": [1]}', "bad_message"),
        ('{"type": "subscribe", "types": ["alert", "prices"]}', "unknown_type"),
        ('{"type": "unsubscribe", "types": ["prices"]}', "unknown_type"),
    ],
)
def test_garbage_is_an_error_that_changes_nothing(message: str | bytes, code: str):
    async def scenario():
        async with serving() as server, client_of(server.url) as client:
            await client.connection.send(message)
            error = await client.next()
            server.hub.publish("alert", {})
            return error, await client.until_pong()

    error, events = asyncio.run(scenario())
    assert (error["type"], error["code"]) == ("error", code)
    assert len(error["detail"]) < 250
    assert events == []


def test_garbage_again_and_again_is_closed():
    async def scenario():
        async with serving() as server, client_of(server.url) as client:
            return await client.send_until_closed("garbage")

    assert asyncio.run(scenario()) == 1008


def test_oversized_message_is_closed_1009():
    async def scenario():
        async with serving() as server, client_of(server.url) as client:
            return await client.send_until_closed("x" * 1_000_000)

    assert asyncio.run(scenario()) == 1009


def test_token_never_shows_in_the_text_of_a_request():
    request = read_request('{"type": "auth", "token": "hush"}')
    assert isinstance(request, Authenticate)
    assert "hush" not in repr(request)

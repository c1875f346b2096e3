"""The push and the cache: events arrive, a loss is told, and nothing but display is lost with it."""

import asyncio
import json
import logging
import signal
from pathlib import Path

import pytest
from own_cache import Cache
from push_client import client_of, eventually, fed, serving, strategy

from cluster.bus import Bus
from cluster.push import cache_feed
from market.clock import ManualClock

NOW = 1_700_000_000_000


@pytest.fixture(autouse=True)
def _home(home):
    """Give each test tokens of its own."""


def test_cache_events_arrive_numbered_by_type(cache: Cache):
    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await client.subscribe("alert", "evolution_log")
            await eventually(lambda: feed.connected)
            for number in range(1, 31):
                cache.publish("alert" if number % 3 else "evolution_log", {"id": number}, NOW + number)
            events = [await client.next() for _ in range(30)]
            return events, await client.until_pong()

    events, rest = asyncio.run(scenario())
    for kind, count in (("alert", 20), ("evolution_log", 10)):
        assert [event["seq"] for event in events if event["type"] == kind] == list(range(1, count + 1))
    assert [event["data"]["id"] for event in events] == list(range(1, 31))
    assert [event["ts"] for event in events] == list(range(NOW + 1, NOW + 31))
    assert rest == []


def test_cache_bus_of_the_desk_is_understood(cache: Cache):
    async def scenario():
        bus = Bus(cache.url, ManualClock(NOW))
        bus.publish("system_metrics", {"cpu_pct": 12.5})
        bus.publish("strategy_update", strategy("before"))
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await eventually(lambda: feed.connected)
            states = await client.subscribe("system_metrics", "strategy_update")
            bus.publish("strategy_update", strategy("after"))
            event = await client.next()
        bus.close()
        return states, event

    states, event = asyncio.run(scenario())
    assert states[0] == {"type": "system_metrics", "ts": NOW, "seq": 1, "data": {"cpu_pct": 12.5}}
    assert states[1]["data"] == strategy("before")
    assert event == {"type": "strategy_update", "ts": NOW, "seq": 2, "data": strategy("after")}


def test_cache_last_states_are_known_after_a_restart_of_the_push(cache: Cache):
    cache.publish("system_metrics", {"cpu_pct": 1}, NOW)
    for name, version, at in (("a", 1, 1), ("b", 1, 2), ("a", 2, 3)):
        cache.publish("strategy_update", strategy(name, version), NOW + at)

    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await eventually(lambda: feed.connected)
            return await client.subscribe("system_metrics", "strategy_update", "alert")

    states = asyncio.run(scenario())
    assert [(state["type"], state["seq"], state["data"].get("id")) for state in states] == [
        ("system_metrics", 1, None),
        ("strategy_update", 1, "b"),
        ("strategy_update", 2, "a"),
    ]


def test_cache_cut_connection_is_a_gap_and_what_was_missed_last_is_told(cache: Cache):
    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await eventually(lambda: feed.connected)
            await client.subscribe("alert", "strategy_update")
            cache.publish("alert", {"id": 1}, NOW)
            cache.publish("strategy_update", strategy("a"), NOW)
            first = [await client.next() for _ in range(2)]
            cache.cut_subscribers()
            for number in (2, 3):
                cache.publish("alert", {"id": number}, NOW + number)
            cache.publish("strategy_update", strategy("b"), NOW + 4)
            missed = [await client.next() for _ in range(4)]
            await eventually(lambda: feed.connected)
            cache.publish("alert", {"id": 4}, NOW + 5)
            return first, missed, await client.next(), await client.until_pong(), feed.losses

    first, missed, event, rest, losses = asyncio.run(scenario())
    assert [each["seq"] for each in first] == [1, 1]
    assert missed[:2] == [{"type": "gap", "event_type": kind, "dropped": None} for kind in ("strategy_update", "alert")]
    assert [(each["type"], each["seq"], each["data"]["id"]) for each in missed[2:]] == [
        ("alert", 2, 3),
        ("strategy_update", 2, "b"),
    ]
    assert (event["seq"], event["data"]["id"]) == (3, 4)
    assert (rest, losses) == ([], 1)


def test_cache_killed_and_back_loses_display_only(cache: Cache):
    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await eventually(lambda: feed.connected)
            await client.subscribe("alert")
            cache.publish("alert", {"id": 1}, NOW)
            await client.next()
            cache.stop()
            await eventually(lambda: not feed.connected)
            async with client_of(server.url) as newcomer:
                states = await newcomer.subscribe("alert")
            cache.start()
            await eventually(lambda: feed.connected)
            gap = await client.next()
            cache.publish("alert", {"id": 2}, NOW + 1)
            return states, gap, await client.next()

    states, gap, event = asyncio.run(scenario())
    assert [state["data"]["id"] for state in states] == [1]
    assert gap == {"type": "gap", "event_type": "alert", "dropped": None}
    assert (event["seq"], event["data"]["id"]) == (2, 2)


def test_cache_flushed_loses_nothing(cache: Cache):
    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await eventually(lambda: feed.connected)
            cache.publish("alert", {"id": 1}, NOW)
            await eventually(lambda: server.hub.events == 1)
            cache.flush()
            states = await client.subscribe("alert")
            cache.publish("alert", {"id": 2}, NOW + 1)
            return states, await client.next()

    states, event = asyncio.run(scenario())
    assert [state["data"]["id"] for state in states] == [1]
    assert event["seq"] == 2


def test_cache_that_comes_later_is_found(tmp_path: Path):
    cache = Cache(tmp_path)

    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await client.subscribe("alert")
            await asyncio.sleep(0.2)  # it looks for the cache in vain, at least once
            cache.start()
            await eventually(lambda: feed.connected)
            cache.publish("alert", {"id": 1})
            return await client.next(), feed.losses

    try:
        event, losses = asyncio.run(scenario())
    finally:
        cache.stop()
    assert (event["type"], event["seq"], losses) == ("alert", 1, 0)


def test_cache_that_hangs_is_noticed(cache: Cache, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache_feed, "_SILENCE_S", 0.1)
    monkeypatch.setattr(cache_feed, "_ANSWER_S", 0.5)

    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await eventually(lambda: feed.connected)
            await client.subscribe("alert")
            await asyncio.sleep(0.5)  # silence alone is no loss
            assert feed.losses == 0
            cache.signal(signal.SIGSTOP)
            await eventually(lambda: feed.losses == 1)
            cache.signal(signal.SIGCONT)
            return await client.next()

    assert asyncio.run(scenario())["type"] == "gap"


@pytest.mark.parametrize(
    "text",
    [
        b"garbage",
        b"\xff\xfe",
        b"[]",
        b'{"type": "alert", "data": {}}',
        b'{"type": "alert", "ts": "now", "data": {}}',
        b'{"type": "alert", "ts": true, "data": {}}',
        b'{"type": "alert", "ts": 1, "data": []}',
        b'{"type": "unheard", "ts": 1, "data": {}}',
        b'{"type": ["alert"], "ts": 1, "data": {}}',
        b"[" * 100_000,
        json.dumps({"type": "alert", "ts": 1, "data": {"text": "x" * 300_000}}).encode(),
    ],
    ids=range(11),
)
def test_cache_nonsense_is_left_out(cache: Cache, text: bytes):
    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await eventually(lambda: feed.connected)
            await client.subscribe("alert")
            cache.publish_text(text)
            cache.publish("alert", {"id": 1})
            return await client.next(), feed.unreadable

    event, unreadable = asyncio.run(scenario())
    assert (event["seq"], event["data"], unreadable) == (1, {"id": 1}, 1)


def test_cache_with_another_password_is_mentioned_once_without_it(
    cache: Cache, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cache_feed, "_LONGEST_DELAY_S", 0.1)
    caplog.set_level(logging.DEBUG, "cluster")

    async def scenario():
        async with serving() as server, fed(server, cache.url.replace("redis://:", "redis://:hush")):
            await asyncio.sleep(1.0)  # ten tries and more, of which one complains

    asyncio.run(scenario())
    complaints = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(complaints) == 1
    assert "AuthenticationError" in complaints[0]
    assert "hush" not in caplog.text


def test_restore_event_on_its_way_is_not_told_twice():
    async def scenario():
        async with serving() as server, client_of(server.url) as client:
            await client.subscribe("strategy_update")
            server.hub.restore("strategy_update", strategy("a"), NOW)
            server.hub.publish("strategy_update", strategy("a"), NOW)
            server.hub.publish("strategy_update", strategy("a"), NOW)
            server.hub.restore("strategy_update", strategy("a", 0), NOW - 1)
            return await client.until_pong()

    assert [event["seq"] for event in asyncio.run(scenario())] == [1, 2]

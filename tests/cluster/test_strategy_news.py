"""Last states of strategies are those of the strategies there are, and whoever listens learns who came and who went."""

import asyncio
from typing import Any

import pytest
from own_cache import Cache
from push_client import client_of, eventually, fed, serving, strategy

from cluster.bus import Bus
from cluster.driver import Gauges, Reports
from cluster.strategy_update import strategy_gone
from market import ManualClock

NOW = 1_700_000_000_000


@pytest.fixture(autouse=True)
def _home(home):
    """Give each test tokens of its own."""


class Driver:
    """The driver's reports of generations, a second apart."""

    def __init__(self, cache: Cache) -> None:
        self.clock = ManualClock(NOW)
        self.bus = Bus(cache.url, self.clock)
        self._reports = Reports("run-1", None, self.bus, Gauges(self.clock, 1.0), self.clock)  # type: ignore[arg-type]

    def generation(self, living: list[dict[str, Any]]) -> None:
        self.clock.advance(1.0)
        self._reports.strategies([row | {"finalist": False} for row in living])

    def remembered(self) -> list[dict[str, Any]]:
        return by_id(event["data"] for event in self.bus.last_by_id("strategy_update").values())


def by_id(states: Any) -> list[dict[str, Any]]:
    return sorted(states, key=lambda state: state["id"])


def population(first: int, last: int, version: int = 1) -> list[dict[str, Any]]:
    return [strategy(f"S{number:04}", version) for number in range(first, last)]


def test_last_states_after_two_generations_are_those_of_the_living(cache: Cache):
    """The second generation has replaced 450 strategies of 700, and changed nothing but the version of the others."""
    driver = Driver(cache)
    first, second = population(0, 700), population(450, 700, version=2) + population(700, 1_150)

    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as listener:
            await eventually(lambda: feed.connected)
            await listener.subscribe("strategy_update")
            found = []
            for living in (first, second):
                driver.generation(living)
                async with client_of(server.url) as newcomer:
                    for _ in range(200):  # what is published is on its way
                        states = [state["data"] for state in await newcomer.subscribe("strategy_update")]
                        if by_id(states) == by_id(living):
                            break
                        await newcomer.send(type="unsubscribe", types=["strategy_update"])
                        await asyncio.sleep(0.02)
                found.append((states, await listener.until_pong()))
            return found

    (states, heard), (later_states, later_heard) = asyncio.run(scenario())
    assert by_id(states) == first
    assert by_id(later_states) == by_id(second) == driver.remembered()
    assert [message.get("dropped") for message in heard if message["type"] == "gap"] == [200, 200, 100]
    assert [each["data"]["id"] for each in heard if each["type"] == "strategy_update"] == [s["id"] for s in first[:200]]
    told = [message["data"] for message in later_heard if message["type"] == "strategy_update"]
    assert told == population(700, 900) + [strategy_gone(f"S{number:04}") for number in range(200)]
    assert sum(message["dropped"] for message in later_heard if message["type"] == "gap") == 500
    assert [each["seq"] for each in later_heard if "seq" in each] == list(range(701, 1_101))


def test_generation_that_changes_only_versions_is_no_event(cache: Cache):
    driver = Driver(cache)
    driver.generation(population(0, 3))

    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as listener:
            await eventually(lambda: feed.connected)
            before = await listener.subscribe("strategy_update")
            driver.generation(population(0, 3, version=2))
            driver.bus.publish("alert", {"id": 1})
            await eventually(lambda: server.hub.numbers["alert"] == 1)
            heard = await listener.until_pong()
            await listener.send(type="unsubscribe", types=["strategy_update"])
            return before, heard, await listener.subscribe("strategy_update")

    before, heard, after = asyncio.run(scenario())
    assert heard == []
    assert [state["data"]["version"] for state in after] == [2, 2, 2]
    assert [state["seq"] for state in after] == [state["seq"] for state in before] == [1, 2, 3]


def test_cache_that_was_emptied_is_told_everything_again_and_the_push_what_has_gone(cache: Cache):
    driver = Driver(cache)
    driver.generation(population(0, 5))

    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await eventually(lambda: feed.connected)
            cache.flush()
            driver.generation(population(2, 5))
            driver.bus.publish("alert", {"id": 1})
            await eventually(lambda: server.hub.numbers["alert"] == 1)
            return await client.subscribe("strategy_update")

    states = asyncio.run(scenario())
    assert [state["data"] for state in states] == population(2, 5) == driver.remembered()


def test_strategies_that_went_before_this_driver_or_unheard_are_forgotten(cache: Cache):
    Driver(cache).generation(population(0, 5))
    driver = Driver(cache)

    async def scenario():
        async with serving() as server, fed(server, cache.url) as feed, client_of(server.url) as client:
            await eventually(lambda: feed.connected)
            server.hub.publish("strategy_update", strategy("unheard"), NOW)
            driver.generation(population(2, 5))
            cache.cut_subscribers()
            await eventually(lambda: feed.losses == 1 and feed.connected)
            return await client.subscribe("strategy_update")

    states = asyncio.run(scenario())
    assert by_id(state["data"] for state in states) == population(2, 5) == driver.remembered()


def test_cache_that_was_away_is_told_of_what_has_gone_meanwhile(cache: Cache):
    driver = Driver(cache)
    driver.generation(population(0, 5))
    cache.stop()
    driver.generation(population(2, 5))
    cache.start()
    driver.clock.advance(5.0)
    heard = []
    driver.bus.publish_states = lambda *given, **more: heard.append((given, more)) or True  # type: ignore[method-assign]
    driver.generation(population(2, 5))
    ((_, told), _more) = heard[0]
    assert [data["id"] for data in told if data["state"] == "gone"] == ["S0000", "S0001"]

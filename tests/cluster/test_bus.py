"""The notice board: what was published is known to those who come later, and a cache that is gone hurts nobody."""

import json
import logging

import pytest
from own_cache import PASSWORD, Cache
from redis import Redis

from cluster.bus import CHANNEL, Bus
from market import ManualClock, Ticker
from market.errors import CandleError

NOW = 1_700_000_000_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def ticker(symbol: str = "BTC/USDT:USDT", **changed: object) -> Ticker:
    values = {
        "venue": "simulated", "symbol": symbol, "timeframe": "1m", "origin": "simulated:7", "last": 100.0,
        "bid": 99.5, "ask": 100.5, "receive_ts": NOW, "venue_ts": None,
    }  # fmt: skip
    return Ticker(**(values | changed))  # type: ignore[arg-type]


def test_bus_tells_listeners_and_remembers_the_last_event(cache: Cache, clock: ManualClock) -> None:
    bus = Bus(cache.url, clock)
    with Redis.from_url(cache.url, decode_responses=True) as client, client.pubsub() as listener:
        listener.subscribe(CHANNEL)
        assert listener.get_message(timeout=2)["type"] == "subscribe"
        bus.publish("alert", {"id": 3, "message": "ü", "nan": float("nan")})
        heard = json.loads(listener.get_message(timeout=2)["data"])
    assert heard == {"type": "alert", "ts": NOW, "data": {"id": 3, "message": "ü", "nan": None}}
    assert bus.last("alert") == heard
    assert bus.last("signal") is None
    bus.close()


def test_bus_remembers_strategy_updates_by_id(cache: Cache, clock: ManualClock) -> None:
    bus = Bus(cache.url, clock)
    for strategy, version in (("a", 1), ("b", 1), ("a", 2)):
        bus.publish("strategy_update", {"id": strategy, "version": version})
    found = bus.last_by_id("strategy_update")
    assert {key: event["data"]["version"] for key, event in found.items()} == {"a": 2, "b": 1}
    bus.close()


def test_bus_remembers_states_told_or_not_and_forgets_what_has_gone(cache: Cache, clock: ManualClock) -> None:
    bus = Bus(cache.url, clock)
    for strategy in ("a", "b", "c", "d"):
        bus.publish("strategy_update", {"id": strategy, "version": 1})
    assert bus.publish_states(
        "strategy_update",
        [{"id": "a", "version": 2}, {"id": "b", "state": "gone"}],
        untold=[{"id": "c", "state": "gone"}, {"id": "e", "version": 1}],
        renewed=[{"id": "d", "version": 2}],
    )
    found = bus.last_by_id("strategy_update")
    assert {key: event["data"]["version"] for key, event in found.items()} == {"a": 2, "d": 2, "e": 1}
    assert bus.publish_states("strategy_update", [])
    cache.stop()
    assert not bus.publish_states("strategy_update", [{"id": "a", "version": 3}])
    bus.close()


def test_bus_shows_tickers_until_they_expire(cache: Cache, clock: ManualClock) -> None:
    bus = Bus(cache.url, clock)
    shown = [ticker(), ticker("ETH/USDT:USDT", bid=None, venue_ts=5)]
    bus.show_tickers(shown)
    markets = [("simulated", "BTC/USDT:USDT"), ("simulated", "SOL/USDT:USDT"), ("simulated", "ETH/USDT:USDT")]
    assert bus.tickers(markets) == {markets[0]: shown[0], markets[2]: shown[1]}
    with Redis.from_url(cache.url) as client:
        assert 25 < client.ttl("evoq:ticker:simulated:BTC/USDT:USDT") <= 30
        client.set("evoq:ticker:simulated:SOL/USDT:USDT", '{"last": 1, "strange": true}')
        client.set("evoq:ticker:simulated:BTC/USDT:USDT", "[1")
    assert set(bus.tickers(markets)) == {markets[2]}
    bus.close()


def test_bus_leaves_out_what_is_too_long(cache: Cache, clock: ManualClock, caplog) -> None:
    bus = Bus(cache.url, clock)
    bus.publish("alert", {"message": "x" * 300_000})
    assert bus.last("alert") is None
    assert "longer than 262144 bytes" in caplog.text
    bus.close()


def test_bus_without_a_cache_says_so_once_and_recovers(cache: Cache, clock: ManualClock, caplog) -> None:
    caplog.set_level(logging.INFO)
    bus = Bus(cache.url, clock)
    cache.stop()
    for _ in range(5):
        bus.publish("alert", {"id": 1})
        bus.show_tickers([ticker()])
        assert bus.last("alert") is None
        assert bus.last_by_id("strategy_update") == {}
        assert bus.tickers([("simulated", "BTC/USDT:USDT")]) == {}
        clock.advance(3.0)
    assert [record.message for record in caplog.records] == [
        "the cache does not answer (ConnectionError): nothing is shown meanwhile"
    ]
    cache.start()
    bus.publish("alert", {"id": 2})
    assert bus.last("alert")["data"] == {"id": 2}  # type: ignore[index]
    assert caplog.records[-1].message == "the cache answers again"
    assert PASSWORD not in caplog.text
    bus.close()


def test_bus_to_a_wrong_password_hurts_nobody(cache: Cache, clock: ManualClock, caplog) -> None:
    bus = Bus(cache.url.replace(PASSWORD, "wrong-password"), clock)
    bus.publish("alert", {"id": 1})
    assert "AuthenticationError" in caplog.text
    assert "wrong-password" not in caplog.text
    bus.close()


def test_bus_without_an_address_is_silent(clock: ManualClock, caplog) -> None:
    for url in (None, ""):
        bus = Bus(url, clock)
        bus.publish("alert", {"id": 1})
        bus.show_tickers([ticker()])
        assert bus.last("alert") is None
        bus.close()
    assert not caplog.records


def test_ticker_that_cannot_be_is_refused() -> None:
    for wrong, message in (
        ({"last": None}, "last of BTC/USDT:USDT must be a positive price, was None"),
        ({"bid": float("nan")}, "bid of .* must be a positive price, was nan"),
        ({"ask": 0.0}, "ask of .* must be a positive price, was 0.0"),
        ({"bid": 101.0, "ask": 100.0}, "bid of .* must not be above its ask 100.0, was 101.0"),
    ):
        with pytest.raises(CandleError, match=message):
            ticker(**wrong)

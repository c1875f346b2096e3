"""The client's calls for the live page, against the real API."""

from api_desk import CANDLES, SIZE

from market import CandleStore, synthetic_candles
from storage import StrategyRepository


def test_overview_is_typed_to_its_leaves(desk):
    found = desk.overview()
    assert (found.funnel.strategies, found.evolution.interval_s, found.feed.origin) == (SIZE, 60.0, None)
    assert found.funnel.reasons[0].count > 0
    assert found.per_type[0].type == "momentum"


def test_map_that_is_known_is_returned_until_something_changes(api_desk, desk):
    known = desk.strategies_map()
    assert desk.strategies_map(known) is known
    StrategyRepository(api_desk.database.engine).set_state(api_desk.ids[3], "enable", version=None, by="test")
    changed = desk.strategies_map(known)
    assert changed.version != known.version
    assert changed.state[changed.id.index(api_desk.ids[3])] == "enabled"
    table = changed.frame()
    assert (len(table), table["oos_scs"].dtype, table.index.name) == (len(changed), float, "id")


def test_facets_that_are_known_are_returned_until_something_changes(api_desk, desk):
    known = desk.strategy_facets()
    assert sum(each.count for each in known.type) == SIZE
    assert desk.strategy_facets(known) is known
    for action in ("enable", "retire"):
        StrategyRepository(api_desk.database.engine).set_state(api_desk.ids[4], action, version=None, by="test")
    changed = desk.strategy_facets(known)
    assert ("retired", 1) in [(each.value, each.count) for each in changed.state]
    assert desk.strategies(retired=True).total == 1
    assert desk.strategies(retired=False).total == SIZE - 1


def test_feed_tells_of_gaps(api_desk, desk):
    whole = synthetic_candles(symbol="ETH/USDT:USDT", bars=20, seed=4)
    store = CandleStore(api_desk.home / "candles")
    store.add(whole[:5])
    store.add(whole[7:])
    found = {one.symbol: one for one in desk.feed().symbols}
    (gap,) = found["ETH/USDT:USDT"].gaps
    assert (gap.since, gap.until, gap.missing) == (int(whole.timestamp[5]), int(whole.timestamp[7]), 2)
    assert found[CANDLES.symbol].n_candles == len(CANDLES)

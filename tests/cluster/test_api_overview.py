"""The live page over HTTP: the desk in one answer, the map of strategies, and what the feed brings."""

from collections import Counter

import pytest
from api_desk import CANDLES, FINALISTS, SIZE

from market import CandleStore, synthetic_candles
from storage import LeaseRepository, StrategyRepository, SystemStatusRepository

Q = "/api/quantitative"
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client() as client:
        yield client


def told_by_the_feed(**changes):
    market = {"venue": CANDLES.venue, "symbol": CANDLES.symbol, "timeframe": "1h", "origin": CANDLES.origin}
    report = {"state": "running", "venue": CANDLES.venue, "origin": CANDLES.origin, "speed": 20.0}
    return report | {"market_ms": 1_767_225_600_000, "markets": [market]} | changes


def test_overview_before_anything_has_told_of_itself(api_desk, client):
    answer = client.get(f"{Q}/overview").json()
    assert answer["evolution"]["state"] == "stopped"
    assert answer["evolution"]["strategy_bars_per_s"] is None
    assert answer["evolution"]["interval_s"] == 60.0
    assert answer["evolution"]["next_generation_ts"] is None
    assert answer["feed"] == {"origin": None, "simulated": None, "speed": None, "next_close_ts": None}
    status = client.get(f"{Q}/system-status").json()
    counts = status.pop("counts")
    assert status["evolution"].items() <= answer["evolution"].items()
    assert {name: answer["funnel"][name] for name in counts if name != "commonest_reason"} == {
        name: value for name, value in counts.items() if name != "commonest_reason"
    }
    assert answer["funnel"]["threshold"] == 65.0


def test_overview_gives_the_reasons_of_the_likeliest_and_the_best_of_each_type(api_desk, client):
    answer = client.get(f"{Q}/overview").json()
    rows = [client.get(f"{Q}/strategies/{one}").json() for one in api_desk.ids]
    assert answer["funnel"]["reasons"] == [{"reason": "C: out-of-sample SCS, needs 65", "count": FINALISTS}]
    scores = sorted(row["scs"] for row in rows)
    (momentum,) = answer["per_type"]
    assert momentum["type"] == "momentum"
    assert momentum["count"] == SIZE
    assert momentum["best_scs"] == pytest.approx(scores[-1])
    assert momentum["median_scs"] == pytest.approx((scores[SIZE // 2 - 1] + scores[SIZE // 2]) / 2)
    assert momentum["best_oos_scs"] == max(row["oos_scs"] for row in rows if row["oos_scs"] is not None)


def test_overview_tells_both_speeds_or_none(api_desk, client):
    measured, leases = SystemStatusRepository(api_desk.database.engine), LeaseRepository(api_desk.database.engine)
    lease = leases.acquire("driver", "here:1", 60.0)
    told = {"state": "running", "run_id": api_desk.run_id, "evaluations": 120, "strategy_bars_per_s": 2.5e6}
    shown = []
    try:
        for evaluations_per_s in (1_250.0, None):
            measured.record("evolution", told | {"evaluations_per_s": evaluations_per_s})
            evolution = client.get(f"{Q}/overview").json()["evolution"]
            shown.append((evolution["evaluations_per_s"], evolution["strategy_bars_per_s"]))
    finally:
        leases.release(lease)
    assert shown == [(1_250.0, 2.5e6), (None, None)]


@pytest.mark.parametrize(("evaluations", "resting"), [(120, True), (121, False), (0, False)])
def test_overview_tells_when_the_pause_between_generations_ends(api_desk, client, evaluations, resting):
    measured, leases = SystemStatusRepository(api_desk.database.engine), LeaseRepository(api_desk.database.engine)
    lease = leases.acquire("driver", "here:1", 60.0)
    told = {"state": "running", "run_id": api_desk.run_id, "evaluations": evaluations, "strategy_bars_per_s": 2.5e6}
    told["evaluations_per_s"] = 1_250.0
    try:
        at = measured.record("evolution", told)
        evolution = client.get(f"{Q}/overview").json()["evolution"]
    finally:
        leases.release(lease)
    assert evolution["strategy_bars_per_s"] == 2.5e6
    expected = int(at.timestamp() * 1_000) + 60_000
    assert evolution["next_generation_ts"] == (pytest.approx(expected, abs=1) if resting else None)


def test_next_candle_is_told_by_our_clock_of_a_market_that_runs_faster(api_desk, client):
    measured = SystemStatusRepository(api_desk.database.engine)
    measured.record("feed", told_by_the_feed(market_ms=1_767_225_600_000 + 30 * MINUTE_MS))
    answer = client.get(f"{Q}/overview").json()
    assert answer["feed"]["simulated"] is True
    assert answer["feed"]["speed"] == 20.0
    wait_ms = answer["feed"]["next_close_ts"] - answer["as_of"]
    assert 0 < wait_ms <= 30 * MINUTE_MS / 20.0


@pytest.mark.parametrize("changes", [{"market_ms": None}, {"speed": 0}, {"markets": None}, {"markets": [{}]}])
def test_next_candle_is_unknown_where_the_feed_does_not_tell(api_desk, client, changes):
    SystemStatusRepository(api_desk.database.engine).record("feed", told_by_the_feed(**changes))
    assert client.get(f"{Q}/overview").json()["feed"]["next_close_ts"] is None


def test_map_has_every_strategy_in_columns(api_desk, client):
    answer = client.get(f"{Q}/strategies/map").json()
    assert answer["id"] == sorted(api_desk.ids)
    first = client.get(f"{Q}/strategies/{answer['id'][0]}").json()
    for name in ("id", "type", "symbol", "timeframe", "scs", "oos_scs", "grade", "state", "n_trades"):
        assert len(answer[name]) == SIZE
        assert answer[name][0] == first[name]


@pytest.mark.parametrize("shown", ["{}", '"other", {}', "*"])
def test_map_is_not_sent_again_while_nothing_has_changed(client, shown):
    etag = client.get(f"{Q}/strategies/map").headers["etag"]
    again = client.get(f"{Q}/strategies/map", headers={"If-None-Match": shown.format(etag)})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get(f"{Q}/strategies/map", headers={"If-None-Match": '"other"'}).status_code == 200


def test_map_changes_with_a_strategy_and_leaves_retired_ones_out(api_desk, client):
    strategies = StrategyRepository(api_desk.database.engine)
    chosen = api_desk.ids[-1]
    seen = set()
    for action in ("enable", "retire"):
        seen.add(client.get(f"{Q}/strategies/map").headers["etag"])
        strategies.set_state(chosen, action, version=None, by="test")
    answer = client.get(f"{Q}/strategies/map")
    assert len({*seen, answer.headers["etag"]}) == 3
    assert chosen not in answer.json()["id"]
    every = client.get(f"{Q}/strategies/map?retired=true").json()
    assert every["state"][every["id"].index(chosen)] == "retired"
    assert client.get(f"{Q}/overview").json()["funnel"]["strategies"] == SIZE - 1
    assert client.get(f"{Q}/overview").json()["per_type"][0]["count"] == SIZE - 1


def test_facets_count_every_strategy_and_retired_ones_by_their_state(api_desk, client):
    strategies = StrategyRepository(api_desk.database.engine)
    for action in ("enable", "retire"):
        strategies.set_state(api_desk.ids[-2], action, version=None, by="test")
    every = client.get(f"{Q}/strategies/map?retired=true").json()
    answer = client.get(f"{Q}/strategies/facets").json()
    for name in ("type", "symbol", "timeframe", "grade", "state"):
        assert [(each["value"], each["count"]) for each in answer[name]] == sorted(Counter(every[name]).items())
    assert "retired" in {each["value"] for each in answer["state"]}
    retired = client.get(f"{Q}/strategies?retired=true").json()
    others = client.get(f"{Q}/strategies?retired=false").json()
    assert {row["state"] for row in retired["items"]} == {"retired"}
    assert "retired" not in {row["state"] for row in others["items"]}
    assert (retired["total"] + others["total"], len(every["id"])) == (SIZE, SIZE)


def test_facets_are_sent_again_only_when_a_strategy_has_changed(api_desk, client):
    etag = client.get(f"{Q}/strategies/facets").headers["etag"]
    again = client.get(f"{Q}/strategies/facets", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    StrategyRepository(api_desk.database.engine).set_state(api_desk.ids[-3], "enable", version=None, by="test")
    assert client.get(f"{Q}/strategies/facets", headers={"If-None-Match": etag}).status_code == 200


def test_feed_tells_what_is_there_and_what_is_missing(api_desk, client):
    whole = synthetic_candles(symbol="ETH/USDT:USDT", bars=200, seed=4)
    store = CandleStore(api_desk.home / "candles")
    store.add(whole[:50])
    store.add(whole[60:])
    SystemStatusRepository(api_desk.database.engine).record("feed", told_by_the_feed())
    answer = client.get("/api/market/feed").json()
    assert (answer["state"], answer["simulated"]) == ("running", True)
    found = {one["symbol"]: one for one in answer["symbols"]}
    holed = found["ETH/USDT:USDT"]
    assert (holed["n_candles"], holed["n_gaps"], holed["n_missing"]) == (190, 1, 10)
    assert holed["gaps"] == [{"from": int(whole.timestamp[50]), "to": int(whole.timestamp[60]), "missing": 10}]
    assert (holed["followed"], holed["next_close_ts"]) == (False, None)
    fed = found[CANDLES.symbol]
    assert (fed["n_candles"], fed["gaps"], fed["followed"]) == (len(CANDLES), [], True)
    assert (fed["first_time"], fed["last_time"]) == (int(CANDLES.timestamp[0]), int(CANDLES.timestamp[-1]))
    assert fed["next_close_ts"] >= answer["as_of"]
    assert fed["age_s"] >= 0

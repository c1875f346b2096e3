"""The population is replaced, the roster is never touched, and a list asks for nothing it may not."""

import math

import pytest
from sqlalchemy import text

import storage


@pytest.fixture
def strategies(database: storage.Database) -> storage.StrategyRepository:
    return storage.StrategyRepository(database.engine)


def _set(database: storage.Database, strategy: str, change: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(f"UPDATE strategies SET {change} WHERE id = :id"), {"id": strategy})


def test_population_is_replaced_by_the_next_one(strategies, run_id, make_strategy):
    assert strategies.replace_population(run_id, [make_strategy(child) for child in range(100)]) == 100
    assert strategies.replace_population(run_id, [make_strategy(child) for child in range(50, 150)]) == 100
    page = strategies.leaderboard(sort="n_trades", limit=500)
    assert page.total == 100
    assert [item["child"] for item in page.items] == list(range(50, 150))


def test_population_of_another_run_stays(strategies, runs, run_id, make_run, make_strategy):
    strategies.replace_population(run_id, [make_strategy(1)])
    other = runs.create(make_run(seed=8))
    strategies.replace_population(other, [make_strategy(1), make_strategy(2)])
    assert strategies.leaderboard().total == 3
    assert strategies.leaderboard(run_id=other).total == 2
    strategies.replace_population(other, [])
    assert strategies.leaderboard().total == 1


def test_member_that_did_not_change_keeps_its_version(strategies, run_id, make_strategy):
    rows = [make_strategy(1), make_strategy(2)]
    strategies.replace_population(run_id, rows)
    assert strategies.replace_population(run_id, rows) == 0
    assert strategies.replace_population(run_id, [make_strategy(1), make_strategy(2, oos_scs=66.0)]) == 1
    first, second = (strategies.get(storage.strategy_id(run_id, rows[0]["species"], child)) for child in (1, 2))
    assert (first["version"], second["version"], second["oos_scs"]) == (1, 2, 66.0)
    assert second["updated_at"] > second["created_at"]


@pytest.mark.parametrize("state", ["enabled", "live", "retired"])
def test_member_of_the_roster_is_neither_overwritten_nor_deleted(strategies, database, run_id, make_strategy, state):
    strategies.replace_population(run_id, [make_strategy(1), make_strategy(2)])
    kept, dropped = (storage.strategy_id(run_id, "momentum|BTC/USDT|1h", child) for child in (1, 2))
    for strategy in (kept, dropped):
        _set(database, strategy, f"state = '{state}'")
    before = [strategies.get(strategy) for strategy in (kept, dropped)]
    strategies.replace_population(run_id, [make_strategy(1, scs=99.0, parameters={"lookback_period": 9})])
    assert [strategies.get(strategy) for strategy in (kept, dropped)] == before


def test_undefined_numbers_are_stored_as_null_and_rank_last_both_ways(strategies, run_id, make_strategy):
    scores = {1: 10.0, 2: math.nan, 3: 30.0, 4: math.inf}
    strategies.replace_population(run_id, [make_strategy(child, sharpe=score) for child, score in scores.items()])
    up, down = (strategies.leaderboard(sort=sort).items for sort in ("sharpe", "-sharpe"))
    assert [item["sharpe"] for item in up] == [10.0, 30.0, None, None]
    assert [item["sharpe"] for item in down] == [30.0, 10.0, None, None]


def test_leaderboard_filters_and_pages(strategies, database, run_id, make_strategy):
    rows = [make_strategy(child, venue="okx" if child % 2 else "gate") for child in range(20)]
    rows += [
        make_strategy(child, type="breakout", symbol="ETH/USDT:USDT", market_type="swap") for child in range(20, 25)
    ]
    strategies.replace_population(run_id, rows)
    _set(database, storage.strategy_id(run_id, rows[0]["species"], 24), "state = 'live', enabled = true, grade = 'A'")
    assert strategies.leaderboard(venue="okx").total == 10
    assert strategies.leaderboard(type="breakout", symbol="ETH/USDT:USDT", timeframe="1h").total == 5
    assert strategies.leaderboard(grade="A", state="live", enabled=True, money="paper").total == 1
    assert strategies.leaderboard(q="eth/").total == 5  # no id has a slash
    page = strategies.leaderboard(sort="-n_trades", limit=10, offset=10)
    assert ([item["child"] for item in page.items], page.total) == (list(range(14, 4, -1)), 25)


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("Trend following", {2}), ("trend_following", {2}), ("TREND", {2}), ("eth momentum", {1}),
        ("momentum eth", {1}),
        ("SOL 1m", {3}), ("  sol   momentum ", {3}), ("1m", {3}), ("okx 1h", {2}), ("momentum", {1, 3}),
        ("momentum okx", set()), ("USDT1h", set()), ("usdt 1h", {1, 2}), ("_", {2}), ("d_f", {2}), ("%", set()),
        (" ", {1, 2, 3}),
    ],
)  # fmt: skip
def test_search_finds_strategies_that_have_every_word(strategies, run_id, make_strategy, sought, found):
    rows = [
        make_strategy(1, symbol="ETH/USDT"),
        make_strategy(2, type="trend_following", venue="okx"),
        make_strategy(3, symbol="SOL/USDT", timeframe="1m"),
    ]
    strategies.replace_population(run_id, rows)
    assert {row["child"] for row in strategies.leaderboard(q=sought).items} == found
    assert {row["child"] for row in strategies.page(q=sought).items} == found


@pytest.mark.parametrize("sort", ["scs; DROP TABLE strategies", "-", "", "run_id", "scs DESC", "--scs", "parameters"])
def test_sort_outside_of_the_list_is_refused(strategies, sort):
    with pytest.raises(storage.InvalidValueError, match="sort must be one of"):
        strategies.leaderboard(sort=sort)


@pytest.mark.parametrize("hostile", ["' OR '1'='1", "%", "_", "x'; DROP TABLE strategies; --", "\\", '"', "{}", ":q"])
def test_hostile_filters_find_nothing_and_harm_nothing(strategies, run_id, make_strategy, hostile):
    strategies.replace_population(run_id, [make_strategy(1)])
    assert strategies.leaderboard(q=hostile).total == 0
    assert strategies.leaderboard(symbol=hostile, type=hostile, state=hostile).total == 0
    assert strategies.leaderboard().total == 1
    with pytest.raises(storage.NotFoundError):
        strategies.get(hostile)


def test_filter_and_limit_outside_of_the_list_are_refused(strategies):
    with pytest.raises(storage.InvalidValueError, match="has no password"):
        strategies.leaderboard(password="x")
    for limit, offset in ((0, 0), (501, 0), (1, -1)):
        with pytest.raises(storage.InvalidValueError, match=r"limit must be in \[1, 500\]"):
            strategies.leaderboard(limit=limit, offset=offset)
    with pytest.raises(storage.InvalidValueError, match="no NUL"):
        strategies.leaderboard(q="\x00")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"grade": "D"}, "ck_strategies_grade"),
        ({"market_type": "option"}, "ck_strategies_market_type"),
        ({"origin": "rumour"}, "ck_strategies_origin"),
        ({"scs": 101.0}, "ck_strategies_scs"),
        ({"in_sample_scs": -1.0}, "ck_strategies_in_sample_scs"),
        ({"state": "live"}, "a strategy has no state"),
        ({"symbol": None}, "a strategy needs symbol"),
    ],
)
def test_strategy_against_the_rules_is_refused(strategies, run_id, make_strategy, changes, complaint):
    with pytest.raises(storage.InvalidValueError, match=complaint):
        strategies.replace_population(run_id, [make_strategy(1, **changes)])


def test_population_with_a_member_twice_or_of_no_run_is_refused(strategies, run_id, make_strategy):
    with pytest.raises(storage.InvalidValueError, match="twice"):
        strategies.replace_population(run_id, [make_strategy(1), make_strategy(1)])
    with pytest.raises(storage.NotFoundError, match="fk_strategies_run_id_runs"):
        strategies.replace_population("nowhere", [make_strategy(1)])


def test_counts_say_how_many_pass_which_bar_and_why_not_more(strategies, run_id, make_strategy):
    rows = [make_strategy(child, scs=float(60 + child), grade_reason="C: no evidence") for child in range(1, 9)]
    rows += [make_strategy(9, scs=None, grade_reason="C: too few trades"), make_strategy(10, grade="A", scs=90.0)]
    strategies.replace_population(run_id, rows)
    counts = strategies.counts(65, run_id=run_id)
    assert counts == (10, 5, 1, 0, 0, 0, "C: no evidence")
    assert strategies.counts(65, run_id="none") == (0, 0, 0, 0, 0, 0, None)
    with pytest.raises(storage.InvalidValueError):
        strategies.counts(65, colour="red")


def test_finalists_are_marked_filtered_and_counted(strategies, run_id, make_strategy):
    found = {"finalist": True, "selected_until": 1_772_366_400_000, "in_sample_scs": 71.5, "dsr_raw": 0.5}
    rows = [make_strategy(1, scs=70.0), make_strategy(2, scs=80.0, **found), make_strategy(3, finalist=None)]
    strategies.replace_population(run_id, rows)
    (finalist,) = strategies.leaderboard(finalist=True).items
    assert {name: finalist[name] for name in found} == found
    others = strategies.leaderboard(finalist=False, sort="-scs").items
    assert [(item["child"], item["finalist"], item["selected_until"]) for item in others] == [
        (1, False, None),
        (3, False, None),
    ]
    assert strategies.leaderboard().total == strategies.counts(65).strategies == 3
    assert strategies.counts(65, finalist=True)[:2] == (1, 1)
    assert strategies.counts(75, finalist=False, run_id=run_id)[:2] == (2, 0)


@pytest.mark.parametrize("name", ["in_sample_scs", "dsr_raw"])
def test_leaderboard_is_sorted_by_what_evidence_adds(strategies, run_id, make_strategy, name):
    values = {1: 0.25, 2: None, 3: 0.75}
    strategies.replace_population(run_id, [make_strategy(child, **{name: value}) for child, value in values.items()])
    assert [item["child"] for item in strategies.leaderboard(sort=f"-{name}").items] == [3, 1, 2]
    assert [item["child"] for item in strategies.leaderboard(sort=name).items] == [1, 3, 2]

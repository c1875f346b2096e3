"""Pages: every row once and in order, whatever the limit, whatever is added meanwhile, whoever makes up a cursor."""

import base64
import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

import storage

BROKEN = "cursor must be the next_cursor of the same list"
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def strategies(database: storage.Database) -> storage.StrategyRepository:
    return storage.StrategyRepository(database.engine)


@pytest.fixture
def population(strategies, run_id, make_strategy):
    """Store strategies with ties and without values, and return them."""
    scores = [None, 10.0, 10.0, 1 / 3, 0.1 + 0.2, 99.9, None, 66.6]
    rows = [
        make_strategy(
            child,
            species=f"momentum|{'BTC' if child % 3 else 'ETH'}/USDT|1h",
            oos_scs=scores[child % len(scores)],
            scs=None if child % 7 == 0 else float(child % 6),
            sharpe=None if child % 5 == 0 else (child % 4) / 7 - 0.2,
            venue="okx" if child % 2 else "gate",
        )
        for child in range(61)
    ]
    strategies.replace_population(run_id, rows)
    return strategies.leaderboard(limit=500).items


def _all_pages(page, limit: int, **options: object) -> list[dict[str, object]]:
    """Return the rows of all pages."""
    found = page(limit=limit, **options)
    rows, cursor = list(found.items), found.next_cursor
    while cursor is not None:
        assert len(found.items) == limit
        found = page(limit=limit, cursor=cursor, **options)
        assert found.items
        rows += found.items
        cursor = found.next_cursor
    return rows


@SLOW
@given(
    limit=st.integers(1, 70),
    name=st.sampled_from(["oos_scs", "sharpe", "scs", "id", "venue", "grade", "created_at", "n_trades"]),
    down=st.booleans(),
    venue=st.sampled_from([None, "okx", "gate", "nowhere"]),
)
def test_pages_of_any_size_are_the_whole_list_once_and_in_order(strategies, population, limit, name, down, venue):
    sort = f"-{name}" if down else name
    rows = _all_pages(strategies.page, limit, sort=sort, venue=venue)
    assert rows == list(strategies.leaderboard(sort=sort, limit=500, venue=venue).items)
    assert len(rows) == sum(venue in (None, row["venue"]) for row in population)
    assert strategies.page(limit=1, sort=sort, venue=venue).total == len(rows)


@SLOW
@given(limit=st.integers(1, 9), added=st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=12), data=st.data())
def test_rows_added_while_pages_are_turned_neither_repeat_nor_hide_another(
    database, strategies, runs, make_run, make_strategy, limit, added, data
):
    run, other = runs.create(make_run()), runs.create(make_run(seed=8))
    strategies.replace_population(run, [make_strategy(n, oos_scs=[None, 5.0, 50.0, 50.0][n % 4]) for n in range(17)])
    before = [row["id"] for row in strategies.leaderboard(run_id=run, limit=500).items]
    ids, cursor, children = [], None, []
    while True:
        page = strategies.page(limit=limit, cursor=cursor)
        ids += [row["id"] for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        if added and data.draw(st.booleans()):
            children.append(make_strategy(len(children), species="a|b|c", oos_scs=added.pop()))
            strategies.replace_population(other, children)
    assert len(ids) == len(set(ids))
    kept = set(before)
    assert [strategy for strategy in ids if strategy in kept] == before
    for population in (run, other):
        strategies.replace_population(population, [])


def test_rows_that_vanish_while_pages_are_turned_hide_no_other(strategies, run_id, make_strategy):
    strategies.replace_population(run_id, [make_strategy(n, oos_scs=float(n)) for n in range(20)])
    first = strategies.page(limit=10)
    strategies.replace_population(run_id, [make_strategy(n, oos_scs=float(n)) for n in range(20) if n != 10])
    rest = strategies.page(limit=10, cursor=first.next_cursor)  # the row the cursor names is gone
    assert [row["child"] for row in rest.items] == list(range(9, -1, -1))


def test_better_ones_come_first_where_nobody_has_evidence(strategies, run_id, make_strategy):
    scores = [0.0, None, 71.5, 20.0, 71.5]
    strategies.replace_population(run_id, [make_strategy(n, oos_scs=None, scs=scs) for n, scs in enumerate(scores)])
    assert [row["child"] for row in _all_pages(strategies.page, 2, sort="-oos_scs")] == [2, 4, 3, 0, 1]


def test_cursor_carries_its_sort(strategies, population):
    first = strategies.page(limit=7, sort="sharpe")
    second = strategies.page(limit=7, cursor=first.next_cursor)
    assert [*first.items, *second.items] == list(strategies.leaderboard(sort="sharpe", limit=14).items)
    with pytest.raises(storage.InvalidValueError, match="the cursor belongs to sort=sharpe, not -sharpe"):
        strategies.page(limit=7, cursor=first.next_cursor, sort="-sharpe")


def test_cursor_goes_on_in_its_own_list_only(database, strategies, population):
    cursor = strategies.page(limit=7, venue="okx").next_cursor
    assert strategies.page(limit=9, venue="okx", cursor=cursor).items  # another limit is the same list
    for other in ({}, {"venue": "gate"}, {"venue": "okx", "q": "eth"}, {"venue": "okx", "since": 0}):
        with pytest.raises(storage.InvalidValueError, match=BROKEN):
            strategies.page(cursor=cursor, **other)
    log = storage.OperationsLogRepository(database.engine)
    with pytest.raises(storage.InvalidValueError, match=BROKEN):
        log.page(cursor=cursor)


@SLOW
@given(
    made_up=st.one_of(
        st.text(max_size=60), st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    )
)
def test_cursor_that_was_made_up_is_refused(strategies, made_up):
    with pytest.raises(storage.InvalidValueError, match=BROKEN):
        strategies.page(cursor=made_up)


@SLOW
@given(data=st.data())
def test_cursor_that_was_damaged_is_refused(strategies, population, data):
    cursor = strategies.page(limit=7).next_cursor
    at = data.draw(st.integers(0, len(cursor) - 2))  # the last sign may have bits that mean nothing
    other = data.draw(st.sampled_from("ABCDwxyz0189-_%/+ ").filter(lambda sign: sign != cursor[at]))
    with pytest.raises(storage.InvalidValueError, match=BROKEN):
        strategies.page(limit=7, cursor=cursor[:at] + other + cursor[at + 1 :])
    with pytest.raises(storage.InvalidValueError, match=BROKEN):
        strategies.page(limit=7, cursor=cursor[:at])


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1.0, 0.0, "a"],
        [1.0, 0.0, "a", 1, "b", "c"],
        ["1", 0.0, "a", 1, "b"],
        [1.0, None, "a", 1, "b"],
        [1.0, 0.0, None, 1, "b"],
        [1.0, 0.0, "a", "1", "b"],
        [1.0, 0.0, "a", 2**70, "b"],
        [1.0, 0.0, "a\x00", 1, "b"],
        [math.inf, 0.0, "a", 1, "b"],
        [1.0, math.nan, "a", 1, "b"],
        [{}, 0.0, "a", 1, "b"],
    ],
)
def test_cursor_forged_with_a_right_digest_is_refused_or_only_another_place(strategies, population, values):
    from storage.cursors import _digest

    purpose = json.dumps(["strategies", {}, [None, None], "None "])
    body = json.dumps(["-oos_scs", values]).encode()
    forged = base64.urlsafe_b64encode(_digest(purpose, body) + body).decode().rstrip("=")
    with pytest.raises(storage.InvalidValueError):
        strategies.page(cursor=forged)
    body = json.dumps(["-oos_scs; DROP TABLE strategies", [1.0, 0.0, "a", 1, "b"]]).encode()
    forged = base64.urlsafe_b64encode(_digest(purpose, body) + body).decode().rstrip("=")
    with pytest.raises(storage.InvalidValueError, match="sort must be one of"):
        strategies.page(cursor=forged)


@pytest.mark.parametrize("limit", [0, 501, -1, True, 2.5, "7", None])
def test_limit_out_of_its_range_is_refused(strategies, limit):
    with pytest.raises(storage.InvalidValueError, match=r"limit must be in \[1, 500\]"):
        strategies.page(limit=limit)


def test_unknown_names_and_values_are_refused(strategies):
    for options in (
        {"colour": "red"},
        {"sort": "metrics"},
        {"sort": "--scs"},
        {"sort": ""},
        {"enabled": "yes"},
        {"since": "yesterday"},
        {"until": datetime(2026, 1, 1)},
        {"q": "\x00"},
        {"cursor": "x" * 5000},
    ):
        with pytest.raises(storage.InvalidValueError):
            strategies.page(**options)


def test_pages_are_filtered_by_time_text_and_flags(database, strategies, population):
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE strategies SET created_at = '2026-01-01 00:00+00' WHERE child < 5"))
        connection.execute(text("UPDATE strategies SET created_at = '2026-01-02 00:00+00' WHERE child = 5"))
    first, second = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2))
    assert strategies.page(since=first, until=second).total == 5  # from is included, to is not
    assert strategies.page(until=int(second.timestamp() * 1000) + 1).total == 6
    assert strategies.page(since=second + timedelta(seconds=1)).total == 55
    assert (
        strategies.page(q="eth/", enabled=False, finalist=False).total == 0
    )  # the symbol is BTC's, the species no text
    assert strategies.page(q="btc/", venue="okx", state="candidate").total == 30
    assert strategies.page(enabled=True).total == 0


def test_total_counts_no_further_than_its_bound(monkeypatch, strategies, population):
    monkeypatch.setattr("storage.pagination.MOST_COUNTED", 10)
    assert strategies.page(limit=5).total == 10
    assert len(_all_pages(strategies.page, 5)) == 61

"""The roster: who gets in and out, by whom, at most so many, and evolution cannot touch it."""

import threading

import pytest
from sqlalchemy import text

import storage

SPECIES = "momentum|BTC/USDT|1h"


@pytest.fixture
def strategies(database: storage.Database) -> storage.StrategyRepository:
    return storage.StrategyRepository(database.engine)


@pytest.fixture
def log(database: storage.Database) -> storage.OperationsLogRepository:
    return storage.OperationsLogRepository(database.engine)


@pytest.fixture
def ids(strategies, run_id, make_strategy) -> list[str]:
    strategies.replace_population(run_id, [_distinct(make_strategy, child) for child in range(6)])
    return [storage.strategy_id(run_id, SPECIES, child) for child in range(6)]


def _distinct(make_strategy, child: int, **changes: object) -> dict[str, object]:
    return make_strategy(child, parameters={"lookback_period": 20 + child, "threshold": 0.01}, **changes)


def _most(database: storage.Database, most: int) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE strategy_management_config SET max_enabled = :most"), {"most": most})


def _enable(strategies: storage.StrategyRepository, strategy: str, version: int | None = None):
    return strategies.set_state(strategy, "enable", version=version, by="ann")


def test_strategy_is_enabled_disabled_retired_and_enabled_again(strategies, log, ids):
    seen = []
    for action in ("enable", "disable", "enable", "retire", "enable", "disable", "retire"):
        before = strategies.get(ids[0])
        after = strategies.set_state(ids[0], action, version=before["version"], by="ann", reason=f"to {action}")
        assert after == strategies.get(ids[0])
        assert after["version"] == before["version"] + 1
        moved = after["state"] != before["state"]
        assert (after["state_since"] > before["state_since"]) is moved
        seen.append((after["state"], after["enabled"]))
    assert seen == [
        ("enabled", True),
        ("enabled", False),
        ("enabled", True),
        ("retired", False),
        ("enabled", True),
        ("enabled", False),
        ("retired", False),
    ]
    rows = log.page(target=ids[0], sort="ts").items
    assert [row["reason"] for row in rows[:3]] == ["to enable", "to disable", "to enable"]
    assert rows[0]["before"] == {"state": "candidate", "enabled": False, "version": 1}
    assert rows[0]["after"] == {"state": "enabled", "enabled": True, "version": 2}
    assert [row["before"] for row in rows[1:]] == [row["after"] for row in rows[:-1]]
    assert {(row["actor"], row["role"], row["source"], row["result"]) for row in rows} == {
        ("ann", "operate", "api", "done")
    }


def test_change_of_an_old_version_changes_and_logs_nothing(strategies, log, ids):
    _enable(strategies, ids[0], version=1)
    for action in ("disable", "retire", "enable"):
        with pytest.raises(storage.ConflictError, match=r"has version 2 \(enabled\), not 1: read it again"):
            strategies.set_state(ids[0], action, version=1, by="bob")
    assert strategies.get(ids[0])["version"] == 2
    assert log.page().total == 1


@pytest.mark.parametrize(
    ("state", "enabled", "action"),
    [
        ("candidate", False, "disable"),
        ("candidate", False, "retire"),
        ("enabled", True, "enable"),
        ("enabled", False, "disable"),
        ("retired", False, "retire"),
        ("retired", False, "disable"),
        ("live", True, "enable"),
        ("live", True, "disable"),
        ("live", True, "retire"),
        ("live", False, "enable"),
    ],
)
def test_step_that_is_not_open_is_refused(database, strategies, log, ids, state, enabled, action):
    with database.engine.begin() as connection:
        connection.execute(
            text("UPDATE strategies SET state = :state, enabled = :enabled WHERE id = :id"),
            {"state": state, "enabled": enabled, "id": ids[0]},
        )
    before = strategies.get(ids[0])
    with pytest.raises(storage.TransitionError, match=rf"strategy {ids[0]} is \w+: "):
        strategies.set_state(ids[0], action, version=1, by="ann")
    assert strategies.get(ids[0]) == before
    assert log.page().total == 0


def test_unknown_strategy_and_action_are_refused(strategies, ids):
    with pytest.raises(storage.NotFoundError, match="there is no strategy 'nobody'"):
        _enable(strategies, "nobody")
    with pytest.raises(storage.InvalidValueError, match="action must be one of enable, disable, retire, was 'promote'"):
        strategies.set_state(ids[0], "promote", version=1, by="ann")
    with pytest.raises(storage.InvalidValueError, match="needs actor"):
        strategies.set_state(ids[0], "enable", version=1, by=" ")
    assert strategies.get(ids[0])["state"] == "candidate"


def test_candidate_or_retired_strategy_cannot_be_marked_as_enabled(database, ids):
    with pytest.raises(storage.InvalidValueError, match="ck_strategies_enabled"), database.engine.begin() as connection:
        connection.execute(text("UPDATE strategies SET enabled = true"))


def test_several_change_at_once_and_the_others_say_why_not(strategies, log, ids):
    _enable(strategies, ids[2])
    changes = strategies.set_states([ids[4], "nobody", ids[2], ids[0], ids[4]], "enable", by="ann", reason="all")
    assert [(change.id, change.changed, change.state, change.version) for change in changes] == [
        (ids[4], True, "enabled", 2),
        ("nobody", False, None, None),
        (ids[2], False, "enabled", 2),
        (ids[0], True, "enabled", 2),
    ]
    assert [type(change.error) for change in changes] == [
        type(None),
        storage.NotFoundError,
        storage.TransitionError,
        type(None),
    ]
    assert {row["target"] for row in log.page().items} == {ids[0], ids[2], ids[4]}
    assert log.page(target=ids[4]).total == 1
    assert log.page().total == 3


def test_more_than_500_at_once_are_refused(strategies):
    with pytest.raises(storage.InvalidValueError, match="at most 500 strategies change at once, were 501"):
        strategies.set_states([str(n) for n in range(501)], "enable", by="ann")
    assert strategies.set_states([], "enable", by="ann") == []
    assert len(strategies.set_states([str(n) for n in range(500)], "enable", by="ann")) == 500


def test_no_more_are_enabled_than_the_configuration_allows(database, strategies, ids):
    _most(database, 2)
    changes = strategies.set_states(ids[:3], "enable", by="ann")
    assert [change.changed for change in changes] == [True, True, False]
    with pytest.raises(storage.TransitionError, match=r"2 strategies are enabled, as many as management\.max_enabled"):
        _enable(strategies, ids[3])
    strategies.set_state(ids[0], "disable", version=None, by="ann")
    assert _enable(strategies, ids[3])["enabled"]
    assert strategies.counts(65).enabled == 2
    with pytest.raises(storage.TransitionError):
        _enable(strategies, ids[0])


def test_limit_holds_when_many_enable_at_once(database, strategies, ids):
    _most(database, 3)
    barrier, failures = threading.Barrier(6), []

    def enable(strategy: str) -> None:
        barrier.wait()
        try:
            _enable(strategies, strategy)
        except storage.TransitionError as error:
            failures.append(error)

    threads = [threading.Thread(target=enable, args=(strategy,)) for strategy in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 3
    assert strategies.counts(65).enabled == 3


def test_of_two_that_change_the_same_version_one_is_refused(strategies, ids):
    barrier, results = threading.Barrier(2), []

    def change(action: str) -> None:
        barrier.wait()
        try:
            results.append(strategies.set_state(ids[0], action, version=2, by=action)["version"])
        except storage.StorageUserError as error:
            results.append(type(error))

    _enable(strategies, ids[0])
    threads = [threading.Thread(target=change, args=(action,)) for action in ("disable", "retire")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results) == {3, storage.ConflictError}


@pytest.mark.parametrize("same_run", [True, False])
def test_members_of_the_roster_survive_every_population(
    strategies, runs, run_id, ids, make_run, make_strategy, same_run
):
    strategies.set_states(ids[:3], "enable", by="ann")
    strategies.set_state(ids[1], "disable", version=None, by="ann")
    strategies.set_state(ids[2], "retire", version=None, by="ann")
    before = [strategies.get(strategy) for strategy in ids[:3]]
    run = run_id if same_run else runs.create(make_run(seed=9))
    strategies.replace_population(run, [_distinct(make_strategy, child, scs=99.0) for child in (0, 1, 2, 9)])
    strategies.replace_population(run, [])
    assert [strategies.get(strategy) for strategy in ids[:3]] == before
    assert strategies.page(state="candidate").total == (0 if same_run else 3)


def test_populations_and_changes_of_state_do_not_block_each_other_for_ever(strategies, run_id, ids, make_strategy):
    failures = []

    def replace() -> None:
        try:
            for n in range(15):
                strategies.replace_population(run_id, [_distinct(make_strategy, c, scs=float(n)) for c in range(6)])
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=replace)
    thread.start()
    for n in range(15):
        strategies.set_states(ids[:: 1 if n % 2 else -1], "disable" if n % 2 else "enable", by="ann")
    thread.join()
    assert failures == []
    assert strategies.page(state="enabled").total == 6


def test_best_candidates_fill_the_free_places(database, strategies, run_id, make_strategy):
    rows = [
        _distinct(make_strategy, 0, oos_scs=50.0, oos_trades=40),
        _distinct(make_strategy, 1, oos_scs=80.0, oos_trades=10),
        _distinct(make_strategy, 2, oos_scs=None, scs=99.0, oos_trades=40),
        _distinct(make_strategy, 3, oos_scs=70.0, grade="A", oos_trades=40),
        _distinct(make_strategy, 4, oos_scs=75.0, grade="B", oos_trades=40),
        _distinct(make_strategy, 5, oos_scs=60.0, oos_trades=None),
    ]
    strategies.replace_population(run_id, rows)
    order = [3, 4, 1, 5, 0]
    assert [row["child"] for row in strategies.to_enable()] == order
    assert [row["child"] for row in strategies.to_enable(max_enabled=2)] == order[:2]
    assert [row["child"] for row in strategies.to_enable(least_oos_scs=60)] == [3, 4, 1, 5]
    assert [row["child"] for row in strategies.to_enable(least_oos_trades=30)] == [3, 4, 0]
    assert strategies.to_enable(run_id="another") == []
    _most(database, 3)
    strategies.set_states([row["id"] for row in strategies.to_enable(run_id=run_id)], "enable", by="evolution")
    assert [row["child"] for row in strategies.page(enabled=True).items] == [1, 4, 3]
    assert strategies.to_enable() == []
    assert [row["child"] for row in strategies.to_enable(max_enabled=4)] == [5]


def test_strategy_that_is_or_was_in_the_roster_does_not_come_in_by_another_name(
    strategies, runs, run_id, ids, make_run, make_strategy
):
    strategies.replace_population(run_id, [_distinct(make_strategy, child, oos_scs=70.0) for child in range(3)])
    _enable(strategies, ids[0])
    _enable(strategies, ids[1])
    strategies.set_state(ids[1], "retire", version=None, by="ann")
    other = runs.create(make_run(seed=9))
    twins = [_distinct(make_strategy, child, oos_scs=99.0) for child in range(4)]
    twins[1]["symbol"] = "ETH/USDT"
    strategies.replace_population(other, twins)
    found = strategies.to_enable(run_id=other)
    assert {row["child"] for row in found} == {1, 2, 3}


def test_strategies_that_have_been_enabled_for_long_are_found(database, strategies, ids):
    strategies.set_states(ids[:3], "enable", by="ann")
    strategies.set_state(ids[1], "disable", version=None, by="ann")
    with database.engine.begin() as connection:
        for days, strategy in ((40, ids[0]), (50, ids[1]), (10, ids[2])):
            change = text("UPDATE strategies SET state_since = state_since - make_interval(days => :d) WHERE id = :id")
            connection.execute(change, {"d": days, "id": strategy})
    assert [row["id"] for row in strategies.long_enabled(30)] == [ids[1], ids[0]]
    assert len(strategies.long_enabled(0)) == 3


def test_states_begin_with_those_that_matter_most(database, strategies, run_id, make_strategy):
    changes = [
        {"scs": 10.0},
        {"scs": 90.0},
        {"scs": None},
        {"scs": 20.0, "finalist": True},
        {"scs": 5.0},
        {"scs": 99.0},
    ]
    strategies.replace_population(
        run_id, [_distinct(make_strategy, child, **each) for child, each in enumerate(changes)]
    )
    ids = [storage.strategy_id(run_id, SPECIES, child) for child in range(6)]
    for child in (4, 5):
        _enable(strategies, ids[child])
    strategies.set_state(ids[5], "retire", version=None, by="ann")
    overview = storage.OverviewRepository(database.engine)
    states = overview.states(10)
    assert [row["id"] for row in states] == [ids[child] for child in (4, 3, 1, 0, 2, 5)]
    assert states[-1] == {name: strategies.get(ids[5])[name] for name in states[-1]}
    assert overview.states(2) == states[:2]

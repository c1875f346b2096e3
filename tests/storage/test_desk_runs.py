"""The desk's own runs are known by folder and name of their files, whichever EVOQ_HOME they were in."""

import pytest

import storage

FILES = ["first_seen/binance__BTC-USDT__1h.parquet", "first_seen/binance__ETH-USDT__1h.parquet"]


@pytest.fixture
def desk_runs(database):
    return storage.DeskRunRepository(database.engine)


@pytest.fixture
def strategies(database):
    return storage.StrategyRepository(database.engine)


@pytest.fixture
def begin(runs, make_run):
    def begin(*files, home="/srv/evoq", forever=True):
        settings = {"candles": [f"{home}/{file}" for file in files], "forever": forever}
        return runs.create(make_run(settings=settings))

    return begin


def test_newest_run_is_found_wherever_home_was(desk_runs, begin, runs):
    begin(*FILES)
    newest = begin(*reversed(FILES), home="/home/trader/desk")
    found = desk_runs.newest(FILES)
    assert found == runs.get(newest)
    assert desk_runs.newest(FILES[::-1]) == found


def test_run_on_other_files_or_not_for_ever_is_none_of_the_desk(desk_runs, begin, runs, make_run):
    begin(FILES[0])
    begin(*FILES, forever=False)
    begin(*(file.replace("first_seen", "candles") for file in FILES))
    runs.create(make_run())
    assert desk_runs.newest(FILES) is None


def test_run_stays_behind_while_it_has_candidates(desk_runs, begin, strategies, make_strategy):
    earlier, later, present = begin(FILES[0]), begin(*FILES, home="/old"), begin(*FILES)
    by_hand = begin("candles/binance__BTC-USDT__1h.parquet")
    once = begin(*FILES, forever=False)
    begin(FILES[1])  # nothing was stored
    for run in (earlier, later, present, by_hand, once):
        strategies.replace_population(run, [make_strategy(1), make_strategy(2)])
    (enabled,) = [row["id"] for row in strategies.leaderboard(run_id=earlier, limit=1).items]
    strategies.set_state(enabled, "enable", version=None, by="a test", role="operate")
    assert desk_runs.left_behind(present, "first_seen") == [earlier, later]
    strategies.replace_population(earlier, [])
    assert desk_runs.left_behind(present, "first_seen") == [later]
    assert strategies.get(enabled)["state"] == "enabled"

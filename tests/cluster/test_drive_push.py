"""What the driver has told of strategies is what the database holds, also of those that it has retired itself."""

import pytest
from sqlalchemy import text
from test_driver_parts import new_run, strategy
from test_first_seen import changed
from test_present_run import BITCOIN, driven, populated

from cluster.bus import Bus
from cluster.strategy_update import strategy_update
from market import CandleStore
from storage import ConfigRepository, OverviewRepository, StrategyRepository, open_database

pytestmark = pytest.mark.alone


def test_driver_tells_the_states_after_admission_and_an_alert(tmp_path, ray_session, cache):
    """A strategy of an earlier run has had its time: the first generation retires it."""
    bus = Bus(cache.url)
    CandleStore(tmp_path / "candles").add(BITCOIN)
    try:
        with open_database(tmp_path, environ={}) as database:
            strategies = StrategyRepository(database.engine)
            earlier = new_run(database)
            strategies.replace_population(earlier, [strategy(1)])
            (old,) = strategies.leaderboard(run_id=earlier).items
            strategies.set_state(old["id"], "enable", version=old["version"], by="test")
            days = ConfigRepository(database.engine).get().management.retire_after_days
            with database.engine.begin() as connection:
                connection.execute(
                    text("UPDATE strategies SET state_since = state_since - make_interval(days => :days)"),
                    {"days": int(days) + 1},
                )
            bus.publish("strategy_update", {"id": "of-a-desk-before", "version": 1})
            has_population = populated(database)
            driven(
                database, tmp_path, BITCOIN, ray_session, lambda run: run.id != earlier and has_population(run), bus
            )  # fmt: skip
            told = {key: event["data"] for key, event in bus.last_by_id("strategy_update").items()}
            stored = {row["id"]: strategy_update(row) for row in OverviewRepository(database.engine).states(5_000)}
            assert (told[old["id"]]["state"], told[old["id"]]["version"]) == ("retired", old["version"] + 2)
            assert len(told) > 40
            assert told == stored
            CandleStore(tmp_path / "candles").add(changed(BITCOIN, 700))
            driven(database, tmp_path, BITCOIN, ray_session, lambda _: bus.last("alert") is not None, bus)
            assert bus.last("alert")["data"]["code"] == "candles_changed"
    finally:
        bus.close()

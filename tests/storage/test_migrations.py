"""The schema: models and migrations agree, old databases are upgraded, newer ones refused."""

import threading
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

import storage
from storage.engine import build_engine
from storage.schema import migrate, migration_config
from storage.settings import settings_from_environment

SCHEMAS = Path(__file__).parent / "schemas"


def test_models_and_migrations_agree(external):
    with storage.open_database(environ=external) as database, database.engine.begin() as connection:
        command.check(migration_config(connection))  # raises where autogenerate would find something to do


def test_migrations_go_back_and_forth(external):
    with storage.open_database(environ=external) as database:
        with database.engine.begin() as connection:
            command.downgrade(migration_config(connection), "base")
        with database.engine.connect() as connection:
            left = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
            assert left == ["alembic_version"]
        database.prepare()
        assert storage.ConfigRepository(database.engine).get().version == 1


def test_every_released_schema_has_its_dump():
    released = {revision.revision for revision in ScriptDirectory.from_config(migration_config()).walk_revisions()}
    assert {path.stem for path in SCHEMAS.glob("*.sql")} == released


@pytest.mark.parametrize("dump", sorted(SCHEMAS.glob("*.sql")), ids=lambda path: path.stem)
def test_old_schema_is_upgraded_with_its_rows(external, dump: Path):
    engine = build_engine(settings_from_environment(external))
    with engine.begin() as connection:
        connection.exec_driver_sql(dump.read_text(encoding="utf-8").replace("%", "%%"))
    engine.dispose()
    with storage.open_database(environ=external) as database:
        runs = storage.RunRepository(database.engine)
        run = runs.latest(unfinished=True)
        assert (run.id, run.seed, run.settings["population"]) == ("20260314-092653-k7qz", 7, 1034)
        assert runs.state(run.id) == (1, bytes(range(256)))
        assert [trial["fitness"] for trial in storage.TrialRepository(database.engine).of_run(run.id)] == [61.5, None]
        assert [row["message"] for row in runs.history(run.id)] == ["it's 100 % new"]
        (strategy,) = storage.StrategyRepository(database.engine).leaderboard().items
        assert (strategy["state"], strategy["parameters"]["threshold"]) == ("enabled", 0.01)
        assert storage.ConfigRepository(database.engine).get().changed_by == "ann"
        with database.engine.begin() as connection:
            command.check(migration_config(connection))


def test_evidence_of_an_old_schema_is_kept(external):
    engine = build_engine(settings_from_environment(external))
    with engine.begin() as connection:
        connection.exec_driver_sql((SCHEMAS / "0002.sql").read_text(encoding="utf-8").replace("%", "%%"))
    engine.dispose()
    with storage.open_database(environ=external) as database:
        evidence = storage.EvidenceRepository(database.engine)
        assert storage.RunRepository(database.engine).latest().evidence == {"pbo": 0.25, "finalists": 1}
        (strategy,) = storage.StrategyRepository(database.engine).leaderboard(finalist=True).items
        assert (strategy["selected_until"], strategy["in_sample_scs"], strategy["dsr_raw"]) == (
            1772366400000,
            71.5,
            0.5,
        )
        assert evidence.trial_count("d" * 64) == (2, 2)
        assert evidence.clusters("d" * 64, "c" * 64) == (2, b"\x00\x01\xfe\xff")
        assert [touch["data_hash"] for touch in evidence.holdout_touches()] == ["e" * 64]
        assert evidence.curve(strategy["id"], "oos")["buy_and_hold"] == [1.0, 1 / 3]


def test_what_the_running_system_left_in_an_old_schema_is_kept(external):
    engine = build_engine(settings_from_environment(external))
    with engine.begin() as connection:
        connection.exec_driver_sql((SCHEMAS / "0003.sql").read_text(encoding="utf-8").replace("%", "%%"))
    engine.dispose()
    with storage.open_database(environ=external) as database:
        commands, leases = storage.CommandRepository(database.engine), storage.LeaseRepository(database.engine)
        command = commands.take(["pause_evolution"])
        assert (command.id, command.reason, command.by) == ("mfrggzdfmztwq2lk", "it's late", "ann")
        assert (leases.get("driver").token, leases.get("driver").held) == (7, False)
        assert leases.acquire("driver", "host:2", 10).token == 8
        (logged,) = storage.OperationsLogRepository(database.engine).page().items
        assert (logged["action"], logged["after"]["version"], logged["reason"]) == ("enable", 2, "a try")
        assert storage.AlertRepository(database.engine).raise_("feed_late", "info", "x", "BTC/USDT:USDT")["count"] == 4
        (strategy,) = storage.StrategyRepository(database.engine).page(state="enabled", enabled=True).items
        assert strategy["state_since"].isoformat() == "2026-03-14T09:26:53+00:00"


def test_sessions_and_trades_of_an_old_schema_are_kept(external):
    engine = build_engine(settings_from_environment(external))
    with engine.begin() as connection:
        connection.exec_driver_sql((SCHEMAS / "0004.sql").read_text(encoding="utf-8").replace("%", "%%"))
    engine.dispose()
    with storage.open_database(environ=external) as database:
        found = storage.SessionRepository(database.engine).find("a" * 64)
        assert (found.role, found.credential) == ("read", "b" * 64)
        (trade,) = storage.TradeRepository(database.engine).page("4rfxoymf62jd", real=False).items
        assert (trade["side"], trade["entry_price"], trade["pnl"]) == (-1, Decimal("84000.5"), Decimal("0.83325"))


@pytest.mark.parametrize("name", ["0001", "0002"])
def test_members_of_an_older_roster_are_marked_as_enabled(external, name):
    engine = build_engine(settings_from_environment(external))
    with engine.begin() as connection:
        connection.exec_driver_sql((SCHEMAS / f"{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
        connection.execute(text("UPDATE strategies SET enabled = false"))
    engine.dispose()
    with storage.open_database(environ=external) as database:
        (strategy,) = storage.StrategyRepository(database.engine).leaderboard().items
        assert (strategy["state"], strategy["enabled"]) == ("enabled", True)
        assert strategy["state_since"] == strategy["updated_at"]


def test_many_processes_that_migrate_at_once_do_it_once(external):
    failures = []

    def prepare() -> None:
        engine = build_engine(settings_from_environment(external))
        try:
            migrate(engine)
        except Exception as error:
            failures.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_schema_of_a_newer_evoq_is_refused(external):
    with storage.open_database(environ=external) as database, database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(storage.VersionError, match=r"has schema 9999, .* a newer Evoq has used it; update this one"):
        storage.open_database(environ=external)


def test_role_that_may_not_make_tables_is_told_so(external):
    engine = build_engine(settings_from_environment(external))
    with engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {external['DB_NAME']} SET default_transaction_read_only = on"))
    engine.dispose()
    with pytest.raises(storage.PrivilegeError, match=r"may not do this in database .* make it the owner"):
        storage.open_database(environ=external)

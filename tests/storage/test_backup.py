"""Backup and restore: what comes back is what was there, at one moment, whole or not at all."""

import json
import signal
import stat
import subprocess
import time
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import text

import storage
from storage import dump_programs
from storage.database_backup import row_counts
from storage.embedded import embedded_status
from storage.engine import build_engine
from storage.server_files import ServerFiles
from storage.settings import settings_from_environment

WRITER = """
import sys, storage
run_id = sys.argv[1]
with storage.open_database() as database:
    runs = storage.RunRepository(database.engine)
    batch = -1
    while True:
        batch += 1
        trials = [
            {"batch": batch, "species": "momentum", "child": 64 * batch + i, "genome": [float(i)],
             "data_hash": "d", "operator": "sbx"}
            for i in range(64)
        ]
        logs = [{"ts": 1772366400000 + batch, "event": "batch", "batch": batch}]
        runs.commit(run_id, batch=batch, state=str(batch).encode(), trials=trials,
                    evaluations=64 * (batch + 1), generation=1, round=1, logs=logs)
        print(batch, flush=True)
"""

STUCK_RESTORE = """
import sys, time, pathlib, storage
from contextlib import contextmanager
from storage import database_restore

class Stuck:
    def __init__(self, dump):
        self.dump, self.left = dump, 30_000
    def read(self, size):
        if self.left <= 0:
            print("stuck", flush=True)
            time.sleep(600)
        piece = self.dump.read(min(size, self.left))
        self.left -= len(piece)
        return piece

real = database_restore.read_dump
@contextmanager
def stuck(file):
    with real(file) as dump:
        yield Stuck(dump)
database_restore.read_dump = stuck
storage.restore(pathlib.Path(sys.argv[1]), replace=True)
"""


def _fill(database: storage.Database, make_run, make_trial, make_strategy) -> str:
    """Put something into every kind of table."""
    runs = storage.RunRepository(database.engine)
    run_id = runs.create(make_run())
    history = [{"ts": 1772366400000, "generation": 1, "round": 1, "message": "it's 100 %\t\\N\n\\.\nGröße"}]
    runs.commit(
        run_id,
        batch=0,
        state=bytes(range(256)),
        trials=[make_trial(child) for child in range(64)],
        evaluations=64,
        generation=1,
        round=1,
        history=history,
        logs=[{"ts": 1772366400000, "event": "x", "details": {"a": [1, None]}}],
    )
    strategies = storage.StrategyRepository(database.engine)
    strategies.replace_population(run_id, [make_strategy(child, oos_scs=1 / (child + 1)) for child in range(10)])
    strategies.set_state(strategies.page(limit=1).items[0]["id"], "enable", version=1, by="ann")
    storage.CommandRepository(database.engine).add("kill", None, {"n": 0.1 + 0.2}, by="ann", role="operate")
    storage.AlertRepository(database.engine).raise_("c", "info", "m")
    storage.SystemStatusRepository(database.engine).record("m", {"cpu_pct": 12.5})
    return run_id


def _rows(engine, *, without: tuple[str, ...] = ("leases", "operations_log")) -> dict[str, list[str]]:
    """Return all rows of all tables as text."""
    with engine.connect() as connection:
        names = [name for name in row_counts(connection) if name.partition(".")[2] not in without]
        return {name: sorted(connection.scalars(text(f"SELECT CAST(x AS text) FROM {name} x"))) for name in names}


def _engine(external: dict[str, str]):
    return build_engine(settings_from_environment(external))


@pytest.fixture
def saved(database, tmp_path: Path, make_run, make_trial, make_strategy) -> Path:
    """Return a backup of a database with something in it."""
    _fill(database, make_run, make_trial, make_strategy)
    file = tmp_path / "evoq.backup"
    storage.backup(database, file)
    return file


def test_what_comes_back_is_what_was_there(database, external, saved: Path):
    manifest = storage.restore(saved, environ=external)
    engine = _engine(external)
    assert _rows(engine) == _rows(database.engine)
    with engine.connect() as connection, database.engine.connect() as original:
        assert {name: rows for name, rows in row_counts(connection).items() if name != "public.operations_log"} == {
            name: rows for name, rows in row_counts(original).items() if name != "public.operations_log"
        }
    engine.dispose()
    with storage.open_database(environ=external) as restored:
        alerts = storage.AlertRepository(restored.engine)
        (saved_alert,) = alerts.page().items
        assert alerts.raise_("d", "info", "m")["id"] == saved_alert["id"] + 1  # counters go on
        logged = storage.OperationsLogRepository(restored.engine).page(sort="ts").items
        assert [row["action"] for row in logged] == ["enable", "restore"]
        assert logged[1]["after"]["sha256"] == manifest.sha256
        assert logged[1]["id"] > logged[0]["id"]


def test_backup_says_what_it_is_and_is_private(database, saved: Path):
    manifest = storage.read_backup(saved)
    assert (manifest.schema, manifest.tables["public.trials"], manifest.tables["public.strategies"]) == ("0005", 64, 10)
    assert manifest.evoq_version
    assert manifest.server_version.startswith("18")
    assert manifest.created_at.tzinfo is not None
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_backup_while_somebody_writes_is_of_one_moment(database, external, tmp_path: Path, runs, run_id, spawn):
    writer = spawn(WRITER, database.settings.embedded_in, run_id)
    file = tmp_path / "evoq.backup"
    for _ in range(3):
        said = int(writer.stdout.readline())
        storage.backup(database, file)
    while int(writer.stdout.readline()) < said + 3:
        pass
    assert writer.poll() is None
    writer.kill()
    storage.restore(file, environ=external)
    with storage.open_database(environ=external) as restored:
        record = storage.RunRepository(restored.engine).get(run_id)
        assert said <= record.batch < runs.get(run_id).batch
        trials = storage.TrialRepository(restored.engine).of_run(run_id)
        assert [trial["child"] for trial in trials] == list(range(64 * (record.batch + 1)))
        assert storage.RunRepository(restored.engine).state(run_id).data == str(record.batch).encode()
        assert len(storage.RunRepository(restored.engine).logs(run_id, limit=10_000)) == record.batch + 1


def test_database_that_holds_something_is_replaced_only_when_asked(external, saved: Path, make_run):
    with storage.open_database(environ=external) as other:
        run_id = storage.RunRepository(other.engine).create(make_run(seed=99))
        with other.engine.begin() as connection:
            connection.execute(text("CREATE TABLE newer_table (id integer PRIMARY KEY)"))
    with pytest.raises(storage.OverwriteError, match=r"holds something already \(4 rows\): back it up") as caught:
        storage.restore(saved, environ=external)
    assert "\n" not in str(caught.value)
    with storage.open_database(environ=external) as other:
        assert storage.RunRepository(other.engine).get(run_id).seed == 99
    storage.restore(saved, environ=external, replace=True)
    with storage.open_database(environ=external) as other:
        assert [run.seed for run in storage.RunRepository(other.engine).list()] == [7]
        with other.engine.connect() as connection:
            assert connection.scalar(text("SELECT to_regclass('newer_table')")) is None


def test_configuration_that_somebody_changed_is_something(external, saved: Path):
    with storage.open_database(environ=external) as other, other.engine.begin() as connection:
        connection.execute(text("UPDATE auto_trading_config SET version = 2"))
    with pytest.raises(storage.OverwriteError, match="version 2 of its configuration"):
        storage.restore(saved, environ=external)


def test_empty_database_is_filled_without_asking(external, saved: Path):
    with storage.open_database(environ=external):
        pass  # its schema is made, and nothing else
    assert storage.restore(saved, environ=external).tables["public.runs"] == 1


def test_database_of_a_newer_evoq_is_replaced_when_asked(external, saved: Path):
    with storage.open_database(environ=external) as other, other.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    storage.restore(saved, environ=external, replace=True)
    with storage.open_database(environ=external) as restored:
        assert storage.RunRepository(restored.engine).list()


def test_holder_of_a_lease_before_the_restore_is_fenced_off(database, external, tmp_path: Path):
    leases = storage.LeaseRepository(database.engine)
    for name, holders in (("driver", 5), ("journal", 1)):
        for _ in range(holders):
            in_backup = leases.acquire(name, "old", 60)
            leases.release(in_backup)
    file = tmp_path / "evoq.backup"
    storage.backup(database, file)
    with storage.open_database(environ=external) as other:
        newer = storage.LeaseRepository(other.engine)
        for name, holders in (("journal", 9), ("feed", 2)):
            for _ in range(holders):
                in_database = newer.acquire(name, "older", 60)
                newer.release(in_database)
    storage.restore(file, environ=external, replace=True)
    with storage.open_database(environ=external) as restored:
        after = storage.LeaseRepository(restored.engine)
        tokens = {name: after.get(name).token for name in ("driver", "journal", "feed")}
        assert all(tokens[name] > most for name, most in (("driver", 5), ("journal", 9), ("feed", 2)))
        assert not any(after.get(name).held for name in tokens)
        taken = after.acquire("journal", "new", 60)
        assert taken.token > 9
        for lease in (in_backup, in_database):
            with pytest.raises(storage.LeaseLostError):
                after.renew(lease)


def test_restore_under_a_lease_is_refused(database, external, saved: Path):
    with storage.open_database(environ=external) as other:
        leases = storage.LeaseRepository(other.engine)
        lease = leases.acquire("desk", "supervisor", 60)
    with pytest.raises(storage.InUseError, match=r"supervisor holds the lease desk for another \d+ s: stop the desk"):
        storage.restore(saved, environ=external, replace=True)
    with storage.open_database(environ=external) as other:
        storage.LeaseRepository(other.engine).release(lease)
    storage.restore(saved, environ=external, replace=True)


def test_restore_under_somebody_who_works_with_the_database_is_refused(external, saved: Path):
    with storage.open_database(environ=external) as other:
        assert storage.RunRepository(other.engine).list() == []
        with pytest.raises(storage.InUseError, match=r"1 connections of Evoq are open in the database at .*: stop"):
            storage.restore(saved, environ=external)


def test_embedded_database_is_restored_alone_and_left_stopped(server_home: Path, saved: Path, spawn):
    with storage.open_database(server_home, environ={}) as database:
        with pytest.raises(storage.InUseError, match="somebody works with the database in"):
            storage.restore(saved, server_home, environ={})
        assert storage.RunRepository(database.engine).list() == []
    storage.restore(saved, server_home, environ={})
    assert not embedded_status(server_home).running
    with storage.open_database(server_home, environ={}) as database:
        assert [run.seed for run in storage.RunRepository(database.engine).list()] == [7]


def test_restore_that_is_killed_changes_nothing(server_home: Path, saved: Path, spawn, make_run):
    with storage.open_database(server_home, environ={}) as database:
        run_id = storage.RunRepository(database.engine).create(make_run(seed=99))
    process = spawn(STUCK_RESTORE, server_home, str(saved))
    assert process.stdout.readline() == "stuck\n"
    newcomer = spawn("import storage\nwith storage.open_database(): print('in')", server_home)
    time.sleep(0.5)
    assert newcomer.poll() is None  # it waits: nobody works with half a database
    process.send_signal(signal.SIGKILL)
    process.wait()
    out, err = newcomer.communicate(timeout=120)
    assert (out, err) == ("in\n", "")
    with storage.open_database(server_home, environ={}) as database:
        assert [run.id for run in storage.RunRepository(database.engine).list()] == [run_id]


def _manifest(file: Path, **changes: object) -> None:
    """Rewrite the manifest of a backup."""
    with zipfile.ZipFile(file) as archive:
        dump, manifest = archive.read("database.dump"), json.loads(archive.read("manifest.json"))
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("database.dump", dump)
        archive.writestr("manifest.json", json.dumps(manifest | changes))


def test_rows_that_are_missing_undo_the_whole_restore(external, saved: Path, make_run):
    tables = dict(storage.read_backup(saved).tables)
    _manifest(saved, tables=tables | {"public.trials": 65})
    with storage.open_database(environ=external) as other:
        run_id = storage.RunRepository(other.engine).create(make_run(seed=99))
    engine = _engine(external)
    before = _rows(engine, without=())
    engine.dispose()
    with pytest.raises(storage.BackupFileError, match=r"public\.trials has other rows.*nothing was changed") as caught:
        storage.restore(saved, environ=external, replace=True)
    assert "\n" not in str(caught.value)
    assert _rows(engine, without=()) == before
    engine.dispose()
    with storage.open_database(environ=external) as other:
        assert storage.RunRepository(other.engine).get(run_id).seed == 99


def test_backup_of_a_newer_evoq_is_refused(external, saved: Path):
    _manifest(saved, schema="9999")
    with pytest.raises(storage.VersionError, match=r"the backup .* has schema 9999, .* a newer Evoq has used it"):
        storage.restore(saved, environ=external)
    _manifest(saved, format_version=2)
    with pytest.raises(storage.BackupFileError, match="format of a newer Evoq"):
        storage.restore(saved, environ=external)


@pytest.mark.parametrize("position", [0.0, 0.01, 0.3, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("damage", ["flip", "cut"])
def test_damaged_file_is_refused(external, saved: Path, position: float, damage: str):
    content = bytearray(saved.read_bytes())
    at = int(position * len(content))
    if damage == "cut":
        del content[at:]
    else:
        content[at] ^= 0xFF
    saved.write_bytes(content)
    with pytest.raises(storage.BackupFileError) as caught:
        storage.restore(saved, environ=external)
    assert "\n" not in str(caught.value)


def test_file_of_something_else_is_refused(external, tmp_path: Path):
    other = tmp_path / "other"
    other.write_text("dear diary")
    with pytest.raises(storage.BackupFileError, match="is no backup of Evoq"):
        storage.restore(other, environ=external)
    for name, content in (("x", "{}"), ("manifest.json", "{}"), ("manifest.json", "[1]"), ("manifest.json", "{")):
        with zipfile.ZipFile(other, "w") as archive:
            archive.writestr(name, content)
        with pytest.raises(storage.BackupFileError, match="is no backup of Evoq"):
            storage.restore(other, environ=external)
    with pytest.raises(storage.BackupFileError, match="cannot be read"):
        storage.restore(tmp_path / "missing", environ=external)
    with pytest.raises(storage.BackupFileError, match="cannot be read"):
        storage.restore(tmp_path, environ=external)


def test_manifest_with_hostile_names_is_refused(external, saved: Path):
    _manifest(saved, tables={"public.runs; DROP TABLE runs": 1})
    with pytest.raises(storage.BackupFileError, match="names tables that cannot be"):
        storage.restore(saved, environ=external)
    _manifest(saved, tables=[])
    with pytest.raises(storage.BackupFileError, match="is damaged"):
        storage.restore(saved, environ=external)


def test_dump_that_is_none_is_refused_and_changes_nothing(external, saved: Path, make_run):
    import hashlib

    with storage.open_database(environ=external) as other:
        run_id = storage.RunRepository(other.engine).create(make_run(seed=99))
    with zipfile.ZipFile(saved) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    for dump in (b"", b"PGDMP", b"x" * 100_000):
        with zipfile.ZipFile(saved, "w") as archive:
            archive.writestr("database.dump", dump)
            told = manifest | {"dump_bytes": len(dump), "sha256": hashlib.sha256(dump).hexdigest()}
            archive.writestr("manifest.json", json.dumps(told))
        with pytest.raises(storage.BackupFileError, match="the backup cannot be loaded"):
            storage.restore(saved, environ=external, replace=True)
    with storage.open_database(environ=external) as other:
        assert storage.RunRepository(other.engine).get(run_id).seed == 99


def test_file_that_is_no_backup_is_not_overwritten(database, tmp_path: Path):
    diary = tmp_path / "diary"
    diary.write_text("dear diary")
    with pytest.raises(storage.BackupFileError, match="is there already and no backup of Evoq"):
        storage.backup(database, diary)
    assert diary.read_text() == "dear diary"
    file = tmp_path / "evoq.backup"
    first, second = storage.backup(database, file), storage.backup(database, file)
    assert storage.read_backup(file) == second != first
    with pytest.raises(storage.BackupFileError, match="cannot be written"):
        storage.backup(database, tmp_path / "nowhere" / "evoq.backup")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["diary", "evoq.backup"]


def test_disk_that_is_full_leaves_the_older_backup(database, tmp_path: Path, monkeypatch):
    file = tmp_path / "evoq.backup"
    first = storage.backup(database, file)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storage.backup_file.os.fsync", full)
    with pytest.raises(storage.DiskFullError, match="no space left to write"):
        storage.backup(database, file)
    assert storage.read_backup(file) == first
    assert [path.name for path in tmp_path.iterdir()] == ["evoq.backup"]


def test_password_is_on_no_command_line_in_no_environment_and_no_error(database, external, saved: Path, monkeypatch):
    seen = []
    popen = subprocess.Popen

    def spy(command, **options):
        seen.append((*command, *options["env"].values()))
        file = Path(options["env"]["PGPASSFILE"])
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        files.append(file)
        return popen(command, **options)

    files: list[Path] = []
    monkeypatch.setattr(dump_programs.subprocess, "Popen", spy)
    storage.backup(database, saved)
    storage.restore(saved, environ=external)
    assert {Path(words[0]).name for words in seen} == {"pg_dump", "pg_restore", "psql"}
    password = database.settings.password
    assert not any(password in word for words in seen for word in words)
    assert not any(file.parent.exists() for file in files)
    wrong = settings_from_environment(external | {"DB_PASSWORD": "hunter2:\\"})
    with pytest.raises(storage.LoginError, match="refuses the password of user 'evoq'") as caught:
        list(dump_programs.dump_database(wrong, "1"))
    assert "hunter2" not in str(caught.value)
    with pytest.raises(storage.DumpError, match=r"pg_dump failed at .*snapshot"):
        list(dump_programs.dump_database(database.settings, "00000003-0000001B-1"))


def test_password_with_signs_of_the_password_file_is_escaped(external):
    password = "a:b\\c d'\""
    settings = settings_from_environment(external | {"DB_PASSWORD": password})
    with dump_programs._environment(settings) as environment:
        assert Path(environment["PGPASSFILE"]).read_text() == "*:*:*:*:a\\:b\\\\c d'\"\n"
        assert password not in environment.values()
    with dump_programs._environment(settings_from_environment(external | {"DB_PASSWORD": ""})) as environment:
        assert "PGPASSFILE" not in environment


def test_schema_of_somebody_else_is_neither_saved_nor_touched(database, external, tmp_path: Path, make_run):
    with storage.open_database(environ=external) as other:
        storage.RunRepository(other.engine).create(make_run())
        with other.engine.begin() as connection:
            connection.execute(text('CREATE SCHEMA "Weird ""name"""'))
            connection.execute(text('CREATE TABLE "Weird ""name""".diary AS SELECT 1 AS page'))
            connection.execute(text("CREATE SCHEMA rwa"))
            connection.execute(text("CREATE TABLE rwa.products AS SELECT 'bond' AS name"))
        file = tmp_path / "evoq.backup"
        manifest = storage.backup(other, file)
        assert "rwa.products" in manifest.tables
        assert not any("diary" in name for name in manifest.tables)
        with other.engine.begin() as connection:
            connection.execute(text("INSERT INTO rwa.products VALUES ('bill')"))
    storage.restore(file, environ=external, replace=True)
    engine = _engine(external)
    with engine.connect() as connection:
        assert connection.scalar(text('SELECT page FROM "Weird ""name""".diary')) == 1
        assert connection.scalars(text("SELECT name FROM rwa.products")).all() == ["bond"]
    engine.dispose()


def test_script_has_the_setting_that_old_servers_do_not_know(saved: Path, tmp_path: Path):
    with zipfile.ZipFile(saved) as archive:
        script = subprocess.run(
            [str(ServerFiles.program("pg_restore")), "--file=-"],
            input=archive.read("database.dump"),
            capture_output=True,
        ).stdout
    assert script[: dump_programs._CHUNK].count(dump_programs._UNKNOWN_TO_OLD_SERVERS) == 1


def test_backup_needs_no_more_than_the_home_of_the_caller(database, tmp_path: Path, monkeypatch):
    """Variables that steer PostgreSQL's programs elsewhere do not reach them."""
    for name in ("PGHOST", "PGSERVICE", "PGOPTIONS", "PGDATABASE", "PGHOSTADDR"):
        monkeypatch.setenv(name, "nowhere")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    settings = database.settings
    with dump_programs._environment(settings) as environment:
        assert environment["PGHOST"] == "127.0.0.1"
        assert {"PGSERVICE", "PGOPTIONS", "PGHOSTADDR"}.isdisjoint(environment)

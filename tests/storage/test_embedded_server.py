"""The embedded server: private, shared, and recovered from whatever killed it or its users."""

import os
import signal
import socket
import stat
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from waiting import until

import storage
from storage.embedded import embedded_status, stop_embedded
from storage.locks import FileLock

OPEN_AND_WAIT = """
import storage
with storage.open_database() as database:
    print(database.settings.port, flush=True)
    input()
"""


def _processes(home: Path) -> list[psutil.Process]:
    server = psutil.Process(embedded_status(home).pid)
    return [server, *server.children(recursive=True)]


def test_server_leaves_its_password_nowhere_but_in_its_file(server_home: Path, capfd):
    with storage.open_database(server_home, environ={}) as database:
        password = (server_home / "postgres" / "password").read_text().strip()
        assert len(password) >= 32
        with pytest.raises(storage.StatementError) as caught, database.engine.connect() as connection:
            connection.execute(text("SELECT nothing"))
        shown = [repr(database), repr(database.engine), str(database.engine.url), repr(database.settings)]
        shown += [repr(caught.value), repr(caught.value.__cause__)]
        for process in _processes(server_home):
            shown += [*process.cmdline(), process.name(), *process.environ().values()]
    files = [path for path in server_home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".log" for path in files)
    holders = [path for path in files if password.encode() in path.read_bytes()]
    assert holders == [server_home / "postgres" / "password"]
    assert not any(password in word for word in (*shown, *capfd.readouterr()))


def test_server_and_its_files_are_private(server_home: Path):
    above = stat.S_IMODE(server_home.parent.stat().st_mode)
    home = server_home / "inner"
    with storage.open_database(home, environ={}):
        server = psutil.Process(embedded_status(home).pid)
        assert {connection.laddr.ip for connection in server.net_connections() if connection.laddr} == {"127.0.0.1"}
        assert [connection for connection in server.net_connections(kind="unix") if connection.laddr] == []
    for path in (home, *home.rglob("*")):
        allowed = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) & ~allowed == 0, path
    assert stat.S_IMODE(server_home.parent.stat().st_mode) == above
    assert stat.S_IMODE(server_home.stat().st_mode) == 0o700


def test_role_is_plain_and_the_superuser_cannot_log_in(embedded_database: storage.Database):
    with embedded_database.engine.connect() as connection:
        query = "SELECT rolname, rolsuper, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolcanlogin"
        rows = {row[0]: tuple(row[1:]) for row in connection.execute(text(query))}
        methods = connection.scalars(
            text("SELECT DISTINCT setting FROM pg_settings WHERE name = 'password_encryption'")
        )
        assert methods.all() == ["scram-sha-256"]
        durable = "SELECT name FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') AND setting = 'on'"
        assert len(connection.scalars(text(durable)).all()) == 2
    assert rows["evoq"] == (False, False, False, False)
    settings = embedded_database.settings
    variables = {"DB_HOST": settings.host, "DB_PORT": str(settings.port), "DB_NAME": "postgres"}
    with pytest.raises(storage.LoginError, match=r"no pg_hba\.conf entry"):
        storage.open_database(environ=variables | {"DB_USER": "postgres", "DB_PASSWORD": "x"})


def test_two_processes_that_start_at_once_share_one_server(server_home: Path, spawn):
    users = [spawn(OPEN_AND_WAIT, server_home, stdin=-1) for _ in range(3)]
    ports = {user.stdout.readline() or user.stderr.read() for user in users}
    assert len(ports) == 1
    for user in users[:2]:
        user.communicate("\n")
        assert user.returncode == 0
        assert embedded_status(server_home).running
    assert embedded_status(server_home).in_use
    users[2].communicate("\n")
    status = embedded_status(server_home)
    assert (status.running, status.in_use, status.pid) == (False, False, None)


def test_server_of_a_killed_user_is_joined_and_stopped_by_the_next(server_home: Path, spawn):
    user = spawn(OPEN_AND_WAIT, server_home, stdin=-1)
    port = int(user.stdout.readline())
    user.kill()
    user.wait()
    status = embedded_status(server_home)
    assert (status.running, status.in_use, status.port) == (True, False, port)
    with storage.open_database(server_home, environ={}) as database:
        assert embedded_status(server_home).pid == status.pid
        assert database.settings.port == port
    assert not embedded_status(server_home).running


def test_ctrl_c_of_the_terminal_does_not_reach_the_server(server_home: Path, spawn):
    user = spawn(OPEN_AND_WAIT, server_home, stdin=-1, start_new_session=True)
    user.stdout.readline()
    server = psutil.Process(embedded_status(server_home).pid)
    assert os.getpgid(server.pid) != os.getpgid(user.pid)
    assert {os.getsid(process.pid) for process in _processes(server_home)}.isdisjoint({os.getsid(user.pid)})
    with storage.open_database(server_home, environ={}):
        os.killpg(user.pid, signal.SIGINT)
        user.communicate()  # it ends: no process of the server holds its pipes
        assert embedded_status(server_home).pid == server.pid


def test_killed_server_is_recovered_with_its_data(server_home: Path, make_run):
    with storage.open_database(server_home, environ={}) as database:
        run_id = storage.RunRepository(database.engine).create(make_run())
        port = database.settings.port
        psutil.Process(embedded_status(server_home).pid).kill()
        until(lambda: not embedded_status(server_home).running)
        with pytest.raises(storage.DatabaseBusyError, match="has stopped") as caught:
            storage.RunRepository(database.engine).get(run_id)
        assert "\n" not in str(caught.value)
        assert (server_home / "postgres" / "data" / "postmaster.pid").exists()
        with storage.open_database(server_home, environ={}) as again:
            assert again.settings.port == port
            assert storage.RunRepository(again.engine).get(run_id).seed == 7
            assert storage.RunRepository(database.engine).get(run_id).seed == 7  # its pool finds the new server


def test_stale_pid_file_whose_number_is_somebody_else_now_is_recovered(server_home: Path):
    pid_file = server_home / "postgres" / "data" / "postmaster.pid"
    with storage.open_database(server_home, environ={}):
        lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with storage.open_database(server_home, environ={}):
        assert psutil.pid_exists(os.getpid())
        assert embedded_status(server_home).pid != os.getpid()


def test_initdb_that_was_killed_is_cleaned_up(server_home: Path):
    rest = server_home / "postgres" / ".new-abc"
    rest.mkdir(parents=True)
    (rest / "superuser").write_text("x")
    with storage.open_database(server_home, environ={}):
        assert not rest.exists()


def test_lost_password_is_replaced_at_the_next_start(server_home: Path):
    file = server_home / "postgres" / "password"
    with storage.open_database(server_home, environ={}):
        first = file.read_text()
    file.unlink()
    with storage.open_database(server_home, environ={}) as database:
        assert file.read_text() != first
        assert database.settings.password == file.read_text().strip()


def test_wrong_password_file_of_a_running_server_is_one_line_with_the_cure(server_home: Path):
    with storage.open_database(server_home, environ={}):
        file = server_home / "postgres" / "password"
        right = file.read_text()
        file.write_text("wrong\n")
        with pytest.raises(storage.LoginError, match="delete that file and start again"):
            storage.open_database(server_home, environ={})
        file.write_text(right)


def test_port_taken_by_somebody_else_is_changed(server_home: Path):
    with storage.open_database(server_home, environ={}) as database:
        port = database.settings.port
    with socket.create_server(("127.0.0.1", port)), storage.open_database(server_home, environ={}) as database:
        moved = database.settings.port
        assert moved != port
    with storage.open_database(server_home, environ={}) as database:
        assert database.settings.port == moved


@pytest.mark.parametrize("version", ["15", "99"])
def test_data_of_another_major_version_is_refused_with_the_cure(server_home: Path, version: str):
    data = server_home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(storage.VersionError, match=rf"made by PostgreSQL {version}.*evoq backup.*evoq restore"):
        storage.open_database(server_home, environ={})
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_folder_that_is_no_data_folder_is_refused(server_home: Path):
    data = server_home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "diary.txt").touch()
    with pytest.raises(storage.HomeError, match="is not a data folder of PostgreSQL: move it away"):
        storage.open_database(server_home, environ={})


def test_home_with_an_unusual_name_works(server_home: Path):
    with storage.open_database(server_home / "Ann's 100 % Größe; #1", environ={}) as database:
        assert storage.RunRepository(database.engine).list() == []
        assert stop_embedded(database.settings.embedded_in)


@pytest.mark.parametrize("name", ["$(touch gotcha)", "`id`", 'a"b', "a\\b", "a\nb"])
def test_home_whose_name_a_shell_would_read_is_refused(server_home: Path, name: str):
    with pytest.raises(storage.HomeError, match="EVOQ_HOME must have printable characters and none of"):
        storage.open_database(server_home / name, environ={})
    assert not embedded_status(server_home / name).running


def test_server_can_be_stopped_from_outside(server_home: Path):
    assert not stop_embedded(server_home)
    with storage.open_database(server_home, environ={}):
        assert stop_embedded(server_home)
        assert not embedded_status(server_home).running
        assert not stop_embedded(server_home)


def test_log_files_stay_bounded(server_home: Path):
    logs = server_home / "logs" / "postgres"
    logs.mkdir(parents=True)
    for number in range(80):
        (logs / f"postgres-20200101-0000{number:02}.log").touch()
    with storage.open_database(server_home, environ={}):
        names = sorted(path.name for path in logs.glob("postgres-*.log"))
    assert len(names) <= 65
    assert "postgres-20200101-000000.log" not in names
    assert "postgres-20200101-000079.log" in names


def test_lock_is_shared_by_many_or_held_by_one(tmp_path: Path):
    with FileLock(tmp_path / "lock") as one, FileLock(tmp_path / "lock") as two:
        assert one.try_acquire(shared=True)
        assert two.try_acquire(shared=True)
        assert not two.try_acquire()
        with pytest.raises(storage.DatabaseBusyError, match="another process held"):
            two.acquire(timeout_s=0.1)
        one.close()
        assert two.try_acquire()


def test_database_closed_twice_or_in_a_fork_harms_nobody(server_home: Path):
    with storage.open_database(server_home, environ={}) as database:
        child = os.fork()
        if child == 0:
            database.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        with database.engine.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
        database.close()
    assert not embedded_status(server_home).running

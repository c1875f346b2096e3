"""A server that somebody else runs: the same code, and one clear line for everything that can go wrong."""

import socket
import time
from pathlib import Path

import pytest

import storage
from storage.settings import settings_from_environment


def _refused(environ: dict[str, str], error: type[Exception], complaint: str) -> str:
    with pytest.raises(error, match=complaint) as caught:
        storage.open_database(environ=environ)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_external_server_is_used_by_the_same_code(external, make_run, make_trial, tmp_path: Path):
    with storage.open_database(tmp_path / "unused", environ=external) as database:
        assert not database.embedded
        runs = storage.RunRepository(database.engine)
        run_id = runs.create(make_run())
        runs.commit(
            run_id, batch=0, state=b"x", trials=[make_trial(1)], evaluations=1, generation=1, round=1,
        )  # fmt: skip
    with storage.open_database(environ=external) as database:
        assert storage.RunRepository(database.engine).state(run_id) == (0, b"x")
    assert not (tmp_path / "unused").exists()


def test_settings_have_defaults_and_hide_the_password():
    assert settings_from_environment({}) is None
    assert settings_from_environment({"DB_HOST": " "}) is None
    settings = settings_from_environment({"DB_HOST": "db.example", "DB_PASSWORD": "hush"})
    assert (settings.place, settings.database, settings.user) == ("db.example:5432", "evoq", "evoq")
    assert settings.password == "hush"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "5432.0", "٥٤٣٢"])
def test_port_that_cannot_be_is_refused(port: str):
    _refused({"DB_HOST": "127.0.0.1", "DB_PORT": port}, storage.SettingError, r"DB_PORT must be a port in \[1, 65535\]")


def test_wrong_password_is_refused_without_being_repeated(external):
    said = _refused(external | {"DB_PASSWORD": "guess-42"}, storage.LoginError, "refuses the password of user 'evoq'")
    assert "guess-42" not in said
    assert external["DB_PORT"] in said


def test_missing_password_user_and_database_are_named(external):
    _refused(external | {"DB_PASSWORD": ""}, storage.LoginError, "set DB_USER and DB_PASSWORD")
    _refused(external | {"DB_NAME": "nowhere"}, storage.LoginError, 'database "nowhere" does not exist')
    _refused(external | {"DB_USER": "nobody"}, storage.LoginError, "DB_USER")


def test_host_where_nobody_listens_is_named_with_the_cure():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {"DB_HOST": "127.0.0.1", "DB_PORT": str(port)}
    _refused(environ, storage.DatabaseUnreachableError, f"no PostgreSQL answers at 127.0.0.1:{port} .*refused.*DB_HOST")


def test_host_that_accepts_and_never_answers_is_given_up_soon():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environ = {"DB_HOST": "127.0.0.1", "DB_PORT": str(silent.getsockname()[1])}
        begin = time.monotonic()
        _refused(environ, storage.DatabaseUnreachableError, "timeout expired")
        assert time.monotonic() - begin < 10  # the bound itself is what is tested


def test_host_without_an_address_is_named():
    environ = {"DB_HOST": "nowhere.invalid"}
    _refused(environ, storage.DatabaseUnreachableError, r"no PostgreSQL answers at nowhere.invalid:5432")


def test_variables_of_libpq_do_not_redirect_the_embedded_server(
    embedded_database: storage.Database, monkeypatch: pytest.MonkeyPatch
):
    for name, value in {
        "PGHOST": "192.0.2.1",
        "PGHOSTADDR": "192.0.2.1",
        "PGPORT": "1",
        "PGSSLMODE": "require",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PGOPTIONS", "-c search_path=elsewhere")
    with storage.open_database(embedded_database.settings.embedded_in, environ={}) as database:
        assert storage.RunRepository(database.engine).list(limit=1) is not None

"""The database driver: the one module that knows psycopg2."""

from typing import Any

import psycopg2  # type: ignore[import-untyped] # it has no types of its own

from storage.settings import ConnectionSettings

__all__ = ["DriverError", "connect"]

DriverError: type[Exception] = psycopg2.Error

_CONNECT_TIMEOUT_S = 4
_SESSION = (
    "SET TIME ZONE 'UTC'; SET lock_timeout = '30s'; SET statement_timeout = '120s';"
    " SET idle_in_transaction_session_timeout = '600s'; SET client_min_messages = 'warning'"
)


def connect(settings: ConnectionSettings) -> Any:
    """Open one connection, with bounded waits.

    Parameters
    ----------
    settings : ConnectionSettings
        Where, and as whom. The password is a keyword argument on its way: it becomes part of no address.

    Returns
    -------
    psycopg2.extensions.connection
        An open connection.
    """
    options: dict[str, Any] = {} if settings.embedded_in is None else _own_server_options(settings.host)
    connection = psycopg2.connect(
        host=settings.host,
        port=settings.port,
        dbname=settings.database,
        user=settings.user,
        password=settings.password,
        application_name="evoq",
        connect_timeout=_CONNECT_TIMEOUT_S,
        tcp_user_timeout=20_000,
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
        **options,
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection


def _own_server_options(host: str) -> dict[str, str]:
    """Return options for our own server, which no PG* variable of the environment may redirect."""
    # Somebody else who listens on our port must not learn the password: nothing but SCRAM is accepted, in
    # which the password never leaves us and the server must prove that it knows it.
    options = {"hostaddr": host, "sslmode": "disable", "gssencmode": "disable", "options": ""}
    if psycopg2.extensions.libpq_version() >= 160000:
        options["require_auth"] = "scram-sha-256"
    return options

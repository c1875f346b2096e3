"""Bringing a database to the schema of this Evoq."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from storage.errors import VersionError

__all__ = ["current_revision", "migrate", "migration_config", "refuse_newer"]

_MIGRATING = 0x45564F51_4D494752  # an advisory lock of our own: "EVOQMIGR"
_OLDEST_SERVER = (14, 0)


def migration_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, which needs no file of its own.

    Parameters
    ----------
    connection : Connection, optional
        On which the migrations shall run, in a transaction.

    Returns
    -------
    Config
        To be given to the functions of `alembic.command`.
    """
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema; several processes may do so at once.

    Parameters
    ----------
    engine : Engine
        Of the database.

    Raises
    ------
    VersionError
        If the server is too old; also if a newer Evoq has been here already.
    """
    script = ScriptDirectory.from_config(migration_config())
    head = script.get_current_head()
    with engine.connect() as connection:
        version = connection.dialect.server_version_info or (0,)
        if version < _OLDEST_SERVER:
            raise VersionError(
                f"PostgreSQL must be {_OLDEST_SERVER[0]} or newer, the server has {'.'.join(map(str, version))}:"
                " upgrade it, or unset DB_HOST for the embedded one"
            )
        if current_revision(connection) == head:
            return
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = '300s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
        refuse_newer(current_revision(connection), "the database")
        command.upgrade(migration_config(connection), "head")


def refuse_newer(revision: str | None, what: str) -> None:
    """Refuse a schema that only a newer Evoq knows.

    Parameters
    ----------
    revision : str or None
        The schema's revision, None for an empty database.
    what : str
        What has it.

    Raises
    ------
    VersionError
        If it is unknown here.
    """
    script = ScriptDirectory.from_config(migration_config())
    known = {known.revision for known in script.walk_revisions()}
    if revision is not None and revision not in known:
        raise VersionError(
            f"{what} has schema {revision}, this Evoq knows those up to {script.get_current_head()}:"
            " a newer Evoq has used it; update this one"
        )


def current_revision(connection: Connection) -> str | None:
    """Return the schema's revision.

    Parameters
    ----------
    connection : Connection
        To the database.

    Returns
    -------
    str or None
        None for an empty database.
    """
    return MigrationContext.configure(connection).get_current_revision()

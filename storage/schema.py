"""Bringing a database to the schema of this Evoq."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from storage.errors import VersionError

__all__ = ["migrate", "migration_config"]

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
        If the server is too old, or a newer Evoq has been here already.
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
        if _revision(connection) == head:
            return
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = '300s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
        current = _revision(connection)
        known = {revision.revision for revision in script.walk_revisions()}
        if current is not None and current not in known:
            raise VersionError(
                f"the database has schema {current}, this Evoq knows those up to {head}:"
                " a newer Evoq has used it; update this one"
            )
        command.upgrade(migration_config(connection), "head")


def _revision(connection: Connection) -> str | None:
    """Return the schema's revision, None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()

"""Saving a database into a file, while others work with it."""

from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from storage.backup_file import BackupManifest, write_backup
from storage.database import Database
from storage.dump_programs import dump_database
from storage.schema import current_revision

__all__ = ["backup", "row_counts"]

_OUR_SCHEMAS = ["public", "rwa"]
_OTHER_SCHEMAS = text("""
    SELECT nspname FROM pg_namespace
    WHERE nspname <> ALL (:schemas) AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
    ORDER BY 1
""")
# Every table of ours; a partition's rows are counted with its table.
_TABLES = text("""
    SELECT namespace.nspname || '.' || relation.relname
    FROM pg_class relation JOIN pg_namespace namespace ON namespace.oid = relation.relnamespace
    WHERE relation.relkind IN ('r', 'p') AND NOT relation.relispartition
        AND namespace.nspname = ANY (:schemas)
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = relation.oid AND deptype = 'e')
    ORDER BY 1
""")


def backup(database: Database, file: Path) -> BackupManifest:
    """Save a database as of one moment; others may go on working with it.

    Parameters
    ----------
    database : Database
        The database.
    file : Path
        Where (0600). An older backup of the same name is replaced when the new one is whole; anything else of that
        name is left alone.

    Returns
    -------
    BackupManifest
        What was saved.
    """
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        # All that follows sees the database as of this statement, and so does the program that dumps it.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())
        schema = current_revision(connection) or ""
        created_at = connection.execute(select(func.now())).scalar_one()
        server = str(connection.execute(text("SHOW server_version")).scalar_one())
        tables = row_counts(connection)
        others = connection.scalars(_OTHER_SCHEMAS, {"schemas": _OUR_SCHEMAS}).all()

        def manifest(length: int, digest: str) -> BackupManifest:
            return BackupManifest(_evoq_version(), schema, server, created_at, tables, length, digest)

        with closing(dump_database(database.settings, snapshot, others)) as dump:
            return write_backup(Path(file).absolute(), dump, manifest)


def row_counts(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has.

    Parameters
    ----------
    connection : Connection
        To the database.

    Returns
    -------
    dict of str to int
        By "SCHEMA.TABLE".
    """
    counts = {}
    quote = connection.dialect.identifier_preparer.quote_identifier
    for name in connection.scalars(_TABLES, {"schemas": _OUR_SCHEMAS}).all():
        quoted = ".".join(quote(part) for part in name.split(".", 1))
        counts[name] = int(connection.scalar(text(f"SELECT count(*) FROM {quoted}")))  # noqa: S608 - quoted above
    return counts


def _evoq_version() -> str:
    """Return the version of Evoq."""
    try:
        return version("evoq")
    except PackageNotFoundError:  # a copy of the checkout, as on the worker of a cluster
        return "unknown"

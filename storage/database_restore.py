"""Bringing a database back from a backup: whole or not at all, and never under somebody who works with it."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from storage.backup_file import BackupManifest, read_backup, read_dump
from storage.database_backup import row_counts
from storage.dump_programs import load_database
from storage.engine import build_engine
from storage.errors import InUseError, OverwriteError
from storage.folders import home as default_home
from storage.folders import private_folder
from storage.operations_log_repository import append_operations
from storage.partitions import ensure_current
from storage.schema import migrate, refuse_newer
from storage.settings import ConnectionSettings, settings_from_environment

__all__ = ["restore"]

# What a database has that nobody has used yet.
_ALWAYS_FILLED = {"public.alembic_version": 1, "public.auto_trading_config": 1, "public.strategy_management_config": 1}

_TOKENS_APART = 1_000
_ENDING_S = 3.0  # the server notices a little later that a connection was closed

# In the transaction that loads the backup, before it: keep the tokens of all leases, then make room. Extensions stay.
_BEFORE = r"""
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '30s';
CREATE TEMPORARY TABLE evoq_kept_leases (name text, token bigint) ON COMMIT DROP;
DO $$
DECLARE
    found record;
BEGIN
    IF to_regclass('public.leases') IS NOT NULL THEN
        INSERT INTO evoq_kept_leases SELECT name, token FROM public.leases;
    END IF;
    DROP SCHEMA IF EXISTS rwa CASCADE;
    FOR found IN
        SELECT relname, CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind
        FROM pg_class relation
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = relation.oid AND deptype = 'e')
    LOOP
        EXECUTE format('DROP %s IF EXISTS public.%I CASCADE', found.kind, found.relname);
    END LOOP;
    FOR found IN
        SELECT relname FROM pg_class relation
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = relation.oid AND deptype = 'e')
    LOOP
        EXECUTE format('DROP SEQUENCE IF EXISTS public.%I CASCADE', found.relname);
    END LOOP;
END
$$;
"""

# After it: whoever held a lease before is fenced off, whether the backup or the old database has the higher token.
_AFTER = f"""
INSERT INTO public.leases (name, token, holder, expires_at)
    SELECT name, token, NULL, now() FROM pg_temp.evoq_kept_leases
    ON CONFLICT (name) DO UPDATE SET token = GREATEST(leases.token, excluded.token);
UPDATE public.leases SET token = token + {_TOKENS_APART}, holder = NULL, expires_at = now();
"""  # noqa: S608 - a number of ours


def restore(
    file: Path, home: Path | None = None, environ: Mapping[str, str] | None = None, *, replace: bool = False
) -> BackupManifest:
    """Bring a database back from a backup, in one transaction, and its schema up to date.

    Parameters
    ----------
    file : Path
        What `backup` wrote.
    home : Path, optional
        EVOQ_HOME, as for `open_database`.
    environ : mapping of str to str, optional
        Where the DB_* variables are looked up, as for `open_database`.
    replace : bool
        Whether a database that holds something may be replaced.

    Returns
    -------
    BackupManifest
        What was restored.

    Raises
    ------
    OverwriteError
        If the database holds something and `replace` is false.
    """
    source = Path(file).absolute()
    manifest = read_backup(source)
    refuse_newer(manifest.schema, f"the backup {source}")
    with _alone(home, os.environ if environ is None else environ) as settings:
        engine = build_engine(settings)
        try:
            with engine.connect() as connection:
                _refuse_leases(connection)
                held = _held(connection)
            if held and not replace:
                raise OverwriteError(
                    f"the database at {settings.place} holds something already ({held}): back it up, then restore"
                    " with --replace"
                )
            with read_dump(source) as dump:
                load_database(settings, dump, before=_BEFORE, after=_checks(manifest) + _AFTER)
            _bring_up_to_date(engine, manifest)
        finally:
            engine.dispose()
    return manifest


def _held(connection: Connection) -> str:
    """Return what a database holds that somebody put there, in words; empty if nothing."""
    filled = {name: rows for name, rows in row_counts(connection).items() if rows}
    if not filled.items() <= _ALWAYS_FILLED.items():
        return f"{sum(filled.values()):,} rows"
    if "public.auto_trading_config" in filled:
        version = connection.execute(text("SELECT version FROM public.auto_trading_config")).scalar_one()
        return f"version {version} of its configuration" if version > 1 else ""
    return ""


@contextmanager
def _alone(home: Path | None, environ: Mapping[str, str]) -> Iterator[ConnectionSettings]:
    """Take a database that nobody else works with, and keep others out where we can."""
    settings = settings_from_environment(environ)
    if settings is not None:
        _refuse_sessions(settings)
        yield settings
        return
    from storage.embedded import EmbeddedServer, embedded_status  # they need POSIX, a database elsewhere does not

    folder = default_home(environ) if home is None else private_folder(Path(home).absolute())
    in_use = InUseError(f"somebody works with the database in {folder}: stop the desk first (`evoq down`)")
    if embedded_status(folder).in_use:
        raise in_use
    server = EmbeddedServer.join(folder)
    try:
        if not server.take_alone():
            raise in_use
        yield server.settings
    finally:
        server.leave()


def _refuse_sessions(settings: ConnectionSettings) -> None:
    """Refuse a database with which another process of Evoq is connected."""
    engine = build_engine(settings)
    query = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name LIKE 'evoq%' AND pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + _ENDING_S
    try:
        with engine.connect() as connection:
            while sessions := int(connection.execute(query).scalar_one()):
                connection.rollback()
                if time.monotonic() > deadline:
                    break
                time.sleep(0.1)
    finally:
        engine.dispose()
    if sessions:
        raise InUseError(
            f"{sessions} connections of Evoq are open in the database at {settings.place}: stop the desk first"
            " (`evoq down`)"
        )


def _refuse_leases(connection: Connection) -> None:
    """Refuse a database in which somebody holds a lease, such as that of the desk."""
    if connection.execute(text("SELECT to_regclass('public.leases')")).scalar_one() is None:
        return
    query = text(
        "SELECT name, holder, ceil(extract(epoch FROM expires_at - clock_timestamp()))::bigint AS left_s FROM leases"
        " WHERE expires_at > clock_timestamp() ORDER BY name LIMIT 1"
    )
    held = connection.execute(query).one_or_none()
    if held is not None:
        raise InUseError(
            f"{held.holder} holds the lease {held.name} for another {held.left_s} s: stop the desk first"
            " (`evoq down`), or wait that long if it has crashed"
        )


def _checks(manifest: BackupManifest) -> str:
    """Return statements that end the transaction unless every table has the rows that the manifest names."""
    checks = [
        f"IF (SELECT count(*) FROM {name}) <> {int(rows)} THEN"  # noqa: S608 - names checked with the manifest
        f" RAISE EXCEPTION 'evoq: {name} has other rows than the manifest says'; END IF;"
        for name, rows in manifest.tables.items()
    ]
    return "DO $$ BEGIN\n" + "\n".join(checks) + "\nEND $$;\n"


def _bring_up_to_date(engine: Engine, manifest: BackupManifest) -> None:
    """Migrate what was restored, and write into its audit log that it was."""
    migrate(engine)
    told = {
        "created_at": manifest.created_at.isoformat(),
        "evoq_version": manifest.evoq_version,
        "schema": manifest.schema,
        "sha256": manifest.sha256,
    }
    with engine.begin() as connection:
        ensure_current(connection, datetime.now(UTC))
        row = {"actor": "evoq", "role": "operate", "source": "command line", "action": "restore", "result": "done"}
        append_operations(connection, [row | {"after": told}])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("ANALYZE"))  # a backup has no statistics for the planner

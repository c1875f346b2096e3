"""What a database says went wrong, put into our errors: one place for the whole package.

The engine calls `translate` for every error of the driver, while connecting and later (see
`storage.engine`).
"""

import shutil

from storage.driver import DriverError
from storage.errors import (
    ConflictError,
    DatabaseBusyError,
    DatabaseUnreachableError,
    DiskFullError,
    InvalidValueError,
    LoginError,
    NotFoundError,
    PrivilegeError,
    StatementError,
    StorageError,
)
from storage.settings import ConnectionSettings

__all__ = ["translate"]

_FREE_AT_LEAST = 32 * 2**20  # a segment of the write-ahead log and some air

_BUSY = {
    "40001": "two transactions were in each other's way",
    "40P01": "two transactions waited for each other",
    "53300": "it has no connection left for us",
    "55P03": "a lock was not granted in time",
    "57014": "a statement took too long",
    "57P01": "it was stopped",
    "57P02": "it crashed",
    "57P03": "it is starting or stopping",
}


def translate(
    error: BaseException, settings: ConnectionSettings, *, lost: bool, connecting: bool = False
) -> StorageError | None:
    """Return our error for one of the driver's.

    Parameters
    ----------
    error : BaseException
        What the driver raised.
    settings : ConnectionSettings
        Where and as whom.
    lost : bool
        Whether the connection is gone.
    connecting : bool
        Whether there was none yet.

    Returns
    -------
    StorageError or None
        None if it is not an error of the driver.
    """
    if not isinstance(error, DriverError):
        return None
    reason = (str(error).strip().splitlines() or ["no reason given"])[0]
    words = str(error)
    error.args = (reason,)  # the lines after the first one repeat the statement with its values
    code = getattr(error, "pgcode", None) or ""
    diagnosis = getattr(error, "diag", None)
    said = getattr(diagnosis, "message_primary", None) or reason
    rule = getattr(diagnosis, "constraint_name", None)
    if code == "53100" or "No space left on device" in words:
        return _disk_full(settings)
    if connecting and not code:
        return _not_connected(words, reason, settings)
    if lost or code in _BUSY or code.startswith("08"):
        if settings.embedded_in is not None and shutil.disk_usage(settings.embedded_in).free < _FREE_AT_LEAST:
            return _disk_full(settings)  # a full disk takes PostgreSQL down before it can say so
        return DatabaseBusyError(
            f"the database at {settings.place} is not available now ({_BUSY.get(code, reason)}): try again"
        )
    if code.startswith("22") or code in ("23502", "23514"):
        return InvalidValueError(f"the database refuses a value: {said}")
    if code == "23505":
        return ConflictError(f"this is stored already ({rule}): somebody else was faster")
    if code == "23503":
        return NotFoundError(f"this belongs to something that is not there ({rule})")
    if code == "42501" or code == "25006":
        return PrivilegeError(
            f"user {settings.user!r} may not do this in database {settings.database!r} at {settings.place}"
            f" ({said}): make it the owner of the database, which is no read-only copy"
        )
    return StatementError(f"the database refuses a statement: {said} ({code or type(error).__name__})")


def _not_connected(words: str, reason: str, settings: ConnectionSettings) -> StorageError:
    """Tell a server that is not there from one that refuses us."""
    if "password authentication failed" in words or "no password supplied" in words:
        return LoginError(
            f"the database at {settings.place} refuses the password of user {settings.user!r}:"
            " set DB_USER and DB_PASSWORD to what that server knows"
        )
    if "no pg_hba.conf entry" in words or "does not exist" in words:
        return LoginError(
            f"the database at {settings.place} refuses us ({_after_fatal(words)}): create the user and the database"
            " there, or set DB_USER and DB_NAME"
        )
    for sign in ("too many clients", "remaining connection slots", "is starting up", "is shutting down", "recovery"):
        if sign in words:
            return DatabaseBusyError(
                f"the database at {settings.place} is not available now ({_after_fatal(words)}): try again"
            )
    if settings.embedded_in is not None:
        if shutil.disk_usage(settings.embedded_in).free < _FREE_AT_LEAST:
            return _disk_full(settings)
        return DatabaseBusyError(
            f"the embedded PostgreSQL at {settings.place} has stopped ({reason}): start Evoq again;"
            f" its log is in {settings.embedded_in / 'logs' / 'postgres'}"
        )
    return DatabaseUnreachableError(
        f"no PostgreSQL answers at {settings.place} ({reason.rstrip(':')}): start that server, correct DB_HOST and"
        " DB_PORT, or unset DB_HOST for the embedded one"
    )


def _after_fatal(words: str) -> str:
    """Return the server's own reason from libpq's report."""
    return words.strip().splitlines()[0].rpartition("FATAL:")[2].strip()


def _disk_full(settings: ConnectionSettings) -> DiskFullError:
    """Return the error for a full disk."""
    where = settings.place if settings.embedded_in is None else str(settings.embedded_in)
    return DiskFullError(f"no space left for the database at {where}: free some space and start again with --resume")

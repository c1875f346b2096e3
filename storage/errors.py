"""The errors of storage, by who must act.

::

    StorageError
    ├── StorageUserError (ValueError)      the user must act; one line says the rule, the value and the cure
    │   ├── SettingError                   DB_PORT or REDIS_URL has a value that cannot be meant
    │   ├── HomeError                      EVOQ_HOME cannot be made, entered or written
    │   ├── DatabaseUnreachableError       nobody answers at host:port, or there is no PostgreSQL to start
    │   ├── CacheUnreachableError          nobody answers at REDIS_URL, or there is no Valkey to start
    │   ├── DatabaseBusyError              another try may succeed: connection lost, starting up, lock not granted
    │   ├── LoginError                     the server refuses the user, the password or the database
    │   ├── PrivilegeError                 the database user may not do what Evoq needs
    │   ├── VersionError                   a server, data folder or schema of another version
    │   ├── DiskFullError                  no space left where the database writes
    │   ├── AccountError                   started as root, and no way to run a server as somebody else
    │   ├── InvalidValueError              a value that may not be stored or asked for
    │   ├── BackupFileError                a file is no whole backup, or cannot be read or written
    │   ├── InUseError                     somebody works with what we would take away
    │   ├── OverwriteError                 something is there already that would be lost
    │   ├── NotFoundError                  no such run, strategy, command or alert
    │   ├── TransitionError                a step that is not open from the present state
    │   └── ConflictError                  somebody else has changed it in the meantime
    │       └── LeaseLostError             somebody else may do now what we did alone: stop
    ├── StatementError                     ours: the database refuses a statement that we wrote
    ├── DumpError                          ours: a program that saves or loads a database failed
    └── EmbeddedServerError                ours: the embedded server did not do what it must

No message ever carries a password: connections are made from keyword arguments, never from an address with
a password in it. Nor does it carry the parameters of a failed statement, which the driver would repeat.
"""

__all__ = [
    "AccountError",
    "BackupFileError",
    "CacheUnreachableError",
    "ConflictError",
    "DatabaseBusyError",
    "DatabaseUnreachableError",
    "DiskFullError",
    "DumpError",
    "EmbeddedServerError",
    "HomeError",
    "InUseError",
    "InvalidValueError",
    "LeaseLostError",
    "LoginError",
    "NotFoundError",
    "OverwriteError",
    "PrivilegeError",
    "SettingError",
    "StatementError",
    "StorageError",
    "StorageUserError",
    "TransitionError",
    "VersionError",
]


class StorageError(Exception):
    """Anything that goes wrong while remembering."""


class StorageUserError(StorageError, ValueError):
    """The user must act; the message says how."""


class SettingError(StorageUserError):
    """DB_PORT or REDIS_URL has a value that cannot be meant."""


class HomeError(StorageUserError):
    """EVOQ_HOME cannot be made, entered or written."""


class DatabaseUnreachableError(StorageUserError):
    """Nobody answers at the host and port, or there is no PostgreSQL to start."""


class CacheUnreachableError(StorageUserError):
    """Nobody answers at REDIS_URL, or there is no Valkey to start."""


class DatabaseBusyError(StorageUserError):
    """Another try may succeed: a service tries again by itself, at the command line the user does."""


class LoginError(StorageUserError):
    """The server refuses the user, the password or the database."""


class PrivilegeError(StorageUserError):
    """The database user may not do what Evoq needs."""


class VersionError(StorageUserError):
    """A server, a data folder or a schema is of a version that this Evoq cannot use."""


class DiskFullError(StorageUserError):
    """No space is left where the database writes."""


class AccountError(StorageUserError):
    """Started as root, and there is no way to run a server as somebody else."""


class InvalidValueError(StorageUserError):
    """A value may not be stored or asked for."""


class BackupFileError(StorageUserError):
    """A file is no whole backup, or cannot be read or written."""


class InUseError(StorageUserError):
    """Somebody works with what we would take away from him."""


class OverwriteError(StorageUserError):
    """Something is there already that would be lost."""


class NotFoundError(StorageUserError):
    """There is no such run, strategy, command or alert."""


class TransitionError(StorageUserError):
    """A step is not open from the present state."""


class ConflictError(StorageUserError):
    """Somebody else has changed it in the meantime."""


class LeaseLostError(ConflictError):
    """Somebody else may do now what we did alone, so we must stop."""


class StatementError(StorageError):
    """The database refuses a statement that we wrote."""


class DumpError(StorageError):
    """A program that saves or loads a database failed; the message has its own words."""


class EmbeddedServerError(StorageError):
    """The embedded server did not do what it must; the message ends with its own last words."""

"""How to reach a PostgreSQL: from the DB_* variables, or of the embedded server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from storage.errors import SettingError

__all__ = ["ConnectionSettings", "settings_from_environment"]


@dataclass(frozen=True)
class ConnectionSettings:
    """Where a database is and who we are there.

    Attributes
    ----------
    host : str
        Name, address or folder of a Unix socket.
    port : int
        1..65535.
    database : str
        Name of the database.
    user : str
        Name of the role.
    password : str or None
        Never shown: not in `repr`, not in an address, not in a message. None leaves it to libpq, which looks
        into ``~/.pgpass``.
    embedded_in : Path or None
        EVOQ_HOME of the embedded server, None for a server that somebody else runs.
    """

    host: str
    port: int
    database: str
    user: str
    password: str | None = field(default=None, repr=False)
    embedded_in: Path | None = None

    @property
    def place(self) -> str:
        """Where it is, in the words of messages."""
        return f"{self.host}:{self.port}"


def settings_from_environment(environ: Mapping[str, str]) -> ConnectionSettings | None:
    """Read the DB_* variables.

    Parameters
    ----------
    environ : mapping of str to str
        Such as `os.environ`.

    Returns
    -------
    ConnectionSettings or None
        None when `DB_HOST` is unset or empty: the embedded server is meant.

    Raises
    ------
    SettingError
        If `DB_PORT` is not a port.
    """
    host = environ.get("DB_HOST", "").strip()
    if not host:
        return None
    port = environ.get("DB_PORT", "").strip() or "5432"
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise SettingError(f"DB_PORT must be a port in [1, 65535], was {port!r}: correct it, or unset it for 5432")
    return ConnectionSettings(
        host=host,
        port=int(port),
        database=environ.get("DB_NAME", "").strip() or "evoq",
        user=environ.get("DB_USER", "").strip() or "evoq",
        password=environ.get("DB_PASSWORD") or None,
    )

"""The token of a private Ray: whoever can reach its ports without it may run any code as us."""

import os
import secrets
import stat
from pathlib import Path

from cluster.errors import TokenError
from storage.folders import home, write_private

__all__ = ["private_token_file", "token_file_to_join"]

_NAME = "ray.token"
_BYTES = 32


def private_token_file() -> Path:
    """Return the token file of this installation, made (0600) if it is not there.

    Ray would make one of its own, readable by everybody, in the user's home folder.

    Returns
    -------
    Path
        `$EVOQ_HOME/ray.token`, readable by us alone.

    Raises
    ------
    TokenError
        If the file is empty, or belongs to somebody else.
    """
    path = home() / _NAME
    if not path.exists():
        write_private(path, secrets.token_hex(_BYTES))
    status = path.stat()
    if status.st_uid != os.geteuid():
        raise TokenError(f"{path} must belong to the user who starts Ray, belongs to user {status.st_uid}: remove it")
    if stat.S_IMODE(status.st_mode) & 0o077:
        path.chmod(0o600)
    if not path.read_text(encoding="utf-8").strip():
        raise TokenError(f"{path} must hold a token, is empty: remove it, and Evoq writes a new one")
    return path


def token_file_to_join() -> Path | None:
    """Return the file that holds the token of a cluster to join, unless the environment holds the token itself.

    Returns
    -------
    Path or None
        What `RAY_AUTH_TOKEN_PATH` names, else `$EVOQ_HOME/ray.token`, else `~/.ray/auth_token`; None if there is
        none of them, or if `RAY_AUTH_TOKEN` is set.

    Raises
    ------
    TokenError
        If `RAY_AUTH_TOKEN_PATH` names no readable file.
    """
    if os.environ.get("RAY_AUTH_TOKEN"):
        return None
    named = os.environ.get("RAY_AUTH_TOKEN_PATH", "").strip()
    if named:
        path = Path(named).expanduser()
        if not path.is_file() or not os.access(path, os.R_OK):
            raise TokenError(f"RAY_AUTH_TOKEN_PATH must name a readable file, was {named}: correct or unset it")
        return path
    for path in (home() / _NAME, Path.home() / ".ray" / "auth_token"):
        if path.is_file() and os.access(path, os.R_OK):
            return path
    return None

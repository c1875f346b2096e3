"""The tokens of a desk: one that may read, one that may operate; files of mode 0600, made when first asked for."""

import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from cluster.errors import TokenError
from storage.folders import home, report_home_trouble, write_private

__all__ = ["Role", "Tokens"]

_BYTES = 32
_LONGEST = 512
_TOKEN = re.compile(r"[!-~]{16,512}")


class Role(StrEnum):
    """What the holder of a token may do."""

    READ = "read"
    OPERATE = "operate"

    def may(self, needed: "Role") -> bool:
        """Tell whether this role includes another.

        Parameters
        ----------
        needed : Role
            What is asked for.

        Returns
        -------
        bool
            Whoever may operate may read as well.
        """
        return self is Role.OPERATE or needed is Role.READ


@dataclass(frozen=True, slots=True)
class _Held:
    """A token file as it was last read: what tells it from another version, and the digest of its token."""

    version: tuple[int, int, int]
    digest: bytes


class Tokens:
    """The tokens of an installation, read again whenever one of their files was replaced.

    Parameters
    ----------
    folder : Path, optional
        Where the files are; by default EVOQ_HOME. Missing ones are written, with new random tokens.

    Raises
    ------
    TokenError
        If a file belongs to somebody else or holds no token, or if both hold the same one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = home() if folder is None else folder
        self._held: dict[Role, _Held] = {}
        for role in Role:
            path = self.path(role)
            if not path.exists():
                _write_new(path)
            self._held[role] = _read(path)
        if len({held.digest for held in self._held.values()}) < len(Role):
            raise TokenError(
                f"{self.path(Role.READ)} and {self.path(Role.OPERATE)} must differ, hold the same token:"
                " remove one, and Evoq writes a new one"
            )

    def path(self, role: Role) -> Path:
        """Return the file of a role's token.

        Parameters
        ----------
        role : Role
            Whose token.

        Returns
        -------
        Path
            `token.read` or `token.operate`.
        """
        return self._folder / f"token.{role}"

    def authenticate(self, token: str) -> Role | None:
        """Return the role of a token, in a time that does not tell how much of it was right.

        Parameters
        ----------
        token : str
            What somebody showed.

        Returns
        -------
        Role or None
            None for a token that is not ours; nobody is admitted by a file that is gone or cannot be used.
        """
        shown = sha256(token[: _LONGEST + 1].encode("utf-8", "surrogatepass")).digest()
        found = None
        for role in Role:  # all of them are compared, whatever came of the first
            if hmac.compare_digest(shown, self._digest(role)):
                found = role
        return found

    def _digest(self, role: Role) -> bytes:
        """Return the digest of a role's token as its file is now.

        Parameters
        ----------
        role : Role
            Whose token.

        Returns
        -------
        bytes
            Empty when the file cannot be used.
        """
        path = self.path(role)
        try:
            if self._held[role].version != _version(path.stat()):
                self._held[role] = _read(path)
        except (OSError, TokenError):
            return b""
        return self._held[role].digest


def _version(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read(path: Path) -> _Held:
    """Read a token file, and close it to others.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    _Held
        What it holds.

    Raises
    ------
    TokenError
        If it belongs to somebody else, or holds no token.
    """
    status = path.stat()
    if status.st_uid != os.geteuid():
        raise TokenError(f"{path} must belong to the user who runs Evoq, belongs to user {status.st_uid}: remove it")
    if stat.S_IMODE(status.st_mode) & 0o077:
        path.chmod(0o600)
    token = path.read_text(encoding="utf-8", errors="replace").strip()
    if not _TOKEN.fullmatch(token):
        raise TokenError(
            f"{path} must hold a token of 16 to {_LONGEST} visible characters without spaces, holds {len(token)}"
            " characters: remove it, and Evoq writes a new one"
        )
    return _Held(_version(status), sha256(token.encode()).digest())


def _write_new(path: Path) -> None:
    """Write a new token, unless another process was faster: then that one's token stands.

    Parameters
    ----------
    path : Path
        The file.
    """
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    write_private(draft, secrets.token_hex(_BYTES))
    try:
        path.hardlink_to(draft)  # unlike a rename it never replaces
    except FileExistsError:
        pass
    except OSError as error:
        report_home_trouble(path, error)
    finally:
        draft.unlink(missing_ok=True)

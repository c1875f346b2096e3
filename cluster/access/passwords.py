"""The passwords of a desk: one a role, kept as hashes (argon2id) in a file of mode 0600.

Nobody is signed in by a file that is missing, damaged or somebody else's: `Passwords.check` then fails, in the time
that a wrong password takes.
"""

import hashlib
import json
import os
import secrets
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cluster.access.tokens import Role
from cluster.errors import PasswordError
from storage.folders import home, write_private

__all__ = ["LONGEST", "SHORTEST", "Passwords"]

SHORTEST = 10
LONGEST = 1_000

_NAME = "passwords.json"
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no 0, 1, i, l, o: nothing to misread
_GROUPS, _GROUP = 5, 4  # 99 bits
_hasher = PasswordHasher()  # RFC 9106, its profile for little memory: 64 MiB, 3 passes
# Of a password nobody knows: what a role without a password is compared with, so that this takes as long.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$1VmH4aU5Ojs213egBTQKLg$eVvjJ2szFuxBHE8tOMFch0cRdFnjziEqlh8qN6tqicA"


@dataclass(frozen=True, slots=True)
class _Held:
    """The file as it was last read: what tells it from another version, and the hash of each role's password."""

    version: tuple[int, int, int]
    hashes: dict[str, str]


class Passwords:
    """The passwords of an installation, read again whenever their file was replaced.

    Parameters
    ----------
    folder : Path, optional
        Where the file is; by default EVOQ_HOME.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._path = (home() if folder is None else folder) / _NAME
        self._held: _Held | None = None

    def check(self, role: Role, password: str) -> str | None:
        """Compare a password, in a time that does not tell whether the role has one.

        Parameters
        ----------
        role : Role
            Whose password it should be.
        password : str
            What somebody has typed.

        Returns
        -------
        str or None
            What `credential` says if it is the password, None if not.
        """
        kept = self._hashes().get(role)
        try:
            _hasher.verify(kept or _NOBODY, _normal(password))
        except (VerificationError, InvalidHashError):
            return None
        return None if kept is None else _name_of(kept)

    def credential(self, role: Role) -> str | None:
        """Return a name for the present password of a role: another one as soon as it is changed, to the same too.

        Parameters
        ----------
        role : Role
            Whose.

        Returns
        -------
        str or None
            SHA-256 (hex) of its hash; None where the role has no password.
        """
        kept = self._hashes().get(role)
        return None if kept is None else _name_of(kept)

    def change(self, role: Role, password: str) -> None:
        """Give a role another password; whoever has signed in with the one before is signed out.

        Parameters
        ----------
        role : Role
            Whose.
        password : str
            The new one.

        Raises
        ------
        PasswordError
            If it is too short or too long.
        """
        text = _normal(password)
        if not SHORTEST <= len(text) <= LONGEST:
            raise PasswordError(
                f"a password must have {SHORTEST} to {LONGEST:,} characters, had {len(text)}: choose another one"
            )
        write_private(self._path, json.dumps(self._hashes() | {str(role): _hasher.hash(text)}, sort_keys=True))

    def invent(self) -> str | None:
        """Give the role operate a password, if this installation never had one.

        Returns
        -------
        str or None
            The password, which is kept nowhere else; None if there is a file already.
        """
        if self._path.exists():
            return None
        groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        password = "-".join(groups)
        self.change(Role.OPERATE, password)
        return password

    def _hashes(self) -> dict[str, str]:
        """Return the hashes as the file has them now; none where it cannot be trusted."""
        try:
            status = self._path.stat()
            version = (status.st_ino, status.st_mtime_ns, status.st_size)
            if self._held is None or self._held.version != version:
                self._held = _Held(version, _read(self._path, status))
        except (OSError, ValueError):
            return {}
        return self._held.hashes


def _read(path: Path, status: os.stat_result) -> dict[str, str]:
    """Return what a file holds, and close it to others; a `ValueError` if it is not ours, or of another form."""
    if status.st_uid != os.geteuid():
        raise ValueError(f"{path} must belong to the user who runs Evoq")
    if stat.S_IMODE(status.st_mode) & 0o077:
        path.chmod(0o600)
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold an object")
    return {role: found[role] for role in Role if isinstance(found.get(role), str)}


def _normal(password: str) -> str:
    """Return a password in the one form that every keyboard's way of composing letters comes to."""
    return unicodedata.normalize("NFKC", password)


def _name_of(kept: str) -> str:
    return hashlib.sha256(kept.encode()).hexdigest()

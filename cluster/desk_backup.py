"""What a backup tells of the desk beside its database: settings that are no secrets, and fingerprints of its tokens.

No token and no password is saved. After a restore the fingerprints say whether clients that knew the old tokens still
know the right ones.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.access import Role
from cluster.config_edit import config_as_json
from cluster.errors import UserError
from cluster.ray_environment import secret_names
from storage import BackupManifest, ConfigRepository, Database, backup, read_backup

__all__ = ["DeskNotes", "back_up_desk", "backup_file", "fingerprints", "read_notes"]

_MEMBER = "desk.json"
_LONGEST = 2**20
_TOLD = ("EVOQ_", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER")
_LETTERS = 16


@dataclass(frozen=True, slots=True)
class DeskNotes:
    """What a backup tells of its desk.

    Attributes
    ----------
    settings : mapping of str to str
        Variables of the environment that were set, but for secrets.
    config : mapping
        The configuration, as `evoq config export` writes it.
    fingerprints : mapping of str to str
        Of the token files, by name.
    """

    settings: Mapping[str, str]
    config: Mapping[str, Any]
    fingerprints: Mapping[str, str]


def fingerprints(home: Path) -> dict[str, str]:
    """Return fingerprints of the tokens of a desk.

    Parameters
    ----------
    home : Path
        EVOQ_HOME.

    Returns
    -------
    dict of str to str
        The first digits of the SHA-256 of each token that is there, by the name of its file.
    """
    found = {}
    for name in (*(f"token.{role}" for role in Role), "ray.token"):
        with suppress(OSError):
            found[name] = hashlib.sha256((home / name).read_bytes().strip()).hexdigest()[:_LETTERS]
    return found


def backup_file(file: Path, *, replace: bool) -> Path:
    """Return where a backup goes, if it may go there.

    Parameters
    ----------
    file : Path
        Where.
    replace : bool
        Whether an older backup of that name may be replaced.

    Returns
    -------
    Path
        The same, absolute.

    Raises
    ------
    UserError
        If it is there already, or the folder is not.
    """
    file = file.absolute()
    if file.exists():
        read_backup(file)
        if not replace:
            raise UserError(
                f"FILE must be a new one, the backup {file} is there already: choose another name, or add --replace"
            )
    if not file.parent.is_dir():
        raise UserError(f"FILE must be in a folder that exists, {file.parent} does not: make it, or choose another one")
    return file


def back_up_desk(database: Database, home: Path, environ: Mapping[str, str], file: Path) -> BackupManifest:
    """Save the database, and notes of the desk, into a file; an older backup is replaced when the new one is whole.

    Parameters
    ----------
    database : Database
        Open; others may go on working with it.
    home : Path
        EVOQ_HOME.
    environ : mapping of str to str
        The settings.
    file : Path
        Where, from `backup_file`.

    Returns
    -------
    BackupManifest
        What was saved.
    """
    draft = file.with_name(f".{file.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        manifest = backup(database, draft)
        secret = set(secret_names(environ))
        told = {
            "settings": {
                name: value for name, value in sorted(environ.items()) if _is_told(name) and name not in secret
            },
            "config": config_as_json(ConfigRepository(database.engine).get()),
            "fingerprints": fingerprints(home),
        }
        with zipfile.ZipFile(draft, "a") as archive:
            archive.writestr(_MEMBER, json.dumps(told, indent=2))
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def read_notes(file: Path) -> DeskNotes | None:
    """Return what a backup tells of its desk.

    Parameters
    ----------
    file : Path
        The backup.

    Returns
    -------
    DeskNotes or None
        None if it tells nothing.
    """
    with suppress(OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile):
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(_MEMBER).file_size > _LONGEST:
                return None
            told = json.loads(archive.read(_MEMBER))
        return DeskNotes(dict(told["settings"]), dict(told["config"]), dict(told["fingerprints"]))
    return None


def _is_told(name: str) -> bool:
    return any(name == one or (one.endswith("_") and name.startswith(one)) for one in _TOLD)

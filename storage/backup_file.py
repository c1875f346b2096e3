"""The file of a backup: a dump of the database, and a manifest that says what it is and whether it is whole.

It is a zip file (nothing in it is compressed twice) of two members: ``database.dump``, in PostgreSQL's custom format,
and ``manifest.json``, with the SHA-256 of the dump.
"""

import hashlib
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from storage.errors import BackupFileError, DiskFullError

__all__ = ["BackupManifest", "read_backup", "read_dump", "write_backup"]

_FORMAT = "evoq-backup"
_FORMAT_VERSION = 1
_DUMP, _MANIFEST = "database.dump", "manifest.json"
_CHUNK = 2**20
_LONGEST_MANIFEST = 2**20
_TABLE = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")
_DAMAGED = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError)  # the last for a member that is encrypted


@dataclass(frozen=True)
class BackupManifest:
    """What a backup is.

    Attributes
    ----------
    evoq_version : str
        The Evoq that made it.
    schema : str
        The revision of the database's schema, such as "0003".
    server_version : str
        The PostgreSQL that it was made from.
    created_at : datetime
        The moment that it shows, by the clock of the database.
    tables : mapping of str to int
        How many rows each table has, by "SCHEMA.TABLE".
    dump_bytes : int
        The length of the dump.
    sha256 : str
        Of the dump, in hexadecimal digits.
    """

    evoq_version: str
    schema: str
    server_version: str
    created_at: datetime
    tables: Mapping[str, int]
    dump_bytes: int
    sha256: str


def write_backup(file: Path, dump: Iterator[bytes], manifest: Callable[[int, str], BackupManifest]) -> BackupManifest:
    """Write a backup (0600), whole or not at all; an older backup of the same name is replaced at the end.

    Parameters
    ----------
    file : Path
        Where.
    dump : iterator of bytes
        The dump, in pieces.
    manifest : callable
        Given the length and the SHA-256 of the dump, the manifest.

    Returns
    -------
    BackupManifest
        As it was written.

    Raises
    ------
    BackupFileError
        If something else has this name.
    """
    if file.exists() and not _is_backup(file):
        raise BackupFileError(f"{file} is there already and no backup of Evoq: choose another name")
    temporary = None
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as out:
            with zipfile.ZipFile(out, "w") as archive:
                length, digest = 0, hashlib.sha256()
                with archive.open(_DUMP, "w", force_zip64=True) as member:
                    for piece in dump:
                        member.write(piece)
                        digest.update(piece)
                        length += len(piece)
                written = manifest(length, digest.hexdigest())
                told = asdict(written) | {"created_at": written.created_at.isoformat()}
                archive.writestr(_MANIFEST, json.dumps({"format": _FORMAT, "format_version": _FORMAT_VERSION} | told))
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
    except OSError as error:
        _report(file, error, "written")
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return written


def read_backup(file: Path) -> BackupManifest:
    """Return what a backup is, after a check that it is whole.

    Parameters
    ----------
    file : Path
        The backup.

    Returns
    -------
    BackupManifest
        Its manifest.

    Raises
    ------
    BackupFileError
        If it is no backup, or a damaged one.
    """
    manifest = _read_manifest(file)
    length, digest = 0, hashlib.sha256()
    with read_dump(file) as dump:
        while piece := dump.read(_CHUNK):
            digest.update(piece)
            length += len(piece)
    if (length, digest.hexdigest()) != (manifest.dump_bytes, manifest.sha256):
        raise BackupFileError(f"the backup {file} is damaged (its SHA-256 is another one): use another one")
    return manifest


@contextmanager
def read_dump(file: Path) -> Iterator[BinaryIO]:
    """Open the dump in a backup.

    Parameters
    ----------
    file : Path
        The backup.

    Yields
    ------
    BinaryIO
        The dump; reading it raises what says that it is damaged.

    Raises
    ------
    BackupFileError
        If it is no backup, or a damaged one.
    """
    try:
        with zipfile.ZipFile(file) as archive, archive.open(_DUMP) as dump:
            yield dump  # type: ignore[misc] # a file of a zip is one to read
    except (*_DAMAGED, KeyError) as error:
        raise BackupFileError(f"{file} is no backup of Evoq, or a damaged one ({error}): use another one") from error
    except OSError as error:
        _report(file, error, "read")


def _read_manifest(file: Path) -> BackupManifest:
    """Return the manifest of a backup, checked."""
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(_MANIFEST).file_size > _LONGEST_MANIFEST:
                raise BackupFileError(f"{file} is no backup of Evoq: its manifest is too long")
            told: Any = json.loads(archive.read(_MANIFEST))
    except (*_DAMAGED, KeyError, ValueError) as error:
        raise BackupFileError(f"{file} is no backup of Evoq, or a damaged one ({error}): use another one") from error
    except OSError as error:
        _report(file, error, "read")
    if not isinstance(told, dict) or told.pop("format", None) != _FORMAT:
        raise BackupFileError(f"{file} is no backup of Evoq: its manifest is of something else")
    if told.pop("format_version", None) != _FORMAT_VERSION:
        raise BackupFileError(f"the backup {file} is in a format of a newer Evoq: update this one")
    try:
        manifest = BackupManifest(**(told | {"created_at": datetime.fromisoformat(told["created_at"])}))
        fits = all(_TABLE.fullmatch(name) and int(rows) >= 0 for name, rows in manifest.tables.items())
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise BackupFileError(f"the manifest of the backup {file} is damaged ({error}): use another one") from error
    if not fits:
        raise BackupFileError(f"the manifest of the backup {file} names tables that cannot be: use another one")
    return manifest


def _is_backup(file: Path) -> bool:
    """Return whether a file may be replaced by a newer backup."""
    try:
        _read_manifest(file)
    except BackupFileError:
        return False
    return True


def _report(file: Path, error: OSError, doing: str) -> NoReturn:
    """Put what the operating system says about the file into one line."""
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise DiskFullError(f"no space left to write {file}: free some space, or choose another disk") from error
    raise BackupFileError(f"{file} cannot be {doing} ({error.strerror or error}): choose another file") from error

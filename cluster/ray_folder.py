"""Where a private Ray keeps sockets and logs: a short path of our own, and no more than a few old sessions.

Ray lets everybody write in the folder it is given (mode 0777); that one therefore lies in another, which only we may
enter.
"""

import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

from cluster.errors import SettingError
from storage.folders import private_folder

__all__ = ["ray_folder", "remove_old_sessions"]

_SESSION = re.compile(r"session_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_\d+_(?P<process>\d+)")
_KEPT_SESSIONS = 3
_LONGEST_ROOT = 12  # a unix socket's path has at most 107 bytes, and Ray appends up to 70


def ray_folder(name: str = "ray") -> Path:
    """Return a folder for sessions of this user, made (0700) if it is not there.

    Parameters
    ----------
    name : str
        Whose sessions, eight letters at most: Ray takes the last one started in a folder for the one that a submitted
        job belongs to, so a desk has a folder of its own.

    Returns
    -------
    Path
        `evoq-ray-<user id>/<name>` in the folder for temporary files.

    Raises
    ------
    SettingError
        If somebody else made the outer one, or may enter it.
    """
    root = tempfile.gettempdir()
    if len(root) > _LONGEST_ROOT:
        root = "/tmp"  # noqa: S108  # the folder made in it must be ours alone
    path = private_folder(Path(root) / f"evoq-ray-{os.geteuid()}")
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise SettingError(f"{path} must be a folder that only we may enter: remove it, or set TMPDIR to another one")
    return private_folder(path / name)


def remove_old_sessions(folder: Path) -> None:
    """Remove what sessions that are over have left, but for the latest few: their logs may still be wanted.

    Parameters
    ----------
    folder : Path
        What `ray_folder` returned; those beside it are cleaned too, their desks may never start again.
    """
    over = []
    for path in folder.parent.glob("*/*"):
        match = _SESSION.fullmatch(path.name)
        if match is not None and not path.is_symlink() and not Path(f"/proc/{match['process']}").exists():
            over.append(path)
    newest_first = sorted(over, key=lambda path: path.name, reverse=True)  # the name begins with the time
    for path in newest_first[_KEPT_SESSIONS:]:
        shutil.rmtree(path, ignore_errors=True)

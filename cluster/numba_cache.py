"""One compile cache for the driver and all workers, salted with the sources it was made from.

Numba checks the file a kernel stands in, not the files that kernel imports, so an edit of an imported kernel would
run stale machine code. A folder named after a hash of all sources cannot be stale; and since it is shared, a worker
loads in half a second what it would compile in ten.
"""

import hashlib
import importlib.metadata
import os
import platform
import shutil
import sys
from pathlib import Path

from storage.folders import home, private_folder

__all__ = ["sources_hash", "use_shared_cache"]

VARIABLE = "NUMBA_CACHE_DIR"
_CHECKOUT = Path(__file__).resolve().parent.parent
_KERNEL_PACKAGES = ("market", "strategies", "backtest")
_KEPT_SIBLINGS = 4
_HEX_LENGTH = 64


def sources_hash(root: Path = _CHECKOUT) -> str:
    """Return what a compiled kernel depends on, as one hash.

    Parameters
    ----------
    root : Path, optional
        The folder that holds the packages; by default where this package is installed.

    Returns
    -------
    str
        SHA-256 (hexadecimal) of the sources of `market`, `strategies` and `backtest`, and of the versions of Python,
        numba and numpy. Numba itself keys its files by processor.
    """
    digest = hashlib.sha256()
    for part in (platform.python_version(), *map(importlib.metadata.version, ("numba", "numpy"))):
        digest.update(part.encode() + b"\0")
    for package in _KERNEL_PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def use_shared_cache(folder: Path | None = None) -> Path:
    """Export the shared cache to this process and to every process it starts.

    Call it before the first kernel is imported: numba chooses the folder when a function is decorated.

    Parameters
    ----------
    folder : Path, optional
        Where the caches of all versions of the sources lie; by default what `NUMBA_CACHE_DIR` names, else
        `$EVOQ_HOME/numba`.

    Returns
    -------
    Path
        `folder/<sources_hash>`, which `NUMBA_CACHE_DIR` names from now on. The least recently used siblings are
        removed; a process that still uses one only compiles again.
    """
    salt = sources_hash()
    if folder is None:
        preset = os.environ.get(VARIABLE, "").strip()
        folder = Path(preset) if preset else home() / "numba"
        if _is_salt(folder.name):  # inherited from a process of ours that called this before
            folder = folder.parent
    path = private_folder(private_folder(folder) / salt)
    os.utime(path)
    _remove_stale(path)
    os.environ[VARIABLE] = str(path)
    numba = sys.modules.get("numba")
    if numba is not None:  # it read the environment when it was imported
        numba.config.CACHE_DIR = str(path)
    return path


def _is_salt(name: str) -> bool:
    """Tell whether a folder's name is one of our hashes.

    Parameters
    ----------
    name : str
        The last part of its path.

    Returns
    -------
    bool
        Whether it is a SHA-256 in hexadecimal.
    """
    return len(name) == _HEX_LENGTH and set(name) <= set("0123456789abcdef")


def _remove_stale(path: Path) -> None:
    """Remove the siblings of a cache but for the most recently used ones.

    Parameters
    ----------
    path : Path
        The cache in use.
    """
    used: list[tuple[float, Path]] = []
    for sibling in path.parent.iterdir():
        if sibling != path and _is_salt(sibling.name):
            try:
                used.append((sibling.stat().st_mtime, sibling))
            except OSError:  # another process removed it first
                continue
    for _, sibling in sorted(used, reverse=True)[_KEPT_SIBLINGS:]:
        shutil.rmtree(sibling, ignore_errors=True)

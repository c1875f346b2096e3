"""Compiled kernels that no longer fit the sources never run.

Numba keeps machine code and compiles again when the file of a kernel changes, but not when a file that kernel imports
changes: an updated checkout would run old arithmetic. A hash of all sources notices: beside them it drops the code that
was made from others, and a folder elsewhere, which several checkouts may share, carries it in its name.
"""

import contextlib
import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path

__all__ = ["refresh_kernel_cache"]

_KERNEL_PACKAGES = ("market", "strategies", "backtest")


def refresh_kernel_cache(root: Path) -> None:
    """Let numba find only machine code that was made from the present sources.

    Code stays in our ``__pycache__`` folders, from which that of other sources is removed. Where one of them cannot be
    written, or ``NUMBA_CACHE_DIR`` is set, that variable is pointed at a folder of its own for these sources: in the
    one it names, else in the user's cache. Processes that are started from this one inherit it.

    Parameters
    ----------
    root : Path
        The folder that holds our packages.
    """
    digest = hashlib.sha256()
    for package in _KERNEL_PACKAGES:
        for path in sorted((root / package).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen or not all(_is_writable(root / package / "__pycache__") for package in _KERNEL_PACKAGES):
        _keep_elsewhere(Path(chosen) if chosen else _user_cache(), digest.hexdigest()[:16])
    else:
        _drop_unless_made_from(digest.hexdigest(), root)


def _is_writable(folder: Path) -> bool:
    """Return whether files can be made in a folder, found out as numba does: by making one."""
    try:
        folder.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "evoq"


def _keep_elsewhere(base: Path, salt: str) -> None:
    if re.fullmatch("evoq-[0-9a-f]{16}", base.name):  # inherited from a process that was here before
        base = base.parent
    os.environ["NUMBA_CACHE_DIR"] = str(base / f"evoq-{salt}")
    if "numba" in sys.modules:  # it has read the variable already
        sys.modules["numba"].config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]


def _drop_unless_made_from(digest: str, root: Path) -> None:
    stamp = root / "strategies" / "__pycache__" / "kernels.sha256"
    with contextlib.suppress(OSError):
        if stamp.is_file() and stamp.read_text() == digest:
            return
        for package in _KERNEL_PACKAGES:
            for compiled in (root / package / "__pycache__").glob("*.nb[ci]"):
                compiled.unlink(missing_ok=True)
        stamp.write_text(digest)

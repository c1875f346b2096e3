"""Compiled kernels that no longer fit the sources are dropped before one of them can run.

Numba keeps machine code beside the sources and compiles again when the file of a kernel changes, but not when a file
that kernel imports changes: an updated checkout would run old arithmetic. A hash of all sources notices.
"""

import contextlib
import hashlib
import os
from pathlib import Path

__all__ = ["drop_stale_kernels"]

_KERNEL_PACKAGES = ("market", "strategies", "backtest")


def drop_stale_kernels(root: Path) -> None:
    """Remove cached machine code unless it was made from the present sources.

    Does nothing where ``NUMBA_CACHE_DIR`` puts the cache elsewhere, or where the folder cannot be written (numba then
    does not keep its cache there either).

    Parameters
    ----------
    root : Path
        The folder that holds our packages.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    digest = hashlib.sha256()
    for package in _KERNEL_PACKAGES:
        for path in sorted((root / package).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    stamp = root / "strategies" / "__pycache__" / "kernels.sha256"
    with contextlib.suppress(OSError):
        if stamp.is_file() and stamp.read_text() == digest.hexdigest():
            return
        for package in _KERNEL_PACKAGES:
            for compiled in (root / package / "__pycache__").glob("*.nb[ci]"):
                compiled.unlink(missing_ok=True)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(digest.hexdigest())

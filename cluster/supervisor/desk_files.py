"""The files of a running desk: who holds it, what state it is in, what its processes say."""

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.folders import private_folder
from storage.locks import FileLock

__all__ = ["DeskFiles"]


@dataclass(frozen=True, slots=True)
class DeskFiles:
    """The files of one home's desk.

    Attributes
    ----------
    home : Path
        EVOQ_HOME; it exists.
    """

    home: Path

    @property
    def run(self) -> Path:
        """What lives as long as the desk, and the folder its processes work in."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """The logs."""
        return self.home / "logs"

    @property
    def state(self) -> Path:
        """What the supervisor tells of itself and its services, rewritten every few seconds."""
        return self.run / "desk.json"

    @property
    def mark(self) -> str:
        """The mark that every process of this desk carries in its environment."""
        return hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:16]

    def output(self, name: str) -> Path:
        """Return where a process writes what it says.

        Parameters
        ----------
        name : str
            Of the service.

        Returns
        -------
        Path
            The supervisor takes the lines from there into the log.
        """
        return self.run / f"{name}.out"

    def log(self, name: str) -> Path:
        """Return the log of a process.

        Parameters
        ----------
        name : str
            Of the service.

        Returns
        -------
        Path
            Lines of JSON; older ones in files with a number behind the name.
        """
        return self.logs / f"{name}.log"

    def make_folders(self) -> None:
        """Make the folders that are missing (0700)."""
        for folder in (self.run, self.logs):
            private_folder(folder)

    def lock(self) -> FileLock:
        """Return the lock that the supervisor holds for as long as it lives.

        Returns
        -------
        FileLock
            Not acquired yet.
        """
        return FileLock(self.run / "desk.lock")

    def held(self) -> bool:
        """Tell whether a supervisor lives.

        Returns
        -------
        bool
            Whether somebody holds the lock.
        """
        if not (self.run / "desk.lock").exists():
            return False
        with self.lock() as lock:
            return not lock.try_acquire(shared=True)

    def read_state(self) -> dict[str, Any]:
        """Return what the supervisor told last.

        Returns
        -------
        dict
            Empty if there is nothing to be read.
        """
        with suppress(OSError, ValueError):
            state = json.loads(self.state.read_text(encoding="utf-8"))
            if isinstance(state, dict):
                return state
        return {}

    def write_state(self, state: dict[str, Any]) -> None:
        """Replace what the supervisor tells, whole or not at all; on a full disk the old one stays.

        Parameters
        ----------
        state : dict
            Values of JSON.
        """
        temporary = None
        try:
            descriptor, temporary = tempfile.mkstemp(dir=self.run, prefix=".desk-")  # 0600
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(state, file)
            Path(temporary).replace(self.state)
        except OSError:
            if temporary is not None:
                with suppress(OSError):
                    Path(temporary).unlink(missing_ok=True)

"""Records of a campaign on disk, a JSON line each: what was measured once is not measured again."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["RecordCache", "default_records", "sources_hash"]

_PACKAGES = ("market", "strategies", "backtest", "evolution")
_ROOT = Path(__file__).resolve().parents[2]


def default_records() -> Path:
    """Return the folder of records, in the user's cache.

    Returns
    -------
    Path
        It need not exist.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evoq" / "campaigns"


def sources_hash(makers: Iterable[Path] = ()) -> str:
    """Return what identifies the code that is measured; figures, which draw what was measured, are left out.

    Parameters
    ----------
    makers : iterable of Path
        Sources that make records, beside market, strategies, backtest and evolution.

    Returns
    -------
    str
        Half a SHA-256, hexadecimal.
    """
    digest = hashlib.sha256()
    packages = (path for name in _PACKAGES for path in (_ROOT / name).rglob("*.py") if "figure" not in path.stem)
    for path in sorted([*packages, *(maker.resolve() for maker in makers)]):
        digest.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


class RecordCache:
    """The records of one campaign, made by one state of the code.

    A record is on disk before the next one is waited for, so a campaign that was interrupted goes on where it was. The
    line that an interruption cut short is ignored.

    Parameters
    ----------
    folder : Path or None
        Where the files are; None keeps nothing.
    campaign : str
        Its name.
    sources : str
        What `sources_hash` returned; other sources have another file.
    """

    def __init__(self, folder: Path | None, campaign: str, sources: str) -> None:
        self.path = None if folder is None else folder / f"{campaign}-{sources}.jsonl"
        self._records: dict[str, dict[str, Any]] = {}
        if self.path is not None and self.path.exists():
            for line in self.path.read_text().splitlines():
                try:
                    stored = json.loads(line)
                except json.JSONDecodeError:
                    continue
                self._records[_key(stored["job"])] = stored["record"]

    def get(self, job: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the record of a job, None where it is not known.

        Parameters
        ----------
        job : mapping of str to JSON values
            What identifies it.

        Returns
        -------
        dict or None
            What was stored.
        """
        return self._records.get(_key(job))

    def put(self, job: Mapping[str, Any], record: dict[str, Any]) -> None:
        """Keep the record of a job.

        Parameters
        ----------
        job : mapping of str to JSON values
            What identifies it.
        record : dict of str to JSON values
            What was measured.
        """
        line = json.dumps({"job": dict(job), "record": record})
        self._records[_key(job)] = json.loads(line)["record"]  # the same from memory and from disk
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            if file.tell() and not _ends_with_newline(file):
                file.write(b"\n")
            file.write(line.encode() + b"\n")


def _ends_with_newline(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _key(job: Mapping[str, Any]) -> str:
    return json.dumps(dict(job), sort_keys=True)

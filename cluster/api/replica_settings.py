"""What replicas of the API are told: a private file, because nothing that Ray keeps may hold a password.

Arguments of a deployment lie in Ray's head, environments of workers are seen by every job. A file of mode 0600 in
EVOQ_HOME is read by the replica itself, also when Serve's controller starts one on its own.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from cluster.errors import SettingError
from storage.folders import home, private_folder, write_private

__all__ = ["read_replica_settings", "write_replica_settings"]

_NAMES = ("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "REDIS_URL")
_PREFIX = "EVOQ_"


def write_replica_settings(environ: Mapping[str, str]) -> Path:
    """Write the settings of this process for its replicas.

    Parameters
    ----------
    environ : mapping of str to str
        The environment; only what the API reads of it is written.

    Returns
    -------
    Path
        The file.
    """
    folder = home(environ)
    told = {name: value for name, value in environ.items() if name in _NAMES or name.startswith(_PREFIX)}
    path = private_folder(folder / "run") / "api.json"
    write_private(path, json.dumps(told | {"EVOQ_HOME": str(folder)}, sort_keys=True))
    return path


def read_replica_settings(path: str) -> dict[str, str]:
    """Read what a replica is told.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    dict of str to str
        Variables by name.

    Raises
    ------
    SettingError
        If it is gone or damaged.
    """
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(f"{path} must hold the API's settings ({error}): restart python -m cluster.api") from error
    return {str(name): str(value) for name, value in told.items()}

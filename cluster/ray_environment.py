"""The environment Ray is started in: what its processes inherit, and what they must not.

Every worker inherits the environment of the process that started Ray, for as long as it lives, and anything that runs
in a worker can read it. Keys of venues and passwords therefore leave the environment while Ray starts.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["changed_environment", "join_settings", "local_settings", "secret_names"]

_CHECKOUT = Path(__file__).resolve().parent.parent
_SECRET_NAME = re.compile(r"KEY|SECRET|PASSPHRASE|PASSWORD|PASSWD|TOKEN|CREDENTIAL|PRIVATE|DSN", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"://[^/\s@]*:[^/\s@]*@")
_NOT_SECRET = frozenset({"RAY_AUTH_TOKEN_PATH"})
_GCS_PATIENCE_S = 30 * 24 * 3_600


def secret_names(environ: Mapping[str, str]) -> list[str]:
    """Return the names of the variables that must not reach a worker.

    Parameters
    ----------
    environ : mapping of str to str
        An environment.

    Returns
    -------
    list of str
        Names that speak of a key, secret, passphrase, password, token or credential, and names of addresses that
        have a password in them (such as `REDIS_URL`).
    """
    return [
        name
        for name, value in environ.items()
        if name not in _NOT_SECRET and (_SECRET_NAME.search(name) or _SECRET_VALUE.search(value))
    ]


def local_settings(token_file: Path) -> dict[str, str | None]:
    """Return the variables a private Ray of this machine is started with.

    Parameters
    ----------
    token_file : Path
        The file that holds the token every client must show.

    Returns
    -------
    dict of str to (str or None)
        Values by name; None removes the variable.
    """
    path = os.pathsep.join(filter(None, (str(_CHECKOUT), os.environ.get("PYTHONPATH"))))
    return {
        **_common_settings(),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": None,
        "RAY_AUTH_TOKEN_PATH": str(token_file),
        # Ray's word for "this machine only": its node address becomes 127.0.0.1, and every server binds there.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_ADDRESS": None,
        "PYTHONPATH": path,
        # Log files are bounded: five of 16 MiB for each process.
        "RAY_ROTATION_MAX_BYTES": str(16 * 1024 * 1024),
        "RAY_ROTATION_BACKUP_COUNT": "4",
    }


def join_settings(token_file: Path | None, *, with_token: bool, loopback: bool) -> dict[str, str | None]:
    """Return the variables a driver joins a running cluster with.

    Parameters
    ----------
    token_file : Path or None
        The file that holds the cluster's token; None when `RAY_AUTH_TOKEN` holds it.
    with_token : bool
        Whether the cluster asks for one. It is never sent to a cluster that does not.
    loopback : bool
        Whether the cluster's node on this machine is known as 127.0.0.1.

    Returns
    -------
    dict of str to (str or None)
        Values by name; None removes the variable.
    """
    settings = _common_settings()
    settings["RAY_AUTH_MODE"] = "token" if with_token else "disabled"
    if with_token and token_file is not None:
        settings["RAY_AUTH_TOKEN_PATH"] = str(token_file)
    if loopback:
        settings["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    return settings


def _common_settings() -> dict[str, str | None]:
    """Return the variables that every driver needs.

    Returns
    -------
    dict of str to (str or None)
        Values by name.
    """
    return {
        "RAY_USAGE_STATS_ENABLED": "0",
        # A driver that has lost its head for 60 s is ended by Ray's C++ with status 1, without a word to Python;
        # the runner notices the loss in seconds and carries on by itself.
        "RAY_gcs_rpc_server_reconnect_timeout_s": str(_GCS_PATIENCE_S),
    }


@contextmanager
def changed_environment(settings: Mapping[str, str | None], *, hide_secrets: bool) -> Iterator[None]:
    """Change `os.environ` for the length of a block.

    Other threads see the change too: start Ray before threads that read keys from the environment.

    Parameters
    ----------
    settings : mapping of str to (str or None)
        Values by name; None removes the variable.
    hide_secrets : bool
        Whether the variables that `secret_names` finds are removed as well.

    Yields
    ------
    None
        Inside the block the environment is changed.
    """
    before = dict(os.environ)
    removed = [name for name, value in settings.items() if value is None]
    if hide_secrets:
        removed += [name for name in secret_names(before) if name not in settings]
    for name in removed:
        os.environ.pop(name, None)
    os.environ.update({name: value for name, value in settings.items() if value is not None})
    try:
        yield
    finally:
        for name in {*removed, *settings}:
            if name in before:
                os.environ[name] = before[name]
            else:
                os.environ.pop(name, None)

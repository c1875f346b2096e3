"""The call of `ray.init`, with what Ray would otherwise do to this process kept from happening."""

import contextlib
import importlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

from cluster.errors import ClusterFault, TokenError

__all__ = ["connect", "node_on_loopback", "one_line", "refuse_second_session"]


def refuse_second_session() -> None:
    """Refuse what Ray cannot do: two sessions in a process.

    Raises
    ------
    ClusterFault
        If this process has one.
    """
    import ray

    if ray.is_initialized():
        raise ClusterFault("this process has a Ray session already: share that one, or close it first")


def connect(address: str, options: dict[str, Any]) -> dict[str, Any]:
    """Call `ray.init`, with the environment as it is now, and leave no trace of a failure.

    Parameters
    ----------
    address : str
        What to connect to.
    options : dict
        Other arguments of `ray.init`.

    Returns
    -------
    dict
        Where Ray is; empty for a client.

    Raises
    ------
    TokenError
        If Ray does not take note of the token.
    """
    import ray

    raylet: Any = importlib.import_module("ray._raylet")  # compiled; its stub leaves these names out
    # Ray reads these variables once, when it is imported, which may have been long ago.
    raylet.Config.initialize("")
    raylet.AuthenticationTokenLoader.instance().reset_cache()
    wanted = os.environ.get("RAY_AUTH_MODE") == "token"
    if wanted != (raylet.get_authentication_mode() == raylet.AuthenticationMode.TOKEN):
        raise TokenError("Ray does not obey RAY_AUTH_MODE: this version of Ray cannot be used")
    with _kept_termination_handler():
        try:
            context = ray.init(address, **options)
        except BaseException:
            ray.shutdown()
            raise
    return dict(getattr(context, "address_info", {}))


@contextlib.contextmanager
def node_on_loopback(wanted: bool) -> Iterator[None]:
    """Let Ray take 127.0.0.1 for this machine's address, for the length of a block.

    Ray replaces a loopback address that it is given by the machine's outer address, and every one of its servers
    binds all interfaces for a node whose address is not loopback. The variable `RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0`
    stops that, but is read only when Ray is imported.

    Parameters
    ----------
    wanted : bool
        Whether to do so at all.

    Yields
    ------
    None
        Inside the block Ray stays on loopback.
    """
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = not wanted
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


@contextlib.contextmanager
def _kept_termination_handler() -> Iterator[None]:
    """Keep this process's handler of SIGTERM, which `ray.init` replaces.

    Yields
    ------
    None
        After the block the handler is the one before it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None:  # None: set by C code, which Python cannot put back
            signal.signal(signal.SIGTERM, before)


def one_line(error: BaseException) -> str:
    """Return what an exception says, without line breaks.

    Parameters
    ----------
    error : BaseException
        The exception.

    Returns
    -------
    str
        At most 300 characters.
    """
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]

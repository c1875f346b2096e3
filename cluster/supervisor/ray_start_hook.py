"""What Ray does before it starts the head of the desk; it imports nothing, for it becomes a part of that process."""

from typing import Any

__all__ = ["without_client_server"]


def without_client_server(parameters: Any, head: bool) -> None:
    """Start no server for `ray://` addresses: Ray calls this before it starts (RAY_START_HOOK).

    It would be a process more that lets people in, and nothing of ours uses it.

    Parameters
    ----------
    parameters : RayParams
        Of the node that is being started.
    head : bool
        Whether it is the head.
    """
    if head:
        parameters.ray_client_server_port = None

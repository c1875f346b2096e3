"""What the push allows: every queue, wait and size has an end."""

from dataclasses import dataclass

__all__ = ["PushLimits"]


@dataclass(frozen=True, slots=True)
class PushLimits:
    """The limits of a push server.

    Attributes
    ----------
    connections : int
        How many may be open.
    waiting : int
        How many of them may be open without having shown a token.
    auth_s : float
        How long a connection may take to show its token, and as long again for the request before it.
    message_bytes : int
        The longest message of a client.
    burst_bytes, steady_bytes_per_s : int
        How much a client may send at once and on average: reading it is time that others wait.
    queue_events, queue_bytes : int
        How much waits for a client that does not read before the oldest is dropped.
    slow_s : float
        How long a client may be behind before it is closed.
    heartbeat_s : float
        How often each client is pinged, and how long its answer may take.
    close_s : float
        How long a client may take to answer a closing.
    session_s : float
        How often a client that came with the token of a session is looked at again: sessions end.
    """

    connections: int = 4_096
    waiting: int = 1_024
    auth_s: float = 5.0
    message_bytes: int = 4_096
    burst_bytes: int = 16_384
    steady_bytes_per_s: int = 2_048
    queue_events: int = 500
    queue_bytes: int = 1_048_576
    slow_s: float = 30.0
    heartbeat_s: float = 20.0
    close_s: float = 1.0
    session_s: float = 10.0

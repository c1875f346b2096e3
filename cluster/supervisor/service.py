"""A service: what the supervisor is told of one part of the desk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cluster.supervisor.desk import Desk
from cluster.supervisor.restart_policy import RestartPolicy

__all__ = ["Check", "Life", "OpenServer", "Program", "Server", "Service"]


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a service.

    Attributes
    ----------
    pid : int
        Its process.
    age_s : float
        How long ago it was started.
    """

    pid: int
    age_s: float


Check = Callable[[Desk, Life], bool | None]
"""Whether a service answers; None if that cannot be told at the moment. May take some seconds, and may raise."""


class OpenServer(Protocol):
    """A server that was opened: a database or a cache."""

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        ...

    def answers(self) -> bool:
        """Tell whether it answers."""
        ...

    def gone(self) -> str | None:
        """Return why it must be opened again; None while it runs, or if that is somebody else's business."""
        ...

    def process(self) -> int | None:
        """Return its process, if it is one of ours."""
        ...

    def close(self) -> None:
        """Give it back; the last user of an embedded one stops it."""
        ...


@dataclass(frozen=True, slots=True)
class Program:
    """How a service that is a process of its own is started.

    Attributes
    ----------
    command : callable
        Program and arguments.
    ready : callable
        Whether it answers.
    environment : callable
        What its environment has besides what every service gets; None removes a variable.
    secrets : tuple of str
        The only secret variables that it gets.
    """

    command: Callable[[Desk], Sequence[str]]
    ready: Check
    environment: Callable[[Desk], Mapping[str, str | None]] = lambda desk: {}
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """How a service that is a server of `storage` is opened.

    Attributes
    ----------
    open : callable
        Starts or joins it, and answers when it is ready; may take long, and may raise.
    """

    open: Callable[[Desk], OpenServer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One part of the desk.

    Attributes
    ----------
    name : str
        One word, also that of its log.
    about : str
        In words, for people who wait for it.
    run : Program or Server
        How it is started.
    needs : tuple of str
        Services that must run before it is started.
    after : tuple of str
        Services that come up first, though it does not need them: those that people wait for.
    rejoins : tuple of str
        Services of these that take it with them: when one of them is gone, this one is ended and started anew.
    stoppable : bool
        Whether the command `stop` stops it: what the desk itself needs goes on.
    start_s, quiet_s, hang_s, end_s : float
        How long it may take to answer; after how long a silence others cannot count on it, and after how long it is
        killed; how long it may take to end.
    policy : RestartPolicy
        How patient the supervisor is.
    address : callable
        Where people find it; None if it is nothing for people.
    port : tuple of (str, int), optional
        The variable and default of a port that must be free before the desk starts.
    """

    name: str
    about: str
    run: Program | Server
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    rejoins: tuple[str, ...] = ()
    stoppable: bool = False
    start_s: float = 120.0
    quiet_s: float = 10.0
    hang_s: float = 60.0
    end_s: float = 6.0
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    address: Callable[[Desk], str | None] = lambda desk: None
    port: tuple[str, int] | None = None

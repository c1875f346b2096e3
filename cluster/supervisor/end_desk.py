"""Ends a desk from outside, and what an earlier one left behind: `evoq down`."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from cluster.errors import ClusterFault
from cluster.supervisor.desk_files import DeskFiles
from cluster.supervisor.desk_processes import ProcessIdentity, end, living, marked
from cluster.supervisor.supervisor import Told
from market.clock import Clock
from storage.cache_server import cache_status, stop_cache
from storage.embedded import embedded_status, stop_embedded

__all__ = ["Ended", "end_desk"]

_PATIENCE_S = 30.0
_LOCK_S = 5.0
_LEFT_OVER_S = 5.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Ended:
    """What was ended.

    Attributes
    ----------
    ran : bool
        Whether a supervisor lived.
    forced : bool
        Whether it had to be killed.
    left_over : int
        How many processes had been left behind.
    servers : tuple of str
        Embedded servers that were stopped here.
    in_use : tuple of str
        Embedded servers that go on, because something else works with them.
    """

    ran: bool
    forced: bool
    left_over: int
    servers: tuple[str, ...]
    in_use: tuple[str, ...]

    @property
    def anything(self) -> bool:
        """Whether there was something to end."""
        return self.ran or self.left_over > 0 or bool(self.servers)


def end_desk(files: DeskFiles, clock: Clock, heard: Callable[[Told], None] = lambda told: None) -> Ended:
    """End the desk of a home: its supervisor in good order, then whatever is left of it.

    Parameters
    ----------
    files : DeskFiles
        Of the home.
    clock : Clock
        The time.
    heard : callable, optional
        Is told where everything stands while the supervisor ends it.

    Returns
    -------
    Ended
        What was ended.
    """
    ran = files.held()
    forced = _end_supervisor(files, clock, heard) if ran else False
    left = marked(files.mark)
    end(left, _LEFT_OVER_S, clock)
    stopped, in_use = _stop_servers(files)
    state = files.read_state()
    if state and state.get("state") not in ("stopped", "failed"):
        files.write_state({**state, "state": "stopped", "services": [], "problem": "its supervisor was killed"})
    return Ended(ran, forced, len(left), stopped, in_use)


def _end_supervisor(files: DeskFiles, clock: Clock, heard: Callable[[Told], None]) -> bool:
    """End the supervisor; return whether it had to be killed.

    Parameters
    ----------
    files : DeskFiles
        Of the home.
    clock : Clock
        The time.
    heard : callable
        Is told where everything stands.

    Returns
    -------
    bool
        Whether it did not end by itself.

    Raises
    ------
    ClusterFault
        If it cannot be told which process it is.
    """
    supervisor = _supervisor(files, clock)
    if supervisor is None:
        if not files.held():
            return False
        raise ClusterFault(
            f"somebody holds {files.run / 'desk.lock'}, and {files.state.name} does not say who: end that process"
        )
    with suppress(ProcessLookupError):
        os.kill(supervisor.pid, signal.SIGTERM)
        os.kill(supervisor.pid, signal.SIGCONT)  # one that is frozen would not hear it
    deadline = clock.monotonic() + _PATIENCE_S
    while living(supervisor):
        heard(files.read_state())
        if clock.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(supervisor.pid, signal.SIGKILL)
            return True
        clock.sleep(_POLL_S)
    return False


def _supervisor(files: DeskFiles, clock: Clock) -> ProcessIdentity | None:
    """Return the process that holds the lock; it tells so as soon as it has begun."""
    deadline = clock.monotonic() + _LOCK_S
    while clock.monotonic() < deadline and files.held():
        told = files.read_state().get("supervisor")
        if isinstance(told, dict):
            supervisor = ProcessIdentity(int(told["pid"]), str(told["started"]))
            if living(supervisor):
                return supervisor
        clock.sleep(_POLL_S)
    return None


def _stop_servers(files: DeskFiles) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Stop the embedded servers that nobody uses, and return which, and which go on."""
    stopped, in_use = [], []
    for name, status, stop in (
        ("PostgreSQL", embedded_status, stop_embedded),
        ("Valkey", cache_status, stop_cache),
    ):
        known = status(files.home)
        if known.running and known.in_use:
            in_use.append(name)
        elif known.running and stop(files.home):
            stopped.append(name)
    return tuple(stopped), tuple(in_use)

"""Runs a desk in this process: takes its lock, clears what an earlier one left behind, supervises until a signal."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM, getsignal, signal
from types import FrameType
from typing import Any

from cluster.errors import SettingError, UserError
from cluster.json_log import JsonFormatter, Redaction
from cluster.supervisor.desk import Desk
from cluster.supervisor.desk_files import DeskFiles
from cluster.supervisor.desk_processes import end, marked
from cluster.supervisor.desk_redaction import DeskRedaction
from cluster.supervisor.log_file import LogFile, LogFileHandler
from cluster.supervisor.ports import holder_of, is_free
from cluster.supervisor.service import Service
from cluster.supervisor.supervisor import Supervisor, Told

__all__ = ["INTERRUPTED", "already_running", "run_desk"]

INTERRUPTED = 130
"""Exit status after Ctrl-C."""

_LEFT_OVER_S = 5.0

_logger = logging.getLogger(__name__)


def run_desk(
    desk: Desk,
    services: Sequence[Service],
    heard: Callable[[Told], None] = lambda told: None,
    began: Callable[[Supervisor], None] = lambda supervisor: None,
) -> int:
    """Run a desk until SIGTERM, Ctrl-C or SIGHUP; a second signal ends it at once.

    Parameters
    ----------
    desk : Desk
        The desk.
    services : sequence of Service
        What it consists of.
    heard : callable, optional
        Is told where everything stands whenever that changes.
    began : callable, optional
        Is given the supervisor before it starts.

    Returns
    -------
    int
        Exit status, as `Supervisor.run` returns it; 130 where Ctrl-C ended a desk that was well.

    Raises
    ------
    UserError
        If a desk of this home runs already.
    """
    with desk.files.lock() as lock:
        if not lock.try_acquire():
            raise UserError(already_running(desk.files))
        _log_to(desk)
        left = marked(desk.files.mark)
        if left:
            _logger.warning("%d processes of an earlier desk are ended first", len(left))
            end(left, _LEFT_OVER_S, desk.clock)
        _check_ports(desk, services)
        supervisor = Supervisor(desk, services, heard, DeskRedaction(desk))
        began(supervisor)
        with _signals(supervisor) as received:
            status = supervisor.run()
        return INTERRUPTED if status == 0 and received[:1] == [SIGINT] else status


def already_running(files: DeskFiles) -> str:
    """Say that a desk runs.

    Parameters
    ----------
    files : DeskFiles
        Its files.

    Returns
    -------
    str
        One line.
    """
    state = files.read_state()
    supervisor, began = state.get("supervisor"), state.get("began_ms")
    who = f"process {supervisor['pid']}" if isinstance(supervisor, Mapping) else "another process"
    since = f", since {datetime.fromtimestamp(began / 1000, UTC):%Y-%m-%d %H:%M} UTC" if began else ""
    return f"one desk a home: the desk of {files.home} runs already ({who}{since}); see `evoq status`, or `evoq down`"


def _check_ports(desk: Desk, services: Sequence[Service]) -> None:
    """Refuse to start where a port is taken.

    Parameters
    ----------
    desk : Desk
        The desk.
    services : sequence of Service
        Its services.

    Raises
    ------
    SettingError
        If somebody has one of their ports, or two of them want the same.
    """
    seen: dict[int, str] = {}
    for service in services:
        if service.port is None:
            continue
        name = service.port[0]
        port = desk.port(*service.port)
        if port in seen:
            raise SettingError(f"{name} and {seen[port]} must differ, are both {port}: set one of them to another port")
        seen[port] = name
        if not is_free(port, desk.listen.host):
            raise SettingError(
                f"{name} must be a free port, {port} is taken by {holder_of(port) or 'another process'}:"
                f" end that, or set {name} to another port"
            )


def _log_to(desk: Desk) -> None:
    """Send every log record of this process into the supervisor's log."""
    handler = LogFileHandler(LogFile(desk.files.log("supervisor")))
    handler.setFormatter(JsonFormatter("supervisor", Redaction.of(desk.environ)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)


@contextmanager
def _signals(supervisor: Supervisor) -> Iterator[list[int]]:
    """Let signals end the desk: the first in good order, the second at once; further ones change nothing any more.

    Parameters
    ----------
    supervisor : Supervisor
        Of the desk.

    Yields
    ------
    list of int
        The signals that have come, while they are handled.
    """
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if received:
            supervisor.hurry()
        received.append(number)
        supervisor.stop()

    before: dict[int, Any] = {number: getsignal(number) for number in (SIGINT, SIGTERM, SIGHUP)}
    before = {number: handler for number, handler in before.items() if handler != SIG_IGN}  # nohup means what it says
    for number in before:
        signal(number, handle)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal(number, SIG_IGN if received else handler)  # the exit status is decided

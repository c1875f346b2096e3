"""Starts the desk in the background, and waits until it is ready."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from cluster.errors import ClusterFault, UserError
from cluster.supervisor.desk import Desk
from cluster.supervisor.run_desk import already_running
from cluster.supervisor.supervisor import Told

__all__ = ["start_in_background"]

_POLL_S = 0.2
_SILENT_S = 90.0
_END_S = 40.0
_USER_MUST_ACT = 2


def start_in_background(desk: Desk, heard: Callable[[Told], None]) -> Told:
    """Start a supervisor that outlives this process and this terminal, and return when the desk is ready.

    Parameters
    ----------
    desk : Desk
        The desk.
    heard : callable
        Is told where everything stands, again and again.

    Returns
    -------
    dict
        Where everything stands; the desk is ready.

    Raises
    ------
    UserError
        If the desk runs already, or does not start because of what only the user can mend.
    ClusterFault
        If it does not start because of a failure of ours.
    KeyboardInterrupt
        After Ctrl-C; the supervisor ends too.
    """
    files = desk.files
    if files.held():
        raise UserError(already_running(files))
    output = files.output("supervisor")
    with output.open("wb") as said:
        output.chmod(0o600)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cluster.supervisor"],
            env={**desk.environ, "EVOQ_HOME": str(desk.home)},
            cwd=files.run,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        told = _followed(process, desk, heard)
    except KeyboardInterrupt:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_S)
        raise
    if told.get("state") in ("ready", "degraded"):
        process.returncode = 0  # it lives on without us
        return told
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
    words = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    problem = told.get("problem") or (words[-1] if words else f"it ended with exit status {process.returncode}")
    if process.returncode == _USER_MUST_ACT or told.get("status") == _USER_MUST_ACT:
        raise UserError(problem if not told else f"the desk did not start: {problem}")
    raise ClusterFault(f"the desk did not start: {problem}; see `evoq logs`")


def _followed(process: "subprocess.Popen[bytes]", desk: Desk, heard: Callable[[Told], None]) -> Told:
    """Follow a supervisor until its desk is ready or it has ended, and return what it told last."""
    spoke_at, spoke = desk.clock.monotonic(), None
    while True:
        ended = process.poll() is not None
        told = desk.files.read_state()
        if (told.get("supervisor") or {}).get("pid") != process.pid:
            told = {}  # of an earlier one
        if told.get("updated_ms") != spoke:
            spoke_at, spoke = desk.clock.monotonic(), told.get("updated_ms")
            heard(told)
        if ended or told.get("state") in ("ready", "degraded", "failed", "stopped"):
            return told
        if desk.clock.monotonic() - spoke_at > _SILENT_S:
            process.kill()
            return {**told, "state": "failed", "problem": f"the supervisor said nothing for {_SILENT_S:.0f} s"}
        desk.clock.sleep(_POLL_S)

"""A service that is a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil
from typing_extensions import override

from cluster.ray_environment import secret_names
from cluster.supervisor import launcher
from cluster.supervisor.desk import Desk
from cluster.supervisor.desk_processes import MARK, SERVICE, marked
from cluster.supervisor.log_file import LogFile
from cluster.supervisor.probe import Probe
from cluster.supervisor.service import Life, Program, Service
from cluster.supervisor.spoken_lines import SpokenLines, as_json
from cluster.supervisor.unit import Tell, Unit

__all__ = ["ProgramUnit", "environment_of"]

_LAST_WORDS = 40
_USER_MUST_ACT = 2
_EVIL = ('"level": "error"', '"level": "critical"')
_FRUGAL = {
    # glibc keeps what each thread has freed: two pools in place of one a thread, and free ends are given back.
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}


def environment_of(desk: Desk, service: Service) -> dict[str, str]:
    """Return the environment of a service: that of the desk, without the secrets that it does not need.

    Parameters
    ----------
    desk : Desk
        The desk.
    service : Service
        The service.

    Returns
    -------
    dict of str to str
        Variables by name.
    """
    assert isinstance(service.run, Program)
    secret = set(secret_names(desk.environ)) - set(service.run.secrets)
    environment = _FRUGAL | {name: value for name, value in desk.environ.items() if name not in secret}
    changes: dict[str, str | None] = {
        "EVOQ_HOME": str(desk.home),
        MARK: desk.files.mark,
        SERVICE: service.name,
        "PYTHONUNBUFFERED": "1",
        "SPT_NOENV": "1",  # Ray renames its processes; the new name must not overwrite the mark
        "RAY_ADDRESS": None,
        **service.run.environment(desk),
    }
    environment |= {name: value for name, value in changes.items() if value is not None}
    return {name: value for name, value in environment.items() if changes.get(name, "") is not None}


class ProgramUnit(Unit):
    """A process that is watched; what it says goes into its log.

    Parameters
    ----------
    service : Service
        What it is; runs a `Program`.
    desk : Desk
        Where it lives.
    tell : callable
        Is told what happens to it.
    redact : callable
        Blots secrets out of what it says.
    """

    def __init__(self, service: Service, desk: Desk, tell: Tell, redact: Callable[[str], str]) -> None:
        super().__init__(service, desk, tell)
        assert isinstance(service.run, Program)
        self._program = service.run
        self._redact = redact
        self._spoken = SpokenLines(desk.files.output(service.name))
        self._log = LogFile(desk.files.log(service.name))
        self._words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._child: subprocess.Popen[bytes] | None = None
        self._probe: Probe | None = None

    @override
    def process(self) -> int | None:
        """Return its process, if it has one of its own."""
        return None if self._child is None else self._child.pid

    def listen(self) -> None:
        """Take what it has said into its log."""
        self._take(self._spoken.take())

    @override
    def _begin(self) -> None:
        """Start the process; only the main thread may, for the process ends with the thread that started it."""
        self._words.clear()
        self.user_mistake = False
        command = list(self._program.command(self.desk))
        environment = environment_of(self.desk, self.service)
        output = self._spoken.open()
        try:
            self._child = subprocess.Popen(  # noqa: S603 - our own command line
                [sys.executable, "-I", "-S", str(launcher.__file__), str(os.getpid()), *command],
                env=environment,
                cwd=self.desk.files.run,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in our terminal is for us: we end the others, in good order
            )
        finally:
            os.close(output)
        clock, pid = self.desk.clock, self._child.pid
        born = clock.monotonic()
        self._probe = Probe(lambda: self._program.ready(self.desk, Life(pid, clock.monotonic() - born)), clock)

    @override
    def _trouble(self) -> str | None:
        if self._child is None:
            return "it was not started"
        status = self._child.poll()
        if status is None:
            lost = None if self._probe is None else self._probe.lost
            if lost is not None:
                self._kill()
            return lost
        self.user_mistake = status == _USER_MUST_ACT
        self._bury()
        return self._farewell(status)

    @override
    def _answers(self) -> bool:
        return self._probe is not None and self._probe.answered

    @override
    def _silent_s(self) -> float:
        return 0.0 if self._probe is None else self._probe.silent_s

    @override
    def _ask_to_end(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            self._child.send_signal(signal.SIGCONT)  # one that is frozen would not hear it

    @override
    def _has_ended(self) -> bool:
        if self._child is not None and self._child.poll() is None:
            return False
        self._bury()
        return True

    @override
    def _kill(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(5.0)
        self._bury()

    def _bury(self) -> None:
        """See to it that nothing of it is left: neither what it started, nor what it said last."""
        if self._probe is not None:
            self._probe.stop()
        self._probe = self._child = None
        for process in marked(self.desk.files.mark, self.name):
            with suppress(psutil.Error):
                process.kill()
        self._take(self._spoken.take_all())

    def _take(self, lines: Iterable[str]) -> None:
        taken = [as_json(line, self.name, self.desk.clock, self._redact) for line in lines]
        kept = [line for line in taken if line is not None]
        self._words.extend(kept)
        self._log.write(kept)

    def _farewell(self, status: int) -> str:
        """Return how it ended, and the last thing it complained about."""
        how = f"killed by {_signal_name(-status)}" if status < 0 else f"exit status {status}"
        evil = [line for line in self._words if any(sign in line for sign in _EVIL)]
        if not evil:
            return how
        words = str(json.loads(evil[-1])["message"])
        if self.user_mistake:
            return words
        return f"{how}: {' '.join(words.split())[:300]}"


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"

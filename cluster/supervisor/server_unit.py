"""A service that is a server of `storage`: opened by the supervisor, which is then one of its users."""

import threading
from collections.abc import Callable

from typing_extensions import override

from cluster.supervisor.desk import Desk
from cluster.supervisor.probe import Lost, Probe
from cluster.supervisor.service import OpenServer, Server, Service
from cluster.supervisor.unit import Tell, Unit

__all__ = ["ServerUnit"]

_OFTEN_S = 1.0


class ServerUnit(Unit):
    """A server that is opened, watched, and opened again when it has died.

    Opening and closing may take long, so they happen in threads of their own.

    Parameters
    ----------
    service : Service
        What it is; runs a `Server`.
    desk : Desk
        Where it lives.
    tell : callable
        Is told what happens to it.
    """

    def __init__(self, service: Service, desk: Desk, tell: Tell) -> None:
        super().__init__(service, desk, tell)
        assert isinstance(service.run, Server)
        self._server = service.run
        self._opening: _Opening | None = None
        self._opened: OpenServer | None = None
        self._probe: Probe | None = None
        self._closing: threading.Thread | None = None
        self._pid: int | None = None

    @property
    def place(self) -> str | None:
        """Where it is, without a password, once it is open."""
        return None if self._opened is None else self._opened.place

    @override
    def process(self) -> int | None:
        """Return its process, if it is one of ours."""
        return self._pid

    @override
    def _begin(self) -> None:
        self.user_mistake = False
        if self._probe is not None:
            self._probe.stop()  # it asks the one that is gone
            self._probe = None
        if self._opening is None:  # else an attempt that takes long is still under way
            self._opening = _Opening(lambda: self._server.open(self.desk))

    @override
    def _trouble(self) -> str | None:
        if self._opening is not None and self._opening.error is not None:
            error, self._opening = self._opening.error, None
            self.user_mistake = isinstance(error, ValueError)
            return str(error) or type(error).__name__
        return None if self._probe is None else self._probe.lost

    @override
    def _answers(self) -> bool:
        if self._opening is None or self._opening.opened is None:
            return False
        opened = self._opening.opened
        before, self._opened = self._opened, opened
        self._pid = opened.process()
        self._opening = None
        self._probe = Probe(lambda: _look_at(opened), self.desk.clock, _OFTEN_S, answered=True)
        if before is not None:
            threading.Thread(target=before.close, daemon=True).start()
        return True

    @override
    def _silent_s(self) -> float:
        return 0.0 if self._probe is None else self._probe.silent_s

    @override
    def _ask_to_end(self) -> None:
        if self._probe is not None:
            self._probe.stop()
        self._closing = threading.Thread(target=self._close, name=f"closing {self.name}", daemon=True)
        self._closing.start()

    @override
    def _has_ended(self) -> bool:
        return self._closing is None or not self._closing.is_alive()

    @override
    def _kill(self) -> None:
        self._closing = None  # the thread goes on as long as this process does

    def _close(self) -> None:
        if self._opening is not None:
            self._opening.thread.join()
            self._opened = self._opening.opened or self._opened
        if self._opened is not None:
            self._opened.close()
        self._opened = self._pid = None


def _look_at(opened: OpenServer) -> bool:
    """Tell whether a server answers; raises `Lost` if it must be opened again."""
    if opened.answers():
        return True
    gone = opened.gone()
    if gone is not None:
        raise Lost(gone)
    return False


class _Opening:
    """An attempt to open a server, in a thread of its own.

    Parameters
    ----------
    open_server : callable
        Opens it.
    """

    def __init__(self, open_server: Callable[[], OpenServer]) -> None:
        self._open = open_server
        self.opened: OpenServer | None = None
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self._run, name="opening", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.opened = self._open()
        except Exception as error:  # told by the unit, in its own time
            self.error = error

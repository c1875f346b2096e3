"""Control: what people ask of the driver while it works."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from cluster.driver.new_run import ACTION as NEW_RUN
from cluster.driver.new_run import NewRun
from storage import CommandRepository, StorageError, SystemStatusRepository

__all__ = ["ACTIONS", "STATUS", "Control"]

ACTIONS = ("pause_evolution", "resume_evolution", NEW_RUN)
STATUS = "evolution_control"
_EVERY_S = 0.5

_logger = logging.getLogger(__name__)


class Control:
    """Takes commands for evolution from the database; a context manager.

    A pause outlives the driver: whoever paused evolution wants it to stay so after a restart.

    Parameters
    ----------
    commands : CommandRepository
        Where commands come from.
    status : SystemStatusRepository
        Where the pause is kept.
    on_change : callable
        Called after each change.
    end_run : callable
        Called, until the run has ended, when another one is wanted in its place.
    check_run : callable
        Raises ValueError, with the reason, for a run that could not be built: its command is refused, nothing changes.

    Attributes
    ----------
    wanted : NewRun or None
        The run that is to begin when the present one has ended; its command is finished by whoever begins it.
    """

    def __init__(
        self,
        commands: CommandRepository,
        status: SystemStatusRepository,
        on_change: Callable[[], None] = lambda: None,
        end_run: Callable[[], None] = lambda: None,
        check_run: Callable[[NewRun], None] = lambda _: None,
    ) -> None:
        self._commands = commands
        self._status = status
        self._on_change = on_change
        self._end_run = end_run
        self._check_run = check_run
        self.wanted: NewRun | None = None
        self._paused = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="driver control", daemon=True)

    def __enter__(self) -> Self:
        record = self._status.latest(STATUS)
        if record is not None and record.data.get("paused"):
            self._paused.set()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=5.0)

    def is_paused(self) -> bool:
        """Return whether evolution is to rest."""
        return self._paused.is_set()

    def obey(self) -> bool:
        """Do the oldest thing that was asked for.

        Returns
        -------
        bool
            False if there was nothing.
        """
        if self.wanted is not None:  # the rest is for the run to come
            return False
        command = self._commands.take(ACTIONS)
        if command is None:
            return False
        if command.action == NEW_RUN:
            self._want(NewRun(command))
            return True
        pausing = command.action == "pause_evolution"
        already = pausing == self._paused.is_set()
        self._status.record(STATUS, {"paused": pausing, "by": command.by, "reason": command.reason})
        if pausing:
            self._paused.set()
        else:
            self._paused.clear()
        state = "paused" if pausing else "running"
        self._commands.finish(command.id, "done", f"evolution {'was' if already else 'is'} {state}")
        _logger.info("evolution %s by %s", state, command.by)
        self._on_change()
        return True

    def _want(self, run: NewRun) -> None:
        """Have the present run ended for another one, unless that could not be built."""
        command = run.command
        try:
            self._check_run(run)
        except ValueError as error:
            self._commands.finish(command.id, "refused", str(error))
            _logger.warning("a new run was refused: %s", error)
            return
        self._status.record(STATUS, {"paused": False, "by": command.by, "reason": command.reason})
        self._paused.clear()
        self.wanted = run
        _logger.info("a new run is wanted by %s", command.by)

    def _listen(self) -> None:
        lost = True  # what a driver took that has gone: the lease is ours
        while not self._ended.wait(_EVERY_S):
            try:
                if lost and self.wanted is None:
                    self._commands.requeue(ACTIONS, 0.0)
                    lost = False
                while self.obey():
                    pass
                if self.wanted is not None:
                    self._end_run()
            except StorageError as error:
                lost = True  # perhaps taken, and not finished
                _logger.warning("commands cannot be read: %s", error)

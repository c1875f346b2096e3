"""Watches the push actor: creates it, listens to its signs of life, and creates it again when they end."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

import psutil

from cluster.errors import ClusterFault, SettingError, StartError
from cluster.push.actor import PushActor, PushReport
from cluster.push.settings import PushSettings
from cluster.ray_connection import one_line
from cluster.ray_session import RaySession
from market.clock import Clock

__all__ = ["PushWatch"]

_logger = logging.getLogger(__name__)
_NAME, _NAMESPACE = "push", "evoq"
_CPUS = 0.1
_START_S = 30.0
_NAME_S = 8.0
_OTHER_S = 2.0
_REPORT_EVERY_S = 1.0
_REPORT_PATIENCE_S = 10.0
_STOP_S = 2.8
_FAREWELL_S = 0.5
_KILL_S = 0.4
_HEAD_S = 8.0
_SLICE_S = 0.2
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.2, 10.0
_STEADY_S = 60.0


class PushWatch:
    """Keeps a push actor alive; for the main thread of a process.

    Parameters
    ----------
    settings : PushSettings
        What the actor serves.
    session : RaySession
        Ray, started or joined.
    clock : Clock
        The time.
    log : TextIO
        Where the actor's log lines go.
    """

    def __init__(self, settings: PushSettings, session: RaySession, clock: Clock, log: TextIO) -> None:
        self._settings = settings
        self._session = session
        self._clock = clock
        self._log = log
        self._stop = threading.Event()
        self._actor: Any = None
        self._process: psutil.Process | None = None
        self._served = False

    def stop(self) -> None:
        """Let `run` end; safe in a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Keep the actor alive until `stop`, then end it.

        Raises
        ------
        ClusterFault
            If Ray is gone.
        """
        delay_s = _FIRST_DELAY_S
        try:
            while not self._stop.is_set():
                started = self._clock.monotonic()
                trouble = self._serve()
                if trouble is None:
                    trouble = self._listen()
                if self._stop.is_set():
                    return
                self._kill()
                if not self._session.alive():
                    raise ClusterFault("Ray is gone, and the push with it")
                if self._clock.monotonic() - started > _STEADY_S:
                    delay_s = _FIRST_DELAY_S
                _logger.warning("the push actor is gone (%s): another one in %.1f s", trouble, delay_s)
                self._stop.wait(delay_s)
                delay_s = min(2 * delay_s, _LONGEST_DELAY_S)
        finally:
            self._end()

    def _serve(self) -> str | None:
        """Create the actor, and let it listen.

        Returns
        -------
        str or None
            What went wrong, if it did.

        Raises
        ------
        SettingError
            If the first one cannot listen where it is told to: somebody must mend that.
        StartError
            If the first one does not start at all.
        """
        try:
            self._actor = self._create()
            url = self._answer(self._actor.serve.remote(self._settings), _START_S)
        except SettingError as error:
            if not self._served:
                raise SettingError(str(getattr(error, "cause", error))) from error
            return one_line(error)
        except Exception as error:  # Ray raises whatever it met
            if not self._served and not self._stop.is_set():
                raise StartError(f"the push actor did not start: {one_line(error)}") from error
            return one_line(error)
        if not self._served:
            _logger.info("the push answers at %s", url)
        self._served = True
        return None

    def _create(self) -> Any:
        """Create the actor on this node.

        Returns
        -------
        ActorHandle
            The actor.
        """
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._wait_for_name()
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        remote: Any = ray.remote(PushActor)
        return remote.options(name=_NAME, namespace=_NAMESPACE, num_cpus=_CPUS, scheduling_strategy=here).remote()

    def _wait_for_name(self) -> None:
        """Wait until no actor has our name: one whose creator died is ended by Ray, which takes a moment.

        Raises
        ------
        SettingError
            If one lives on, because another process watches over it.
        """
        import ray

        deadline = self._clock.monotonic() + _NAME_S
        while not self._stop.is_set():
            try:
                other = ray.get_actor(_NAME, _NAMESPACE)
            except ValueError:
                return
            if self._clock.monotonic() >= deadline:
                try:
                    self._answer(other.status.remote(), _OTHER_S)
                except Exception:  # Ray raises whatever it met; one that does not answer is of no use to anybody
                    ray.kill(other)
                    return
                raise SettingError("the push must run once in a desk, it runs already: end the other `cluster.push`")
            self._stop.wait(_SLICE_S)

    def _listen(self) -> str:
        """Take in signs of life until there are none.

        Returns
        -------
        str
            Why there are none.
        """
        heard = self._clock.monotonic()
        while not self._stop.is_set():
            try:
                self._relay()
            except Exception as error:  # Ray raises whatever it met
                return one_line(error)
            if self._session.alive():
                heard = self._clock.monotonic()
            elif self._clock.monotonic() - heard > _HEAD_S:  # an actor lives on without a head, for a while
                return "Ray's head does not answer"
            self._stop.wait(_REPORT_EVERY_S)
        return "stopped"

    def _relay(self, patience_s: float = _REPORT_PATIENCE_S, *, to_the_end: bool = False) -> None:
        """Ask the actor for a sign of life, and pass its log lines on.

        Parameters
        ----------
        patience_s : float, optional
            How long to wait for it.
        to_the_end : bool, optional
            Whether to wait after `stop` as well.
        """
        report: PushReport = self._answer(self._actor.report.remote(), patience_s, to_the_end=to_the_end)
        if self._process is None or self._process.pid != report.process:
            with suppress(psutil.Error):
                self._process = psutil.Process(report.process)
        for line in report.lines:
            self._log.write(f"{line}\n")
        self._log.flush()

    def _answer(self, reference: Any, patience_s: float, *, to_the_end: bool = False) -> Any:
        """Wait for an answer of the actor, but not after `stop`.

        Parameters
        ----------
        reference : ObjectRef
            What was asked.
        patience_s : float
            How long to wait.
        to_the_end : bool, optional
            Whether to wait after `stop` as well.

        Returns
        -------
        Any
            The answer.

        Raises
        ------
        TimeoutError
            If there is none in time.
        """
        import ray

        deadline = self._clock.monotonic() + patience_s
        while self._clock.monotonic() < deadline and (to_the_end or not self._stop.is_set()):
            ready, _ = ray.wait([reference], timeout=_SLICE_S)
            if ready:
                return ray.get(reference)
        raise TimeoutError(f"no answer in {patience_s:g} s")

    def _end(self) -> None:
        """Let the actor say goodbye, then end it."""
        if self._actor is None:
            return
        with suppress(Exception):  # an actor that is gone already needs no goodbye
            self._answer(self._actor.stop.remote(), _STOP_S, to_the_end=True)
            self._relay(_FAREWELL_S, to_the_end=True)
        self._kill()

    def _kill(self) -> None:
        """End the actor's process, even one that cannot hear Ray: because it is frozen, or because Ray is gone."""
        if self._actor is None:
            return
        import ray

        killing = threading.Thread(target=_quietly, args=(ray.kill, self._actor), daemon=True)
        killing.start()
        killing.join(_KILL_S)
        self._actor = None
        process, self._process = self._process, None
        if process is not None:
            with suppress(psutil.Error):
                psutil.wait_procs([process], timeout=_KILL_S)
                process.kill()


def _quietly(call: Callable[[Any], None], argument: Any) -> None:
    """Call something that may fail, because it may be done already.

    Parameters
    ----------
    call : callable
        What to call.
    argument : Any
        With what.
    """
    with suppress(Exception):  # Ray raises whatever it met
        call(argument)

"""``python -m cluster.api``: the HTTP API on Ray Serve, watched until SIGTERM."""

import logging
import os
import sys
import threading

from cluster.access import Tokens
from cluster.api.replica_settings import write_replica_settings
from cluster.api.serving import Serving
from cluster.api.settings import ApiSettings
from cluster.api.strategy_commands import ROSTER_ACTIONS, work_off
from cluster.bus import Bus
from cluster.errors import ClusterError, ClusterFault
from cluster.interruption import Interruption
from cluster.json_log import log_as_json
from cluster.opened_database import OpenedDatabase
from cluster.ray_session import RaySession
from market import Clock, SystemClock
from storage import CommandRepository, StorageError, open_database

_LEAVE_S = 0.5
_SWEEP_EVERY_S = 10.0
_LOST_AFTER_S = 60.0

_logger = logging.getLogger(__name__)


class Sweeper:
    """Does the commands to strategies whose replica was lost before it had done them.

    Parameters
    ----------
    database : OpenedDatabase
        Where commands are kept.
    bus : Bus
        Is told of strategies that changed.
    clock : Clock
        Tells when it is time to look.
    """

    def __init__(self, database: OpenedDatabase, bus: Bus, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._next = clock.monotonic()
        self._lost = False

    def __call__(self) -> None:
        """Look, if it is time; a database that is away is mentioned once."""
        if self._clock.monotonic() < self._next:
            return
        self._next = self._clock.monotonic() + _SWEEP_EVERY_S
        try:
            engine = self._database.engine
            CommandRepository(engine).requeue(ROSTER_ACTIONS, _LOST_AFTER_S)
            done = work_off(engine, self._bus)
            if done:
                _logger.info("commands that waited were done: %d", done)
            self._lost = False
        except StorageError as error:
            self._database.doubt()
            if not self._lost:
                _logger.warning("no database: the API answers what needs none (%s)", error)
            self._lost = True


def main() -> int:
    """Serve the API.

    Returns
    -------
    int
        0 after SIGTERM or Ctrl-C, 2 for a mistake of the user, 1 for a failure of ours.
    """
    log_as_json("api")
    session = None
    try:
        with Interruption() as interruption:
            settings = ApiSettings.of(os.environ)
            settings.listen.tls()  # a bad certificate is a mistake that is best told here
            Tokens(settings.home)
            told = write_replica_settings(os.environ)
            clock = SystemClock()
            database = OpenedDatabase(lambda: open_database(settings.home), clock)
            session = RaySession(os.environ.get("RAY_ADDRESS") or "auto")
            session.start()
            _calm_ray()
            serving = Serving(
                settings, told, session, clock, Sweeper(database, Bus(os.environ.get("REDIS_URL"), clock), clock)
            )
            with interruption.deferred(serving.stop):
                serving.run()
            database.close()
    except KeyboardInterrupt:
        pass
    except (ClusterError, ClusterFault, StorageError) as error:
        _logger.error("%s", error)
        return 2 if isinstance(error, ValueError) else 1
    finally:
        if session is not None:
            leaving = threading.Thread(target=session.close, daemon=True)
            leaving.start()
            leaving.join(_LEAVE_S)
    return 0


def _calm_ray() -> None:
    """Let Ray, Serve and the migrations log as everybody else does, and of trouble only."""
    import ray.serve  # noqa: F401 - its import sets up a log of its own

    for name in ("ray", "ray.serve", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
        logger.setLevel(logging.WARNING)


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)  # nothing is left to clean up, and threads of Ray may not end

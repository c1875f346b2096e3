"""``python -m cluster.driver``: evolve on the desk's candles until SIGTERM."""

import os
import sys

from cluster.bus import Bus
from cluster.driver.drive import drive
from cluster.driver.driver_settings import DriverSettings
from cluster.errors import ClusterError
from cluster.feed import FeedSettings
from cluster.interruption import Interruption
from cluster.json_log import log_as_json
from cluster.ray_session import RaySession
from market import SystemClock
from storage import StorageError, home, open_database


def main() -> int:
    """Run the driver.

    Returns
    -------
    int
        0 after SIGTERM or Ctrl-C, 2 for a mistake of the user, 1 for a failure of ours.
    """
    log_as_json("driver")
    try:
        settings = DriverSettings.of(os.environ)
        paths = FeedSettings.of(os.environ).paths()
        seen = home() / "first_seen"
        session = RaySession(os.environ.get("RAY_ADDRESS") or "local", workers=settings.workers)
        with Interruption() as interruption, session, open_database() as database:
            bus = Bus(os.environ.get("REDIS_URL"))
            drive(paths, seen, settings, database, session, bus, SystemClock(), interruption)
    except KeyboardInterrupt:
        return 0
    except (ClusterError, StorageError, ValueError) as error:
        sys.stderr.write(f"evoq driver: {error}\n")
        return 2 if isinstance(error, ValueError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

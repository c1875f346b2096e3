"""``python -m cluster.push``: the push server in a Ray actor, watched until SIGTERM."""

import os
import sys
import threading

from cluster.errors import ClusterError, ClusterFault
from cluster.interruption import Interruption
from cluster.json_log import log_as_json
from cluster.push.settings import PushSettings
from cluster.push.watch import PushWatch
from cluster.ray_session import RaySession
from market.clock import SystemClock
from storage.errors import StorageError

_LEAVE_S = 0.7


def main() -> int:
    """Run the push.

    Returns
    -------
    int
        0 after SIGTERM or Ctrl-C, 2 for a mistake of the user, 1 for a failure of ours.
    """
    log_as_json("push")
    session = None
    try:
        settings = PushSettings.of()
        with Interruption() as interruption:
            session = RaySession(os.environ.get("RAY_ADDRESS") or "auto")
            session.start()
            watch = PushWatch(settings, session, SystemClock(), sys.stderr)
            with interruption.deferred(watch.stop):
                watch.run()
    except KeyboardInterrupt:
        pass
    except (ClusterError, ClusterFault, StorageError) as error:
        sys.stderr.write(f"evoq push: {error}\n")
        return 2 if isinstance(error, ValueError) else 1
    finally:
        if session is not None:
            _leave(session)
    return 0


def _leave(session: RaySession) -> None:
    """Leave Ray, which may take its time: a daemon thread does it, for as long as we wait.

    Parameters
    ----------
    session : RaySession
        Ray.
    """
    leaving = threading.Thread(target=session.close, daemon=True)
    leaving.start()
    leaving.join(_LEAVE_S)


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)  # nothing is left to clean up, and threads of Ray may not end

"""``python -m cluster.supervisor``: the desk in the background, as `evoq up` starts it, until SIGTERM."""

import sys

from cluster.supervisor.desk import Desk
from cluster.supervisor.run_desk import run_desk
from cluster.supervisor.services import services_of_the_desk


def main() -> int:
    """Run the desk.

    Returns
    -------
    int
        0 after SIGTERM, 2 for a mistake of the user, 1 for a failure of ours.
    """
    try:
        return run_desk(Desk.of(), services_of_the_desk())
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())

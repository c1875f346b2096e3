"""Starts a program that ends with the supervisor: a script that asks the kernel for that, and becomes the program.

``python -I -S launcher.py SUPERVISOR_PID PROGRAM ARGUMENT...``. Linux sends SIGTERM when the supervisor is gone,
however it went; elsewhere `evoq down` finds what is left. A script of its own, because code between fork and exec in a
process with threads may hang; it imports nothing of ours, so that it takes 20 ms.
"""

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Become the program.

    Parameters
    ----------
    arguments : list of str
        Process id of the supervisor, program, its arguments.
    """
    supervisor, *program = arguments
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):  # it went before the kernel knew whom to tell
        sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 - that is its purpose


if __name__ == "__main__":
    main(sys.argv[1:])

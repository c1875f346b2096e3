"""Run by tests as a service of the desk: does what its arguments say, one after the other.

say TEXT            a line on standard error        write PATH          touch a file
environment PATH    the environment, as JSON        child               start a child that outlives us
exit STATUS         end                             freeze              ignore SIGTERM from now on
serve               live until SIGTERM, which ends with status 0
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def main(words: list[str]) -> None:
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    rest = iter(words)
    for word in rest:
        match word:
            case "say":
                sys.stderr.write(f"{next(rest)}\n")
            case "write":
                Path(next(rest)).touch()
            case "environment":
                Path(next(rest)).write_text(json.dumps(dict(os.environ)))
            case "child":
                subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
            case "exit":
                sys.exit(int(next(rest)))
            case "freeze":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            case "serve":
                while not asked:
                    time.sleep(0.02)  # a service that does nothing until its signal comes


if __name__ == "__main__":
    main(sys.argv[1:])

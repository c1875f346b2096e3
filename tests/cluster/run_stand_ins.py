"""Run by tests: a desk of stand-ins, as `python -m cluster.supervisor` runs the real one.

Arguments: for each service one text `NAME[<NEED,NEED]: WORD WORD ...` for stand_in.py; `NAME*` may be stopped. The
services count as ready once the file NAME.ready is in EVOQ_HOME, or at once if they never write it.
"""

import re
import sys
from pathlib import Path

from cluster.supervisor.desk import Desk
from cluster.supervisor.restart_policy import RestartPolicy
from cluster.supervisor.run_desk import run_desk
from cluster.supervisor.service import Program, Service

STAND_IN = Path(__file__).resolve().parent / "stand_in.py"
SERVICE = re.compile(r"(?P<name>\w+)(?P<stoppable>\*?)(?:<(?P<needs>[\w,]+))?: (?P<words>.*)")


def service(text: str) -> Service:
    match = SERVICE.fullmatch(text)
    assert match is not None, text
    name, words = match["name"], match["words"].split()
    waits = f"{name}.ready" in match["words"]
    needs = tuple(filter(None, (match["needs"] or "").split(",")))
    return Service(
        name=name,
        about=f"the {name}",
        run=Program(
            lambda desk: [sys.executable, str(STAND_IN), *words],
            lambda desk, life: not waits or (desk.home / f"{name}.ready").exists(),
            secrets=("DB_PASSWORD",) if name == "trusted" else (),
        ),
        needs=needs,
        rejoins=needs,
        stoppable=bool(match["stoppable"]),
        start_s=10.0,
        hang_s=1e9,
        end_s=1.0,
        policy=RestartPolicy(first_s=0.05, longest_s=0.2, quick_s=5.0, most_quick=4),
    )


if __name__ == "__main__":
    try:
        sys.exit(run_desk(Desk.of(), [service(text) for text in sys.argv[1:]]))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)

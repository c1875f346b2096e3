"""Run by tests: a desk of stand-ins, as `python -m cluster.supervisor` runs the real one.

Arguments: for each service one text `NAME[<NEED,NEED]: WORD WORD ...` for stand_in.py; `NAME*` may be stopped; `~` in
place of `<` lets it live on when what it needs is gone, `^` only lets the other one come up first. The services count
as ready once the file NAME.ready is in EVOQ_HOME, or at once if they never speak of it; as silent while NAME.silent is
there, and as lost while NAME.lost is.
"""

import re
import sys
from pathlib import Path

from cluster.supervisor.desk import Desk
from cluster.supervisor.probe import Lost
from cluster.supervisor.restart_policy import RestartPolicy
from cluster.supervisor.run_desk import run_desk
from cluster.supervisor.service import Life, Program, Service

STAND_IN = Path(__file__).resolve().parent / "stand_in.py"
SERVICE = re.compile(r"(?P<name>\w+)(?P<stoppable>\*?)(?:(?P<tie>[<~^])(?P<needs>[\w,]+))?: (?P<words>.*)")


def service(text: str) -> Service:
    match = SERVICE.fullmatch(text)
    assert match is not None, text
    name, words = match["name"], match["words"].split()
    waits = f"{name}.ready" in match["words"]
    others = tuple(filter(None, (match["needs"] or "").split(",")))

    def answers(desk: Desk, life: Life) -> bool:
        if (desk.home / f"{name}.lost").exists():
            raise Lost("its heart has stopped")
        return not (desk.home / f"{name}.silent").exists() and (not waits or (desk.home / f"{name}.ready").exists())

    return Service(
        name=name,
        about=f"the {name}",
        run=Program(
            lambda desk: [sys.executable, str(STAND_IN), *words],
            answers,
            secrets=("DB_PASSWORD",) if name == "trusted" else (),
        ),
        needs=others if match["tie"] != "^" else (),
        after=others if match["tie"] == "^" else (),
        rejoins=others if match["tie"] == "<" else (),
        stoppable=bool(match["stoppable"]),
        start_s=10.0,
        quiet_s=4.0,  # they are asked every three seconds
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

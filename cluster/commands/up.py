"""`evoq up`: start the desk, and keep it up."""

from typing import TYPE_CHECKING

import click

from cluster.errors import ClusterFault, UserError

if TYPE_CHECKING:
    from rich.console import Console

    from cluster.supervisor.desk import Desk

__all__ = ["command"]

_USER_MUST_ACT = 2


@click.command(epilog="Example: evoq up; evoq status; evoq logs --follow; evoq down")
@click.option("--foreground", is_flag=True, help="Stay here and show how evolution goes; Ctrl-C ends the desk.")
@click.option("--once", is_flag=True, help="With --foreground: end the desk after the first leaderboard.")
def command(foreground: bool, once: bool) -> None:
    """Start the desk: database, cache, Ray, candle feed, evolution, HTTP API and push, all on this machine only.

    It is watched, and what dies is started again. Without --foreground it goes on in the background when this command
    has ended. The first start shows a password for the control panel, once.
    """
    from rich.console import Console

    from cluster.access import Passwords
    from cluster.supervisor.background import start_in_background
    from cluster.supervisor.desk import Desk
    from cluster.supervisor.start_display import StepsDisplay, print_ready

    _check(foreground, once)
    console = Console(highlight=False)
    desk = Desk.of()
    if foreground:
        _stay(desk, console, once)
        return
    with StepsDisplay(console) as steps:
        told = start_in_background(desk, steps)
    print_ready(console, told, desk.home, Passwords(desk.home).invent())


def _check(foreground: bool, once: bool) -> None:
    if once and not foreground:
        raise UserError("--once belongs to --foreground: add that, or leave it out")


def _stay(desk: "Desk", console: "Console", once: bool) -> None:
    """Run the desk in this process until Ctrl-C."""
    from cluster.access import Passwords
    from cluster.supervisor.evolution_view import EvolutionView
    from cluster.supervisor.run_desk import INTERRUPTED, already_running, run_desk
    from cluster.supervisor.services import services_of_the_desk
    from cluster.supervisor.start_display import StepsDisplay, print_ready
    from cluster.supervisor.supervisor import Supervisor, Told

    if desk.files.held():
        raise UserError(already_running(desk.files))
    supervisors: list[Supervisor] = []
    steps, ending = StepsDisplay(console), StepsDisplay(console, ending=True)
    view = EvolutionView(desk, console, lambda: supervisors[0].stop() if once else None)
    ready = False
    last: Told = {}

    def heard(told: Told) -> None:
        nonlocal ready
        last.update(told)
        if told["state"] in ("stopping", "failed", "stopped"):
            ending(told)
        elif not ready and told["ready_s"] is not None:
            ready = True
            steps(told)
            steps.__exit__(None, None, None)
            print_ready(console, told, desk.home, Passwords(desk.home).invent())
            view.__enter__()
        elif not ready:
            steps(told)

    with steps:
        try:
            status = run_desk(desk, services_of_the_desk(), heard, supervisors.append)
        finally:
            if ready:
                view.__exit__(None, None, None)
    if last.get("problem"):
        problem = f"the desk {'ended' if ready else 'did not start'}: {last['problem']}"
        raise UserError(problem) if status == _USER_MUST_ACT else ClusterFault(problem)
    console.print("the desk has ended")
    if status == INTERRUPTED:
        raise KeyboardInterrupt

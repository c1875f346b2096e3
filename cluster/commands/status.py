"""`evoq status`: how the desk is."""

import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["command"]

_GOOD = ("running",)
_COLOURS = {"ready": "green", "running": "green", "starting": "yellow", "waiting": "yellow", "stopped": "dim"}


@click.command(epilog="Example: evoq status --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(as_json: bool) -> None:
    """Show how the desk is: its services, what evolution does, and how much of the machine it takes."""
    from rich.console import Console

    from cluster.json_output import dumps
    from cluster.supervisor.desk_files import DeskFiles
    from cluster.supervisor.desk_status import desk_status
    from market import SystemClock
    from storage import home

    status = desk_status(DeskFiles(home()), os.environ, SystemClock())
    if as_json:
        click.echo(dumps(status))
        return
    console = Console(highlight=False)
    _head(console, status)
    if status["services"]:
        _services(console, status)
    _rest(console, status)


def _head(console: "Console", status: dict[str, Any]) -> None:
    state = status["state"]
    if state == "down":
        left = f"; {status['left_over']} processes of it were left behind, `evoq down` ends them"
        cure = left if status.get("left_over") else ": evoq up starts it"
        console.print(f"the desk of {status['home']} is down{cure}", soft_wrap=True)
        if status.get("problem"):
            console.print(f"the last one ended because {status['problem']}", soft_wrap=True)
        return
    colour = _COLOURS.get(state, "red")
    supervisor = status.get("supervisor") or {}
    told = f"process {supervisor.get('pid', '?')}, {supervisor.get('memory_mb', 0.0):,.0f} MB"
    console.print(f"the desk of {status['home']} is [{colour}]{state}[/] (supervisor: {told})", soft_wrap=True)


def _services(console: "Console", status: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("service", "state", "up", "restarts", "MB", "process"):
        table.add_column(
            heading, no_wrap=True, justify="right" if heading in ("up", "restarts", "MB", "process") else "left"
        )
    table.add_column("address or problem", overflow="fold")
    for one in status["services"]:
        good = one["state"] in _GOOD
        table.add_row(
            one["name"],
            f"[{_COLOURS.get(one['state'], 'red')}]{one['state']}[/]",
            _duration(one["since_s"]),
            str(one["restarts"]),
            f"{one['memory_mb']:,.0f}",
            "" if one["pid"] is None else str(one["pid"]),
            (one["address"] or "") if good else (one["problem"] or ""),
        )
    console.print(table)


def _rest(console: "Console", status: dict[str, Any]) -> None:
    evolution, metrics = status.get("evolution"), status.get("metrics")
    if evolution:
        console.print(_evolution(evolution), soft_wrap=True)
    if status["services"]:
        words = f"memory of the desk {status['memory_mb']:,.0f} MB"
        if metrics:
            words += (
                f" · machine: processor {metrics['cpu_pct']:.0f} %, memory {metrics['memory_pct']:.0f} %,"
                f" disk {metrics['disk_pct']:.0f} %"
            )
            if metrics.get("db_latency_ms") is not None:
                words += f" · database {metrics['db_latency_ms']:.1f} ms"
        console.print(words, soft_wrap=True)
        if not status["database"]["reachable"]:
            console.print("the database does not answer", style="red")
    if status.get("alerts_open"):
        console.print(f"alerts open: {status['alerts_open']} (GET /api/alerts?open=true)", style="yellow")


def _evolution(told: dict[str, Any]) -> str:
    state, ago = told.get("state", "?"), f"{_duration(told['age_s'])} ago"
    stands = ""
    if told.get("generation"):
        stands = (
            f"generation {told['generation']}, round {told['round']}, {told['evaluations']:,} evaluations,"
            f" best {told.get('best_scs') or 0:.1f}"
        )
    if state == "stopped":
        return f"evolution is stopped; {ago} it was in {stands}" if stands else "evolution is stopped"
    return f"evolution {state}: {stands} ({ago})" if stands else f"evolution {state} ({ago})"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"

"""`evoq logs`: what the processes of the desk say."""

from typing import TYPE_CHECKING

import click

from cluster.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from cluster.supervisor.log_reading import LogLine

__all__ = ["command"]

_COLOURS = {"warning": "yellow", "error": "red", "critical": "red"}


@click.command(epilog="Example: evoq logs driver --follow")
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with every new line, until Ctrl-C.")
@click.option("-n", "--lines", "count", type=click.IntRange(0, 100_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each.")
def command(name: str | None, follow: bool, count: int, as_json: bool) -> None:
    """Show the log of one process of the desk (NAME), or of all of them in the order of time."""
    from cluster.supervisor.desk_files import DeskFiles
    from cluster.supervisor.log_reading import follow_logs, known_logs, last_lines
    from market import SystemClock
    from storage import home

    files = DeskFiles(home())
    for line in last_lines(_chosen(known_logs(files), name), count):
        _print(line, as_json)
    if follow:
        for lines in follow_logs(files, None if name is None else [name], SystemClock()):
            for line in lines:
                _print(line, as_json)


def _chosen(logs: "dict[str, Path]", name: str | None) -> "dict[str, Path]":
    if not logs:
        raise UserError("there are no logs yet: evoq up starts the desk")
    if name is None:
        return {one: path for one, path in logs.items() if one not in ("database", "cache")}
    if name not in logs:
        raise UserError(f"NAME must be one of {', '.join(sorted(logs))}, was {name}")
    return {name: logs[name]}


def _print(line: "LogLine", as_json: bool) -> None:
    from dataclasses import asdict

    from cluster.json_output import dumps

    if as_json:
        click.echo(dumps(asdict(line)))
    else:
        click.secho(line.text(), fg=_COLOURS.get(line.level))

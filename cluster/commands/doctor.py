"""`evoq doctor`: what could keep the desk from running well."""

from typing import TYPE_CHECKING

import click

from cluster.errors import UserError

if TYPE_CHECKING:
    from cluster.checkup import Finding

__all__ = ["command"]

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command(epilog="Example: evoq doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def command(as_json: bool) -> None:
    """Examine clock, disk, memory, ports, permissions, versions, database and cache; say what is wrong and its cure.

    Exit status 2 if there is a problem.
    """
    from dataclasses import asdict

    from cluster.checkup import findings
    from cluster.json_output import dumps
    from cluster.supervisor.desk import Desk

    made = []
    for finding in findings(Desk.of()):
        made.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        click.echo(dumps([asdict(finding) for finding in made]))
    _end(made)


def _print(finding: "Finding") -> None:
    grade = click.style(f"{finding.grade:<8}", fg=_COLOURS[finding.grade])
    cure = f"; {finding.cure}" if finding.cure else ""
    click.echo(f"{grade} {finding.subject:<20} {finding.message}{cure}")


def _end(made: "list[Finding]") -> None:
    problems = [finding.subject for finding in made if finding.grade == "problem"]
    if problems:
        raise UserError(f"{len(problems)} to be mended before the desk can run well: {', '.join(problems)}")

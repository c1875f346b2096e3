"""`evoq service`: the desk as a service of systemd, which starts with the machine."""

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cluster.supervisor.systemd_unit import SystemdUnit

__all__ = ["command"]

_ANSWER_S = 60


@click.group(epilog="Example: evoq service install --dry-run")
def command() -> None:
    """Let systemd start the desk and keep it up."""


@command.command(epilog="Example: evoq service install --dry-run")
@click.option("--system", is_flag=True, help="For the whole machine (needs root); default: for you.")
@click.option("--dry-run", is_flag=True, help="Print what would be written and done, and do nothing.")
def install(system: bool, dry_run: bool) -> None:
    """Write a unit that runs `evoq up --foreground` with the present settings, enable it and start it."""
    from cluster.supervisor.systemd_unit import SystemdUnit
    from storage import home

    unit = SystemdUnit(home(), system, os.environ)
    text = unit.text()
    if dry_run:
        click.echo(f"# would write {unit.path}\n{text}")
        for words in unit.commands:
            click.echo(f"# would run {shlex.join(words)}")
        return
    _write(unit, text)
    click.echo(f"written: {unit.path}")
    _run(unit)
    if not system:
        click.echo("to start it without anybody logged in: loginctl enable-linger")


def _write(unit: "SystemdUnit", text: str) -> None:
    from cluster.errors import UserError

    try:
        unit.path.parent.mkdir(parents=True, exist_ok=True)
        unit.path.write_text(text, encoding="utf-8")
    except OSError as error:
        cure = "run it as root, or leave --system out" if unit.system else "see who owns that folder"
        raise UserError(f"{unit.path} must be a file that can be written, is not ({error.strerror}): {cure}") from error


def _run(unit: "SystemdUnit") -> None:
    """Tell systemd, where there is one; else say how."""
    if shutil.which("systemctl") is None:
        click.echo("systemctl is not here; on a machine with systemd run:")
        for words in unit.commands:
            click.echo(f"  {shlex.join(words)}")
        return
    for words in unit.commands:
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=_ANSWER_S, check=False)  # noqa: S603
            problem = done.stderr.strip() if done.returncode else None
        except (OSError, subprocess.SubprocessError) as error:
            problem = str(error)
        if problem is not None:
            click.echo(f"{shlex.join(words)} failed ({problem}): run it yourself", err=True)
            return
        click.echo(f"done: {shlex.join(words)}")

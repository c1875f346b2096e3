"""`evoq passwd`: change a password that people sign in to the control panel with."""

import getpass
import os
import sys
from pathlib import Path

import click

from cluster.errors import UserError

__all__ = ["command"]


@click.command(epilog="Example: evoq passwd; evoq passwd --role read --stdin < password.txt")
@click.option(
    "--role",
    type=click.Choice(["operate", "read"]),
    default="operate",
    show_default=True,
    help="Whose password: operate may do everything, read may only look.",
)
@click.option("--stdin", "piped", is_flag=True, help="Read the password from standard input, its first line.")
def command(role: str, piped: bool) -> None:
    """Change the password of a role; whoever has signed in with the one before is signed out.

    It is asked for twice, and shown nowhere. The desk may run or not.
    """
    from cluster.access import Passwords, Role
    from storage import home

    password = _read() if piped else _asked()
    folder = home()
    Passwords(folder).change(Role(role), password)
    click.echo(f"the password of {role} is changed, and its sessions have ended")
    _tell(folder, role)


def _read() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _asked() -> str:
    if not sys.stdin.isatty():
        raise UserError("a password is typed on a terminal, this is none: add --stdin to read it from standard input")
    first, second = (getpass.getpass(words) for words in ("new password: ", "once more: "))
    if first != second:
        raise UserError("both must be the same, were not: nothing is changed; try again")
    return first


def _tell(folder: Path, role: str) -> None:
    """Tell the operations log, and forget the sessions, where a database answers; they have ended either way."""
    from cluster.opened_database import join_database
    from storage import OperationsLogRepository, SessionRepository, StorageError

    try:
        with join_database(folder, os.environ) as database:
            SessionRepository(database.engine).end_role(role)
            OperationsLogRepository(database.engine).append(
                _who(), "change_password", role="operate", source="command line", target=role, result="done"
            )
    except StorageError:
        return


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.geteuid()}"

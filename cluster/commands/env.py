"""`evoq env`: what a shell needs to work with the desk's Ray."""

import shlex
from pathlib import Path
from typing import Any

import click

from cluster.errors import UserError

__all__ = ["command"]


@click.command(epilog='Example: eval "$(evoq env)"; ray job submit --working-dir . -- python -m cluster.driver')
@click.option("--show", is_flag=True, help="Print the token itself, for another machine, instead of its file.")
def command(show: bool) -> None:
    """Print exports for `ray job submit`, `ray status` and `ray.init` with the Ray of the running desk."""
    from cluster.supervisor.desk_files import DeskFiles
    from storage import home

    files = DeskFiles(home())
    told = files.read_state() if files.held() else {}
    for name, value in _variables(told, files.home, show).items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _variables(told: dict[str, Any], home: Path, show: bool) -> dict[str, str]:
    ray = told.get("ray")
    if not ray:
        raise UserError(f"the desk of {home} must run, it has no Ray now: start it with `evoq up`")
    variables = {
        "EVOQ_HOME": str(home),
        "RAY_ADDRESS": ray["address"],
        "RAY_API_SERVER_ADDRESS": ray["dashboard"],  # where jobs are submitted; Ray prefers it there
        "RAY_AUTH_MODE": "token",
        "RAY_USAGE_STATS_ENABLED": "0",
        # Ray's word for "this machine only": without it a driver here would call its own node by another address.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }
    path = home / "ray.token"
    if show:
        return {**variables, "RAY_AUTH_TOKEN": path.read_text(encoding="utf-8").strip()}
    return {**variables, "RAY_AUTH_TOKEN_PATH": str(path)}

"""What people see while the desk starts and ends: its steps by name, and then where it answers."""

import getpass
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cluster.supervisor.supervisor import Told

__all__ = ["StepsDisplay", "print_ready"]


class StepsDisplay:
    """Shows the steps of a start or an end; a context manager, and called with where everything stands.

    Parameters
    ----------
    console : Console
        A bar where people watch, one line a step in any case.
    ending : bool, optional
        Whether the desk ends.
    """

    def __init__(self, console: Console, *, ending: bool = False) -> None:
        self._console = console
        self._ending = ending
        self._goal = "stopped" if ending else "running"
        self._shown: dict[str, str] = {}
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("ending" if ending else "starting", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, told: Told) -> None:
        """Show where everything stands.

        Parameters
        ----------
        told : dict
            What the supervisor tells; may be empty.
        """
        services: list[dict[str, Any]] = told.get("services", [])
        if not services:
            return
        for one in services:
            if self._shown.get(one["name"]) != one["state"]:
                self._say(one, told)
                self._shown[one["name"]] = one["state"]
        done = sum(one["state"] == self._goal for one in services)
        under_way = [one["name"] for one in services if one["state"] in ("starting", "restarting", "stopping")]
        words = f"{'ending' if self._ending else 'starting'} {', '.join(under_way)}".strip()
        self._bar.update(self._task, total=len(services), completed=done, description=words)

    def _say(self, one: dict[str, Any], told: Told) -> None:
        match one["state"]:
            case "running" if not self._ending:
                after_s = max(0.0, (told["updated_ms"] - told["began_ms"]) / 1000 - (one["since_s"] or 0.0))
                self._console.print(f"  [green]✓[/] {one['name']:<9} {one['about']} ({after_s:.1f} s)")
            case "restarting" | "failed":
                self._console.print(f"  [red]✗[/] {one['name']:<9} {one['problem']}", soft_wrap=True)
            case "stopped" if self._ending and one["name"] in self._shown:
                self._console.print(f"  [green]✓[/] {one['name']:<9} ended")


def print_ready(console: Console, told: Told, home: Path, password: str | None = None) -> None:
    """Say that the desk is ready, and where it answers.

    Parameters
    ----------
    console : Console
        Where to.
    told : dict
        What the supervisor tells.
    home : Path
        EVOQ_HOME.
    password : str, optional
        The one that was made for the role operate just now; it is shown this once.
    """
    console.print(f"[bold green]READY[/] after {told['ready_s']:.1f} s", soft_wrap=True)
    addresses = {one["name"]: one["address"] for one in told["services"] if one["address"]}
    words = {"ray": "Ray dashboard", "api": "HTTP API", "push": "push", "panel": "control panel"}
    for name, address in addresses.items():
        console.print(f"  {words.get(name, name):<14} {address}", soft_wrap=True)
    console.print(f"  {'tokens':<14} {home}/token.read, token.operate; Ray's: ray.token", soft_wrap=True)
    if password is not None:
        shown = f"role operate, password {password} (shown once; evoq passwd changes it)"
        console.print(f"  {'sign in':<14} {shown}", soft_wrap=True)
    ports = [address.rstrip("/").rpartition(":")[2] for address in addresses.values() if "127.0.0.1" in address]
    if ports:
        forwarded = " ".join(f"-L {port}:127.0.0.1:{port}" for port in ports)
        console.print(f"  {'from elsewhere':<14} ssh -N {forwarded} {_user()}@{socket.gethostname()}", soft_wrap=True)
    console.print(f"  {'next':<14} evoq status · evoq logs --follow · evoq down", soft_wrap=True)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.geteuid())

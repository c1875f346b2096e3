"""The desk as a service of systemd: a unit of the user who runs it, or of the system."""

import getpass
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import UserError
from cluster.ray_environment import secret_names

__all__ = ["SystemdUnit"]

_NAME = "evoq.service"
_PREFIXES = ("EVOQ_", "DB_")
_TEMPLATE = """\
# Written by `evoq service install`. Keys and passwords do not belong here: put them into
# {secrets} (NAME=VALUE, mode 0600) or into the .env beside your work.
[Unit]
Description=Evoq desk
{wait}StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
Type=exec
ExecStart={command} up --foreground
WorkingDirectory={folder}
{environment}
EnvironmentFile=-{secrets}
{user}KillMode=mixed
TimeoutStartSec=300
TimeoutStopSec=45
Restart=on-failure
RestartPreventExitStatus=2
RestartSec=5
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy={target}
"""


@dataclass(frozen=True, slots=True)
class SystemdUnit:
    """A unit that starts the desk.

    Attributes
    ----------
    home : Path
        EVOQ_HOME.
    system : bool
        Whether it belongs to the system, which needs root, or to the user.
    environ : mapping of str to str
        The settings it gets, but for secrets.
    """

    home: Path
    system: bool
    environ: Mapping[str, str]

    @property
    def path(self) -> Path:
        """Where the unit belongs."""
        if self.system:
            return Path("/etc/systemd/system") / _NAME
        base = self.environ.get("XDG_CONFIG_HOME", "").strip()
        return (Path(base) if base else Path.home() / ".config") / "systemd" / "user" / _NAME

    @property
    def commands(self) -> tuple[tuple[str, ...], ...]:
        """What makes systemd take notice of it, and start it."""
        systemctl = ("systemctl",) if self.system else ("systemctl", "--user")
        return ((*systemctl, "daemon-reload"), (*systemctl, "enable", "--now", _NAME))

    def text(self) -> str:
        """Return the unit.

        Returns
        -------
        str
            The whole file.

        Raises
        ------
        UserError
            If a setting cannot stand in such a file.
        """
        secret = set(secret_names(self.environ))
        settings = {
            name: value
            for name, value in sorted(self.environ.items())
            if name.startswith(_PREFIXES) and name not in secret and name not in ("EVOQ_DESK", "EVOQ_SERVICE")
        }
        settings |= {"EVOQ_HOME": str(self.home)}
        for name, value in settings.items():
            if "\n" in value or "\r" in value:
                raise UserError(f"{name} must be one line to stand in a unit, has several: correct or unset it")
        return _TEMPLATE.format(
            secrets=_escaped(str(self.home / "secrets.env")),
            wait="After=network-online.target\nWants=network-online.target\n" if self.system else "",
            command=_quoted(str(Path(sys.executable).parent / "evoq")).replace("$", "$$"),
            folder=_escaped(str(Path.cwd())),
            environment="\n".join(f"Environment={_quoted(f'{name}={value}')}" for name, value in settings.items()),
            user=f"User={getpass.getuser()}\n" if self.system and os.geteuid() != 0 else "",
            target="multi-user.target" if self.system else "default.target",
        )


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    escaped = _escaped(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

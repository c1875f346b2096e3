"""`evoq config`: the configuration that may change while the desk runs."""

import getpass
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage import ConfigRecord

__all__ = ["command"]

_FILE = "auto_trading_config.json"


@click.group(epilog="Example: evoq config set real_trading_threshold=70 max_enabled=20")
def command() -> None:
    """Show or change the configuration: how strategies trade, enter the roster and leave it."""


@command.command(epilog="Example: evoq config show --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def show(as_json: bool) -> None:
    """Show the configuration."""
    from cluster.config_edit import config_as_json
    from cluster.json_output import dumps

    record = _read()
    if as_json:
        told = {"version": record.version, "changed_by": record.changed_by, "changed_at": record.changed_at}
        click.echo(dumps({**config_as_json(record), **told}))
    else:
        _print(record)


@command.command("set", epilog="Example: evoq config set evolution_interval=60 auto_trading.mode=manual")
@click.argument("assignments", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.option("--reason", help="Why; kept in the operations log.")
def set_(assignments: tuple[str, ...], reason: str | None) -> None:
    """Change one value or several, all of them or none."""
    from cluster.config_edit import read_assignments

    _change(read_assignments(assignments), reason)


@command.command("import", epilog="Example: evoq config import auto_trading_config.json")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", help="Why; kept in the operations log.")
def import_(file: Path, reason: str | None) -> None:
    """Take values from a file of JSON; what it does not name stays as it is."""
    from cluster.config_edit import read_config_file

    _change(read_config_file(file), reason or f"imported from {file.name}")


@command.command(epilog="Example: evoq config export; evoq config export -")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default=_FILE)
def export(file: Path) -> None:
    """Write the configuration into a file (auto_trading_config.json unless named), or to the screen (-)."""
    from cluster.config_edit import config_as_json

    text = json.dumps(config_as_json(_read()), indent=2) + "\n"
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    _write(file, text)
    click.echo(f"written to {file}")


def _write(file: Path, text: str) -> None:
    from cluster.errors import UserError

    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file} must be a file that can be written, is not ({error.strerror})") from error


def _read() -> "ConfigRecord":
    from storage import ConfigRepository, open_database

    with open_database() as database:
        return ConfigRepository(database.engine).get()


def _change(changes: "Mapping[str, object]", reason: str | None) -> None:
    from cluster.config_edit import changed_config
    from storage import ConfigRepository, open_database

    with open_database() as database:
        repository = ConfigRepository(database.engine)
        before = repository.get()
        config = changed_config(before, changes)
        after = repository.put(
            config, version=before.version, changed_by=_who(), role="operate", source="command line", reason=reason
        )
    _print(after, before)


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.geteuid()}"


def _print(record: "ConfigRecord", before: "ConfigRecord | None" = None) -> None:
    from cluster.config_edit import config_as_json

    old = None if before is None else config_as_json(before)
    for part, values in config_as_json(record).items():
        click.echo(f"{part}:")
        for name, value in values.items():
            changed = old is not None and old[part][name] != value
            was = f"  (was {_shown(old[part][name])})" if changed and old is not None else ""
            click.echo(f"  {name:<24} {_shown(value)}{was}")
    click.echo(f"version {record.version}, changed by {record.changed_by} at {record.changed_at:%Y-%m-%d %H:%M} UTC")


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)

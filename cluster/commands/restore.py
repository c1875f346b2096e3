"""`evoq restore`: bring the database back from a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cluster.errors import UserError

if TYPE_CHECKING:
    from cluster.supervisor.desk_files import DeskFiles

__all__ = ["command"]


@click.command(epilog="Example: evoq down; evoq restore evoq-2026-11-23.backup --replace; evoq up")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Also when the database holds something: it is lost.")
def command(file: Path, replace: bool) -> None:
    """Bring everything back that `evoq backup` saved in FILE: whole or not at all, and never under a running desk."""
    from cluster.desk_backup import fingerprints, read_notes
    from cluster.supervisor.desk_files import DeskFiles
    from storage import home, restore

    files = DeskFiles(home())
    files.make_folders()
    with files.lock() as lock:  # no desk starts meanwhile
        _check(files, lock.try_acquire())
        manifest = restore(file, replace=replace)
    rows = sum(manifest.tables.values())
    click.echo(
        f"restored {rows:,} rows of {len(manifest.tables)} tables as of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC,"
        f" saved by Evoq {manifest.evoq_version}"
    )
    notes = read_notes(file)
    if notes is None:
        return
    present = fingerprints(files.home)
    for name, was in notes.fingerprints.items():
        if present.get(name) != was:
            now = "is another one now" if name in present else "is not there now"
            click.echo(f"{name} {now}: clients that knew the old one need the new one")


def _check(files: "DeskFiles", alone: bool) -> None:
    if not alone:
        raise UserError(f"a running desk cannot be restored: end the desk of {files.home} with `evoq down` first")

"""`evoq backup`: save the database into a file."""

import os
from pathlib import Path

import click

__all__ = ["command"]


@click.command(epilog="Example: evoq backup evoq-2026-11-23.backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--replace", is_flag=True, help="Also when FILE is a backup already: it is lost once the new one is whole."
)
def command(file: Path, replace: bool) -> None:
    """Save everything the desk remembers into FILE, as of one moment; the desk may go on meanwhile.

    Candles, tokens and keys are not in it: candles are files already, tokens and keys belong to this machine. Copy the
    folders candles and first_seen of EVOQ_HOME as well, then the restored desk goes on with the same run.
    """
    from cluster.desk_backup import back_up_desk, backup_file
    from storage import home, open_database

    target, folder = backup_file(file, replace=replace), home()
    with open_database() as database:
        manifest = back_up_desk(database, folder, os.environ, target)
    rows = sum(manifest.tables.values())
    click.echo(
        f"saved {rows:,} rows of {len(manifest.tables)} tables as of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC"
        f" in {file} ({file.stat().st_size / 2**20:.1f} MB)"
    )
    click.echo(
        f"candles are not in it: copy {folder / 'candles'} and {folder / 'first_seen'} as well; with both a restored"
        " desk goes on with its run"
    )

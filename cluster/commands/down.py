"""`evoq down`: end the desk."""

import click

__all__ = ["command"]


@click.command(epilog="Example: evoq down")
def command() -> None:
    """End the desk, and whatever an earlier one left behind: no process and no port stays."""
    from rich.console import Console

    from cluster.supervisor.desk_files import DeskFiles
    from cluster.supervisor.end_desk import end_desk
    from cluster.supervisor.start_display import StepsDisplay
    from market import SystemClock
    from storage import home

    console = Console(highlight=False)
    files = DeskFiles(home())
    files.make_folders()
    with StepsDisplay(console, ending=True) as steps:
        ended = end_desk(files, SystemClock(), steps)
    if not ended.anything:
        console.print(f"the desk of {files.home} was not running", soft_wrap=True)
    else:
        console.print("the desk has ended" if ended.ran else "what an earlier desk left behind has ended")
    if ended.forced:
        console.print("its supervisor did not end by itself and was killed", style="yellow")
    for name in ended.in_use:
        console.print(f"{name} goes on: another process of this home works with it", style="yellow")

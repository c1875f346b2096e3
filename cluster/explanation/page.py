"""What the pages of a terminal share: the label of simulated markets, parts with titles, tables without frames."""

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["SIMULATED", "section", "simulated_label", "table"]

SIMULATED = "SIMULATED MARKET: proves nothing about real ones"


def simulated_label() -> Text:
    """Return the label of a simulated market."""
    return Text(f" {SIMULATED} ", style="black on yellow")


def section(console: Console, title: str | Text, *content: RenderableType) -> None:
    """Print a part of a page under its title.

    Parameters
    ----------
    console : Console
        Where to.
    title : str or Text
        One line.
    *content : renderable
        What stands under it.
    """
    console.print()
    console.print(Text(title, style="bold underline") if isinstance(title, str) else title)
    for one in content:
        console.print(one)


def table(*columns: str, header: bool = True) -> Table:
    """Return a table without a frame and without rows.

    Parameters
    ----------
    *columns : str
        Headings; a column that ends with ">" is right-aligned, and never cut short.
    header : bool
        Whether they are shown.

    Returns
    -------
    Table
        Ready for its rows.
    """
    found = Table(box=None, padding=(0, 2, 0, 0), show_header=header, header_style="dim", pad_edge=False)
    for column in columns:
        right = column.endswith(">")
        found.add_column(column.rstrip(" >"), justify="right" if right else "left", no_wrap=right)
    return found

"""A page of HTML written where the user wants it."""

from pathlib import Path

from cluster.errors import UserError

__all__ = ["write_html"]


def write_html(path: Path, page: str) -> None:
    """Write a page.

    Parameters
    ----------
    path : Path
        A file; it is replaced. Its folder must exist, and nothing else there is touched.
    page : str
        HTML.

    Raises
    ------
    UserError
        If the disk refuses it.
    """
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError(f"the chart cannot be written to {path}: {error.strerror}; choose another file") from error

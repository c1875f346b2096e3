"""Answers that are sent only when they have changed: an ETag, and 304 for whoever holds the present one."""

from typing import Annotated

from fastapi import Header

__all__ = ["IfNoneMatch", "etag_of", "is_held"]

IfNoneMatch = Annotated[
    str | None, Header(max_length=1_000, description='the ETag of an earlier answer, such as "9f2c"')
]


def etag_of(version: str) -> str:
    """Return the ETag of an answer.

    Parameters
    ----------
    version : str
        Names its content.

    Returns
    -------
    str
        Weak: the same content may be written with other bytes.
    """
    return f'W/"{version}"'


def is_held(if_none_match: str | None, version: str) -> bool:
    """Return whether a caller holds an answer.

    Parameters
    ----------
    if_none_match : str or None
        What it has sent.
    version : str
        Names the present content.

    Returns
    -------
    bool
        Compared weakly, as RFC 9110 has it for reading.
    """
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return f'"{version}"' in tags or "*" in tags

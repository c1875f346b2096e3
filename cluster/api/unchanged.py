"""Answers that are sent only when they have changed: an ETag, and 304 for whoever holds the present one."""

from typing import Annotated

from fastapi import Header, Response
from starlette.status import HTTP_304_NOT_MODIFIED

__all__ = ["UNCHANGED", "IfNoneMatch", "unchanged"]

IfNoneMatch = Annotated[
    str | None, Header(max_length=1_000, description='the ETag of an earlier answer, such as "9f2c"')
]

UNCHANGED: dict[int | str, dict[str, str]] = {
    304: {"description": "Nothing has changed since the answer with this ETag"}
}
"""What the document of a route says of it."""


def unchanged(response: Response, if_none_match: str | None, version: str) -> Response | None:
    """Give an answer its ETag, and tell whether the caller holds it already.

    Parameters
    ----------
    response : Response
        What the answer is sent with.
    if_none_match : str or None
        What the caller has sent.
    version : str
        Names the present content.

    Returns
    -------
    Response or None
        304 for whoever holds it; None where it must be sent. The ETag is weak, as the same content may be written with
        other bytes, and compared weakly, as RFC 9110 has it for reading.
    """
    etag = f'W/"{version}"'
    response.headers["ETag"] = etag
    if _is_held(if_none_match, version):
        return Response(status_code=HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
    return None


def _is_held(if_none_match: str | None, version: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return f'"{version}"' in tags or "*" in tags

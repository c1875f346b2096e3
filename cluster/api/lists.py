"""Lists: what may be asked for, and the form they are answered in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from cluster.api.span import Span
from cluster.api.values import Answer, Milliseconds

__all__ = ["ListAnswer", "ListParameters", "list_answer"]

Item = TypeVar("Item")


class ListParameters(Span):
    """What every list takes; a list adds its filters."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    limit: int = Field(50, ge=1, le=500, description="items of a page")
    cursor: str | None = Field(None, max_length=4_000, description="`next_cursor` of the page before")
    sort: str | None = Field(None, max_length=64, description="a field, with - before it for descending")

    def asked(self) -> dict[str, Any]:
        """Return what `page` of a repository is called with."""
        return self.model_dump(by_alias=False)


def _shown(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Show a list of the example of its items."""
    (item,) = model.__pydantic_generic_metadata__["args"]
    examples = item.model_json_schema().get("examples", [])
    schema["examples"] = [{"items": examples, "next_cursor": None, "total": len(examples), "as_of": 1_767_225_600_000}]


class ListAnswer(Answer, Generic[Item]):
    """A part of a list."""

    model_config = ConfigDict(json_schema_extra=_shown)

    items: Sequence[Item]
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last one")
    total: int = Field(description="items on all pages, counted up to 100,000")
    as_of: Milliseconds


class _Page(Protocol):
    """What a repository answers."""

    @property
    def items(self) -> Sequence[Mapping[str, Any]]: ...

    @property
    def next_cursor(self) -> str | None: ...

    @property
    def total(self) -> int: ...


def list_answer(page: _Page, as_of: int, item: Callable[[Mapping[str, Any]], Any]) -> dict[str, Any]:
    """Return a page in the form of an answer.

    Parameters
    ----------
    page : Page
        From a repository.
    as_of : int
        The present, ms UTC.
    item : callable
        Returns a row in the form of an answer.

    Returns
    -------
    dict
        What `ListAnswer` says.
    """
    items = [item(row) for row in page.items]
    return {"items": items, "next_cursor": page.next_cursor, "total": page.total, "as_of": as_of}

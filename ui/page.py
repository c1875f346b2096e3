"""A part of a list."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, NewType, TypeVar

__all__ = ["Milliseconds", "Page"]

Milliseconds = NewType("Milliseconds", int)
"""A time as ms UTC since 1970; DataFrames show it as a time."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list; iterating gives its items.

    Attributes
    ----------
    items : tuple
        In the order that was asked for.
    next_cursor : str or None
        What to ask with for what follows; None on the last page.
    total : int
        Items on all pages, counted up to 100,000.
    as_of : int
        When this was so, ms UTC.
    """

    items: tuple[Item, ...]
    next_cursor: str | None
    total: int
    as_of: Milliseconds

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

"""Migration: an elite of another market, tried on this one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evolution.operators.operator import Operator
from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.settings import Settings

__all__ = ["Migrant"]


class Migrant(Operator):
    """The genes of an elite of the same strategy type on another market; what works there may work here.

    Without such a market an immigrant comes instead.
    """

    name = "migrant"
    n_parents = 1
    roles = ("foreign elite",)

    def _vary(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        return list(parents[0])

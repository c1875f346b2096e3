"""Refinement: a sample of the species' own CMA-ES with margin."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evolution.operators.operator import Operator
from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.settings import Settings

__all__ = ["CmaEs"]


class CmaEs(Operator):
    """What the search around an elite proposes (`evolution.refinement`); its parent is that elite."""

    name = "cma_es"
    n_parents = 1
    roles = ("sample",)

    def _vary(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        return list(parents[0])

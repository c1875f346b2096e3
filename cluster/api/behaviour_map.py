"""The archive of a run as a map: the best score for each way of trading."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field

from cluster.api.values import Answer, Milliseconds

if TYPE_CHECKING:
    from evolution import RecordedElite

__all__ = ["BehaviourMap", "behaviour_map"]


class MapCell(Answer):
    """A way of trading that somebody has found."""

    holding: int = Field(description="bin of the mean holding time, from 0")
    exposure: int = Field(description="bin of the share of bars with a position, from 0")
    correlation: int = Field(description="bin of the correlation with the market, from 0")
    best_scs: float = Field(description="fitness of the best strategy that trades like this")
    species: str = Field(description="of that strategy")
    held: int = Field(description="species that have a strategy there")


class BehaviourMap(Answer):
    """The archive of a run."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run_id": "20260314-092653-k7qz",
                    "generation": 52,
                    "holding_bars": [1, 2, 4],
                    "exposure_edges": [0.0, 0.5, 1.0],
                    "correlation_edges": [-1.0, 0.0, 1.0],
                    "cells": [
                        {
                            "holding": 1,
                            "exposure": 0,
                            "correlation": 1,
                            "best_scs": 41.5,
                            "species": "momentum BTC/USDT 1h",
                            "held": 3,
                        }
                    ],
                    "coverage": 0.11,
                    "as_of": 1_767_225_600_000,
                }
            ]
        }
    )

    run_id: str
    generation: int
    holding_bars: list[int] = Field(description="least bars of each bin of the holding time; the last one is open")
    exposure_edges: list[float] = Field(description="one more than bins")
    correlation_edges: list[float] = Field(description="one more than bins")
    cells: list[MapCell] = Field(description="cells that are held, in their order")
    coverage: float = Field(description="share of all cells that are held, 0..1; not all can be reached")
    as_of: Milliseconds


def behaviour_map(state: bytes, species: str | None) -> dict[str, Any]:
    """Return the archive of a recorded state as a map.

    Parameters
    ----------
    state : bytes
        Of a run; empty before its first batch.
    species : str or None
        Only what this one holds.

    Returns
    -------
    dict
        What `BehaviourMap` says of the archive.
    """
    from evolution import recorded_archive
    from evolution.behaviour import CELLS, CORRELATION_BINS, EXPOSURE_BINS, HOLDING_BINS

    best: dict[tuple[int, int, int], RecordedElite] = {}
    held: dict[tuple[int, int, int], int] = {}
    for elite in recorded_archive(state) if state else ():
        if species in (None, str(elite.species)):
            held[elite.cell] = held.get(elite.cell, 0) + 1
            if elite.cell not in best or elite.score > best[elite.cell].score:
                best[elite.cell] = elite
    return {
        "holding_bars": [2**number for number in range(HOLDING_BINS)],
        "exposure_edges": [number / EXPOSURE_BINS for number in range(EXPOSURE_BINS + 1)],
        "correlation_edges": [2.0 * number / CORRELATION_BINS - 1.0 for number in range(CORRELATION_BINS + 1)],
        "cells": [_cell(best[cell], held[cell]) for cell in sorted(best)],
        "coverage": len(best) / CELLS,
    }


def _cell(elite: "RecordedElite", held: int) -> Mapping[str, Any]:
    holding, exposure, correlation = elite.cell
    return {
        "holding": holding,
        "exposure": exposure,
        "correlation": correlation,
        "best_scs": elite.score,
        "species": str(elite.species),
        "held": held,
    }

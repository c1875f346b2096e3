"""What luck alone brings about: scores of strategies that cannot have an edge, measured once and shipped."""

import functools
import json
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from cluster.api.values import Answer, Milliseconds

__all__ = ["BINS", "EDGES", "Luck", "null_distribution"]

BINS = 40
EDGES = [100.0 * number / BINS for number in range(BINS + 1)]

_KINDS = ("single", "best", "later")


_COUNTS = [round(1_000 * 0.8**number) for number in range(BINS)]
_NULL: dict[str, Any] = {"n": sum(_COUNTS), "counts": _COUNTS, "highest": 83.1, "quantiles": {"0.95": 34.5}}
_DESK: dict[str, Any] = {"n": sum(_COUNTS), "counts": _COUNTS, "best": 71.4}
_EXAMPLE: dict[str, Any] = {
    "edges": EDGES,
    "markets": 400,
    "strategies": 1034,
    "bars": 17_520,
    **dict.fromkeys(_KINDS, _NULL),
    "scs": _DESK,
    "oos_scs": _DESK,
    "threshold": 65.0,
    "as_of": 1_767_225_600_000,
}


class NullScores(Answer):
    """Scores without an edge."""

    n: int
    counts: list[int] = Field(min_length=BINS, max_length=BINS)
    highest: float
    quantiles: dict[str, float] = Field(description="by share, such as 0.95")


class Survivors(Answer):
    """Scores of the strategies of the desk."""

    n: int
    counts: list[int] = Field(min_length=BINS, max_length=BINS)
    best: float | None


class Luck(Answer):
    """What luck alone brings about, beside what the desk has."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    edges: list[float] = Field(
        min_length=BINS + 1, max_length=BINS + 1, description="of the bins of all histograms, one more than counts"
    )
    markets: int = Field(description="markets without an edge: real bars, each reflected by the toss of a coin")
    strategies: int = Field(description="strategies tried on each of them")
    bars: int = Field(description="candles of each")
    single: NullScores = Field(description="SCS of every one of the strategies")
    best: NullScores = Field(description="SCS of the best strategy of each market: what search alone finds")
    later: NullScores = Field(description="SCS of that best strategy on later candles")
    scs: Survivors
    oos_scs: Survivors
    threshold: float
    as_of: Milliseconds


@functools.cache
def null_distribution() -> dict[str, Any]:
    """Return the part of `Luck` that never changes.

    Returns
    -------
    dict
        As `benchmarks/null_distribution.py` has measured it.
    """
    measured = json.loads(Path(__file__).with_name("null_distribution.json").read_text(encoding="utf-8"))
    return {
        "edges": EDGES,
        **{name: measured[name] for name in ("markets", "strategies", "bars")},
        **{kind: measured["scs"][kind] for kind in _KINDS},
    }

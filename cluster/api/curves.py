"""Curves in the form of answers: fewer points with every extreme kept, and the drawdown beside them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import ConfigDict, Field

from cluster.api.values import Answer, Milliseconds, finite_list

__all__ = ["Equity", "equity_answer", "thinned"]


class Equity(Answer):
    """The course of a strategy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "strategy_id": "kq3v7mzc2hda",
                    "source": "backtest",
                    "time": [1_767_225_600_000, 1_767_229_200_000],
                    "equity": [1.0, 0.98],
                    "buy_and_hold": [1.0, 1.01],
                    "drawdown": [0.0, -0.02],
                    "as_of": 1_767_232_800_000,
                }
            ]
        }
    )

    strategy_id: str
    source: str
    time: list[Milliseconds]
    equity: list[float | None] = Field(description="compounded net return, 1 at the start")
    buy_and_hold: list[float | None] = Field(description="the price, 1 at the start")
    drawdown: list[float | None] = Field(description="below the highest equity so far, 0 or a negative fraction")
    as_of: Milliseconds


def thinned(curve: Mapping[str, Any], points: int) -> dict[str, np.ndarray]:
    """Return a curve in fewer points, its drawdown computed before any point goes.

    Parameters
    ----------
    curve : mapping
        `times`, `index` and `buy_and_hold`, as storage keeps them.
    points : int
        Most points, at least 4.

    Returns
    -------
    dict of str to ndarray
        `times`, `index`, `buy_and_hold` and `drawdown`; NaN where a value is absent.
    """
    from backtest.downsample import downsample

    index = np.array(curve["index"], float)
    held = np.array(curve["buy_and_hold"], float)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawdown = index / np.fmax.accumulate(index) - 1.0 if index.size else index
    kept = downsample(index, points)
    times = np.array(curve["times"], np.int64)
    return {
        "times": times[kept],
        "index": index[kept],
        "buy_and_hold": held[kept],
        "drawdown": drawdown[kept],
    }


def equity_answer(strategy: str, source: str, curve: Mapping[str, np.ndarray], as_of: int) -> dict[str, Any]:
    """Return a curve in the form of an answer.

    Parameters
    ----------
    strategy, source : str
        Whose, and which.
    curve : mapping
        From `thinned`.
    as_of : int
        The present, ms UTC.

    Returns
    -------
    dict
        What `Equity` says.
    """
    return {
        "strategy_id": strategy,
        "source": source,
        "time": curve["times"].tolist(),
        "equity": finite_list(curve["index"].tolist()),
        "buy_and_hold": finite_list(curve["buy_and_hold"].tolist()),
        "drawdown": finite_list(curve["drawdown"].tolist()),
        "as_of": as_of,
    }

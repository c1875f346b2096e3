"""Figures of results: the same Plotly objects in a notebook, behind ``--plot`` and in the control panel.

Each is a function of plain results, one a file. All but `report_figure` need no candles: they draw what was stored.
"""

from backtest.candles_figure import candles_figure
from backtest.neighbourhood_figure import neighbourhood_figure
from backtest.null_distribution_figure import null_distribution_figure
from backtest.report_figure import report_figure
from backtest.score_parts_figure import score_parts_figure
from backtest.strategy_map_figure import strategy_map_figure
from backtest.walk_forward_figure import walk_forward_figure

__all__ = [
    "candles_figure",
    "neighbourhood_figure",
    "null_distribution_figure",
    "report_figure",
    "score_parts_figure",
    "strategy_map_figure",
    "walk_forward_figure",
]

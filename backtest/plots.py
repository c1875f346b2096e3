"""Figures of results: the same Plotly objects in a notebook, behind ``--plot`` and in the control panel.

Each is a function of plain results, one a file. All but `report_figure` need no candles: they draw what was stored.
"""

from backtest.archive_figure import archive_figure
from backtest.candles_figure import candles_figure
from backtest.deflated_sharpe_figure import deflated_sharpe_figure
from backtest.diversity_figure import diversity_figure
from backtest.fitness_figure import fitness_figure
from backtest.lineage_figure import lineage_figure
from backtest.luck_figure import luck_figure
from backtest.measures_figure import Measure, measures_figure
from backtest.neighbourhood_figure import neighbourhood_figure
from backtest.null_distribution_figure import null_distribution_figure
from backtest.operators_figure import operators_figure
from backtest.report_figure import report_figure
from backtest.return_histogram_figure import return_histogram_figure
from backtest.score_parts_figure import score_parts_figure
from backtest.species_shares_figure import species_shares_figure
from backtest.strategy_map_figure import strategy_map_figure
from backtest.trade_chart_figure import trade_chart_figure
from backtest.walk_forward_figure import walk_forward_figure

__all__ = [
    "Measure",
    "archive_figure",
    "candles_figure",
    "deflated_sharpe_figure",
    "diversity_figure",
    "fitness_figure",
    "lineage_figure",
    "luck_figure",
    "measures_figure",
    "neighbourhood_figure",
    "null_distribution_figure",
    "operators_figure",
    "report_figure",
    "return_histogram_figure",
    "score_parts_figure",
    "species_shares_figure",
    "strategy_map_figure",
    "trade_chart_figure",
    "walk_forward_figure",
]

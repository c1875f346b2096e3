"""Strategies: what a strategy is.

A strategy is a type and its parameters (`StrategySpec`); a type (`StrategyType`) is one file that declares its
parameters and turns prices into raw sides. `available` and `get` find the types, plug-ins included.

Examples
--------
>>> import strategies
>>> [name for name in strategies.available() if name.startswith("m")]
['mean_reversion', 'momentum']
"""

from pathlib import Path

from strategies.kernel_cache import refresh_kernel_cache

refresh_kernel_cache(Path(__file__).resolve().parent.parent)  # before the first kernel is imported

# ruff: isort: split
from strategies.errors import ParameterError, StrategyError, UnknownStrategyError
from strategies.parameter import Parameter
from strategies.price_columns import PriceColumns
from strategies.registry import available, get
from strategies.spec import StrategySpec
from strategies.strategy_type import StrategyType

__all__ = [
    "Parameter",
    "ParameterError",
    "PriceColumns",
    "StrategyError",
    "StrategySpec",
    "StrategyType",
    "UnknownStrategyError",
    "available",
    "get",
]

"""The scores around a strategy: whether it stands on a plateau or on a lonely peak."""

from dataclasses import dataclass

import numpy as np

from backtest.costs import Costs
from backtest.engine import score_many
from backtest.errors import BacktestError
from backtest.prepared import PreparedCandles, prepare
from backtest.unit_pass import checked_specs
from market import Candles
from strategies import Parameter, StrategySpec, get

__all__ = ["Neighbourhood", "axes", "neighbourhood"]


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """SCS on a grid over two parameters of a strategy, all others as they are.

    Attributes
    ----------
    spec : StrategySpec
        The strategy in the middle.
    x_name, y_name : str
        The two parameters.
    x_values : ndarray of float64, shape (n_x,)
        Ascending values of one, the strategy's own among them.
    y_values : ndarray of float64, shape (n_y,)
        Ascending values of the other, the strategy's own among them.
    scs : ndarray of float64, shape (n_y, n_x)
        SCS, 0..100, always finite.
    """

    spec: StrategySpec
    x_name: str
    y_name: str
    x_values: np.ndarray
    y_values: np.ndarray
    scs: np.ndarray

    @property
    def at(self) -> tuple[float, float]:
        """The strategy's own values of x and y."""
        return self.spec.parameters[self.x_name], self.spec.parameters[self.y_name]


def neighbourhood(
    spec: StrategySpec,
    candles: Candles | PreparedCandles,
    x: str | None = None,
    y: str | None = None,
    points: int = 15,
    spread: float = 0.2,
    costs: Costs | None = None,
    sides: str | None = None,
) -> Neighbourhood:
    """Score the strategies around one.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.
    candles : Candles or PreparedCandles
        What it trades on.
    x, y : str, optional
        Two parameters of its type, stops included; its first two unless given.
    points : int
        Values of each parameter before duplicates are removed, 3..101; every pair is a backtest.
    spread : float
        How far to go to either side, as a share of the range that evolution searches, above 0 and at most 1: on a
        logarithmic scale where the parameter is searched on one, so that steps are geometric. With 0.2, a lookback
        searched from 5 to 1,000 bars goes from a third of its value to three times as much.
    costs : Costs, optional
        Fee and slippage; 10 and 5 basis points unless given.
    sides : {"both", "long"}, optional
        Sides that are traded; what the market allows unless given.

    Returns
    -------
    Neighbourhood
        The grid is cut off at the valid values of a parameter and whole where it is, so there may be fewer values than
        `points`. Around a stop that is off, the grid is 0 and geometric steps through its whole searched range.

    Raises
    ------
    BacktestError
        If a number is out of bounds, or `axes` refuses x or y.

    Examples
    --------
    >>> from market import synthetic_candles
    >>> from strategies import StrategySpec
    >>> spec = StrategySpec("momentum", {"lookback_period": 24, "threshold": 0.01})
    >>> around = neighbourhood(spec, synthetic_candles(bars=2_000, seed=7), points=5)
    >>> around.x_name, around.x_values.tolist(), around.scs.shape
    ('lookback_period', [8.0, 14.0, 24.0, 41.0, 69.0], (5, 5))
    """
    checked_specs([spec])
    if not 3 <= points <= 101:
        raise BacktestError(f"points must be in [3, 101], was {points}")
    if not 0.0 < spread <= 1.0:
        raise BacktestError(f"spread must be in (0, 1] of the searched range, was {spread}")
    x_parameter, y_parameter = axes(spec, x, y)
    x_values = _grid(x_parameter, spec.parameters[x_parameter.name], points, spread)
    y_values = _grid(y_parameter, spec.parameters[y_parameter.name], points, spread)
    specs = [
        StrategySpec(spec.type, spec.parameters | {x_parameter.name: x_value, y_parameter.name: y_value})
        for y_value in y_values.tolist()
        for x_value in x_values.tolist()
    ]
    scs = score_many(specs, prepare(candles), costs, sides).reshape(y_values.size, x_values.size)
    return Neighbourhood(spec, x_parameter.name, y_parameter.name, x_values, y_values, scs)


def axes(spec: StrategySpec, x: str | None = None, y: str | None = None) -> tuple[Parameter, Parameter]:
    """Return the two parameters that a neighbourhood spreads over.

    Parameters
    ----------
    spec : StrategySpec
        The strategy in the middle.
    x, y : str, optional
        Two parameters of its type, stops included; its first two unless given.

    Returns
    -------
    tuple of Parameter
        That of x and that of y.

    Raises
    ------
    BacktestError
        If x or y is no parameter that changes the score, or both are the same.
    """
    known = {parameter.name: parameter for parameter in get(spec.type).parameters if parameter.name != "quantity"}
    for name in (x, y):
        if name is not None and name not in known:
            raise BacktestError(
                f'x and y must be parameters of {spec.type} that change its score, was "{name}"; '
                f"known: {', '.join(known)}"
            )
    if x is not None and x == y:
        raise BacktestError(f'x and y must be two parameters, were both "{x}"; known: {", ".join(known)}')
    x = next(name for name in known if name != y) if x is None else x
    y = next(name for name in known if name != x) if y is None else y
    return known[x], known[y]


def _grid(parameter: Parameter, own: float, points: int, spread: float) -> np.ndarray:
    """Return ascending valid values around a strategy's own, which is one of them to the bit."""
    low, high = parameter.search_low, parameter.search_high
    steps = (np.arange(points) - points // 2) / (points // 2)  # its own value is step 0
    if parameter.off and own == 0.0:
        values = np.append(0.0, np.geomspace(low, high, points - 1))
    elif parameter.log:
        values = own * (high / low) ** (spread * steps)
    else:
        values = own + spread * (high - low) * steps
    if parameter.integer:
        values = np.rint(values)
    least = 0.0 if parameter.off and own == 0.0 else parameter.low
    values = np.unique(np.clip(values, least, parameter.high))
    return values[values > parameter.low] if parameter.exclusive_low else values

"""What the deflated Sharpe ratio reads of a strategy: the moments of its returns on the whole window."""

from backtest.costs import Costs, checked_costs
from backtest.prepared import PreparedCandles, prepare, sides_allowed
from backtest.sharpe_inference import ReturnMoments, return_moments
from backtest.unit_pass import checked_specs, net_returns, unit_ledger
from market import Candles
from strategies import StrategySpec

__all__ = ["full_window_moments"]


def full_window_moments(
    spec: StrategySpec,
    candles: Candles | PreparedCandles,
    costs: Costs | None = None,
    sides: str | None = None,
) -> ReturnMoments:
    """Return the moments of a strategy's net bar returns on the whole window.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.
    candles : Candles or PreparedCandles
        The window it was searched on.
    costs : Costs, optional
        Fee and slippage; 10 and 5 basis points unless given.
    sides : {"both", "long"}, optional
        Sides that are traded; what the market allows unless given.

    Returns
    -------
    ReturnMoments
        Per bar, of all n_bars returns (DESIGN section 3). Sharpe ratio, skewness and kurtosis are NaN where the returns
        never vary: a strategy that never traded has none. A malformed argument is a `BacktestError`.

    Examples
    --------
    >>> from market import synthetic_candles
    >>> from strategies import StrategySpec
    >>> spec = StrategySpec("momentum", {"lookback_period": 24, "threshold": 0.01})
    >>> full_window_moments(spec, synthetic_candles(bars=2_000, seed=7)).n_returns
    2000
    """
    checked_specs([spec])
    prepared = prepare(candles)
    long_only = sides_allowed(prepared.candles, sides) == "long"
    ledger = unit_ledger(spec, prepared, checked_costs(costs), long_only)
    return return_moments(net_returns(ledger.equity, prepared.prices.close))

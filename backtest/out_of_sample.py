"""What a strategy earned on the bars after it was frozen: the evidence that its selection could not touch."""

import math
from dataclasses import dataclass

import numpy as np

from backtest.account import COLUMNS, TRADE_COLUMNS
from backtest.costs import Costs, checked_costs
from backtest.errors import BacktestError
from backtest.excess import excess_over_buy_and_hold, held_sides, market_returns
from backtest.grading import Evidence
from backtest.prepared import PreparedCandles, prepare, sides_allowed
from backtest.report import curve_times
from backtest.score import PARTS, Score
from backtest.sharpe_inference import probabilistic_sharpe_ratio, return_moments
from backtest.unit_pass import checked_specs, net_returns, unit_ledger
from market import Candles
from strategies import StrategySpec

__all__ = ["OutOfSample", "out_of_sample"]

_METRICS = (
    "n_trades", "win_rate", "profit_factor", "sharpe", "max_drawdown", "volatility", "total_return", "exposure",
    "trades_per_year", "buy_and_hold",
)  # fmt: skip
_ENTRY, _EXIT = TRADE_COLUMNS.index("entry_bar"), TRADE_COLUMNS.index("exit_bar")


@dataclass(frozen=True, eq=False)
class OutOfSample:
    """One strategy on the bars from `start` to the end, its state continued from the first candle.

    A trade counts where it is entered and left: one that was entered before the span is none of its trades, while its
    returns within the span are. With fewer than two bars every number is NaN and there are no trades; the curves hold
    what there is.

    Attributes
    ----------
    start : int
        First bar of the span, an index into the candles.
    n_bars : int
        Bars in the span; 0 where it begins after the last one.
    score : Score
        The SCS and its parts; NaN with fewer than two bars.
    metrics : dict of str to float
        n_trades, win_rate, profit_factor, sharpe, max_drawdown, volatility, total_return, exposure, trades_per_year
        and buy_and_hold, as in `Report.metrics`; undefined values are NaN.
    psr : float
        Probability that the true Sharpe ratio of the span's bar returns is above 0; NaN where undefined.
    excess : float
        Annualised return beyond buy-and-hold at equal mean exposure, as a fraction.
    mean_holding_bars : float
        Bars between the fills of a trade, on average over the trades that count; NaN without trades.
    times : ndarray of int64, shape (n_returns + 1,)
        Time of every value of the curves, ms UTC: the close before the span first, and the last close twice because
        of the closing fill.
    index : ndarray of float64, shape (n_returns + 1,)
        Compounded net bar returns, starting at 1.
    buy_and_hold : ndarray of float64, shape (n_returns + 1,)
        Close over the close before the span.
    returns : ndarray of float64, shape (n_returns,)
        Net bar returns r_t from bar ``max(start, 1)`` to the closing fill (DESIGN section 3): one more than bars, or as
        many where `start` is 0.
    """

    start: int
    n_bars: int
    score: Score
    metrics: dict[str, float]
    psr: float
    excess: float
    mean_holding_bars: float
    times: np.ndarray
    index: np.ndarray
    buy_and_hold: np.ndarray
    returns: np.ndarray

    @property
    def scs(self) -> float:
        """The SCS of the span, 0..100; NaN with fewer than two bars."""
        return self.score.total

    def evidence(self, dsr: float = math.nan) -> Evidence:
        """Return what `grade` wants to know.

        Parameters
        ----------
        dsr : float
            Deflated Sharpe ratio of the whole window, 0..1 (`deflated_sharpe_ratio`); NaN where it is not known.

        Returns
        -------
        Evidence
            Its score, trades, excess and PSR are those of this span.
        """
        return Evidence(
            oos_scs=self.scs, oos_trades=int(self.metrics["n_trades"]), excess=self.excess, psr=self.psr, dsr=dsr
        )


def out_of_sample(
    spec: StrategySpec,
    candles: Candles | PreparedCandles,
    start: int,
    costs: Costs | None = None,
    sides: str | None = None,
) -> OutOfSample:
    """Measure a strategy that was frozen before a bar on that bar and all that follow.

    Signals and positions continue from the first candle, as they do in live trading, and the score is that of
    `run_spans` on the same bars, bit for bit.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.
    candles : Candles or PreparedCandles
        Its whole history, the bars it was selected on included.
    start : int
        First bar that its selection never saw, 0..n_bars; at n_bars there is no evidence yet.
    costs : Costs, optional
        Fee and slippage; 10 and 5 basis points unless given.
    sides : {"both", "long"}, optional
        Sides that are traded; what the market allows unless given.

    Returns
    -------
    OutOfSample
        Score, metrics, PSR, excess and curves of the span.

    Raises
    ------
    BacktestError
        If `start` is below 0 or beyond the last bar by more than one, or an argument is malformed.

    Examples
    --------
    >>> from market import synthetic_candles
    >>> from strategies import StrategySpec
    >>> spec = StrategySpec("breakout", {"lookback_period": 48, "breakout_threshold": 0.0})
    >>> oos = out_of_sample(spec, synthetic_candles(bars=2_000, seed=7), start=1_500)
    >>> oos.n_bars, oos.index[0], 0.0 <= oos.scs <= 100.0
    (500, np.float64(1.0), True)
    >>> from backtest import grade
    >>> grade(oos.evidence(dsr=0.4)).letter
    'C'
    """
    checked_specs([spec])
    prepared = prepare(candles)
    n_bars = len(prepared) - start
    if not 0 <= n_bars <= len(prepared):
        raise BacktestError(f"start must be a bar in [0, {len(prepared)}], was {start}; choose a bar that exists")
    long_only = sides_allowed(prepared.candles, sides) == "long"
    ledger = unit_ledger(spec, prepared, checked_costs(costs), long_only, min(start, len(prepared) - 1))
    before = max(start, 1) - 1  # the curves begin at the close of this bar
    n_returns = len(prepared) - before if n_bars else 0
    prices = prepared.prices.close
    close = prices[before:]
    curves = {
        "times": curve_times(prepared.candles)[before:][: n_returns + 1],
        "index": ledger.index[: n_returns + 1],
        "buy_and_hold": (np.append(close, close[-1]) / close[0])[: n_returns + 1],
        "returns": net_returns(ledger.equity[: n_returns + 1], close[:n_returns]),
    }
    for curve in curves.values():
        curve.setflags(write=False)
    if n_bars < 2:
        nothing = dict.fromkeys(_METRICS, math.nan) | {"n_trades": 0}
        score = Score(*[math.nan] * (1 + len(PARTS)))
        return OutOfSample(start, n_bars, score, nothing, math.nan, math.nan, math.nan, **curves)
    values = ledger.metrics.tolist()
    held, market = held_sides(ledger.target)[before:], market_returns(prices)[before:]
    holding = ledger.trades[:, _EXIT] - ledger.trades[:, _ENTRY]
    return OutOfSample(
        start=start,
        n_bars=n_bars,
        score=Score(*values[: 1 + len(PARTS)]),
        metrics={name: values[COLUMNS.index(name)] for name in _METRICS} | {"n_trades": holding.size},
        psr=probabilistic_sharpe_ratio(return_moments(curves["returns"])),
        excess=excess_over_buy_and_hold(curves["returns"], held, market, prepared.candles.bars_per_year),
        mean_holding_bars=float(holding.mean()) if holding.size else math.nan,
        **curves,
    )

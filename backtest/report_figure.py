"""One backtest drawn: price with its trades, index against buy-and-hold, drawdown."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from backtest.downsample import downsample_bars
from backtest.figure_style import BLUE, GREEN, GREY, ORANGE, VERMILION, curve, drawdown_of, lay_out, title_of
from backtest.report import Report

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["report_figure"]

_MOST_BARS = 1500


def report_figure(report: Report) -> "go.Figure":
    """Draw one backtest: price with its trades, index against buy-and-hold, drawdown.

    Parameters
    ----------
    report : Report
        What `backtest.run` returned.

    Returns
    -------
    plotly.graph_objects.Figure
        Three panels over one time axis; simulated markets say so in the title.
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.03, row_heights=[0.5, 0.3, 0.2])
    figure.add_trace(_candlesticks(report), row=1, col=1)
    for trace in _trade_markers(report.trades):
        figure.add_trace(trace, row=1, col=1)
    close = report.candles.close
    held = np.append(close, close[-1]) / close[0]
    figure.add_trace(curve(report.times, held, "buy and hold", GREY), row=2, col=1)
    figure.add_trace(curve(report.times, report.index, "strategy", BLUE), row=2, col=1)
    drawdown = curve(report.times, drawdown_of(report.index), "drawdown", VERMILION, fill="tozeroy")
    figure.add_trace(drawdown, row=3, col=1)
    figure.update_yaxes(title_text=f"price ({_quote(report)})", row=1, col=1)
    figure.update_yaxes(title_text="index", row=2, col=1)
    figure.update_yaxes(title_text="drawdown", tickformat=".0%", maxallowed=0.0, row=3, col=1)
    figure.update_xaxes(title_text="time (UTC)", row=3, col=1)
    return lay_out(figure, _title(report), 900, hovermode="x", xaxis_rangeslider_visible=False)


def _title(report: Report) -> str:
    candles, costs = report.candles, report.costs
    pairs = ", ".join(f"{name} {value:g}" for name, value in report.spec.parameters.items() if value)
    metrics = report.metrics
    return title_of(
        f"{report.spec.type} on {candles.symbol} {candles.timeframe} · {candles.venue}",
        f"{pairs} · sides {report.sides} · fee {costs.fee_bps:g} bps, slippage {costs.slippage_bps:g} bps",
        f"SCS {report.score.total:.1f} · return {metrics['total_return']:+.1%} "
        f"(buy and hold {metrics['buy_and_hold']:+.1%}) · {metrics['n_trades']:,} trades · "
        f"max drawdown {metrics['max_drawdown']:.1%}",
        origin=candles.origin,
    )


def _quote(report: Report) -> str:
    _, _, quote = report.candles.symbol.partition("/")
    return quote.partition(":")[0] or "quote"


def _candlesticks(report: Report) -> "go.Candlestick":
    import plotly.graph_objects as go

    candles = report.candles
    start, open_, high, low, close = downsample_bars(candles.open, candles.high, candles.low, candles.close, _MOST_BARS)
    return go.Candlestick(
        x=candles.timestamp[start].astype("datetime64[ms]"),
        open=open_,
        high=high,
        low=low,
        close=close,
        name="price",
        increasing={"line": {"color": GREY, "width": 1}, "fillcolor": "white"},
        decreasing={"line": {"color": GREY, "width": 1}, "fillcolor": GREY},
    )


def _trade_markers(trades: pd.DataFrame) -> list["go.Scattergl"]:
    import plotly.graph_objects as go

    def markers(rows: pd.DataFrame, kind: str, name: str, symbol: str, color: str) -> go.Scattergl:
        return go.Scattergl(
            x=rows[f"{kind}_time"].dt.tz_localize(None),
            y=rows[f"{kind}_price"],
            mode="markers",
            name=name,
            marker={"symbol": symbol, "color": color, "size": 8, "line": {"width": 1, "color": "black"}},
            customdata=rows["return"],
            hovertemplate="%{y:,.8~g}, trade %{customdata:+.2%}",
        )

    won = trades["pnl"] > 0
    return [
        markers(trades[trades["side"] > 0], "entry", "long", "triangle-up", BLUE),
        markers(trades[trades["side"] < 0], "entry", "short", "triangle-down", ORANGE),
        markers(trades[won], "exit", "exit, won", "circle", GREEN),
        markers(trades[~won], "exit", "exit, lost", "x", VERMILION),
    ]

"""Figures of results: the same Plotly objects in a notebook, behind ``--plot`` and in the control panel.

Curves are downsampled with their extremes kept, so that a million bars stay light. Colours are those of Okabe and
Ito (2008), which colour-blind people can tell apart; shapes repeat what colours say.
"""

import html
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from backtest.downsample import downsample, downsample_bars
from backtest.report import Report

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["report_figure"]

_BLUE, _ORANGE, _GREEN, _VERMILION, _GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#7f7f7f"
_MOST_BARS = 1500
_MOST_POINTS = 3000


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
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.03, row_heights=[0.5, 0.3, 0.2])
    figure.add_trace(_candlesticks(report), row=1, col=1)
    for trace in _trade_markers(report.trades):
        figure.add_trace(trace, row=1, col=1)
    curves = _curves(report)
    index, held, drawdown = (
        go.Scatter(x=x, y=y, name=name, mode="lines", line={"color": color, "width": 1.5}, fill=fill)
        for name, color, fill, x, y in curves
    )
    figure.add_trace(held, row=2, col=1)
    figure.add_trace(index, row=2, col=1)
    figure.add_trace(drawdown, row=3, col=1)
    figure.update_yaxes(title_text=f"price ({_quote(report)})", row=1, col=1)
    figure.update_yaxes(title_text="index", row=2, col=1)
    figure.update_yaxes(title_text="drawdown", tickformat=".0%", row=3, col=1)
    figure.update_xaxes(title_text="time (UTC)", row=3, col=1)
    figure.update_layout(
        title={"text": _title(report), "x": 0.01, "xanchor": "left"},
        template="plotly_white",
        height=900,
        hovermode="x",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1.0, "xanchor": "right"},
        margin={"l": 70, "r": 20, "t": 110, "b": 50},
        xaxis_rangeslider_visible=False,
    )
    return figure


def _title(report: Report) -> str:
    candles = report.candles
    pairs = ", ".join(f"{name} {value:g}" for name, value in report.spec.parameters.items() if value)
    market = f"{candles.symbol} {candles.timeframe} · {candles.venue}"
    label = "SIMULATED MARKET · " if candles.origin.startswith("simulated:") else ""
    metrics = report.metrics
    return (
        f"<b>{label}{html.escape(report.spec.type)} on {html.escape(market)}</b>"
        f"<br><sup>{html.escape(pairs)} · sides {report.sides} · fee {report.costs.fee_bps:g} bps, "
        f"slippage {report.costs.slippage_bps:g} bps</sup>"
        f"<br><sup>SCS {report.score.total:.1f} · return {metrics['total_return']:+.1%} "
        f"(buy and hold {metrics['buy_and_hold']:+.1%}) · {metrics['n_trades']:,} trades · "
        f"max drawdown {metrics['max_drawdown']:.1%}</sup>"
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
        increasing={"line": {"color": _GREY, "width": 1}, "fillcolor": "white"},
        decreasing={"line": {"color": _GREY, "width": 1}, "fillcolor": _GREY},
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
        markers(trades[trades["side"] > 0], "entry", "long", "triangle-up", _BLUE),
        markers(trades[trades["side"] < 0], "entry", "short", "triangle-down", _ORANGE),
        markers(trades[won], "exit", "exit, won", "circle", _GREEN),
        markers(trades[~won], "exit", "exit, lost", "x", _VERMILION),
    ]


def _curves(report: Report) -> list[tuple[str, str, str | None, np.ndarray, np.ndarray]]:
    times = report.times
    close = report.candles.close
    held = np.append(close, close[-1]) / close[0]
    drawdown = report.index / np.maximum.accumulate(report.index) - 1.0
    curves = []
    for name, color, fill, curve in (
        ("strategy", _BLUE, None, report.index),
        ("buy and hold", _GREY, None, held),
        ("drawdown", _VERMILION, "tozeroy", drawdown),
    ):
        kept = downsample(curve, _MOST_POINTS)
        curves.append((name, color, fill, times[kept], curve[kept]))
    return curves

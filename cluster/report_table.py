"""One backtest as a page of terminal text."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from backtest.score import PARTS, WEIGHTS

if TYPE_CHECKING:
    from backtest import Report

__all__ = ["print_report"]

_BAR = 24


def print_report(report: "Report", plot: Path | None = None) -> None:
    """Print the score with its parts, the metrics and the last trades of a report.

    Parameters
    ----------
    report : Report
        What `backtest.run` returned.
    plot : Path, optional
        Where its chart was written.
    """
    console = Console(highlight=False)
    candles = report.candles
    kind = "SIMULATED MARKET" if candles.origin.startswith("simulated:") else "real candles"
    first, last = (str(time)[:16].replace("T", " ") for time in report.times[[0, -1]])
    console.print(
        Panel.fit(
            f"{report.spec}\n{candles.symbol} {candles.timeframe} at {candles.venue} ({kind})\n"
            f"{len(candles):,} candles, {len(candles.gaps)} gaps, {first} to {last} UTC\n"
            f"sides {report.sides}, fee {report.costs.fee_bps:g} bps, slippage {report.costs.slippage_bps:g} bps",
            title="backtest",
        )
    )
    console.print(_scores(report))
    console.print(_metrics(report))
    if len(report.trades):
        console.print(_last_trades(report))
    if plot is not None:
        console.print(f"chart: {plot}")


def _scores(report: "Report") -> Table:
    table = Table(title=f"SCS {report.score.total:.1f} of 100", title_justify="left")
    table.add_column("part")
    table.add_column("weight", justify="right")
    table.add_column("value", justify="right")
    table.add_column("0 to 1")
    for part, weight in zip(PARTS, WEIGHTS, strict=True):
        value = getattr(report.score, part)
        filled = round(value * _BAR)
        table.add_row(part.replace("_", " "), f"{weight:.0%}", f"{value:.3f}", "█" * filled + "·" * (_BAR - filled))
    return table


def _metrics(report: "Report") -> Table:
    metrics = report.metrics
    shown = {
        "trades": f"{metrics['n_trades']:,}",
        "trades a year": _number(metrics["trades_per_year"], ",.1f"),
        "win rate": _number(metrics["win_rate"], ".1%"),
        "profit factor": _number(metrics["profit_factor"], ".3f"),
        "Sharpe ratio, annualised": _number(metrics["sharpe"], ".3f"),
        "volatility, annualised": _number(metrics["volatility"], ".1%"),
        "total return": _number(metrics["total_return"], "+.2%"),
        "buy and hold": _number(metrics["buy_and_hold"], "+.2%"),
        "max drawdown": _number(metrics["max_drawdown"], ".2%"),
        "exposure": _number(metrics["exposure"], ".1%"),
        "fees (quote)": _number(metrics["fees"], ",.2f"),
        "lowest equity (quote)": _number(metrics["min_equity"], ",.2f"),
        "fills on bars without volume": _number(metrics["zero_volume_fills"], ".1%"),
    }
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in shown.items():
        table.add_row(name, value)
    return table


def _number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form)


def _last_trades(report: "Report", count: int = 5) -> Table:
    table = Table(title=f"last {min(count, len(report.trades))} of {len(report.trades):,} trades", title_justify="left")
    for name in ("entry (UTC)", "exit (UTC)", "side", "entry price", "exit price", "return"):
        table.add_column(name, justify="left" if "UTC" in name or name == "side" else "right")
    for row in report.trades.tail(count).to_dict(orient="records"):
        table.add_row(
            f"{row['entry_time']:%Y-%m-%d %H:%M}",
            f"{row['exit_time']:%Y-%m-%d %H:%M}",
            "long" if row["side"] > 0 else "short",
            f"{row['entry_price']:,.8g}",
            f"{row['exit_price']:,.8g}",
            f"{row['return']:+.2%}",
        )
    return table

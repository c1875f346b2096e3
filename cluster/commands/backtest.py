"""`evoq backtest`: test one strategy on one candle file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cluster.errors import UserError

if TYPE_CHECKING:
    from backtest import Report

__all__ = ["command"]


@click.command(
    epilog="Example: evoq backtest --candles binance__BTC-USDT__1h.parquet --type momentum "
    "--param lookback_period=20 --param threshold=0.01 --plot report.html"
)
@click.option("--candles", "path", required=True, type=click.Path(path_type=Path), help="Parquet, CSV or Feather.")
@click.option("--type", "kind", required=True, help="Strategy type, e.g. momentum.")
@click.option("--param", "pairs", multiple=True, metavar="NAME=VALUE", help="A parameter; repeat for each.")
@click.option("--fee-bps", type=float, default=10.0, show_default=True, help="Taker fee of a fill.")
@click.option("--slippage-bps", type=float, default=5.0, show_default=True, help="Slippage of a fill.")
@click.option("--sides", type=click.Choice(["both", "long"]), help="Default: both for swaps, long for spot.")
@click.option("--symbol", help="Only where the file does not say, e.g. BTC/USDT:USDT.")
@click.option("--timeframe", help="Only where the file does not say, e.g. 1h.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Write an interactive HTML chart.")
def command(
    path: Path,
    kind: str,
    pairs: tuple[str, ...],
    fee_bps: float,
    slippage_bps: float,
    sides: str | None,
    symbol: str | None,
    timeframe: str | None,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Backtest one strategy: fills at the next open, everything net of costs."""
    import strategies
    from backtest import Costs, run
    from market import read_candles

    spec = strategies.StrategySpec(kind, parse_parameters(pairs))
    costs = Costs(fee_bps, slippage_bps)
    candles = read_candles(path, symbol=symbol, timeframe=timeframe)
    needed = strategies.get(kind).warm_up(spec.parameters) + 1
    if len(candles) < needed:
        raise UserError(
            f"{kind} with these parameters needs at least {needed} candles, {path} has {len(candles)}; "
            "use a longer file or a shorter lookback"
        )
    report = run(spec, candles, costs, sides)
    if plot is not None:
        _write_plot(report, plot)
    if as_json:
        from cluster.json_output import dumps

        click.echo(dumps(_as_object(report)))
    else:
        from cluster.report_table import print_report

        print_report(report, plot)


def parse_parameters(pairs: tuple[str, ...]) -> dict[str, object]:
    """Return the parameters of ``--param NAME=VALUE`` options.

    Parameters
    ----------
    pairs : tuple of str
        The options' values.

    Returns
    -------
    dict
        Numbers by name; what is no number stays text, for the strategy type to refuse by name.

    Raises
    ------
    UserError
        If a pair has no "=" or a name comes twice.
    """
    parameters: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise UserError(f'--param must be NAME=VALUE, was "{pair}"; write for example lookback_period=20')
        if name in parameters:
            raise UserError(f"--param {name} is given twice; give it once")
        try:
            parameters[name] = float(text)
        except ValueError:
            parameters[name] = text
    return parameters


def _write_plot(report: "Report", path: Path) -> None:
    from backtest.plots import report_figure
    from cluster.html_file import write_html

    write_html(path, report_figure(report).to_html(include_plotlyjs=True, full_html=True))


def _as_object(report: "Report") -> dict[str, object]:
    trades = report.trades.copy()
    for column in ("entry_time", "exit_time"):
        trades[column] = trades[column].astype("int64")  # ms UTC, the unit of the column
    score = report.score
    return {
        "metrics": report.metrics,
        "score": {
            "total": score.total,
            "win_rate": score.win_rate,
            "sharpe": score.sharpe,
            "profit_factor": score.profit_factor,
            "max_drawdown": score.max_drawdown,
            "volatility": score.volatility,
        },
        "trades": trades.to_dict(orient="records"),
        "equity": report.equity,
        "index": report.index,
        "symbol": report.candles.symbol,
        "timeframe": report.candles.timeframe,
        "origin": report.candles.origin,
        "sides": report.sides,
    }

"""`evoq candles`: what is stored, what can be fetched, imported or simulated."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cluster.errors import UserError

if TYPE_CHECKING:
    from market import CandleStore

__all__ = ["command"]


@click.group(epilog="Example: evoq candles fetch binance BTC/USDT 1h --since 2024-01-01")
def command() -> None:
    """Fetch, import, simulate and list candles; they are kept in EVOQ_HOME/candles."""


def _store() -> "CandleStore":
    from market import CandleStore
    from storage import home

    return CandleStore(home() / "candles")


@command.command("list", epilog="Example: evoq candles list --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def list_candles(as_json: bool) -> None:
    """List what is stored: bars, span, gaps, origin."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from cluster.json_output import dumps

    stored = _store().list()
    if as_json:
        click.echo(dumps([{**asdict(one), "path": str(one.path)} for one in stored]))
        return
    if not stored:
        click.echo("no candles are stored yet; try: evoq candles fetch binance BTC/USDT 1h --since 2024-01-01")
        return
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    for name in ("symbol", "bar", "origin", "bars", "gaps", "missing", "first", "last"):
        table.add_column(name, no_wrap=True, justify="right" if name in ("bars", "gaps", "missing") else "left")
    for one in stored:
        if one.problem is None:
            table.add_row(
                one.symbol, one.timeframe, one.origin, f"{one.bars:,}", f"{one.gaps:,}", f"{one.missing:,}",
                _day(one.first), _day(one.last),
            )  # fmt: skip
    Console(highlight=False).print(table)
    for one in stored:
        if one.problem is not None:
            click.echo(f"{one.path.name} cannot be read: {one.problem}")
    click.echo(f"in {_store().root}")


@command.command("import", epilog="Example: evoq candles import BTC_USDT-1h.feather --symbol BTC/USDT")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--symbol", help="Only where the file does not say, e.g. BTC/USDT:USDT.")
@click.option("--timeframe", help="Only where the file does not say, e.g. 1h.")
def import_files(files: tuple[Path, ...], symbol: str | None, timeframe: str | None) -> None:
    """Import Parquet, CSV or Feather files (those of freqtrade and ccxt included) into the store."""
    from market import read_candles

    store = _store()
    for path in files:
        candles = store.add(read_candles(path, symbol=symbol, timeframe=timeframe))
        where = store.path(candles.venue, candles.symbol, candles.timeframe, candles.origin)
        click.echo(f"{path}: {candles.symbol} {candles.timeframe}, {len(candles):,} candles are now in {where}")


@command.command(epilog="Example: evoq candles fetch binance BTC/USDT 1h --since 2024-01-01 --until 2024-06-01")
@click.argument("venue")
@click.argument("symbol")
@click.argument("timeframe")
@click.option("--since", required=True, help="First bar: a date or time (UTC), or milliseconds.")
@click.option("--until", help="End, not included; default: now.")
@click.option("--refresh", is_flag=True, help="Ask again for what is stored already.")
def fetch(venue: str, symbol: str, timeframe: str, since: str, until: str | None, refresh: bool) -> None:
    """Download candles of any ccxt venue; stops and goes on where it was.

    Closed candles only. What is stored already is not asked for again.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from market import FetchProgress, fetch_candles

    store = _store()
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"asking {venue} for {symbol} {timeframe}", total=None)

        def show(progress: FetchProgress) -> None:
            bar.update(task, completed=progress.done, total=progress.total)

        candles = fetch_candles(
            venue, symbol, timeframe, since=since, until=until, store=store, progress=show, refresh=refresh
        )
    where = store.path(candles.venue, candles.symbol, candles.timeframe, candles.origin)
    click.echo(f"{len(candles):,} candles of {candles.symbol} {candles.timeframe} are in {where}")


@command.command(epilog="Example: evoq candles simulate --seed 7 --symbol BTC/USDT --timeframe 1h --bars 8760")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same market.")
@click.option("--symbol", "symbols", multiple=True, help="Default: BTC/USDT:USDT and ETH/USDT:USDT.")
@click.option("--timeframe", help="Default: 1m.")
@click.option("--bars", type=int, help="Default: 90 days of minutes.")
def simulate(seed: int, symbols: tuple[str, ...], timeframe: str | None, bars: int | None) -> None:
    """Write a simulated market, labelled so for ever, and print its files."""
    from cluster.simulated_candles import BARS, SYMBOLS, TIMEFRAME, simulated_files

    if bars is not None and bars < 1:
        raise UserError(f"--bars must be at least 1, was {bars}")
    for path in simulated_files(_store().root, seed, symbols or SYMBOLS, timeframe or TIMEFRAME, bars or BARS):
        click.echo(path)


def _day(milliseconds: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d}"

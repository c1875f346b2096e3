"""`evoq strategies`: the leaderboard of the database."""

from typing import Any

import click

__all__ = ["command"]


@click.command(epilog="Example: evoq strategies --type breakout --sort -sharpe --limit 20")
@click.option("--type", "kind", help="Only this strategy type.")
@click.option("--symbol", help="Only this symbol, e.g. BTC/USDT.")
@click.option("--timeframe", help="Only this timeframe, e.g. 1h.")
@click.option("--venue", help="Only this venue.")
@click.option("--grade", type=click.Choice(["A", "B", "C"]), help="Only this grade.")
@click.option("--state", type=click.Choice(["candidate", "enabled", "live", "retired"]), help="Only this state.")
@click.option("--run", "run_id", help="Only this run; default: the latest one; 'all' for all of them.")
@click.option("--sort", default="-scs", show_default=True, help="A column, with - before it for descending.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="Rows to show.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(
    kind: str | None,
    symbol: str | None,
    timeframe: str | None,
    venue: str | None,
    grade: str | None,
    state: str | None,
    run_id: str | None,
    sort: str,
    limit: int,
    as_json: bool,
) -> None:
    """Show the leaderboard: the stored strategies, best score first."""
    from rich.console import Console

    import strategies
    from cluster.errors import UserError
    from cluster.json_output import dumps
    from cluster.leaderboard import THRESHOLD, print_leaderboard, summary
    from storage import RunRepository, StrategyRepository, open_database

    if kind is not None:
        strategies.get(kind)
    console = Console(highlight=False)
    with open_database() as database:
        repository, runs = StrategyRepository(database.engine), RunRepository(database.engine)
        latest = runs.latest()
        if run_id is None:
            run_id = repository.latest_run()
            if run_id is None:
                cure = f"--resume {latest.id}" if latest else "--candles FILE"
                raise UserError(f"no population is stored yet; evoq evolve {cure}")
        elif run_id != "all":
            runs.get(run_id)
        filters: dict[str, Any] = {
            "type": kind, "symbol": symbol, "timeframe": timeframe, "venue": venue, "grade": grade, "state": state,
            "run_id": None if run_id == "all" else run_id,
        }  # fmt: skip
        page = repository.leaderboard(limit=limit, sort=sort, **filters)
        counts = repository.counts(THRESHOLD, **filters)
    if as_json:
        click.echo(dumps({"items": page.items, "total": page.total}))
        return
    of = "all runs" if run_id == "all" else f"run {run_id}"
    print_leaderboard(console, page.items, f"{len(page.items):,} of {page.total:,} strategies of {of}, by {sort}")
    console.print(summary(counts), soft_wrap=True)
    if latest is not None and latest.status != "done":
        console.print(f"run {latest.id} is not done: evoq evolve --resume {latest.id}", soft_wrap=True)

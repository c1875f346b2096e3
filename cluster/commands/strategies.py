"""`evoq strategies`: the leaderboard of the database."""

from typing import TYPE_CHECKING, Any

import click

from cluster.errors import UserError

if TYPE_CHECKING:
    from storage import RunRepository, StrategyRepository

__all__ = ["command"]


@click.command(
    epilog="Example: evoq strategies --finalists --sort=-oos_scs (the best evidence), or "
    "evoq strategies --type breakout --sort=-sharpe --limit 20"
)
@click.option("--type", "kind", help="Only this strategy type.")
@click.option("--symbol", help="Only this symbol, e.g. BTC/USDT.")
@click.option("--timeframe", help="Only this timeframe, e.g. 1h.")
@click.option("--venue", help="Only this venue.")
@click.option("--grade", type=click.Choice(["A", "B", "C"]), help="Only this grade.")
@click.option("--state", type=click.Choice(["candidate", "enabled", "live", "retired"]), help="Only this state.")
@click.option("--finalists", is_flag=True, help="Only finalists: those that were scored on what selection never saw.")
@click.option("--run", "run_id", help="Only this run; default: the latest one; 'all' for all of them.")
@click.option(
    "--sort", default="-scs", show_default=True, help="A column, with - before it for descending, e.g. -oos_scs."
)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="Rows to show.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(
    kind: str | None,
    symbol: str | None,
    timeframe: str | None,
    venue: str | None,
    grade: str | None,
    state: str | None,
    finalists: bool,
    run_id: str | None,
    sort: str,
    limit: int,
    as_json: bool,
) -> None:
    """Show the leaderboard: the stored strategies, best score first.

    SCS is over all candles, IS over those that selection saw, OOS over those it never saw: only OOS is evidence. The
    grade says what is missing from it. A column for --sort is for example scs, oos_scs, in_sample_scs, oos_trades,
    psr, dsr, excess_return, sharpe, n_trades or grade.
    """
    from rich.console import Console

    import strategies
    from cluster.json_output import dumps
    from cluster.leaderboard import print_leaderboard, summary
    from cluster.stored_evidence import configured_rule
    from storage import ConfigRepository, RunRepository, StrategyRepository, open_database

    if kind is not None:
        strategies.get(kind)
    console = Console(highlight=False)
    with open_database() as database:
        repository, runs = StrategyRepository(database.engine), RunRepository(database.engine)
        latest = runs.latest()
        chosen = _chosen(repository, runs, run_id)
        rule = configured_rule(ConfigRepository(database.engine).get())
        filters: dict[str, Any] = {
            "type": kind, "symbol": symbol, "timeframe": timeframe, "venue": venue, "grade": grade, "state": state,
            "finalist": finalists or None, "run_id": None if chosen == "all" else chosen,
        }  # fmt: skip
        page = repository.leaderboard(limit=limit, sort=sort, **filters)
        counts = repository.counts(rule.oos_scs, **filters)
    if as_json:
        click.echo(dumps({"items": page.items, "total": page.total}))
        return
    of = "all runs" if chosen == "all" else f"run {chosen}"
    what = "finalists" if finalists else "strategies"
    print_leaderboard(console, page.items, f"{len(page.items):,} of {page.total:,} {what} of {of}, by {sort}", rule)
    console.print(summary(counts, rule.oos_scs), soft_wrap=True)
    if not finalists:
        which = f" --run {run_id}" if run_id else ""
        console.print(f"best evidence: evoq strategies --finalists --sort=-oos_scs{which}", soft_wrap=True)
    if page.items:
        console.print(f"why: evoq explain {page.items[0]['id']}", soft_wrap=True)
    if latest is not None and latest.status != "done":
        console.print(f"run {latest.id} is not done: evoq evolve --resume {latest.id}", soft_wrap=True)


def _chosen(strategies: "StrategyRepository", runs: "RunRepository", run_id: str | None) -> str:
    """Return the run whose strategies are shown, or "all"."""
    if run_id is None:
        found = strategies.latest_run()
        if found is None:
            latest = runs.latest()
            cure = f"--resume {latest.id}" if latest else "--candles FILE"
            raise UserError(f"no population is stored yet; evoq evolve {cure}")
        return found
    return run_id if run_id == "all" else runs.get(run_id).id

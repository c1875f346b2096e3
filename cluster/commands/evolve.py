"""`evoq evolve`: evolve a population on candle files."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cluster.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from cluster.evolution_run import EvolutionRun
    from cluster.interruption import Interruption
    from cluster.ray_session import RaySession
    from cluster.run_settings import RunSettings
    from cluster.stored_run import Result, StoredRun
    from evolution import Outcome
    from market import Clock
    from storage import Database

__all__ = ["command"]

_CHANGEABLE = ("generations", "target_score", "patience", "forever", "generations_per_window")
_SHOWN = 10
_NEVER_ENDS = "--holdout is looked at when a run ends, --forever never ends"


@click.command(
    epilog="Example: evoq evolve --candles binance__BTC-USDT__1h.parquet --candles binance__ETH-USDT__1h.parquet "
    "--population 1034 --generations 10 --seed 7"
)
@click.option(
    "--candles", "paths", multiple=True, type=click.Path(path_type=Path), help="Candle file; repeat for each market."
)
@click.option("--simulated", is_flag=True, help="Evolve on the simulated market (labelled so) instead of files.")
@click.option("--population", type=int, default=1034, show_default=True, help="Strategies over all types and markets.")
@click.option("--generations", type=int, default=10, show_default=True, help="Populations' worth of evaluations.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same population.")
@click.option("--workers", type=int, help="Processes that evaluate; default: all processors.")
@click.option("--ray", "address", help="local, auto, or an ADDRESS; default: a local one once the work pays for it.")
@click.option("--resume", is_flag=False, flag_value="", metavar="[RUN]", help="Go on with a run; default: the latest.")
@click.option(
    "--holdout",
    "holdout",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Candles after all others, looked at once, at the end; repeat for more markets.",
)
@click.option("--patience", type=int, help="Stop after so many generations without a better fitness.")
@click.option("--forever", is_flag=True, help="Go on with every candle that closes in the files, until Ctrl-C.")
@click.option("--interval", type=float, help="Seconds between generations with --forever; default: as configured.")
@click.option(
    "--generations-per-window",
    type=int,
    default=50,
    show_default=True,
    help="With --forever: generations until a new candle closes, at most.",
)
@click.option("--target-score", type=float, help="Stop once the best fitness reaches this.")
@click.option("--fee-bps", type=float, default=10.0, show_default=True, help="Taker fee of a fill.")
@click.option("--slippage-bps", type=float, default=5.0, show_default=True, help="Slippage of a fill.")
@click.option("--symbol", help="Only where the file does not say, e.g. BTC/USDT:USDT.")
@click.option("--timeframe", help="Only where the file does not say, e.g. 1h.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON on standard output.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Evolve a population of strategies on candles; store and rank it.

    Every evaluation is kept. A run that was stopped, by Ctrl-C or worse, goes on with --resume and ends with
    the same population as one that was not.
    """
    from rich.console import Console

    from cluster.interruption import Interruption
    from cluster.ray_session import RaySession
    from market import SystemClock
    from storage import open_database

    given = {name for name in options if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT}
    _check(options)
    settings = _settings(options) if options["resume"] is None else None
    console = Console(stderr=True, highlight=False)
    clock = SystemClock()
    session = RaySession(options["address"] or "local", workers=options["workers"])
    with Interruption() as interruption, session:
        if not session.local:
            with console.status("joining the Ray cluster"), interruption.deferred():
                session.start()  # an address at which nobody answers is told before anything is stored
            interruption.check()
        with console.status("opening the database"):
            database = open_database()
        with database, _opened(database, session, settings, options, given, console, clock) as run:
            stored = _taken_up(run, options, console)
            if options["address"] == "local":
                with console.status("starting Ray on this machine"), interruption.deferred():
                    run.start_ray()
                interruption.check()
                console.print(f"Ray dashboard: {run.dashboard_url}")
            outcome, result = _evolve(run, stored, interruption, console, clock)
            if options["as_json"]:
                _print_json(stored, outcome, result)
            else:
                _show(Console(highlight=False), run, stored, outcome, result)
        interruption.check()


def _check(options: dict[str, Any]) -> None:
    """Refuse numbers that no run can have."""
    from backtest import Costs

    for name in ("population", "generations", "patience", "generations_per_window"):
        if options[name] is not None and options[name] < 1:
            raise UserError(f"--{name.replace('_', '-')} must be at least 1, was {options[name]}")
    if options["interval"] is not None and not 0.0 <= options["interval"] <= 86_400.0:
        raise UserError(f"--interval must be in [0, 86400] seconds, was {options['interval']:g}")
    if options["forever"] and options["holdout"]:
        raise UserError(f"{_NEVER_ENDS}; give one of them: with --forever the candles to come are the holdout")
    if not 0 <= options["seed"] < 2**63:
        raise UserError(f"--seed must be in [0, 2^63), was {options['seed']}")
    target = options["target_score"]
    if target is not None and not 0.0 <= target <= 100.0:
        raise UserError(f"--target-score must be in [0, 100], was {target:g}")
    Costs(options["fee_bps"], options["slippage_bps"])


def _settings(options: dict[str, Any]) -> "RunSettings":
    from cluster.run_settings import RunSettings
    from cluster.simulated_candles import simulated_files
    from storage import home

    if bool(options["paths"]) == options["simulated"]:
        raise UserError("evolve needs --candles FILE (repeat it for more markets), or --simulated; give one of them")
    paths = simulated_files(home() / "candles", options["seed"]) if options["simulated"] else options["paths"]
    return RunSettings(
        candles=tuple(str(path.resolve()) for path in paths),
        symbol=options["symbol"],
        timeframe=options["timeframe"],
        population=options["population"],
        generations=options["generations"],
        seed=options["seed"],
        fee_bps=options["fee_bps"],
        slippage_bps=options["slippage_bps"],
        target_score=options["target_score"],
        patience=options["patience"],
        holdout=tuple(str(path.resolve()) for path in options["holdout"]),
        forever=options["forever"],
        interval_s=options["interval"],
        generations_per_window=options["generations_per_window"],
    )


def _resumed_settings(database: "Database", run_id: str, options: dict[str, Any], given: set[str]) -> "RunSettings":
    """Return the stored settings of a run; more generations and another target may be asked for, nothing else."""
    from dataclasses import replace

    from cluster.run_settings import RunSettings
    from storage import RunRepository

    stored = RunSettings.stored(RunRepository(database.engine).get(run_id).settings)
    if "paths" in given and tuple(str(path.resolve()) for path in options["paths"]) != stored.candles:
        raise UserError(
            f"run {run_id} was started on {', '.join(stored.candles)}; give those candles or none, or leave --resume "
            "out to start a new run"
        )
    if "holdout" in given and tuple(str(path.resolve()) for path in options["holdout"]) != stored.holdout:
        raise UserError(
            f"run {run_id} was started with --holdout {', '.join(stored.holdout) or 'of none'}; give the same or leave "
            "it out, or leave --resume out to start a new run"
        )
    for name in ("symbol", "timeframe", "population", "seed", "fee_bps", "slippage_bps"):
        if name in given and options[name] != getattr(stored, name):
            raise UserError(
                f"run {run_id} was started with --{name.replace('_', '-')} {getattr(stored, name)}, was asked for "
                f"{options[name]}; leave it out, or leave --resume out to start a new run"
            )
    if stored.holdout and options["forever"]:
        raise UserError(f"{_NEVER_ENDS}: run {run_id} has a holdout; start a new run with --forever")
    changed = {name: options[name] for name in _CHANGEABLE if name in given}
    return replace(stored, **changed, **({"interval_s": options["interval"]} if "interval" in given else {}))


def _opened(
    database: "Database",
    session: "RaySession",
    settings: "RunSettings | None",
    options: dict[str, Any],
    given: set[str],
    console: "Console",
    clock: "Clock",
) -> "EvolutionRun":
    """Read the candles of a new run, or of the one that goes on."""
    from cluster.evolution_run import EvolutionRun
    from cluster.markets import read_markets
    from storage import RunRepository

    if settings is None:
        if not options["resume"]:
            runs = RunRepository(database.engine)
            record = runs.latest(unfinished=True) or (runs.latest() if "generations" in given else None)
            if record is None:
                raise UserError("there is no unfinished run to resume; start one with evoq evolve --candles FILE")
            options["resume"] = record.id
        settings = _resumed_settings(database, options["resume"], options, given)
    with console.status("reading candles"):
        markets = read_markets(settings.paths, settings.symbol, settings.timeframe)
        if settings.forever:  # what it trains on must not change while it goes on
            markets = markets.closed(clock.now_ms())
        return EvolutionRun(
            settings, markets, database, session, clock, lambda text: console.print(text, soft_wrap=True)
        )


def _taken_up(run: "EvolutionRun", options: dict[str, Any], console: "Console") -> "StoredRun":
    """Store a new run, or take up the one that goes on, and say so."""
    stored = run.begin() if options["resume"] is None else run.resume(options["resume"])
    label = "[black on yellow] SIMULATED [/] " if run.markets.simulated else ""
    listed = ", ".join(
        f"{one.symbol} {one.timeframe} ({len(one):,} candles, {one.venue})" for one in run.windows.candles.values()
    )
    console.print(f"{label}run {stored.id} on {listed}", soft_wrap=True)
    return stored


def _evolve(
    run: "EvolutionRun", stored: "StoredRun", interruption: "Interruption", console: "Console", clock: "Clock"
) -> "tuple[Outcome, Result]":
    from cluster.evolution_progress import EvolutionProgress

    settings = run.settings
    candles = run.windows.candles.values()
    bars_each = sum(map(len, candles)) / len(candles)
    generations = None if settings.forever else settings.generations
    total = None if generations is None else settings.population * generations
    with EvolutionProgress(console, total, stored.evaluations, generations, bars_each, clock) as progress:
        return run.evolve(stored, interruption, progress)


def _show(console: "Console", run: "EvolutionRun", stored: "StoredRun", outcome: "Outcome", result: "Result") -> None:
    from cluster.leaderboard import (
        best_out_of_sample,
        best_per_type,
        different_results,
        evidence_lines,
        print_finalists,
        print_leaderboard,
        summary,
    )
    from evolution import StopReason

    ends = {
        StopReason.GENERATIONS: "done",
        StopReason.TARGET: "done, the target score is reached",
        StopReason.STAGNATION: "done, the fitness stopped improving",
        StopReason.REQUEST: "stopped; what was evaluated is kept",
    }
    workers = f", {result.on_workers:,} on Ray's workers" if result.on_workers else ""
    console.print(
        f"{ends[outcome.reason]}: generation {outcome.generation}, round {outcome.round}, "
        f"{outcome.evaluations:,} evaluations ({outcome.distinct:,} distinct{workers}) in {result.seconds:,.1f} s",
        soft_wrap=True,
    )
    simulated = " (SIMULATED MARKET: proves nothing about real ones)" if run.markets.simulated else ""
    if result.evidence is None:
        shown = different_results(result.rows, _SHOWN)
        print_leaderboard(
            console, shown, f"best {len(shown)} different results of {len(result.rows):,} strategies{simulated}"
        )
    else:
        finalists = best_out_of_sample(result.rows)
        shown = finalists[:_SHOWN]
        print_finalists(console, shown, f"best {len(shown)} of {len(finalists)} finalists, out of sample{simulated}")
        for line in evidence_lines(result.evidence):
            console.print(line, soft_wrap=True)
    print_leaderboard(console, best_per_type(result.rows), "best of each type")
    console.print(summary(result.counts), soft_wrap=True)
    console.print(
        "SCS is over all candles, most of which selection saw: among so many candidates luck alone looks good; "
        "OOS counts only what it never saw",
        style="yellow",
        soft_wrap=True,
    )
    console.print(f"population {outcome.population_hash}", soft_wrap=True)
    if outcome.reason is StopReason.REQUEST:
        console.print(f"next: evoq evolve --resume {stored.id}", soft_wrap=True)
    elif result.rows:
        best = shown[0] if shown else result.rows[0]
        console.print(
            f"next: evoq explain {best['id']}\n      evoq strategies\n      {_backtest_command(run, best)}",
            soft_wrap=True,
        )


def _backtest_command(run: "EvolutionRun", row: "Mapping[str, Any]") -> str:
    """Return the command that backtests a strategy as this run did."""
    settings = run.settings
    words = ["evoq", "backtest", "--candles", str(run.markets.files[(row["symbol"], row["timeframe"])])]
    words += ["--type", row["type"]]
    for name, value in row["parameters"].items():
        words += ["--param", f"{name}={value:.15g}"]
    for name in ("symbol", "timeframe"):
        if getattr(settings, name):
            words += [f"--{name}", getattr(settings, name)]
    words += ["--fee-bps", f"{settings.fee_bps:.15g}", "--slippage-bps", f"{settings.slippage_bps:.15g}"]
    return shlex.join([*words, "--plot", "best.html"])


def _print_json(stored: "StoredRun", outcome: "Outcome", result: "Result") -> None:
    from cluster.json_output import dumps
    from cluster.leaderboard import best_out_of_sample, fittest

    best = fittest(result.rows) or {}
    shown = (
        "id", "type", "symbol", "timeframe", "venue", "origin", "parameters", "scs", "score_parts", "fitness",
        "n_trades", "win_rate", "profit_factor", "sharpe", "max_drawdown", "volatility", "total_return", "grade",
        "grade_reason", "money", "finalist", "in_sample_scs", "oos_scs", "oos_trades", "psr", "dsr", "dsr_raw",
        "n_trials", "n_trials_effective", "excess_return",
    )  # fmt: skip
    click.echo(
        dumps(
            {
                "run_id": stored.id,
                "evaluations": outcome.evaluations,
                "distinct": outcome.distinct,
                "on_workers": result.on_workers,
                "generation": outcome.generation,
                "round": outcome.round,
                "population_hash": outcome.population_hash,
                "best": {name: best.get(name) for name in shown},
                "finalists": [{name: row.get(name) for name in shown} for row in best_out_of_sample(result.rows)],
                "evidence": None if result.evidence is None else result.evidence.describe(),
                "seconds": round(result.seconds, 3),
            }
        )
    )

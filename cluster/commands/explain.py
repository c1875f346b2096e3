"""`evoq explain`: why a strategy has its grade, and how a run went."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cluster.errors import UserError

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from rich.console import Console

    from storage import Database

__all__ = ["command"]


@click.command(
    epilog="Example: evoq explain ojlr4v --x lookback_period --y stop_loss --plot strategy.html; "
    "evoq strategies --finalists lists ids"
)
@click.argument("wanted", metavar="[ID]", required=False)
@click.option("--depth", type=click.IntRange(0, 50), help="Generations of ancestors; default: 5.")
@click.option("--x", help="Parameter across the neighbourhood; default: the first one of the strategy's type.")
@click.option("--y", help="Parameter up the neighbourhood; default: the second one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a page.")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write interactive charts as HTML."
)
def command(
    wanted: str | None, depth: int | None, x: str | None, y: str | None, as_json: bool, plot: Path | None
) -> None:
    """Explain a strategy or a run: its evidence, and what is missing from it.

    ID is that of a strategy, of which the first letters are enough, or of a run; the latest run unless given.
    """
    from cluster.explanation.subject import find_subject
    from storage import open_database

    with open_database() as database:
        subject = find_subject(database, wanted)
        if subject.kind == "run":
            _refuse_options(subject.id, depth=depth, x=x, y=y)
            shown = _run(database, subject.id)
        else:
            shown = _strategy(database, subject.id, 5 if depth is None else depth, x, y)
    _show(shown, as_json, plot)


class _Shown(NamedTuple):
    """What a command shows, whatever it explains."""

    title: str
    notes: "Sequence[str]"
    describe: "Callable[[], dict[str, Any]]"
    figures: "Callable[[], Sequence[go.Figure]]"
    print: "Callable[[Console], None]"


def _run(database: "Database", run_id: str) -> _Shown:
    from cluster.explanation.charts import run_figures
    from cluster.explanation.page import SIMULATED
    from cluster.explanation.run_explanation import RunExplanation
    from cluster.explanation.run_page import print_run

    explained = RunExplanation.gather(database, run_id)
    return _Shown(
        f"run {run_id}",
        [SIMULATED] if explained.simulated else [],
        explained.describe,
        lambda: run_figures(explained),
        lambda console: print_run(explained, console),
    )


def _strategy(database: "Database", strategy: str, depth: int, x: str | None, y: str | None) -> _Shown:
    from cluster.explanation.charts import strategy_figures
    from cluster.explanation.page import SIMULATED
    from cluster.explanation.strategy_explanation import StrategyExplanation
    from cluster.explanation.strategy_page import print_strategy

    explained = StrategyExplanation.gather(database, strategy, depth, x, y)
    return _Shown(
        f"strategy {strategy}",
        [*([SIMULATED] if explained.simulated else []), *explained.notes],
        explained.describe,
        lambda: strategy_figures(explained),
        lambda console: print_strategy(explained, console),
    )


def _refuse_options(run_id: str, **options: object) -> None:
    for name, value in options.items():
        if value is not None:
            raise UserError(f"--{name} goes with a strategy, but {run_id} is a run; leave it out")


def _show(shown: _Shown, as_json: bool, plot: Path | None) -> None:
    if plot is not None:
        from cluster.explanation.charts import page_of
        from cluster.html_file import write_html

        figures = shown.figures()
        if not figures:
            raise UserError(f"{shown.title} has no evidence yet that could be drawn; leave --plot out")
        write_html(plot, page_of(shown.title, shown.notes, figures))
    if as_json:
        from cluster.json_output import dumps

        click.echo(dumps(shown.describe()))
    else:
        from rich.console import Console

        console = Console(highlight=False)
        shown.print(console)
        if plot is not None:
            console.print(f"chart: {plot}", soft_wrap=True, markup=False)

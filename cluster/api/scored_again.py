"""What is not stored of a strategy is computed again, from the very candles it was scored on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cluster.api.problems import Problem
from cluster.errors import UserError
from storage import EvidenceRepository, RunRepository

if TYPE_CHECKING:
    from backtest import Report
    from cluster.api.context import ApiContext
    from market import Candles

__all__ = ["Subject", "curve_again", "evidence_start", "neighbourhood_again", "report_again", "subject_of"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A strategy and how it was scored.

    Attributes
    ----------
    row : mapping
        Of the table `strategies`.
    settings : mapping
        Of its run, as stored: they name the candle files and the costs.
    n_candles : int or None
        How many candles it was scored on, where that is known.
    """

    row: Mapping[str, Any]
    settings: Mapping[str, Any]
    n_candles: int | None

    @property
    def identity(self) -> tuple[object, ...]:
        """Everything that its scores depend on, as JSON values."""
        row = self.row
        return (
            *(row[name] for name in ("id", "version", "type", "parameters", "data_hash", "cost_hash")),
            *(row[name] for name in ("engine_version", "selected_until")),
        )


def subject_of(context: "ApiContext", row: Mapping[str, Any]) -> Subject:
    """Return what is needed to score a strategy again.

    Parameters
    ----------
    context : ApiContext
        Where its run is stored.
    row : mapping
        Of the table `strategies`.

    Returns
    -------
    Subject
        Read from the database.
    """
    engine = context.database.engine
    settings = RunRepository(engine).get(row["run_id"]).settings
    known = EvidenceRepository(engine).data_set(row["data_hash"])
    return Subject(row, settings, None if known is None else known["n_candles"])


def curve_again(subject: Subject, source: str) -> dict[str, list[float]]:
    """Compute a curve of a strategy.

    Parameters
    ----------
    subject : Subject
        The strategy.
    source : str
        "backtest" for all its candles, "oos" for those that its selection never saw.

    Returns
    -------
    dict
        `times`, `index` and `buy_and_hold`.

    """
    from backtest import Costs, out_of_sample
    from cluster.thin_curve import thin_curve
    from strategies import StrategySpec

    row, candles = subject.row, _candles(subject)
    start = evidence_start(subject, candles) if source == "oos" else 0
    costs = Costs(subject.settings["fee_bps"], subject.settings["slippage_bps"])
    return thin_curve(out_of_sample(StrategySpec(row["type"], row["parameters"]), candles, start, costs))


def evidence_start(subject: Subject, candles: "Candles") -> int:
    """Return the first candle that the selection of a strategy never saw.

    Parameters
    ----------
    subject : Subject
        The strategy.
    candles : Candles
        What it was scored on.

    Returns
    -------
    int
        An index into the candles.

    Raises
    ------
    Problem
        404 where there is none, or nobody has looked at them yet.
    """
    import numpy as np

    row = subject.row
    if row["oos_scs"] is None or row["selected_until"] is None:  # looking is choosing, and is counted as such
        raise Problem(404, "no_evidence", "there is no out-of-sample evidence of it: only finalists are looked at")
    start = int(np.searchsorted(candles.timestamp, row["selected_until"]))
    if start >= len(candles):
        raise Problem(404, "no_evidence", "its selection saw every candle: there is no out-of-sample evidence yet")
    return start


def report_again(subject: Subject) -> "Report":
    """Test a strategy again on the candles that it was scored on.

    Parameters
    ----------
    subject : Subject
        The strategy.

    Returns
    -------
    Report
        With its trades.
    """
    from backtest import Costs, run
    from strategies import StrategySpec

    costs = Costs(subject.settings["fee_bps"], subject.settings["slippage_bps"])
    return run(StrategySpec(subject.row["type"], subject.row["parameters"]), _candles(subject), costs)


def neighbourhood_again(subject: Subject, x: str | None, y: str | None) -> dict[str, Any]:
    """Score the strategies around one.

    Parameters
    ----------
    subject : Subject
        The strategy.
    x, y : str or None
        Two of its parameters; its first two by default.

    Returns
    -------
    dict
        What `Surroundings` says.
    """
    from backtest import Costs, neighbourhood
    from backtest.neighbourhood import axes
    from strategies import StrategySpec

    spec = StrategySpec(subject.row["type"], subject.row["parameters"])
    axes(spec, x, y)  # a parameter that does not exist is told even where there are no candles
    costs = Costs(subject.settings["fee_bps"], subject.settings["slippage_bps"])
    around = neighbourhood(spec, _candles(subject), x, y, costs=costs)
    return {
        "x": around.x_name,
        "y": around.y_name,
        "x_values": around.x_values.tolist(),
        "y_values": around.y_values.tolist(),
        "scs": around.scs.tolist(),
        "at": list(around.at),
    }


def _candles(subject: Subject) -> "Candles":
    from cluster.explanation.stored_candles import stored_candles
    from cluster.run_settings import RunSettings

    try:
        return stored_candles(subject.row, RunSettings.stored(subject.settings), subject.n_candles)
    except UserError as error:
        raise Problem(404, "candles_gone", str(error)) from error

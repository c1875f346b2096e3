"""The present run: which run of the desk goes on with the candles that there are, wherever EVOQ_HOME was before."""

import logging
from collections.abc import Sequence

from cluster.alerts import Alerts
from cluster.driver.first_seen import FirstSeen
from cluster.markets import data_hash_of
from cluster.run_settings import RunSettings
from market import Candles
from storage import DeskRunRepository, RunRecord

__all__ = ["present_run"]

_logger = logging.getLogger(__name__)


def present_run(
    runs: DeskRunRepository, seen: FirstSeen, candles: Sequence[Candles], alerts: Alerts
) -> RunRecord | None:
    """Return the run that goes on, and say why if it is not that of before.

    A file of the copy that is not there is made anew from the feed's candles: they may be the same.

    Parameters
    ----------
    runs : DeskRunRepository
        The desk's.
    seen : FirstSeen
        The copy of the feed's candles that runs know.
    candles : sequence of Candles
        The feed's, one set a market.
    alerts : Alerts
        Is told if the copy had to be made anew, or if a run cannot go on.

    Returns
    -------
    RunRecord or None
        The newest run for ever on these markets; None if there is none, or if its candles are not these.
    """
    copies = seen.paths(candles)
    record = runs.newest([f"{path.parent.name}/{path.name}" for path in copies])
    if record is None:
        return None
    missing = [f"{path.parent.name}/{path.name}" for path in copies if not path.exists()]
    if not _began_with(record, seen.follow(candles)):
        message = (
            f"run {record.id} cannot go on, it began with other candles than {copies[0].parent} holds: a new run"
            " begins; after a restore copy that folder of the old EVOQ_HOME before `evoq up`"
        )
        _logger.warning(message)
        alerts.raise_("run_left", "warning", message, record.id)
        return None
    if missing:
        message = (
            f"{', '.join(missing)} was missing and is made anew from the feed's candles: where a venue has corrected"
            f" some of them, run {record.id} goes on with other ones than it knew"
        )
        _logger.warning(message)
        alerts.raise_("candles_made_anew", "warning", message, record.id)
    return record


def _began_with(record: RunRecord, candles: Sequence[Candles]) -> bool:
    """Tell whether a run began with the first ones of these candles."""
    n_bars = RunSettings.stored(record.settings).n_bars or {}
    first = (one[: n_bars.get(f"{one.symbol} {one.timeframe}")] for one in candles)
    return data_hash_of(first) == record.data_hash

"""`python -m cluster.feed`: the feed as a process of the desk, until SIGTERM; log lines are JSON on standard error."""

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from cluster.bus import Bus
from cluster.errors import ClusterError
from cluster.feed.desk_origin import check_origin
from cluster.feed.feed import Feed
from cluster.feed.settings import FeedSettings, candle_folder
from cluster.feed.simulated import SimulatedSource
from cluster.feed.source import FeedSource
from cluster.feed.status import StatusRecorder, database_status
from cluster.feed.venue import VenueSource
from cluster.interruption import Interruption
from cluster.json_log import log_as_json
from market import CandleStore, Clock, MarketError, SystemClock
from market.venues import open_exchange
from storage import StorageError, home

__all__ = ["main"]

TIMEOUT_S = 10.0
"""Longest wait for a venue's answer: meanwhile nobody hears from the feed."""

_logger = logging.getLogger("cluster.feed")


def main(environ: Mapping[str, str]) -> int:
    """Run the feed.

    Parameters
    ----------
    environ : mapping of str to str
        Its settings; see `FeedSettings.of`.

    Returns
    -------
    int
        Exit status: 0 after SIGTERM or Ctrl-C, 2 for what the user can cure, 1 for a failure of ours.
    """
    log_as_json("feed", environ=environ)
    try:
        with Interruption():
            _run(environ)
    except KeyboardInterrupt:
        _logger.info("stopped")
        return 0
    except (ClusterError, MarketError, StorageError) as error:
        _logger.error("%s", error)
        return 2 if isinstance(error, ValueError) else 1
    except Exception:  # kept by the log; the supervisor starts the feed again
        _logger.exception("this is our failure, not yours")
    return 1


def source_of(settings: FeedSettings, folder: Path, clock: Clock) -> FeedSource:
    """Return where the candles of a desk come from.

    Parameters
    ----------
    settings : FeedSettings
        What is followed.
    folder : Path
        Of the candles.
    clock : Clock
        Our time.

    Returns
    -------
    FeedSource
        Nothing has been asked yet.
    """
    if settings.is_simulated:
        return SimulatedSource(settings, folder, clock)
    return VenueSource(settings.markets, settings.history, lambda: open_exchange(settings.venue, TIMEOUT_S), clock)


def _run(environ: Mapping[str, str]) -> None:
    settings = FeedSettings.of(environ)
    where = home(environ)
    store, clock = CandleStore(candle_folder(where)), SystemClock()
    check_origin(store, settings)
    bus = Bus(environ.get("REDIS_URL"), clock)
    recorder = StatusRecorder(database_status(where, environ))
    fields: dict[str, object] = {"origin": settings.origin, "markets": [str(market) for market in settings.markets]}
    if settings.is_simulated:
        fields["speed"] = settings.speed
    _logger.info("started", extra={"fields": fields})
    try:
        Feed(source_of(settings, store.root, clock), store, clock, bus, recorder).run()
    finally:
        recorder.close()
        bus.close()


if __name__ == "__main__":
    status = main(os.environ)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)  # a thread that waits for the database must not hold up the end

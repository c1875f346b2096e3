"""One origin a desk: simulated and real candles never share a folder."""

from cluster.errors import SettingError
from cluster.feed.settings import FeedSettings
from market import CandleStore
from market.names import labels_of_name
from market.symbols import is_simulated

__all__ = ["check_origin"]


def check_origin(store: CandleStore, settings: FeedSettings) -> None:
    """Refuse to feed a store that holds candles of the other kind.

    Parameters
    ----------
    store : CandleStore
        Of the desk.
    settings : FeedSettings
        What is to be followed.

    Raises
    ------
    SettingError
        If the candles are simulated and others there are real, or the other way round.
    """
    for path in store.files():
        labels = labels_of_name(path.stem)
        if labels is None or is_simulated(labels.origin) == settings.is_simulated:
            continue
        cure = (
            "set EVOQ_FEED=VENUE:SYMBOL,SYMBOL:TIMEFRAME to follow a venue"
            if settings.is_simulated
            else "set EVOQ_FEED=simulated"
        )
        raise SettingError(
            f"a desk has one origin: {store.root} holds {path.name} ({labels.origin}), the feed would add "
            f"{settings.origin}; {cure}, or set EVOQ_HOME to another folder, or move the candles away"
        )

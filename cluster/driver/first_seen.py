"""First seen: the candles that the desk's run knows, as they were when it first saw them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from market import Candles, CandleStore
from market.validation import COLUMNS

__all__ = ["FirstSeen"]

Notice = Callable[[Candles, str], None]


class FirstSeen:
    """A copy of the feed's candles that only ever grows.

    A venue corrects candles after they have closed, and delivers some late. Scores must not mix prices from before and
    after that, and a run that is taken up must find what it left: so a run goes on with the candles as it first saw
    them, and the feed's own store, charts and every later run have the corrected ones.

    Parameters
    ----------
    folder : Path
        Where the copy is, or will be.
    on_change : callable
        Is told, once for each change, the feed's candles and in words how their past differs from the copy.
    """

    def __init__(self, folder: Path, on_change: Notice) -> None:
        self._store = CandleStore(folder)
        self._on_change = on_change
        self._known: dict[Path, Candles] = {}
        self._told: dict[Path, str] = {}

    def paths(self, candles: Sequence[Candles]) -> list[Path]:
        """Return the files of the copy.

        Parameters
        ----------
        candles : sequence of Candles
            The feed's, one set a market.

        Returns
        -------
        list of Path
            One a market, in that order.
        """
        return [self._store.path(one.venue, one.symbol, one.timeframe, one.origin) for one in candles]

    def take_anew(self, candles: Sequence[Candles]) -> Sequence[Candles]:
        """Forget what was seen: a new run begins with the candles as they are now.

        Parameters
        ----------
        candles : sequence of Candles
            The feed's, one set a market.

        Returns
        -------
        sequence of Candles
            The same, stored.
        """
        for path, one in zip(self.paths(candles), candles, strict=True):
            path.unlink(missing_ok=True)
            self._known[path] = self._store.add(one)
        self._told.clear()
        return candles

    def follow(self, candles: Sequence[Candles]) -> Sequence[Candles]:
        """Take in candles that are new, durably, and return everything as it was first seen.

        Parameters
        ----------
        candles : sequence of Candles
            The feed's, one set a market.

        Returns
        -------
        sequence of Candles
            In the same order; the very same object as before for a market without a new candle.
        """
        return [self._followed(path, one) for path, one in zip(self.paths(candles), candles, strict=True)]

    def _followed(self, path: Path, candles: Candles) -> Candles:
        if path not in self._known:
            labels = candles.venue, candles.symbol, candles.timeframe, candles.origin
            self._known[path] = self._store.read(*labels) if path.exists() else self._store.add(candles)
        known = self._known[path]
        past = int(np.searchsorted(candles.timestamp, known.timestamp[-1], side="right"))
        self._compare(path, known, candles, past)
        if past < len(candles):
            self._store.append(candles[past:])
            self._known[path] = known.followed_by(candles[past:])
        return self._known[path]

    def _compare(self, path: Path, known: Candles, candles: Candles, past: int) -> None:
        """Tell how the past of the feed's candles differs, once."""
        said = _difference(known, candles, past)
        if said and said != self._told.get(path):
            self._on_change(candles, said)
        self._told[path] = said


def _difference(known: Candles, candles: Candles, past: int) -> str:
    """Return in words how the first candles of a set differ from known ones; empty if they do not."""
    if past and candles[:past] == known:
        return ""
    _, here, there = np.intersect1d(candles.timestamp[:past], known.timestamp, assume_unique=True, return_indices=True)
    changed = np.zeros(len(here), dtype=bool)
    for name in COLUMNS:
        changed |= getattr(candles, name)[here] != getattr(known, name)[there]
    counts = {"corrected": int(changed.sum()), "added": past - len(here), "taken away": len(known) - len(there)}
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)

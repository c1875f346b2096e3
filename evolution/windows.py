"""Windows: the candles of a run, cut so that selection sees no more than it may."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np

import backtest
import strategies
from evolution.errors import SettingsError
from evolution.fold_objective import FoldObjective, FoldSettings
from evolution.objective import Market
from evolution.space import Space
from evolution.species import Species
from evolution.walk_forward import WalkForward
from market import Candles

__all__ = ["MOST_BARS", "Windows"]

MOST_BARS = 40_000


class Windows:
    """The markets of a run, whole and as each window trains on them.

    A window has an index, from 0, and a label, which is what the state of a run remembers of it. The windows of the
    plan come first; they cut the candles that there were when the run began, and their label is the index (empty for
    the first one). Afterwards candles may be added (`extend`), and each window that `open_live` opens trains on those
    that were closed at a time, the newest `most_bars` of each market: its label is ``INDEX@TIME``, ms UTC.

    Parameters
    ----------
    candles : sequence of Candles
        One set a market.
    costs : Costs or None
        What trading costs; the defaults of `backtest` when None.
    plan : WalkForward or None
        Which bars select and which test; by default one that suits the shortest market.
    folds : FoldSettings or None
        How training candles become fitness; the defaults when None.
    n_bars : mapping of (symbol, timeframe) to int, optional
        How many candles of each market there were when the run began; by default all of them.
    most_bars : int
        How many candles a live window trains on at most, or as many as there were when the run began where these are
        more: without a bound a generation would cost more from day to day.

    Raises
    ------
    SettingsError
        If there is no market, one comes twice, or one has too few candles for the folds of the first window.
    """

    def __init__(
        self,
        candles: Sequence[Candles],
        costs: backtest.Costs | None = None,
        plan: WalkForward | None = None,
        folds: FoldSettings | None = None,
        n_bars: Mapping[Market, int] | None = None,
        most_bars: int = MOST_BARS,
    ) -> None:
        self.candles: Mapping[Market, Candles] = {(one.symbol, one.timeframe): one for one in candles}
        if not candles or len(self.candles) != len(candles):
            raise SettingsError(f"a run needs at least one market and each once, had {len(candles)} candle sets")
        self.costs = backtest.Costs() if costs is None else costs
        self.n_bars = {market: len(one) for market, one in self.candles.items()} if n_bars is None else dict(n_bars)
        self._most_bars = most_bars
        self.plan = WalkForward.for_bars(min(self.n_bars.values())) if plan is None else plan
        self.folds = FoldSettings() if folds is None else folds
        for market in self.candles:
            needed, stop = 4 * self.folds.folds, self.plan.train_stop(self.n_bars[market], 0)
            if stop < needed:
                raise SettingsError(
                    f"{' '.join(market)} must have {needed} candles to train on ({self.folds.folds} folds), "
                    f"had {stop}; give more candles"
                )
        self.spaces: dict[str | Species, Space] = {
            Species(kind, *market): Space.of(strategies.get(kind))
            for market in self.candles
            for kind in strategies.available()
        }
        self._live: dict[int, int] = {}
        self._prepared: dict[int | None, dict[Market, backtest.PreparedCandles]] = {}

    @property
    def objective_hash(self) -> str:
        """SHA-256 (hex) of the plan and of the folds: how these candles become fitness."""
        described = {"plan": self.plan.describe(), "folds": self.folds.describe()}
        return hashlib.sha256(json.dumps(described, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def closed(self) -> int:
        """Time until which the candles of every market are closed, ms UTC."""
        return min(one.close_time for one in self.candles.values())

    def index(self, label: str) -> int:
        """Return the index of a window, and remember when it was opened if it is a live one.

        Parameters
        ----------
        label : str
            Of a window of this run.

        Returns
        -------
        int
            From 0.
        """
        number, is_live, time = label.partition("@")
        index = int(number or 0)
        if is_live:
            self._live[index] = int(time)
        return index

    def extend(self, candles: Sequence[Candles]) -> None:
        """Take in candles that have closed since.

        Parameters
        ----------
        candles : sequence of Candles
            Every market of the run, from its first candle to the newest one.

        Raises
        ------
        SettingsError
            If a market is missing, or past candles have changed: scores would belong to prices that are gone.
        """
        newer = {(one.symbol, one.timeframe): one for one in candles}
        for market, present in self.candles.items():
            if market not in newer:
                raise SettingsError(f"a run that goes on needs candles of {' '.join(market)}; it was given none")
            if newer[market][: len(present)] != present:
                raise SettingsError(
                    f"past candles of {' '.join(market)} must not change while a run goes on, did; start a new run"
                )
        if any(len(newer[market]) > len(present) for market, present in self.candles.items()):
            self.candles = {market: newer[market] for market in self.candles}
            self._prepared.clear()

    def is_stale(self, window: int) -> bool:
        """Return whether every market has candles that a window of the present could train on and does not.

        Parameters
        ----------
        window : int
            A live one, or the last one of the plan, which trains on less than there was by intent.

        Returns
        -------
        bool
            False while one market has no new candle.
        """
        if window in self._live:
            known = {market: self.train_stop(market, window) for market in self.candles}
        else:
            known = self.n_bars
        return all(len(one) > known[market] for market, one in self.candles.items())

    def open_live(self, following: int) -> str:
        """Open a window that trains on what is closed now.

        Parameters
        ----------
        following : int
            Its index.

        Returns
        -------
        str
            Its label.
        """
        label = f"{max(following, self.plan.spans)}@{self.closed}"
        self.index(label)
        return label

    @property
    def whole(self) -> dict[Market, backtest.PreparedCandles]:
        """All candles, prepared: for evidence, never for selection."""
        return self._cut(None)

    def training(self, window: int) -> dict[Market, backtest.PreparedCandles]:
        """Return the candles that a window trains on, and no bar later.

        Parameters
        ----------
        window : int
            From 0.

        Returns
        -------
        dict of (symbol, timeframe) to PreparedCandles
            With the columns of every strategy type, made of these bars alone.
        """
        return self._cut(window)

    def train_start(self, market: Market, window: int) -> int:
        """Return the first bar of a market that a window trains on."""
        if window not in self._live:
            return 0
        return max(self.train_stop(market, window) - max(self.n_bars[market], self._most_bars), 0)

    def train_stop(self, market: Market, window: int) -> int:
        """Return the first bar of a market that a window does not see."""
        if window in self._live:
            one = self.candles[market]
            return int(np.searchsorted(one.timestamp, self._live[window] - one.timeframe_ms, side="right"))
        return self.plan.train_stop(self.n_bars[market], window)

    def objective(self, window: int) -> FoldObjective:
        """Return what scores candidates in a window."""
        spaces = {species: space for species, space in self.spaces.items() if isinstance(species, Species)}
        return FoldObjective(self.training(window), spaces, self.costs, self.folds)

    def _cut(self, window: int | None) -> dict[Market, backtest.PreparedCandles]:
        if window not in self._prepared:
            for other in [kept for kept in self._prepared if kept is not None]:
                del self._prepared[other]  # one window at a time is trained on
            types = strategies.available()
            self._prepared[window] = {
                market: backtest.prepare(one if window is None else one[self._trained(market, window)], types)
                for market, one in self.candles.items()
            }
        return self._prepared[window]

    def _trained(self, market: Market, window: int) -> slice:
        return slice(self.train_start(market, window), self.train_stop(market, window))

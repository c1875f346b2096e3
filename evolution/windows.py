"""Windows: the candles of a run, cut so that selection sees no more than it may."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import backtest
import strategies
from evolution.errors import SettingsError
from evolution.fold_objective import FoldObjective, FoldSettings
from evolution.objective import Market
from evolution.space import Space
from evolution.species import Species
from evolution.walk_forward import WalkForward
from market import Candles

__all__ = ["Windows"]


class Windows:
    """The markets of a run, whole and as each window trains on them.

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
    ) -> None:
        self.candles: Mapping[Market, Candles] = {(one.symbol, one.timeframe): one for one in candles}
        if not candles or len(self.candles) != len(candles):
            raise SettingsError(f"a run needs at least one market and each once, had {len(candles)} candle sets")
        self.costs = backtest.Costs() if costs is None else costs
        self.plan = WalkForward.for_bars(min(map(len, candles))) if plan is None else plan
        self.folds = FoldSettings() if folds is None else folds
        for market in self.candles:
            needed, stop = 4 * self.folds.folds, self.train_stop(market, 0)
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
        self._prepared: dict[int | None, dict[Market, backtest.PreparedCandles]] = {}

    @property
    def objective_hash(self) -> str:
        """SHA-256 (hex) of the plan and of the folds: how these candles become fitness."""
        described = {"plan": self.plan.describe(), "folds": self.folds.describe()}
        return hashlib.sha256(json.dumps(described, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def whole(self) -> dict[Market, backtest.PreparedCandles]:
        """All candles, prepared: for evidence, never for selection."""
        return self._cut(None)

    def training(self, window: int) -> dict[Market, backtest.PreparedCandles]:
        """Return the candles that a window trains on, and no bar more.

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

    def train_stop(self, market: Market, window: int) -> int:
        """Return the first bar of a market that a window does not see."""
        return self.plan.train_stop(len(self.candles[market]), window)

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
                market: backtest.prepare(one if window is None else one[: self.train_stop(market, window)], types)
                for market, one in self.candles.items()
            }
        return self._prepared[window]

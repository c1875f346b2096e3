"""What a run was asked to do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backtest import Costs

__all__ = ["RunSettings"]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run was asked to do; stored with it, so that it can go on by its id alone.

    Attributes
    ----------
    candles : tuple of str
        Absolute paths of the candle files.
    symbol, timeframe : str or None
        What the user said where the file does not.
    population, generations, seed : int
        Of the evolution.
    fee_bps, slippage_bps : float
        Costs of a fill.
    target_score : float or None
        Fitness that ends the run early.
    patience : int or None
        Generations without improvement that end the run early.
    holdout : tuple of str
        Absolute paths of the holdout files.
    walk_forward, fitness : mapping or None
        `WalkForward` and `FoldSettings` as JSON values; None for the defaults of this version.
    forever : bool
        Whether it goes on with every candle that closes.
    interval_s : float or None
        Pause after each generation of such a run; None for what is configured.
    generations_per_window : int
        Generations on the same candles of such a run, at most.
    n_bars : mapping or None
        Candles of each market ("SYMBOL TIMEFRAME") when the run began; None for all of them.
    """

    candles: tuple[str, ...]
    symbol: str | None
    timeframe: str | None
    population: int
    generations: int
    seed: int
    fee_bps: float
    slippage_bps: float
    target_score: float | None
    patience: int | None = None
    holdout: tuple[str, ...] = ()
    walk_forward: Mapping[str, Any] | None = None
    fitness: Mapping[str, Any] | None = None
    forever: bool = False
    interval_s: float | None = None
    generations_per_window: int = 50
    n_bars: Mapping[str, int] | None = None

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> "RunSettings":
        """Return the settings that `RunRepository` stored.

        Parameters
        ----------
        values : mapping
            JSON values, written by `describe`.

        Returns
        -------
        RunSettings
            As the run was started.
        """
        return cls(**{**values, "candles": tuple(values["candles"]), "holdout": tuple(values.get("holdout", ()))})

    def describe(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return {**asdict(self), "candles": list(self.candles), "holdout": list(self.holdout)}

    @property
    def costs(self) -> Costs:
        """Fee and slippage."""
        return Costs(self.fee_bps, self.slippage_bps)

    @property
    def paths(self) -> list[Path]:
        """The candle files."""
        return [Path(path) for path in self.candles]

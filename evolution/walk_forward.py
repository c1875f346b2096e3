"""Walk-forward: which bars select strategies, and which test them afterwards."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evolution.errors import SettingsError

__all__ = ["WalkForward"]


@dataclass(frozen=True, slots=True)
class WalkForward:
    """Windows that grow: each one trains on everything before its test span; part of a run's identity.

    A run begins in window 0 and rolls on after the generations that `rolls` names. Whoever is frozen at the end of
    window w was selected on bars before ``train_stop(w)`` alone; everything from there to the last bar tests it.

    Attributes
    ----------
    first : float
        Share of the bars that the first window trains on, 0..1.
    spans : int
        Test spans of equal length that the rest is cut into; 0 trains on everything and tests nothing.
    rolls : tuple of int
        Generations after which the window rolls on: ascending, one fewer than there are spans.
    fewest_bars : int
        Bars below which out-of-sample evidence is not worth its name.

    Raises
    ------
    SettingsError
        If one is out of its bounds.

    References
    ----------
    Pardo, R. (2008). "The Evaluation and Optimization of Trading Strategies", chapter 11: walk-forward analysis, here
    anchored at the first bar.

    Examples
    --------
    >>> plan = WalkForward()
    >>> [plan.train_stop(8_000, window) for window in range(plan.spans)]
    [4000, 5000, 6000, 7000]
    """

    first: float = 0.5
    spans: int = 4
    rolls: tuple[int, ...] = (4, 6, 8)
    fewest_bars: int = 1000

    def __post_init__(self) -> None:
        object.__setattr__(self, "rolls", tuple(self.rolls))
        if not 0.0 < self.first < 1.0:
            raise SettingsError(f"the first window must be a share in (0, 1), was {self.first}")
        for name in ("spans", "fewest_bars"):
            value = getattr(self, name)
            if not isinstance(value, int):
                raise SettingsError(f"{name} must be a whole number, was {value}")
            if value < 0:
                raise SettingsError(f"{name} must be at least 0, was {value}")
        if not all(isinstance(generation, int) for generation in self.rolls):
            raise SettingsError(f"rolls must be whole numbers, was {self.rolls}")
        if list(self.rolls) != sorted(set(self.rolls)) or len(self.rolls) != max(self.spans - 1, 0):
            raise SettingsError(
                f"rolls must be ascending generations, one fewer than the {self.spans} spans, was {self.rolls}"
            )
        if self.rolls and self.rolls[0] < 1:
            raise SettingsError(f"the first roll must come after generation 1 or later, was {self.rolls[0]}")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "WalkForward":
        """Return the plan that `describe` wrote."""
        return cls(**values)

    @classmethod
    def for_bars(cls, n_bars: int) -> "WalkForward":
        """Return the plan for the shortest market of a run.

        Parameters
        ----------
        n_bars : int
            Its bars.

        Returns
        -------
        WalkForward
            The default, or one without test spans where bars are too few.
        """
        plan = cls()
        return plan if n_bars >= plan.fewest_bars else cls(spans=0, rolls=())

    def describe(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {**asdict(self), "rolls": list(self.rolls)}

    @property
    def hash(self) -> str:
        """SHA-256 of its canonical JSON, hexadecimal."""
        return hashlib.sha256(json.dumps(self.describe(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def train_stop(self, n_bars: int, window: int) -> int:
        """Return where the training of a window ends.

        Parameters
        ----------
        n_bars : int
            Bars of the market.
        window : int
            From 0.

        Returns
        -------
        int
            Selection sees bars ``t <`` this one only; the window's test span begins with it.
        """
        if not self.spans:
            return n_bars
        start = int(self.first * n_bars)
        return start + (n_bars - start) * min(window, self.spans) // self.spans

    def last_generation(self, window: int) -> int | None:
        """Return the generation after which a window rolls on.

        Parameters
        ----------
        window : int
            From 0.

        Returns
        -------
        int or None
            None for the last window, which lasts.
        """
        return self.rolls[window] if window < len(self.rolls) else None

"""The moods of a synthetic market, and how it changes between them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.errors import UnknownNameError

Uniforms = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Regime:
    """One mood of the market.

    Attributes
    ----------
    name : str
        What it is called in `REGIMES` and in labels.
    mean_days : float
        How long it lasts on average; the time is geometric, so the chain is Markov.
    weight : float
        How likely it follows another, relative to the others.
    drift_per_day : float
        Mean return of a day, dimensionless; of either sign, drawn anew for each spell, where `two_sided`.
    two_sided : bool
        Whether a spell may drift either way.
    volatility : float
        Multiple of the market's usual volatility.
    reversion : float
        Share of a bar's standard deviation that is a temporary displacement, undone within hours.
    """

    name: str
    mean_days: float
    weight: float
    drift_per_day: float
    two_sided: bool
    volatility: float
    reversion: float


TREND = Regime("trend", mean_days=12.0, weight=0.40, drift_per_day=0.004, two_sided=True, volatility=1.0, reversion=0.0)
MEAN_REVERSION = Regime(
    "mean_reversion", mean_days=9.0, weight=0.52, drift_per_day=0.0, two_sided=False, volatility=0.8, reversion=0.3
)
CRASH = Regime(
    "crash", mean_days=0.75, weight=0.08, drift_per_day=-0.10, two_sided=False, volatility=2.5, reversion=0.0
)

REGIMES = (TREND, MEAN_REVERSION, CRASH)
"""Every regime; labels are positions in this tuple."""

REGIME_NAMES = tuple(each.name for each in REGIMES)
"""What they are called."""


def regimes_named(names: Iterable[str]) -> tuple[Regime, ...]:
    """Return regimes by name.

    Parameters
    ----------
    names : iterable of str
        Names out of `REGIMES`, at least one.

    Returns
    -------
    tuple of Regime
        In the order of `REGIMES`, each once.

    Raises
    ------
    UnknownNameError
        If a name is not one of them, or there is none.
    """
    wanted = set(names)
    known = [regime.name for regime in REGIMES]
    if not wanted or not wanted <= set(known):
        raise UnknownNameError(
            f"regimes must be some of {', '.join(known)}; were {', '.join(sorted(wanted)) or 'none'}"
        )
    return tuple(regime for regime in REGIMES if regime.name in wanted)


def spell_bars(regime: Regime, bar_days: float) -> float:
    """Return how many bars a spell lasts on average, at least one."""
    return max(1.0, regime.mean_days / bar_days)


def drift_per_bar(regime: Regime, bar_days: float) -> float:
    """Return the drift of one bar; a bar longer than a spell drifts for the spell only."""
    return regime.drift_per_day * min(bar_days, regime.mean_days)


def mean_drift_per_bar(regimes: Sequence[Regime], bar_days: float) -> float:
    """Return the drift of a bar in the long run, in which two-sided regimes cancel out."""
    spans = [regime.weight * spell_bars(regime, bar_days) for regime in regimes]
    drifts = [0.0 if regime.two_sided else drift_per_bar(regime, bar_days) for regime in regimes]
    return sum(span * drift for span, drift in zip(spans, drifts, strict=True)) / sum(spans)


def walk(
    regimes: Sequence[Regime], bar_days: float, leave: Uniforms, choose: Uniforms, side: Uniforms
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
    """Walk the Markov chain: at each bar the spell ends with chance 1 / mean length, and the next is drawn by weight.

    The next one may be of the same regime again, with a side of its own.

    Parameters
    ----------
    regimes : sequence of Regime
        Those that may occur.
    bar_days : float
        Length of a bar in days.
    leave, choose, side : ndarray of float64, shape (n_bars,)
        Independent uniforms in [0, 1); bar t reads row t only, so a longer walk starts with the shorter one.

    Returns
    -------
    labels : ndarray of int8, shape (n_bars,)
        Position in `regimes` of each bar's regime.
    drift : ndarray of float64, shape (n_bars,)
        Drift of each bar, dimensionless.
    """
    chances = [1.0 / spell_bars(regime, bar_days) for regime in regimes]
    candidates = np.flatnonzero(leave < max(chances))
    starts, labels, drifts = [0], [_drawn(regimes, float(choose[0]))], []
    drifts.append(_sided_drift(regimes[labels[0]], bar_days, float(side[0])))
    for bar in candidates.tolist():
        if bar and leave[bar] < chances[labels[-1]]:
            starts.append(bar)
            labels.append(_drawn(regimes, float(choose[bar])))
            drifts.append(_sided_drift(regimes[labels[-1]], bar_days, float(side[bar])))
    lengths = np.diff([*starts, len(leave)])
    return np.repeat(np.array(labels, dtype=np.int8), lengths), np.repeat(np.array(drifts), lengths)


def _drawn(regimes: Sequence[Regime], uniform: float) -> int:
    rest = uniform * sum(regime.weight for regime in regimes)
    for position, regime in enumerate(regimes):
        rest -= regime.weight
        if rest < 0:
            return position
    return len(regimes) - 1


def _sided_drift(regime: Regime, bar_days: float, uniform: float) -> float:
    drift = drift_per_bar(regime, bar_days)
    return -drift if regime.two_sided and uniform < 0.5 else drift

"""Grades: what stands between a strategy and real money, in words.

Real money needs grade A; B only by an operator's explicit override; everything else trades on paper (DESIGN section 4).
"""

import math
from dataclasses import dataclass

from backtest.errors import EvidenceError

__all__ = ["Evidence", "Grade", "GradeRule", "Requirement", "grade", "requirements"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a strategy on bars that its selection never saw; NaN where nothing is.

    Attributes
    ----------
    oos_scs : float
        SCS out of sample, 0..100.
    oos_trades : int
        Trades entered and left out of sample.
    excess : float
        Annualised return beyond buy-and-hold at equal mean exposure, as a fraction (`excess_over_buy_and_hold`).
    psr : float
        Probabilistic Sharpe ratio of the out-of-sample returns, 0..1.
    dsr : float
        Sharpe ratio deflated by the effective number of trials, 0..1.
    """

    oos_scs: float = math.nan
    oos_trades: int = 0
    excess: float = math.nan
    psr: float = math.nan
    dsr: float = math.nan


@dataclass(frozen=True, slots=True)
class GradeRule:
    """What evidence must reach.

    Attributes
    ----------
    oos_scs : float
        `real_trading_threshold` of the configuration.
    oos_trades : int
        `min_oos_trades` of the configuration.
    confidence : float
        For PSR and DSR.

    Raises
    ------
    EvidenceError
        If a value is out of its bounds.
    """

    oos_scs: float = 65.0
    oos_trades: int = 30
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if not 0.0 <= self.oos_scs <= 100.0:
            raise EvidenceError(f"the threshold of oos_scs must be in [0, 100], was {self.oos_scs}")
        if self.oos_trades < 1:
            raise EvidenceError(f"the least number of out-of-sample trades must be at least 1, was {self.oos_trades}")
        if not 0.5 < self.confidence < 1.0:
            raise EvidenceError(f"confidence must be in (0.5, 1), was {self.confidence}")


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade and why it is no better.

    Attributes
    ----------
    letter : {"A", "B", "C"}
        The grade.
    missing : tuple of str
        Everything that stands between it and the next grade, the first obstacle first; empty for A.
    """

    letter: str
    missing: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The grade and its first obstacle: ``"C: 12 out-of-sample trades, needs 30"``."""
        return f"{self.letter}: {self.missing[0] if self.missing else 'all evidence is there'}"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that grades ask of evidence.

    Attributes
    ----------
    name : str
        What is asked for: the name of an attribute of `Evidence`.
    label : str
        The same in words.
    grades : {"AB", "A", "B"}
        Which grades ask for it.
    value : float
        What the evidence shows; NaN where it shows nothing.
    shown : str
        The value in words, rounded down, so that what just misses a bound does not look as if it reached it.
    needed : float
        The bound.
    met : bool
        Whether the bound is reached.
    missing : str
        What is said where it is not: ``"12 out-of-sample trades, needs 30"``.
    """

    name: str
    label: str
    grades: str
    value: float
    shown: str
    needed: float
    met: bool
    missing: str


def requirements(evidence: Evidence, rule: GradeRule | None = None) -> tuple[Requirement, ...]:
    """Return everything that grades ask for and how evidence stands to it, in the order of the obstacles.

    Parameters
    ----------
    evidence : Evidence
        Of one strategy.
    rule : GradeRule, optional
        What must be reached; the defaults of the design unless given.

    Returns
    -------
    tuple of Requirement
        Five. Those of grades A and B, then PSR for B, and DSR for A.

    Examples
    --------
    >>> found = requirements(Evidence(oos_scs=71.0, oos_trades=12, excess=0.2, psr=0.99, dsr=0.61))
    >>> [one.name for one in found if not one.met]
    ['oos_trades', 'dsr']
    """
    rule = GradeRule() if rule is None else rule
    trades, score = evidence.oos_trades, _shown(evidence.oos_scs, 1, rule.oos_scs)
    excess = _shown(evidence.excess, 4, 0.0)
    psr, dsr = (_shown(value, 3, rule.confidence) for value in (evidence.psr, evidence.dsr))
    return (
        Requirement(
            name="oos_trades",
            label="out-of-sample trades",
            grades="AB",
            value=trades,
            shown=f"{trades}",
            needed=rule.oos_trades,
            met=trades >= rule.oos_trades,
            missing=f"{trades} out-of-sample trades, needs {rule.oos_trades}",
        ),
        Requirement(
            name="oos_scs",
            label="out-of-sample score",
            grades="AB",
            value=evidence.oos_scs,
            shown=score,
            needed=rule.oos_scs,
            met=evidence.oos_scs >= rule.oos_scs,
            missing=f"out-of-sample score {score}, needs {rule.oos_scs:g}",
        ),
        Requirement(
            name="excess",
            label="excess over buy-and-hold, a year",
            grades="AB",
            value=evidence.excess,
            shown=excess,
            needed=0.0,
            met=evidence.excess > 0.0,
            missing=f"excess over buy-and-hold {excess} a year, needs more than 0",
        ),
        Requirement(
            name="psr",
            label="probabilistic Sharpe ratio",
            grades="B",
            value=evidence.psr,
            shown=psr,
            needed=rule.confidence,
            met=evidence.psr >= rule.confidence,
            missing=f"probabilistic Sharpe ratio {psr}, needs {rule.confidence:g}",
        ),
        Requirement(
            name="dsr",
            label="deflated Sharpe ratio",
            grades="A",
            value=evidence.dsr,
            shown=dsr,
            needed=rule.confidence,
            met=evidence.dsr >= rule.confidence,
            missing=f"deflated Sharpe ratio {dsr}, needs {rule.confidence:g}",
        ),
    )


def grade(evidence: Evidence, rule: GradeRule | None = None) -> Grade:
    """Return the grade that evidence earns; what is undefined earns nothing.

    Parameters
    ----------
    evidence : Evidence
        Of one strategy, of real origin on the venue that it would trade on.
    rule : GradeRule, optional
        What must be reached; the defaults of the design unless given.

    Returns
    -------
    Grade
        A, B or C with the reason.

    Examples
    --------
    >>> grade(Evidence(oos_scs=71.0, oos_trades=12, excess=0.2, psr=0.99, dsr=0.97)).reason
    'C: 12 out-of-sample trades, needs 30'
    >>> grade(Evidence(oos_scs=71.0, oos_trades=44, excess=0.2, psr=0.99, dsr=0.61)).reason
    'B: deflated Sharpe ratio 0.610, needs 0.95'
    """
    if evidence.oos_trades == 0 and math.isnan(evidence.oos_scs):
        return Grade("C", ("no out-of-sample evidence yet",))
    *both, psr, dsr = requirements(evidence, rule)
    missing = tuple(one.missing for one in both if not one.met)
    if not (psr.met or dsr.met):
        missing += (psr.missing,)
    if missing:
        return Grade("C", missing)
    return Grade("A", ()) if dsr.met else Grade("B", (dsr.missing,))


def _shown(value: float, digits: int, bound: float) -> str:
    """Round as every table does, but down where what just misses a bound would look as if it reached it."""
    if math.isnan(value):
        return "undefined"
    if abs(value) >= 1e9:
        return f"{value:g}"
    nearest = f"{value:.{digits}f}"
    if value < bound <= float(nearest):
        return f"{math.floor(value * 10**digits) / 10**digits:.{digits}f}"
    return nearest

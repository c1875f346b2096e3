"""The errors of this package: every one is the user's to mend.

::

    BacktestError (ValueError)
    ├── CostError          a fee or slippage is out of bounds
    ├── EvidenceError      returns or trial counts that no statistic is defined for, or a library it needs
    ├── FundingError       funding rates that cannot be applied
    └── ScoreError         numbers that cannot be scored
"""

__all__ = ["BacktestError", "CostError", "EvidenceError", "FundingError", "ScoreError"]


class BacktestError(ValueError):
    """Root of the mistakes a user can make when asking for a backtest."""


class CostError(BacktestError):
    """A cost is outside its valid values."""


class EvidenceError(BacktestError):
    """Input of a statistic of evidence is malformed, or the library that computes it is missing."""


class FundingError(BacktestError):
    """Funding times or rates are malformed."""


class ScoreError(BacktestError):
    """Statistics are not finite or impossible."""

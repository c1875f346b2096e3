"""The errors of this package: every one is the user's to mend.

::

    BacktestError (ValueError)
    ├── CostError          a fee or slippage is out of bounds
    ├── FundingError       funding rates that cannot be applied
    └── ScoreError         numbers that cannot be scored
"""

__all__ = ["BacktestError", "CostError", "FundingError", "ScoreError"]


class BacktestError(ValueError):
    """Root of the mistakes a user can make when asking for a backtest."""


class CostError(BacktestError):
    """A cost is outside its valid values."""


class FundingError(BacktestError):
    """Funding times or rates are malformed."""


class ScoreError(BacktestError):
    """Statistics are not finite or impossible."""

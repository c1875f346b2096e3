"""The errors of this package: every one is the user's to mend.

::

    StrategyError (ValueError)
    ├── UnknownStrategyError      no strategy type of that name
    └── ParameterError            a parameter is unknown, missing or out of bounds
"""

import difflib
from collections.abc import Iterable

__all__ = ["ParameterError", "StrategyError", "UnknownStrategyError", "nearest"]


class StrategyError(ValueError):
    """Root of the mistakes a user can make when naming or parameterising a strategy."""


class UnknownStrategyError(StrategyError):
    """No strategy type has this name."""


class ParameterError(StrategyError):
    """A parameter is unknown, missing, or outside its valid values."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that names what the user probably meant.

    Parameters
    ----------
    word : str
        The unknown name.
    known : iterable of str
        The names that exist.

    Returns
    -------
    str
        ``'did you mean "x"?'`` for a close match, else the list of known names.
    """
    known = sorted(known)
    match = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    return f'did you mean "{match[0]}"?' if match else f"known: {', '.join(known) or 'none'}"

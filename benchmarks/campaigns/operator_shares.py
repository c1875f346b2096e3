"""Shares of the operators that differ from the defaults in one operator."""

from evolution import Settings

__all__ = ["shares_with"]


def shares_with(operator: str, share: float, instead_of: str | None = None) -> dict[str, float]:
    """Return the default shares of the operators with a share for one more.

    Parameters
    ----------
    operator : str
        Name of an operator without a share by default.
    share : float
        Of all children; 0 for none.
    instead_of : str or None
        Who gives it; None lets all others give in proportion.

    Returns
    -------
    dict of str to float
        They sum to 1.
    """
    defaults = dict(Settings().shares)
    if not share:
        return defaults
    if instead_of is None:
        return {**{name: value * (1.0 - share) for name, value in defaults.items()}, operator: share}
    return {**defaults, instead_of: defaults[instead_of] - share, operator: share}

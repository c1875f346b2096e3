"""The routes of INTERFACES that come with later parts of the desk: an unknown route is told from one not there yet.

A file in `cluster.api.routes` that answers one of these paths is all it takes: the table is asked only after every
route was tried.
"""

import re

__all__ = ["arrives_with"]

_LATER = tuple(
    (re.compile(pattern), part)
    for pattern, part in (
        (r"/api/quantitative/signals", "trading"),
        (r"/api/account(/.*)?", "trading"),
        (r"/api/market/books", "order books"),
        (r"/api/arbitrage(/.*)?", "arbitrage"),
        (r"/api/rwa(/.*)?", "RWA hub (it has its own port, EVOQ_RWA_PORT, 9000 by default)"),
    )
)


def arrives_with(path: str) -> str | None:
    """Return which part of the desk a path belongs to that is not there yet.

    Parameters
    ----------
    path : str
        Of the request.

    Returns
    -------
    str or None
        Such as "trading"; None for a path that nobody has promised.
    """
    return next((part for pattern, part in _LATER if pattern.fullmatch(path.rstrip("/"))), None)

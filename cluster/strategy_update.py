"""What is pushed of a strategy: its state as it is in the database, or that it has gone."""

from collections.abc import Mapping
from typing import Any

from storage.strategy_overview import STATE_COLUMNS

__all__ = ["has_gone", "strategy_gone", "strategy_update"]

_GONE = "gone"  # no state of the roster: the database has no such row any more


def strategy_update(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a `strategy_update`.

    Parameters
    ----------
    row : mapping
        Of the table `strategies`.

    Returns
    -------
    dict
        Weight and profit are null until there is trading.
    """
    return {**{name: row[name] for name in STATE_COLUMNS}, "weight": None, "pnl_day": None}


def strategy_gone(strategy: str) -> dict[str, Any]:
    """Return the data of the last `strategy_update` of a strategy.

    Parameters
    ----------
    strategy : str
        Its id.

    Returns
    -------
    dict
        In the state "gone", which is all that is left to say.
    """
    return strategy_update(dict.fromkeys(STATE_COLUMNS) | {"id": strategy, "state": _GONE, "enabled": False})


def has_gone(data: Mapping[str, Any]) -> bool:
    """Tell whether an update says that there is no such strategy any more.

    Parameters
    ----------
    data : mapping
        Of a `strategy_update`.

    Returns
    -------
    bool
        Whether its state is "gone".
    """
    return data.get("state") == _GONE

"""Alerts of a desk: stored first, then told to whoever listens, in the row that the API shows."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from cluster.bus import Bus
from cluster.milliseconds import milliseconds
from storage import AlertRepository

__all__ = ["Alerts", "shown_alert"]

_SHOWN = ("id", "severity", "code", "message", "target", "count", "acked_by", "open")
_TIMES = ("ts", "acked_at", "last_ts", "resolved_at")
_HAPPENED = frozenset({"candles_changed", "candles_made_anew", "run_left"})
"""What happened once and is no state that could end: it is over when somebody has seen it."""


def shown_alert(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alert as people and programs see it.

    Parameters
    ----------
    row : mapping
        All columns of the table `alerts`.

    Returns
    -------
    dict
        Without what is the database's own; times are whole ms UTC.
    """
    times = {name: None if row[name] is None else milliseconds(row[name]) for name in _TIMES}
    return {name: row[name] for name in _SHOWN} | times


class Alerts:
    """Raises, closes and acknowledges alerts, and tells of each change.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    bus : Bus
        Gets `alert` whenever one has changed: also when it has ended.
    """

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self._stored = AlertRepository(engine)
        self._bus = bus

    def raise_(self, code: str, severity: str, message: str, target: str | None = None) -> None:
        """Raise an alert; one that is open counts up.

        Parameters
        ----------
        code, severity, message, target : str
            As for `AlertRepository.raise_`.
        """
        self._tell(self._stored.raise_(code, severity, message, target))

    def resolve(self, code: str, target: str | None = None) -> None:
        """Close an alert, if it is open.

        Parameters
        ----------
        code, target : str
            As it was raised.
        """
        row = self._stored.resolve(code, target)
        if row is not None:
            self._tell(row)

    def ack(self, alert: int, by: str, role: str) -> Mapping[str, Any]:
        """Say that somebody has seen an alert; whoever said so first stays its reader.

        An alert of something that happened once is over with that; one of a state stays open as long as the state.

        Parameters
        ----------
        alert : int
            Its id.
        by, role : str
            Who, and in which role.

        Returns
        -------
        mapping
            All columns of the table `alerts`.
        """
        row = self._stored.ack(alert, by, role=role)
        if row["open"] and row["code"] in _HAPPENED:
            row = self._stored.resolve(row["code"], row["target"]) or row
        self._tell(row)
        return row

    def _tell(self, row: Mapping[str, Any]) -> None:
        self._bus.publish("alert", shown_alert(row))

"""Clients of the desk, one pair a signed-in session; viewers with the same session share it."""

import functools
import threading
from collections import OrderedDict
from dataclasses import dataclass

from ui.client import Client, connect

__all__ = ["Connection", "Connections", "connections"]

_MOST_OPEN = 64
_QUICK_S = 4.0
_PATIENT_S = 30.0


@dataclass(frozen=True, slots=True)
class Connection:
    """How one session talks with the desk.

    Attributes
    ----------
    quick : Client
        For what is shown: it soon says that the desk does not answer.
    patient : Client
        For what is computed on demand, and for what is changed.
    """

    quick: Client
    patient: Client

    def close(self) -> None:
        """Give the connections back."""
        self.quick.close()
        self.patient.close()


class Connections:
    """The connections of this process; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str | None, str], Connection] = OrderedDict()

    def of(self, api_url: str | None, token: str) -> Connection:
        """Return the connection of a session; the one that was used least is forgotten where there are too many.

        Parameters
        ----------
        api_url : str or None
            Of the desk's HTTP API; None for the desk of this machine.
        token : str
            Of the session. A `SettingError` says where it can be none.

        Returns
        -------
        Connection
            Nothing is asked yet.
        """
        name = (api_url, token)
        with self._lock:
            found = self._open.get(name)
            if found is None:
                quick = connect(api_url, token, patience_s=_QUICK_S)
                found = self._open[name] = Connection(quick, connect(api_url, token, patience_s=_PATIENT_S))
            self._open.move_to_end(name)
            if len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)  # whoever looks through it goes on; it closes when nobody does
            return found

    def close(self) -> None:
        """Close all."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()


@functools.cache
def connections() -> Connections:
    """Return the connections of this process."""
    return Connections()

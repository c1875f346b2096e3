"""What a page is given: the desk, the viewer's language, zone and role, and what the desk last said."""

import logging
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar, overload
from zoneinfo import ZoneInfo

import streamlit as st

from ui.client import Client
from ui.errors import UnauthorizedError
from ui.panel import formats, states
from ui.panel.catalogue import Catalogue
from ui.panel.connections import Connection
from ui.panel.loads import Loads

__all__ = ["SIGNED_OUT", "View"]

SIGNED_OUT = "evoq.signed_out"
"""Key of the session's state: the desk does not know the viewer any more."""

Value = TypeVar("Value")

_logger = logging.getLogger("evoq.panel")


class View:
    """One viewer's look at the desk.

    Attributes
    ----------
    client : Client
        The desk, for what is shown.
    patient_client : Client
        The desk, for what is computed on demand and for commands.
    role : str or None
        operate or read; None while the desk has not said so.
    zone : ZoneInfo
        In which times are told.
    language : str
        en or zh.
    """

    def __init__(
        self, connection: Connection, words: Catalogue, zone: ZoneInfo, loads: Loads, role: str | None
    ) -> None:
        self.client: Client = connection.quick
        self.patient_client: Client = connection.patient
        self.role = role
        self.zone = zone
        self.language = words.language
        self.loads = loads
        self.text = words.text
        self.word = words.word

    @property
    def may_operate(self) -> bool:
        """Whether the viewer may change anything."""
        return self.role == "operate"

    def load(self, key: str, call: Callable[[], Value], *, max_age_s: float = 1.0, quiet: bool = False) -> Value | None:
        """Return what the desk says, or said last; what the reader must know about it is drawn here.

        Parameters
        ----------
        key : str
            Of what; whatever is asked for belongs into it, such as f"strategies:{query}".
        call : callable
            Asks the desk, such as `view.client.status`.
        max_age_s : float
            An answer that is not older is taken as it is; 0 asks every time.
        quiet : bool
            Draws nothing: for the frame, which says so itself.

        Returns
        -------
        object or None
            None if there is nothing to show; it was then said why.
        """
        slot = st.empty()
        if not quiet and not self.loads.holds(key):
            states.loading(slot, self)
        loaded = self.loads.get(key, call, max_age_s)
        if not quiet:
            states.tell(slot, self, loaded)
        return loaded.value

    def live(self, draw: Callable[[], None], every_s: float = 2.0) -> None:
        """Draw a part of the page now and again by itself, without the rest of it.

        Parameters
        ----------
        draw : callable
            Draws the part. Widgets, tables and plots in it have keys of their own: widgets and tables stay.
        every_s : float
            After how many seconds it is drawn again.
        """

        def part() -> None:
            self.guard(draw)

        st.fragment(part, run_every=every_s)()

    def guard(self, draw: Callable[[], None]) -> None:
        """Draw something; what goes wrong in it is said there, and does not take the rest with it."""
        try:
            draw()
        except UnauthorizedError:
            st.session_state[SIGNED_OUT] = True
            st.rerun()
        except Exception:  # a mistake of ours: it is in the log, and the page says so
            _logger.exception("a part of the page could not be drawn")
            states.failed(self)

    def empty(self, key: str, **values: object) -> None:
        """Say that there is nothing to show, and what to do about it.

        Parameters
        ----------
        key : str
            Of the catalogue.
        **values : object
            For its placeholders.
        """
        states.empty(self.text(key, **values))

    def number(self, value: float | Decimal | None, decimals: int = 0, unit: str = "", *, signed: bool = False) -> str:
        """Return a number with separators; "–" if absent. See `formats.number`."""
        return formats.number(value, decimals, unit, signed=signed)

    def percent(self, ratio: float | None, decimals: int = 1, *, signed: bool = False) -> str:
        """Return a ratio in per cent; "–" if absent. See `formats.percent`."""
        return formats.percent(ratio, decimals, signed=signed)

    def duration(self, seconds: float | None) -> str:
        """Return a length of time in the viewer's language; "–" if absent. See `formats.duration`."""
        return formats.duration(seconds, self.text)

    def significant(self, value: float | None, digits: int = 6) -> str:
        """Return a number of any size; "–" if absent. See `formats.significant`."""
        return formats.significant(value, digits)

    def moment(self, ms: int | None, *, seconds: bool = False) -> str:
        """Return a date and time in the viewer's zone; "–" if absent. See `formats.moment`."""
        return formats.moment(ms, self.zone, seconds=seconds)

    def clock_time(self, ms: int | None) -> str:
        """Return a time of day in the viewer's zone; "–" if absent."""
        return formats.clock_time(ms, self.zone)

    @overload
    def local(self, ms: int) -> datetime: ...

    @overload
    def local(self, ms: None) -> None: ...

    def local(self, ms: int | None) -> datetime | None:
        """Return a time as a datetime of the viewer's zone without it, for the axis of a plot."""
        return None if ms is None else datetime.fromtimestamp(ms / 1_000, self.zone).replace(tzinfo=None)

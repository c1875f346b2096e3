"""The condition of the desk: what the database and the parts of the desk have told, put together."""

import json
import threading
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from storage import LeaseRepository, RunRecord, StatusRecord, StorageError

if TYPE_CHECKING:
    from cluster.api.context import ApiContext

__all__ = [
    "EVOLUTION",
    "FEED",
    "METRICS",
    "SERVICES",
    "Condition",
    "Pulse",
    "evolution_of",
    "kill_of",
    "money_of",
    "services_of",
    "venues_of",
]

Condition = Literal["ok", "degraded", "down"]

SERVICES = "services"  # what the supervisor tells of its children
METRICS = "system_metrics"
EVOLUTION = "evolution"
FEED = "feed"

_DRIVER = "driver"
_COUNTERS = ("generation", "round", "evaluations")
_STALE_S = 60.0
_WELL = ("running", "stopped")  # what somebody has stopped is not at fault


class Pulse:
    """Whether the desk is well, felt once a second at most: everybody may ask.

    Parameters
    ----------
    context : ApiContext
        The desk.
    """

    _FRESH_S = 1.0

    def __init__(self, context: "ApiContext") -> None:
        self._context = context
        self._lock = threading.Lock()
        self._felt: tuple[float, Condition] | None = None

    def feel(self) -> Condition:
        """Return the condition of the desk.

        Returns
        -------
        {"ok", "degraded", "down"}
            down: no database. degraded: a part of the desk does not run.
        """
        with self._lock:
            now = self._context.clock.monotonic()
            if self._felt is None or now - self._felt[0] >= self._FRESH_S:
                self._felt = (now, self._examined())
            return self._felt[1]

    def _examined(self) -> Condition:
        try:
            services = self._context.measured.latest(SERVICES)
        except StorageError:
            return "down"
        told = services_of(services)
        return "ok" if all(one["state"] in _WELL for one in told) else "degraded"


def services_of(record: StatusRecord | None) -> list[dict[str, Any]]:
    """Return the parts of the desk.

    Parameters
    ----------
    record : StatusRecord or None
        What the supervisor told last; what is old says nothing.

    Returns
    -------
    list of dict
        `name`, `state`, `restarts` and `uptime_s` of each.
    """
    if record is None or record.age_s > _STALE_S:
        return []
    told = record.data.get(SERVICES, [])
    return [
        {
            "name": str(one.get("name")),
            "state": str(one.get("state")),
            "restarts": int(one.get("restarts") or 0),
            "uptime_s": one.get("uptime_s"),
        }
        for one in (told if isinstance(told, list) else [])
        if isinstance(one, Mapping)
    ]


def evolution_of(context: "ApiContext", run: RunRecord | None, told: StatusRecord | None) -> dict[str, Any]:
    """Return how evolution stands.

    Parameters
    ----------
    context : ApiContext
        The desk.
    run : RunRecord or None
        The run that was worked on last.
    told : StatusRecord or None
        What the driver told last.

    Returns
    -------
    dict
        `state` ("running", "paused" or "stopped"), run, counters and scores; what is not known is None.
    """
    lease = LeaseRepository(context.database.engine).get(_DRIVER)
    data: Mapping[str, Any] = told.data if told is not None else {}
    state = str(data.get("state", "running")) if lease is not None and lease.held else "stopped"
    same = run is not None and data.get("run_id") == run.id
    fresh = same and told is not None and told.age_s <= _STALE_S
    return {
        "state": state,
        "run_id": None if run is None else run.id,
        **_counters(run, data if same else {}),
        "evaluations_per_s": data.get("evaluations_per_s") if fresh and state == "running" else None,
        **_scores(context, run, data if same else {}),
    }


def kill_of(context: "ApiContext") -> dict[str, Any]:
    """Return the state of the kill switch, which is a file.

    Parameters
    ----------
    context : ApiContext
        The desk.

    Returns
    -------
    dict
        `state` is "armed", or "killed" with `since`, `by` and `reason` as far as the file tells.
    """
    path = context.settings.home / "KILL"
    try:
        since = path.stat().st_mtime_ns // 1_000_000
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {"state": "armed", "since": None, "by": None, "reason": None}
    except OSError:
        return {"state": "killed", "since": None, "by": None, "reason": None}  # what cannot be read counts as killed
    try:
        told = json.loads(text)
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    by, reason = (str(told[name]) if told.get(name) is not None else None for name in ("by", "reason"))
    return {"state": "killed", "since": since, "by": by, "reason": reason}


def money_of(run: RunRecord | None) -> str:
    """Return which money the desk handles as long as there is no trading.

    Parameters
    ----------
    run : RunRecord or None
        The run that was worked on last.

    Returns
    -------
    str
        "simulated" or "paper".
    """
    return "paper" if run is not None and run.origin.startswith("real:") else "simulated"


def venues_of(record: StatusRecord | None, money: str) -> list[dict[str, Any]]:
    """Return the venues that candles come from.

    Parameters
    ----------
    record : StatusRecord or None
        What the feed told last.
    money : str
        Which money the desk handles.

    Returns
    -------
    list of dict
        One venue, or none.
    """
    if record is None or not record.data.get("venue"):
        return []
    age = record.data.get("data_age_s")
    return [
        {
            "venue": str(record.data["venue"]),
            "money": money,
            "state": str(record.data.get("state", "unknown")) if record.age_s <= _STALE_S else "stale",
            "reconciled": None,
            "latency_ms": record.data.get("latency_ms"),
            "skew_ms": record.data.get("skew_ms"),
            "data_age_s": None if age is None else float(age) + record.age_s,
        }
    ]


def _counters(run: RunRecord | None, data: Mapping[str, Any]) -> dict[str, int | None]:
    """Return how far a run is, as stored or as told: whichever is further."""
    if run is None:
        return dict.fromkeys(_COUNTERS)
    stored = {name: int(getattr(run, name)) for name in _COUNTERS}
    told = {name: int(data.get(name) or 0) for name in _COUNTERS}
    return {**(told if told["evaluations"] > stored["evaluations"] else stored)}


def _scores(context: "ApiContext", run: RunRecord | None, data: Mapping[str, Any]) -> dict[str, float | None]:
    """Return best and median fitness: as told last, else of the last rounds that are stored."""
    if run is None:
        return {"best_scs": None, "median_scs": None}
    if data.get("best_scs") is not None:
        return {"best_scs": data["best_scs"], "median_scs": data.get("median_scs")}
    rows: Sequence[Mapping[str, Any]] = context.runs.history(run.id, limit=50)
    newest = [row for row in rows if (row["generation"], row["round"]) == (rows[0]["generation"], rows[0]["round"])]
    best = [row["best_scs"] for row in newest if row["best_scs"] is not None]
    medians = [row["median_scs"] for row in newest if row["median_scs"] is not None]
    return {
        "best_scs": max(best) if best else None,
        "median_scs": fmean(medians) if medians else None,
    }

"""The machine and the desk's use of it, at a glance."""

from collections.abc import Mapping
from typing import Any

from ui.panel import Tile, View, tiles
from ui.panel.header import OVERVIEW_AGE_S

__all__ = ["draw_condition"]

_HIGH_PCT, _FULL_PCT = 85.0, 95.0


def draw_condition(view: View) -> None:
    """Draw what the supervisor measured last."""
    overview = view.load("overview", view.client.overview, max_age_s=OVERVIEW_AGE_S)
    if overview is None:
        return
    if overview.metrics is None:
        view.empty("system.not_measured")
        return
    told, text = overview.metrics, view.text
    desk_gb = _number(told, "desk_memory_mb")
    free_gb = _number(told, "disk_free_mb")
    shown = (
        _share(view, text("system.cpu"), _number(told, "cpu_pct"), ""),
        _share(
            view,
            text("system.memory"),
            _number(told, "memory_pct"),
            text("system.desk_memory", n=view.number(None if desk_gb is None else desk_gb / 1_024, 2, "GiB")),
        ),
        _share(
            view,
            text("system.disk"),
            _number(told, "disk_pct"),
            text("system.disk_free", n=view.number(None if free_gb is None else free_gb / 1_024, 1, "GiB")),
        ),
        _answers(
            view, text("system.database"), told.get("db_ok"), view.number(_number(told, "db_latency_ms"), 1, "ms")
        ),
        _answers(view, text("system.cache"), told.get("cache_ok"), ""),
        Tile(
            text("system.network"),
            _rate(view, told, "net_rx_bps"),
            text("system.sent", n=_rate(view, told, "net_tx_bps")),
        ),
    )
    tiles((*shown, *_queues(view, told.get("queues"))))


def _share(view: View, label: str, percent: float | None, note: str) -> Tile:
    tone = "plain"
    if percent is not None:
        tone = "bad" if percent >= _FULL_PCT else "warn" if percent >= _HIGH_PCT else "good"
    return Tile(label, view.percent(None if percent is None else percent / 100.0, 1), note, tone)


def _answers(view: View, label: str, answers: object, note: str) -> Tile:
    if not isinstance(answers, bool):
        return Tile(label, "–", note)
    word = view.text("system.answers") if answers else view.text("system.silent")
    return Tile(label, word, note, "good" if answers else "bad")


def _rate(view: View, told: Mapping[str, Any], name: str) -> str:
    bits = _number(told, name)
    return view.number(None if bits is None else bits / 1_000, 1, "kbit/s")


def _queues(view: View, told: object) -> list[Tile]:
    """Return how much waits to be done."""
    if not isinstance(told, Mapping):
        return []
    words = {
        "commands": view.text("system.queue_commands"),
        "alerts_to_tell": view.text("system.queue_alerts"),
        "alerts_open": view.text("system.queue_open"),
        "batches_in_flight": view.text("system.queue_batches"),
    }
    return [
        Tile(words.get(name, name), view.number(told[name]), view.text("system.queue"))
        for name in sorted(told)
        if isinstance(told[name], int | float)
    ]


def _number(told: Mapping[str, Any], name: str) -> float | None:
    value = told.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

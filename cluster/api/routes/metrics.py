"""Gauges of the desk for Prometheus.

They are read from the database, so every replica tells the same; what concerns a replica itself (requests, latencies)
is among the metrics of Ray Serve, which Ray exports.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from cluster.api.condition import EVOLUTION, METRICS, SERVICES, evolution_of, services_of
from cluster.api.context import ApiContext, Context

router = APIRouter(tags=["health"])

_NUMBERS = ("cpu_pct", "memory_pct", "disk_pct", "net_rx_bps", "net_tx_bps", "db_latency_ms")
_FLAGS = ("db_ok", "cache_ok")


@router.get("/metrics", summary="Gauges for Prometheus", response_class=PlainTextResponse)
def show_metrics(context: Context) -> PlainTextResponse:
    """Return the gauges of the desk as Prometheus text."""
    from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    for name, help_text, values in _gauges(context):
        if not values:
            continue
        labels = tuple(values[0][0])
        gauge = Gauge(name, help_text, labels, registry=registry)
        for label, value in values:
            (gauge.labels(**label) if label else gauge).set(value)
    return PlainTextResponse(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _gauges(context: ApiContext) -> Iterator[tuple[str, str, list[tuple[dict[str, str], float]]]]:
    """Yield name, help and values with their labels."""
    told = context.measured.latest_all()
    evolution = evolution_of(context, context.runs.latest(), told.get(EVOLUTION))
    counts = context.strategies.counts(context.config.get().auto_trading.real_trading_threshold)
    yield "evoq_up", "1: the database answers", [({}, 1.0)]
    yield "evoq_evolution_running", "1: the driver evolves", [({}, float(evolution["state"] == "running"))]
    for name, help_text in (
        ("generation", "generation of the run"),
        ("evaluations", "genomes evaluated in the run"),
        ("evaluations_per_s", "genomes evaluated a second"),
        ("best_scs", "best fitness, 0..100"),
        ("median_scs", "median fitness, 0..100"),
    ):
        yield f"evoq_evolution_{name}", help_text, _known(evolution, name)
    yield (
        "evoq_strategies",
        "strategies that pass a bar",
        [
            ({"bar": name}, float(getattr(counts, name)))
            for name in ("strategies", "above_threshold", "grade_a", "grade_b", "enabled", "live")
        ],
    )
    yield "evoq_alerts_open", "alerts that go on", [({}, float(context.alerts.count_open()))]
    services = services_of(told.get(SERVICES))
    if services:
        yield (
            "evoq_service_up",
            "1: the process runs",
            [({"service": one["name"]}, float(one["state"] == "running")) for one in services],
        )
        yield (
            "evoq_service_restarts",
            "restarts of the process",
            [({"service": one["name"]}, float(one["restarts"])) for one in services],
        )
    measured: Mapping[str, Any] = told[METRICS].data if METRICS in told else {}
    for name in (*_NUMBERS, *_FLAGS):
        if measured.get(name) is not None:
            yield f"evoq_{name}", f"{name} of the machine or the desk", _known(measured, name)


def _known(values: Mapping[str, Any], name: str) -> list[tuple[dict[str, str], float]]:
    value = values.get(name)
    return [] if value is None else [({}, float(value))]

"""How long the HTTP API takes to answer with a population of 1,034 strategies.

    python benchmarks/bench_api.py [--strategies 1034] [--requests 400] [--together 1 8] [--json FILE] [--document FILE]

"one process" is uvicorn with the application alone; "Ray Serve" is the deployment of the desk: a proxy and two
replicas. Requests come from this process over connections that are kept, so many at a time as "together" says; all run
on this machine. A time is that from the request to the last byte of the answer.
"""

import argparse
import asyncio
import os
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn
from machine import machine, versions
from published import output_options, publish

from cluster.access import Gate, Role, Tokens
from cluster.api import ApiContext, create_app
from cluster.api.replica_settings import write_replica_settings
from cluster.api.serving import Serving
from cluster.api.settings import ApiSettings
from cluster.api.token_bucket import Rate
from cluster.opened_database import OpenedDatabase, join_database
from cluster.ray_session import RaySession
from market import SystemClock
from storage import Database, EvidenceRepository, RunRepository, StrategyRepository, open_database, strategy_id

SECTION = "## HTTP API (`make bench-api`)"
SYMBOLS = ("BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT")
TYPES = ("breakout", "high_frequency", "mean_reversion", "momentum", "trend_following")
POINTS = 2_000
CURVES = 40
Q = "/api/quantitative"
_LIBRARIES = ("fastapi", "uvicorn", "ray", "sqlalchemy", "psycopg2-binary")


def populate(database: Database, size: int, seed: int) -> list[str]:
    """Store a population with the curves of some, and return its ids."""
    chance = random.Random(seed)  # noqa: S311 - a benchmark
    run = {name: name[0] * 64 for name in ("settings_hash", "data_hash", "cost_hash")}
    runs, strategies = RunRepository(database.engine), StrategyRepository(database.engine)
    run_id = runs.create({**run, "engine_version": "1", "seed": seed, "settings": {}, "origin": "simulated:7"})
    rows = []
    for child in range(size):
        kind, symbol = TYPES[child % len(TYPES)], SYMBOLS[child % len(SYMBOLS)]
        finalist = child < CURVES
        numbers = ("sharpe", "win_rate", "profit_factor", "max_drawdown", "volatility", "total_return", "exposure")
        rows.append(
            {
                "species": f"{kind}|{symbol}|1m",
                "child": child,
                "type": kind,
                "symbol": symbol,
                "timeframe": "1m",
                "venue": "simulated-7",
                "market_type": "swap",
                "origin": "simulated:7",
                "money": "simulated",
                "parameters": {"lookback_period": 5 + child, "threshold": 0.001, "stop_loss": 0.0, "take_profit": 0.0},
                "scs": chance.uniform(0, 90),
                "oos_scs": chance.uniform(0, 90) if finalist else None,
                "finalist": finalist,
                "grade_reason": "C: out-of-sample SCS 12.3, needs 65" if finalist else "C: not a finalist",
                "n_trades": chance.randrange(1_000),
                **{name: chance.random() for name in numbers},
                "folds": [{"kind": "train", "start": n, "stop": n + 1, "scs": 1.0} for n in range(8)],
                "data_hash": "d" * 64,
                "cost_hash": "c" * 64,
                "engine_version": "1",
            }
        )
    strategies.replace_population(run_id, rows)
    ids = [strategy_id(run_id, str(row["species"]), child) for child, row in enumerate(rows)]
    evidence = EvidenceRepository(database.engine)
    for number in range(min(CURVES, size)):
        values = np.cumprod(1 + np.random.default_rng(number).normal(0, 0.001, POINTS)).tolist()
        curve = {"times": list(range(POINTS)), "index": values, "buy_and_hold": values}
        evidence.keep_curves(ids[number], {"backtest": curve, "oos": curve})
    return ids


@contextmanager
def one_process(environ: dict[str, str]) -> Iterator[None]:
    """Serve the application by uvicorn, in a thread of this process."""
    clock, settings = SystemClock(), ApiSettings.of(environ)
    context = ApiContext(
        settings=settings,
        database=OpenedDatabase(lambda: join_database(settings.home, environ), clock),
        gate=Gate(Tokens(settings.home), clock),
        with_token=Rate(1e6, 10**6),
        without_token=Rate(1e6, 10**6),
    )
    server = uvicorn.Server(uvicorn.Config(create_app(context), port=settings.port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield
    server.should_exit = True
    thread.join(10.0)


@contextmanager
def ray_serve(environ: dict[str, str]) -> Iterator[None]:
    """Serve the application as the desk does."""
    with RaySession("local", workers=2, dashboard=False) as session:
        session.start()
        serving = Serving(ApiSettings.of(environ), write_replica_settings(environ), session, SystemClock())
        thread = threading.Thread(target=serving.run, daemon=True)
        thread.start()
        yield
        serving.stop()
        thread.join(20.0)


SERVERS: dict[str, Callable[[dict[str, str]], Any]] = {"one process": one_process, "Ray Serve": ray_serve}


def paths(ids: Sequence[str]) -> dict[str, Callable[[int], str]]:
    """Return what is asked for: the n-th path of each kind."""
    sorts = ("-oos_scs", "-scs", "sharpe", "id")
    return {
        "list of 50": lambda n: f"{Q}/strategies?sort={sorts[n % 4]}",
        "list of 500": lambda n: f"{Q}/strategies?limit=500&sort={sorts[n % 4]}",
        "list of 50, filtered": lambda n: f"{Q}/strategies?type={TYPES[n % 5]}&symbol={SYMBOLS[n % 3]}&q=mom",
        "detail": lambda n: f"{Q}/strategies/{ids[n % len(ids)]}",
        "equity, 2,000 points": lambda n: f"{Q}/strategies/{ids[n % min(CURVES, len(ids))]}/equity",
        "system status": lambda _: f"{Q}/system-status",
    }


async def ask(url: str, token: str, path: Callable[[int], str], requests: int, together: int) -> dict[str, float]:
    """Ask so often, so many at a time, and return how long it took."""
    times_ms: list[float] = []
    numbers = iter(range(requests))
    limits = httpx.Limits(max_connections=together, max_keepalive_connections=together)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=60) as client:

        async def one_of_them() -> None:
            for number in numbers:
                started = time.perf_counter()
                response = await client.get(path(number))
                times_ms.append(1e3 * (time.perf_counter() - started))
                response.raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(one_of_them() for _ in range(together)))
        seconds = time.perf_counter() - began
    return {
        "p50_ms": round(float(np.percentile(times_ms, 50)), 2),
        "p99_ms": round(float(np.percentile(times_ms, 99)), 2),
        "max_ms": round(max(times_ms), 2),
        "per_s": round(requests / seconds, 1),
    }


def wait_until_up(url: str, patience_s: float = 120.0) -> None:
    """Wait until somebody answers."""
    until = time.monotonic() + patience_s
    while True:
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
        time.sleep(0.2)


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every kind of server that was asked for."""
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="evoq-bench-") as folder:
        Path(folder).chmod(0o711)
        os.environ["EVOQ_HOME"] = folder
        with open_database(Path(folder), {}) as database:
            ids = populate(database, options.strategies, options.seed)
            token = Tokens(Path(folder)).path(Role.READ)
            for name in options.servers:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", 0))
                    port = probe.getsockname()[1]
                environ = {"EVOQ_HOME": folder, "EVOQ_HTTP_PORT": str(port)}
                url = f"http://127.0.0.1:{port}"
                with SERVERS[name](environ):
                    wait_until_up(url)
                    for kind, path in paths(ids).items():
                        asyncio.run(ask(url, token.read_text(), path, max(8, options.requests // 10), 4))  # warm
                        for together in options.together:
                            row = asyncio.run(ask(url, token.read_text(), path, options.requests, together))
                            results.setdefault(name, {}).setdefault(kind, {})[str(together)] = row
    return results


def as_markdown(report: dict[str, Any]) -> str:
    """Return the report as a table."""
    named = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    lines = [
        f"`make bench-api` on {report['machine']}; {named}. Load average when it began: {report['load_average']:.1f}.",
        "",
        f"{report['strategies']:,} strategies, {report['requests']} requests of each kind over kept connections; the"
        " client shares the processors with the servers.",
        "",
        "| served by | answer | together | p50 | p99 | max | requests/s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, kinds in report["results"].items():
        for kind, rows in kinds.items():
            for together, row in rows.items():
                lines.append(
                    f"| {name} | {kind} | {together} | {row['p50_ms']:.1f} ms | {row['p99_ms']:.1f} ms |"
                    f" {row['max_ms']:.1f} ms | {row['per_s']:,.0f} |"
                )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the table, write what was asked for, and return the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strategies", type=int, default=1_034)
    parser.add_argument("--requests", type=int, default=400, help="of each kind")
    parser.add_argument("--together", type=int, nargs="+", default=[1, 8], help="requests at a time")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--servers", nargs="+", choices=list(SERVERS), default=list(SERVERS))
    output_options(parser)
    options = parser.parse_args(arguments)
    report = {
        "machine": machine(),
        "versions": versions(_LIBRARIES),
        "load_average": os.getloadavg()[0],
        "strategies": options.strategies,
        "requests": options.requests,
        "results": measured(options),
    }
    publish(report, as_markdown(report), options, SECTION)
    return report


if __name__ == "__main__":
    main()

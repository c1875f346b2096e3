"""A desk for tests of the HTTP API: a database of its own with a scored population, and clients with tokens."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from dropped_database import drop_database
from fastapi import FastAPI
from sqlalchemy import text

import storage
from backtest import Costs, out_of_sample, run_many
from cluster.access import Gate, Passwords, Role, Sessions, Tokens
from cluster.api import ApiContext, create_app
from cluster.api.settings import ApiSettings
from cluster.opened_database import OpenedDatabase
from cluster.run_settings import RunSettings
from cluster.thin_curve import thin_curve
from market import CandleStore, SystemClock, synthetic_candles
from strategies import StrategySpec

SYMBOL = "BTC/USDT:USDT"
SPECIES = f"momentum|{SYMBOL}|1h"
CANDLES = synthetic_candles(symbol=SYMBOL, bars=1_200, seed=4)
SPLIT = 900
SIZE = 60
FINALISTS = 8
WITH_CURVES = 7  # one finalist has lost them


@dataclass
class Desk:
    """A desk, and what was put into it."""

    home: Path
    database: storage.Database
    environ: dict[str, str]
    run_id: str = ""
    ids: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def context(self, **changes: object) -> ApiContext:
        clock = SystemClock()
        opened = OpenedDatabase(lambda: storage.open_database(self.home, self.environ), clock)
        settings = ApiSettings.of({"EVOQ_HOME": str(self.home)})
        gate = Gate(Tokens(self.home), clock, sessions=Sessions(opened, Passwords(self.home)))
        return ApiContext(**{"settings": settings, "database": opened, "gate": gate} | changes)

    def application(self, **changes: object) -> FastAPI:
        return create_app(self.context(**changes))

    @contextmanager
    def client(self, role: str | None = "operate", **changes: object) -> "Iterator[Client]":
        with Client(self.application(**changes)) as client:
            if role is not None:
                client.headers["Authorization"] = f"Bearer {self.tokens[role]}"
            yield client


class Client:
    """Calls an application within this process, from its start to its end."""

    def __init__(self, application: FastAPI, address: str = "127.0.0.1") -> None:
        self._application = application
        self._transport = httpx.ASGITransport(application, raise_app_exceptions=False, client=(address, 50_000))
        self._runner = asyncio.Runner()
        self.headers: dict[str, str] = {}

    def __enter__(self) -> "Client":
        self._lifespan = self._application.router.lifespan_context(self._application)
        self._runner.run(self._lifespan.__aenter__())
        return self

    def __exit__(self, *error: object) -> None:
        self._runner.run(self._lifespan.__aexit__(None, None, None))
        self._runner.close()

    def request(self, method: str, path: str, **options: object) -> httpx.Response:
        return self._runner.run(self.ask(method, path, **options))

    def together(self, requests: list[tuple[str, str, dict[str, object]]]) -> list[httpx.Response]:
        async def all_of_them() -> list[httpx.Response]:
            return await asyncio.gather(*(self.ask(method, path, **options) for method, path, options in requests))

        return self._runner.run(all_of_them())

    async def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        headers = self.headers | dict(options.pop("headers", {}))
        async with httpx.AsyncClient(transport=self._transport, base_url="http://desk") as client:
            return await client.request(method, path, headers=headers, **options)

    def get(self, path: str, **options: object) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: object) -> httpx.Response:
        return self.request("POST", path, **options)

    def delete(self, path: str, **options: object) -> httpx.Response:
        return self.request("DELETE", path, **options)

    def put(self, path: str, **options: object) -> httpx.Response:
        return self.request("PUT", path, **options)


@contextmanager
def desk_of(server: storage.Database, home: Path) -> Iterator[Desk]:
    """Make a desk on a database of its own, on a server that runs."""
    name = f"desk_{secrets.token_hex(4)}"
    run_autocommitted(server, f"CREATE DATABASE {name}")
    settings = server.settings
    environ = {
        "DB_HOST": settings.host,
        "DB_PORT": str(settings.port),
        "DB_NAME": name,
        "DB_USER": settings.user,
        "DB_PASSWORD": settings.password or "",
    }
    home.mkdir(exist_ok=True)
    with storage.open_database(home, environ) as database:
        desk = Desk(home, database, environ)
        tokens = Tokens(home)
        desk.tokens = {str(role): tokens.path(role).read_text() for role in Role}
        populate(desk)
        yield desk
    drop_database(server, name)


def run_autocommitted(database: storage.Database, statement: str) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


def populate(desk: Desk, size: int = SIZE) -> None:
    """Store a run with candles, a scored population, trials with parents, curves of finalists and a history."""
    store = CandleStore(desk.home / "candles")
    store.add(CANDLES)
    path = store.path(CANDLES.venue, CANDLES.symbol, CANDLES.timeframe, CANDLES.origin)
    settings = RunSettings((str(path),), None, None, size, 2, 7, 10.0, 5.0, None)
    runs = storage.RunRepository(desk.database.engine)
    evidence = storage.EvidenceRepository(desk.database.engine)
    evidence.know([data_set()])
    desk.run_id = runs.create(
        {
            "engine_version": "1",
            "seed": 7,
            "settings": settings.describe(),
            "settings_hash": "s" * 64,
            "data_hash": CANDLES.data_hash,
            "cost_hash": Costs().cost_hash,
            "origin": CANDLES.origin,
        }
    )
    genomes = [(float(5 + 2 * child), round(0.002 + 0.0005 * child, 6), 0.0, 0.0) for child in range(size)]
    trials = [
        {
            "batch": child // 20,
            "species": SPECIES,
            "child": child,
            "genome": list(genome),
            "data_hash": CANDLES.data_hash,
            "fitness": 20.0 + child % 7,
            "operator": "initial" if child < 20 else "mutation",
            "parents": [] if child < 20 else [child - 20, child - 19],
        }
        for child, genome in enumerate(genomes)
    ]
    history = [
        {
            "ts": 1_767_225_600_000 + 1_000 * number,
            "generation": 1 + number // 4,
            "round": 1 + number % 4,
            "species": SPECIES,
            "evaluations": 10 * (number + 1),
            "best_scs": 30.0 + number,
            "median_scs": 10.0 + number,
        }
        for number in range(8)
    ]
    runs.commit(
        desk.run_id, batch=2, state=b"state", trials=trials, evaluations=size, generation=2, round=4, history=history
    )
    names = ("lookback_period", "threshold", "stop_loss", "take_profit")
    specs = [StrategySpec("momentum", dict(zip(names, genome, strict=True))) for genome in genomes]
    table = run_many(specs, CANDLES)
    rows = []
    trained = {"kind": "train", "start": int(CANDLES.timestamp[0]), "stop": CANDLES.close_time, "scs": 1.5}
    for child, (spec, (_, metrics)) in enumerate(zip(specs, table.iterrows(), strict=True)):
        finalist = child < FINALISTS
        later = out_of_sample(spec, CANDLES, SPLIT) if finalist else None
        rows.append(
            {
                "species": SPECIES,
                "child": child,
                "type": "momentum",
                "symbol": CANDLES.symbol,
                "timeframe": CANDLES.timeframe,
                "venue": CANDLES.venue,
                "market_type": "swap",
                "origin": CANDLES.origin,
                "money": "simulated",
                "parameters": dict(spec.parameters),
                "generation": 1 + child // 30,
                "round": 1 + child % 4,
                "scs": float(metrics["scs"]),
                "score_parts": {part: float(metrics[f"scs_{part}"]) for part in ("win_rate", "sharpe")},
                "oos_scs": None if later is None else later.scs,
                "oos_trades": None if later is None else int(later.metrics["n_trades"]),
                "psr": None if later is None else later.psr,
                "dsr": None if later is None else 0.4,
                "finalist": finalist,
                "grade": "C",
                "grade_reason": "C: out-of-sample SCS 12.3, needs 65" if finalist else "C: not a finalist",
                **{name: float(metrics[name]) for name in ("win_rate", "sharpe", "profit_factor", "max_drawdown")},
                "volatility": float(metrics["volatility"]),
                "n_trades": int(metrics["n_trades"]),
                "selected_until": int(CANDLES.timestamp[SPLIT]),
                "folds": [trained],
                "data_hash": CANDLES.data_hash,
                "cost_hash": Costs().cost_hash,
                "engine_version": "1",
                "parents": [],
            }
        )
    storage.StrategyRepository(desk.database.engine).replace_population(desk.run_id, rows)
    desk.ids = [storage.strategy_id(desk.run_id, SPECIES, child) for child in range(size)]
    for child in range(WITH_CURVES):
        curves = {
            "backtest": thin_curve(out_of_sample(specs[child], CANDLES, 0)),
            "oos": thin_curve(out_of_sample(specs[child], CANDLES, SPLIT)),
        }
        evidence.keep_curves(desk.ids[child], curves)


def data_set() -> dict[str, object]:
    return {
        "data_hash": CANDLES.data_hash,
        "origin": CANDLES.origin,
        "venue": CANDLES.venue,
        "symbol": CANDLES.symbol,
        "timeframe": CANDLES.timeframe,
        "first_time": int(CANDLES.timestamp[0]),
        "last_time": int(CANDLES.timestamp[-1]),
        "n_candles": len(CANDLES),
    }

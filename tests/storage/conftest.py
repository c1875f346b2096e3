"""A clean database for each test, empty ones beside it, and evoq processes that can be killed."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

import storage
from storage.cache_server import stop_cache
from storage.embedded import stop_embedded

sys.path.append(str(Path(__file__).resolve().parents[1] / "cluster"))  # dropped_database

REPOSITORY = Path(__file__).resolve().parents[2]

_CLEAN = """
TRUNCATE strategies, trials, trial_series, trial_candles, runs, strategy_evolution_history, strategy_optimization_logs,
    data_sets, trial_clusters, holdout_touches, strategy_curves,
    commands, leases, operations_log, alerts, system_status, sessions, sign_in_attempts, strategy_trades;
UPDATE auto_trading_config SET version = 1, changed_by = 'default';
UPDATE strategy_management_config SET max_enabled = 100;
"""


@pytest.fixture
def database(embedded_database: storage.Database) -> storage.Database:
    """Return the session's database without rows."""
    with embedded_database.engine.begin() as connection:
        connection.execute(text(_CLEAN))
    return embedded_database


@pytest.fixture
def runs(database: storage.Database) -> storage.RunRepository:
    return storage.RunRepository(database.engine)


@pytest.fixture
def trials(database: storage.Database) -> storage.TrialRepository:
    return storage.TrialRepository(database.engine)


@pytest.fixture
def evidence(database: storage.Database) -> storage.EvidenceRepository:
    return storage.EvidenceRepository(database.engine)


@pytest.fixture
def run_id(runs: storage.RunRepository) -> str:
    return runs.create(example_run())


def example_run(**changes: object) -> dict[str, object]:
    run = {
        "engine_version": "1",
        "seed": 7,
        "settings": {"population": 1034, "batch_size": 64, "lag": 4},
        "settings_hash": "s" * 64,
        "data_hash": "d" * 64,
        "cost_hash": "c" * 64,
        "origin": "real:binance",
    }
    return run | changes


def example_trial(child: int, **changes: object) -> dict[str, object]:
    trial = {
        "batch": 0,
        "species": "momentum|BTC/USDT|1h",
        "child": child,
        "genome": [20.0, 0.01 + child, 1 / 3],
        "data_hash": "d" * 64,
        "fitness": 50.0,
        "operator": "sbx",
        "parents": [1, 2],
    }
    return trial | changes


def example_strategy(child: int, **changes: object) -> dict[str, object]:
    strategy = {
        "species": "momentum|BTC/USDT|1h",
        "child": child,
        "type": "momentum",
        "symbol": "BTC/USDT",
        "timeframe": "1h",
        "venue": "binance",
        "market_type": "spot",
        "origin": "real:binance",
        "parameters": {"lookback_period": 20, "threshold": 0.01},
        "scs": float(child % 100),
        "n_trades": child,
        "data_hash": "d" * 64,
        "cost_hash": "c" * 64,
        "engine_version": "1",
    }
    return strategy | changes


def example_data_set(data_hash: str, first: int, last: int, **changes: object) -> dict[str, object]:
    """Return hourly candles from one hour to another, since the beginning of 2026."""
    start, hour = 1_767_225_600_000, 3_600_000
    data_set = {
        "data_hash": data_hash,
        "origin": "real:binance",
        "venue": "binance",
        "symbol": "BTC/USDT",
        "timeframe": "1h",
        "first_time": start + first * hour,
        "last_time": start + last * hour,
        "n_candles": last - first + 1,
    }
    return data_set | changes


@pytest.fixture
def make_run():
    return example_run


@pytest.fixture
def make_trial():
    return example_trial


@pytest.fixture
def make_strategy():
    return example_strategy


@pytest.fixture
def make_data_set():
    return example_data_set


@pytest.fixture
def external(embedded_database: storage.Database) -> Iterator[dict[str, str]]:
    """Return DB_* variables of a new, empty database on the session's server, as if somebody else ran it."""
    name = f"scratch_{secrets.token_hex(4)}"
    with _autocommit(embedded_database) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    settings = embedded_database.settings
    yield {
        "DB_HOST": settings.host,
        "DB_PORT": str(settings.port),
        "DB_NAME": name,
        "DB_USER": settings.user,
        "DB_PASSWORD": settings.password or "",
    }
    from dropped_database import drop_database

    drop_database(embedded_database, name)


@pytest.fixture
def server_home(database_folder: Path) -> Iterator[Path]:
    """Return a home for servers of its own, where a system user could pass, stopped at the end."""
    home = Path(tempfile.mkdtemp(prefix="home-", dir=database_folder))
    yield home
    stop_embedded(home)
    stop_cache(home)
    shutil.rmtree(home)


@pytest.fixture
def no_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put an `unshare` first that is refused, as in a container."""
    program = tmp_path / "unshare"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


@pytest.fixture
def spawn() -> Iterator[object]:
    """Return a function that runs Python code in a process of its own, all ended at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, home: Path, *arguments: str, environ: Mapping[str, str] | None = None, **options: object):
        variables = {"PATH": os.environ["PATH"], "EVOQ_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, *arguments],
            cwd=REPOSITORY,
            env=variables | dict(environ or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@contextmanager
def _autocommit(database: storage.Database):
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection

"""One Ray for all tests of the session, started as a user with keys in the environment would start it."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import storage
from cluster.ray_session import RaySession

sys.path.insert(0, str(Path(__file__).resolve().parent))  # sample_evaluators, which workers import by its name

SECRETS = {
    "BINANCE_SECRET_KEY": "hush-venue",
    "OKX_PASSPHRASE": "hush-phrase",
    "DB_PASSWORD": "hush-database",
    "REDIS_URL": "redis://user:hush-cache@127.0.0.1:1",
}


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[object]:
    """Return a running cache of `own_cache.py`."""
    from own_cache import running_cache

    with running_cache(tmp_path) as cache:
        yield cache


@dataclass(frozen=True)
class Before:
    """What was so before Ray was started."""

    termination_handler: object
    default_token_file: bool
    taken_port: int


@pytest.fixture(scope="session")
def before_ray() -> Before:
    """Remember what Ray might change, and take the port its dashboard is to have."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Before(signal.getsignal(signal.SIGTERM), (Path.home() / ".ray" / "auth_token").exists(), port)


@pytest.fixture(scope="session")
def ray_session(_clean_environment: None, before_ray: Before) -> Iterator[RaySession]:
    """Start Ray with two workers, keys in the environment, and the dashboard's port taken."""
    path = os.pathsep.join(filter(None, (str(Path(__file__).resolve().parent), os.environ.get("PYTHONPATH"))))
    with pytest.MonkeyPatch.context() as patch, socket.socket() as occupant:
        occupant.bind(("127.0.0.1", before_ray.taken_port))
        occupant.listen()
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        patch.setenv("EVOQ_RAY_DASHBOARD_PORT", str(before_ray.taken_port))
        patch.setenv("PYTHONPATH", path)
        session = RaySession("local", workers=2)
        session.start()
        environment_afterwards = {name: os.environ.get(name) for name in SECRETS}
    assert environment_afterwards == SECRETS
    yield session
    session.close()


@pytest.fixture(scope="module")
def api_desk(embedded_database: storage.Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Return a desk of `api_desk.py`: a database of its own with a scored population, and clients with tokens."""
    from api_desk import desk_of

    with desk_of(embedded_database, tmp_path_factory.mktemp("desk")) as desk:
        yield desk

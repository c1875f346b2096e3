"""A desk with the real HTTP API on a free port of loopback, which can be stopped and started again."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import storage
import ui

sys.path.insert(0, str(Path(__file__).resolve().parent))  # served_desk
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "cluster"))  # api_desk and push_client


@pytest.fixture(scope="module")
def api_desk(embedded_database: storage.Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Return a desk of `api_desk.py`: a database of its own with a scored population."""
    from api_desk import desk_of

    with desk_of(embedded_database, tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.fixture(scope="module")
def server(api_desk: object) -> Iterator[object]:
    """Serve the desk."""
    from served_desk import Server

    with Server(api_desk) as server:
        yield server


@pytest.fixture(scope="module")
def desk(server: object) -> Iterator[ui.Client]:
    """Return a client of the desk that may operate."""
    with server.client() as client:
        yield client

"""Desks on free ports of loopback: one with the real HTTP API; for pages one that makes up every answer."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import storage
import ui

sys.path.insert(0, str(Path(__file__).resolve().parent))  # served_desk
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "cluster"))  # api_desk and push_client
sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))  # panel_browser


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


@pytest.fixture(scope="session")
def made_up_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Serve answers that are made up from the API's own description."""
    from api_desk import Desk
    from made_up_answers import MadeUp
    from stand_in_desk import StandInDesk

    described = Desk(tmp_path_factory.mktemp("described"), None, {}).application().openapi()
    desk = StandInDesk(MadeUp(described))
    desk.start()
    yield desk
    desk.stop()


@pytest.fixture
def stand_in(made_up_desk: object) -> object:
    """Return a desk that answers every route; everything that a test changes on it is undone."""
    made_up_desk.reset()
    return made_up_desk


@pytest.fixture
def viewer(stand_in: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Return somebody who is signed in at the panel, and looks at the stand-in."""
    from viewer import Viewer

    from ui.panel.connections import connections

    yield Viewer(stand_in, monkeypatch)
    connections().close()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Return a folder of pages that are found as the shipped ones are."""
    from scratch_page import scratch_pages

    with scratch_pages(tmp_path, monkeypatch) as pages:
        yield pages

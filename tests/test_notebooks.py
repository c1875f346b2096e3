"""Every notebook in examples/ runs from its first cell to its last, offline, beside a desk and without one."""

import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.alone

REPOSITORY = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((REPOSITORY / "examples").glob("*.ipynb"))
TIMEOUT_S = 120

for folder in ("ui", "cluster"):
    sys.path.append(str(REPOSITORY / "tests" / folder))  # served_desk, pushed_desk, api_desk


@pytest.fixture(scope="module")
def served(embedded_database, tmp_path_factory):
    """Return the environment of a notebook beside a desk that runs."""
    from api_desk import desk_of
    from pushed_desk import Push
    from served_desk import Server

    home = tmp_path_factory.mktemp("desk")
    with desk_of(embedded_database, home) as desk, Server(desk) as server, Push(home) as push:
        push.publish("strategy_update", id=desk.ids[0])
        yield {"EVOQ_HOME": str(home), "EVOQ_HTTP_PORT": str(server.port), "EVOQ_WS_PORT": str(push.port)}


def executed(path, environment, folder, monkeypatch):
    """Run a notebook in a folder of its own, with the way to the internet led into nothing; return its outputs."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(folder / name.lower()))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=TIMEOUT_S, resources={"metadata": {"path": str(folder)}}).execute()
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def texts(outputs):
    return "\n".join(output.get("text", "") or str(output.get("data", {}).get("text/plain", "")) for output in outputs)


def figures(outputs):
    return sum("application/vnd.plotly.v1+json" in output.get("data", {}) for output in outputs)


def test_notebooks_are_found():
    assert len(NOTEBOOKS) == 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_kept_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_beside_a_desk(path, served, tmp_path, monkeypatch):
    outputs = executed(path, served, tmp_path, monkeypatch)
    shown = texts(outputs)
    assert figures(outputs) >= 2
    assert "oos_scs" in shown
    assert "no desk" not in shown
    assert not [output for output in outputs if output.get("name") == "stderr"], shown


def test_notebook_says_so_when_no_desk_runs(home, tmp_path, monkeypatch):
    outputs = executed(REPOSITORY / "examples" / "evolve_inspect_explain.ipynb", {}, tmp_path, monkeypatch)
    assert figures(outputs) == 4
    assert "no desk: there is no token" in texts(outputs)
    assert list(home.iterdir()) == []

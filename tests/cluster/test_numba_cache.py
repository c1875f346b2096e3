"""The shared compile cache: a second process does not compile, another source gets another folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.numba_cache import sources_hash, use_shared_cache

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = """
import sys
from cluster.numba_cache import use_shared_cache
use_shared_cache()
import kernel
assert kernel.double(2.0) == 4.0
stats = kernel.double.stats
sys.stdout.write(f"{sum(stats.cache_hits.values())} {sum(stats.cache_misses.values())}\\n")
"""


def compiled(folder: Path) -> tuple[int, int]:
    """Return cache hits and misses of a new process that runs a kernel."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(folder)))}
    output = folder / "output"
    with output.open("w") as file:
        subprocess.run([sys.executable, "-c", PROGRAM], stdout=file, env=environment, timeout=60, check=True)
    hits, misses = output.read_text().split()
    return int(hits), int(misses)


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for name in ("market", "strategies", "backtest"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kernel.py").write_text("x = 1\n")
    return tmp_path


@pytest.fixture
def no_preset(monkeypatch: pytest.MonkeyPatch):
    """Leave the process's own cache as it was."""
    import numba

    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)


def test_shared_cache_second_process_loads_what_the_first_compiled(home: Path, tmp_path: Path, no_preset):
    (tmp_path / "kernel.py").write_text("import numba\n\n@numba.njit(cache=True)\ndef double(x):\n    return 2.0 * x\n")
    assert compiled(tmp_path) == (0, 1)
    assert compiled(tmp_path) == (1, 0)
    assert list((home / "numba").rglob("*.nbi"))


def test_sources_hash_changes_with_content_name_and_place(packages: Path):
    seen = {sources_hash(packages)}
    (packages / "market" / "kernel.py").write_text("x = 2\n")
    seen.add(sources_hash(packages))
    (packages / "market" / "kernel.py").rename(packages / "market" / "other.py")
    seen.add(sources_hash(packages))
    (packages / "market" / "other.py").rename(packages / "backtest" / "other.py")
    seen.add(sources_hash(packages))
    assert len(seen) == 4


def test_sources_hash_ignores_what_is_no_source(packages: Path):
    before = sources_hash(packages)
    (packages / "market" / "__pycache__").mkdir()
    (packages / "market" / "__pycache__" / "kernel.pyc").write_text("x")
    (packages / "README.md").write_text("x")
    assert sources_hash(packages) == before


def test_use_shared_cache_twice_gives_the_same_folder(home: Path, no_preset):
    first = use_shared_cache()
    assert first == home / "numba" / sources_hash()
    assert os.environ["NUMBA_CACHE_DIR"] == str(first)
    assert use_shared_cache() == first


def test_use_shared_cache_preset_folder_is_salted(tmp_path: Path, no_preset, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert use_shared_cache() == tmp_path / sources_hash()


def test_use_shared_cache_removes_stale_siblings_and_nothing_else(tmp_path: Path, no_preset):
    stale = [tmp_path / f"{number:064x}" for number in range(7)]
    for age, path in enumerate(stale):
        path.mkdir()
        os.utime(path, (1_000 - age, 1_000 - age))
    other = tmp_path / "mine"
    other.mkdir()
    current = use_shared_cache(tmp_path)
    assert set(tmp_path.iterdir()) == {current, other, *stale[:4]}

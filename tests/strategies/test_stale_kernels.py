"""Cached machine code is kept while the sources stay, and dropped when any of them changes."""

import pytest

from strategies.stale_kernels import drop_stale_kernels


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    for package in ("market", "strategies", "backtest"):
        (tmp_path / package / "__pycache__").mkdir(parents=True)
        (tmp_path / package / "kernel.py").write_text("x = 1\n")
        (tmp_path / package / "__pycache__" / "kernel.nbc").write_bytes(b"code")
        (tmp_path / package / "__pycache__" / "kernel.pyc").write_bytes(b"code")
    return tmp_path


def compiled(tree):
    return len(list(tree.glob("*/__pycache__/*.nbc")))


def test_kernels_without_a_stamp_are_dropped_once(tree):
    drop_stale_kernels(tree)
    assert compiled(tree) == 0
    assert len(list(tree.glob("*/__pycache__/*.pyc"))) == 3
    (tree / "backtest" / "__pycache__" / "kernel.nbc").write_bytes(b"code")
    drop_stale_kernels(tree)
    assert compiled(tree) == 1


def test_kernels_are_dropped_when_another_package_changes(tree):
    drop_stale_kernels(tree)
    (tree / "backtest" / "__pycache__" / "kernel.nbc").write_bytes(b"code")
    (tree / "strategies" / "kernel.py").write_text("x = 2\n")
    drop_stale_kernels(tree)
    assert compiled(tree) == 0


def test_kernels_elsewhere_are_left_alone(tree, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tree / "elsewhere"))
    drop_stale_kernels(tree)
    assert compiled(tree) == 3

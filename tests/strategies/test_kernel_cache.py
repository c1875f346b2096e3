"""Cached machine code is used while the sources stay, and never once any of them changed."""

import os
import subprocess
import sys

import numba
import pytest

from strategies import kernel_cache
from strategies.kernel_cache import refresh_kernel_cache

PACKAGES = ("market", "strategies", "backtest")

ADD_ONE = """
import runpy, sys
from pathlib import Path
root = Path(sys.argv[2])
runpy.run_path(sys.argv[1])["refresh_kernel_cache"](root)
sys.path[:0] = [str(root / "strategies"), str(root / "backtest")]
from upper import add_one
print(add_one(1.0), len(add_one.stats.cache_hits))
"""


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    for package in PACKAGES:
        (tmp_path / package / "__pycache__").mkdir(parents=True)
        (tmp_path / package / "kernel.py").write_text("x = 1\n")
        (tmp_path / package / "__pycache__" / "kernel.nbc").write_bytes(b"code")
        (tmp_path / package / "__pycache__" / "kernel.pyc").write_bytes(b"code")
    return tmp_path


@pytest.fixture
def sealed_tree(tree):
    """Return a tree whose __pycache__ folders cannot be written, not even by root: they are files."""
    for package in PACKAGES:
        for file in (tree / package / "__pycache__").iterdir():
            file.unlink()
        (tree / package / "__pycache__").rmdir()
        (tree / package / "__pycache__").touch()
    return tree


def compiled(tree):
    return len(list(tree.glob("*/__pycache__/*.nbc")))


def salted_folder(tree):
    refresh_kernel_cache(tree)
    assert os.environ["NUMBA_CACHE_DIR"] == numba.config.CACHE_DIR
    return os.environ["NUMBA_CACHE_DIR"]


def test_kernels_without_a_stamp_are_dropped_once(tree):
    refresh_kernel_cache(tree)
    assert compiled(tree) == 0
    assert len(list(tree.glob("*/__pycache__/*.pyc"))) == 3
    (tree / "backtest" / "__pycache__" / "kernel.nbc").write_bytes(b"code")
    refresh_kernel_cache(tree)
    assert compiled(tree) == 1
    assert not os.environ["NUMBA_CACHE_DIR"]


def test_kernels_are_dropped_when_another_package_changes(tree):
    refresh_kernel_cache(tree)
    (tree / "backtest" / "__pycache__" / "kernel.nbc").write_bytes(b"code")
    (tree / "strategies" / "kernel.py").write_text("x = 2\n")
    refresh_kernel_cache(tree)
    assert compiled(tree) == 0


def test_a_chosen_cache_folder_is_salted_with_the_sources(tree, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tree / "elsewhere"))
    first = salted_folder(tree)
    assert first.startswith(str(tree / "elsewhere" / "evoq-"))
    assert len(first.rpartition("-")[2]) == 16
    assert salted_folder(tree) == first
    (tree / "strategies" / "kernel.py").write_text("x = 2\n")
    second = salted_folder(tree)
    assert second != first
    assert second.startswith(str(tree / "elsewhere" / "evoq-"))
    assert compiled(tree) == 3


@pytest.mark.parametrize("package", PACKAGES)
def test_folders_that_cannot_be_written_lead_to_the_users_cache(tree, package):
    cache = tree / package / "__pycache__"
    cache.rename(tree / "away")
    cache.touch()
    assert salted_folder(tree).startswith(str(tree / "user" / "evoq" / "evoq-"))


def test_the_users_cache_without_xdg_is_in_the_home(sealed_tree, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(sealed_tree / "home"))
    assert salted_folder(sealed_tree).startswith(str(sealed_tree / "home" / ".cache" / "evoq" / "evoq-"))


def test_numba_on_a_read_only_install_never_runs_what_was_compiled_from_older_sources(sealed_tree):
    (sealed_tree / "backtest" / "upper.py").write_text(
        "from numba import njit\nfrom lower import ONE, add\n\n"
        "@njit(cache=True)\ndef add_one(x):\n    return add(x, ONE)\n"
    )  # fmt: skip
    lower = sealed_tree / "strategies" / "lower.py"

    def answer(sign):
        lower.write_text(
            f"from numba import njit\nONE = 1.0\n\n@njit(cache=True)\ndef add(x, y):\n    return x {sign} y\n"
        )
        command = [sys.executable, "-c", ADD_ONE, kernel_cache.__file__, str(sealed_tree)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.split()

    assert answer("+") == ["2.0", "0"]
    assert answer("+") == ["2.0", "1"]  # the cache works at all
    assert answer("-") == ["0.0", "0"]

"""EVOQ_HOME: private where we make it, untouched where it was there before."""

import os
import stat
from pathlib import Path

import pytest

import storage
from storage.folders import write_private


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_home_missing_is_made_private_and_parents_stay(tmp_path: Path):
    tmp_path.chmod(0o755)
    assert storage.home({"EVOQ_HOME": str(tmp_path / "home")}) == tmp_path / "home"
    assert _mode(tmp_path / "home") == 0o700
    assert _mode(tmp_path) == 0o755


def test_home_that_was_there_keeps_its_mode(tmp_path: Path):
    tmp_path.chmod(0o755)
    assert _mode(storage.home({"EVOQ_HOME": str(tmp_path)})) == 0o755


def test_home_unset_is_the_data_folder_of_the_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("storage.folders._CHECKOUT", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    assert storage.home({}) == tmp_path / "data"


def test_home_that_cannot_be_a_folder_is_one_line_with_the_cure(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(storage.HomeError, match=r"file/home: Not a directory; set EVOQ_HOME to another") as caught:
        storage.open_database(tmp_path / "file" / "home", environ={})
    assert "\n" not in str(caught.value)


def test_private_file_is_private_and_replaced_whole(tmp_path: Path):
    old = os.umask(0)
    try:
        write_private(tmp_path / "secret", "first")
        write_private(tmp_path / "secret", "second")
    finally:
        os.umask(old)
    assert (tmp_path / "secret").read_text() == "second"
    assert _mode(tmp_path / "secret") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]

"""Passwords: a private file of hashes, and `evoq passwd`, which changes one."""

import json
import os
import pty
import stat
import subprocess
from pathlib import Path

import pytest
from command_line import EVOQ, TIMEOUT_S, assert_one_line, environment

from cluster.access import Passwords, Role
from cluster.errors import PasswordError

PASSWORD, OTHER = "correct horse", "battery staple"


@pytest.fixture
def passwords(home: Path) -> Passwords:
    return Passwords(home)


def test_password_is_kept_as_a_hash_in_a_private_file(home, passwords):
    passwords.change(Role.READ, PASSWORD)
    path = home / "passwords.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PASSWORD not in path.read_text()
    assert json.loads(path.read_text())["read"].startswith("$argon2id$")
    assert [entry.name for entry in home.iterdir()] == ["passwords.json"]


def test_password_opens_its_own_role_only(passwords):
    passwords.change(Role.READ, PASSWORD)
    assert passwords.check(Role.READ, PASSWORD) == passwords.credential(Role.READ)
    assert passwords.check(Role.READ, PASSWORD + " ") is None
    assert passwords.check(Role.OPERATE, PASSWORD) is None
    assert passwords.credential(Role.OPERATE) is None


def test_password_is_the_same_however_its_letters_were_composed(passwords):
    passwords.change(Role.READ, "cafe\N{COMBINING ACUTE ACCENT} am Eck")
    assert passwords.check(Role.READ, "caf\N{LATIN SMALL LETTER E WITH ACUTE} am Eck")


def test_password_changed_to_the_same_is_another_credential_and_leaves_other_roles_alone(home, passwords):
    for role in Role:
        passwords.change(role, PASSWORD)
    before = {role: passwords.credential(role) for role in Role}
    Passwords(home).change(Role.READ, PASSWORD)
    assert passwords.credential(Role.READ) != before[Role.READ]
    assert passwords.credential(Role.OPERATE) == before[Role.OPERATE]


@pytest.mark.parametrize("wrong", ["", "short", "x" * 9, "x" * 1_001])
def test_password_of_a_wrong_length_is_refused(home, passwords, wrong):
    with pytest.raises(PasswordError, match=r"must have 10 to 1,000 characters, had \d+: choose another one"):
        passwords.change(Role.READ, wrong)
    assert list(home.iterdir()) == []


def test_password_is_invented_once(passwords):
    invented = passwords.invent()
    assert invented is not None
    assert len(invented) == 24
    assert passwords.check(Role.OPERATE, invented)
    assert passwords.invent() is None
    assert passwords.check(Role.OPERATE, invented)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"read": 7}', '{"read": "plain"}', '"text"', "\x00\xff"])
def test_damaged_file_lets_nobody_in(home, passwords, content):
    passwords.change(Role.READ, PASSWORD)
    (home / "passwords.json").write_bytes(content.encode("latin-1"))
    assert passwords.check(Role.READ, PASSWORD) is None


def test_file_that_is_open_to_others_is_closed(home, passwords):
    passwords.change(Role.READ, PASSWORD)
    path = home / "passwords.json"
    path.chmod(0o644)
    assert Passwords(home).check(Role.READ, PASSWORD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_file_of_somebody_else_lets_nobody_in(home, passwords):
    passwords.change(Role.READ, PASSWORD)
    os.chown(home / "passwords.json", 12_345, -1)
    assert Passwords(home).check(Role.READ, PASSWORD) is None


def passwd(home: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EVOQ, "passwd", *words], env=environment(home), cwd=home, input=typed, capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip


def test_passwd_takes_the_first_line_of_standard_input(home, passwords):
    result = passwd(home, "--role", "read", "--stdin", typed=f"{PASSWORD}\nmore\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "the password of read is changed, and its sessions have ended\n"
    assert passwords.check(Role.READ, PASSWORD)


def test_passwd_that_is_too_short_changes_nothing(home):
    assert_one_line(passwd(home, "--stdin", typed="short\n"), "10 to 1,000 characters, had 5")
    assert not (home / "passwords.json").exists()


def test_passwd_without_a_terminal_says_what_to_do(home):
    assert_one_line(passwd(home), "add --stdin")


@pytest.mark.parametrize(("second", "changed"), [(PASSWORD, True), (OTHER, False)])
def test_passwd_asks_twice_on_a_terminal_and_shows_nothing(home, passwords, second, changed):
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [EVOQ, "passwd"], env=environment(home), cwd=home, stdin=terminal, stdout=terminal, stderr=terminal,
        start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    for question, answer in ((b"new password: ", PASSWORD), (b"once more: ", second)):
        while question not in shown:
            shown += os.read(controller, 1_024)
        os.write(controller, f"{answer}\n".encode())
    try:
        while part := os.read(controller, 1_024):
            shown += part
    except OSError:  # how a terminal says that nobody is left on the other side
        pass
    assert process.wait(TIMEOUT_S) == (0 if changed else 2)
    os.close(controller)
    assert PASSWORD.encode() not in shown
    assert OTHER.encode() not in shown
    assert (passwords.check(Role.OPERATE, PASSWORD) is not None) == changed

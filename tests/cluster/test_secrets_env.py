"""$EVOQ_HOME/secrets.env, which a service of systemd reads, is read by every command in a shell too."""

import pytest
from command_line import assert_one_line, evoq

DATABASE = "DB_HOST=127.0.0.1\nDB_PORT=1\n"


@pytest.fixture
def secrets(tmp_path):
    path = tmp_path / "secrets.env"
    path.write_text(DATABASE)
    path.chmod(0o600)
    return path


def test_secrets_are_read_by_a_command(tmp_path, secrets):
    assert_one_line(evoq("strategies", home=tmp_path), "127.0.0.1:1")


def test_secrets_give_way_to_what_is_exported_and_to_the_dotenv(tmp_path, secrets):
    assert_one_line(evoq("strategies", home=tmp_path, DB_PORT="2"), "127.0.0.1:2")
    (tmp_path / ".env").write_text("DB_PORT=3\n")
    assert_one_line(evoq("strategies", home=tmp_path), "127.0.0.1:3")


def test_secrets_are_taken_as_systemd_takes_them_without_values_of_others(tmp_path, secrets):
    secrets.write_text("DB_HOST=127.0.0.1${DB_PORT}\nDB_PORT=1\n")
    assert_one_line(evoq("strategies", home=tmp_path), "${DB_PORT}:1")


def test_secrets_that_others_may_read_are_warned_of_in_one_line(tmp_path, secrets):
    secrets.chmod(0o640)
    result = evoq("candles", "list", home=tmp_path)
    assert result.returncode == 0
    assert result.stderr.splitlines() == [f"evoq: others may read {secrets}: chmod 600 {secrets}"]


def test_secrets_that_are_no_text_are_one_line_with_status_2(tmp_path, secrets):
    secrets.write_bytes(b"A=\xff\xfe\n")
    assert_one_line(evoq("candles", "list", home=tmp_path), f"{secrets} must be readable UTF-8 text")


def test_command_without_secrets_makes_no_home_to_look_for_them(tmp_path):
    home = tmp_path / "not-yet"
    assert evoq("candles", "import", "--help", home=tmp_path, EVOQ_HOME=str(home)).returncode == 0
    assert not home.exists()

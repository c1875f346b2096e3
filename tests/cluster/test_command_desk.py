"""The commands around the desk while it is down: mistakes in one line, configuration, backup, the unit, the checkup."""

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import assert_one_line, evoq
from real_desk import free_ports

from cluster.checkup import Grade, findings
from cluster.config_edit import read_assignments, read_config_file
from cluster.errors import UserError
from cluster.supervisor import launcher
from cluster.supervisor.desk import Desk, RayPorts
from cluster.supervisor.desk_files import DeskFiles
from cluster.supervisor.ports import holder_of, is_free
from cluster.supervisor.program_unit import environment_of
from cluster.supervisor.services import services_of_the_desk
from cluster.supervisor.systemd_unit import SystemdUnit
from storage import LeaseRepository, SystemStatusRepository, open_database

FIVE = {
    "enabled": True, "mode": "manual", "max_strategies": 7, "real_trading_threshold": 66.5, "evolution_interval": 30,
}  # fmt: skip


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose database is started by each command and stopped at its end."""
    home = tmp_path_factory.mktemp("commands")
    home.chmod(0o711)
    return home


def test_up_off_loopback_without_tls_is_refused(home):
    assert_one_line(evoq("up", home=home, EVOQ_BIND="0.0.0.0"), "EVOQ_BIND must be a loopback address without TLS")
    assert_one_line(evoq("up", "--foreground", home=home, EVOQ_BIND="192.0.2.1"), "EVOQ_TLS_CERT")


def test_up_with_a_port_that_is_taken_names_its_holder(home):
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        port = str(occupant.getsockname()[1])
        refused = evoq("up", home=home, EVOQ_HTTP_PORT=port, EVOQ_WS_PORT=str(free_ports(1)[0]))
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert f"EVOQ_HTTP_PORT must be a free port, {port} is taken by" in refused.stderr
    assert f"(process {os.getpid()})" in refused.stderr


def test_up_with_one_port_for_two_services_is_refused(home):
    port = str(free_ports(1)[0])
    refused = evoq("up", home=home, EVOQ_HTTP_PORT=port, EVOQ_WS_PORT=port)
    assert_one_line(refused, "EVOQ_WS_PORT and EVOQ_HTTP_PORT must differ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["up", "--once"], "--once belongs to --foreground"),
        (["env"], "must run, it has no Ray now"),
        (["logs"], "there are no logs yet"),
        (["restore", "nothing.backup"], "nothing.backup cannot be read"),
        (["config", "set", "max_enabld=3"], 'did you mean "max_enabled"?'),
        (["config", "set", "max_enabled"], "set needs KEY=VALUE"),
        (["config", "import", "nothing.json"], "must be a file that can be read"),
    ],
)
def test_command_mistake_is_one_line(home, words, said):
    assert_one_line(evoq(*words, home=home), said)


def test_status_and_down_of_a_desk_that_is_down_say_so(home):
    assert "is down: evoq up starts it" in evoq("status", home=home).stdout
    assert json.loads(evoq("status", "--json", home=home).stdout)["state"] == "down"
    ended = evoq("down", home=home)
    assert ended.returncode == 0
    assert "was not running" in ended.stdout


def test_status_of_a_desk_that_is_down_says_when_it_was_told_of_evolution(own_home):
    told = {"state": "running", "generation": 12, "round": 3, "evaluations": 12_345, "best_scs": 61.25}
    with open_database(own_home, environ={}) as database:
        SystemStatusRepository(database.engine).record("evolution", told)
        shown = evoq("status", home=own_home).stdout
        assert "s ago it was in generation 12, round 3, 12,345 evaluations, best 61.2" in shown
        assert "evolution is stopped; " in shown
        assert "running" not in shown
        assert json.loads(evoq("status", "--json", home=own_home).stdout)["evolution"]["state"] == "stopped"
        lease = LeaseRepository(database.engine).acquire("driver", "elsewhere:1", 60.0)  # a submitted job
        assert "evolution running: generation 12" in evoq("status", home=own_home).stdout
        assert LeaseRepository(database.engine).release(lease)


def test_config_five_keys_import_and_export_gives_them_back(own_home):
    (own_home / "five.json").write_text(json.dumps(FIVE))
    imported = evoq("config", "import", "five.json", home=own_home)
    assert imported.returncode == 0, imported.stderr
    assert evoq("config", "export", home=own_home).returncode == 0
    exported = json.loads((own_home / "auto_trading_config.json").read_text())
    assert exported["auto_trading"] == FIVE
    assert evoq("config", "import", "auto_trading_config.json", home=own_home).returncode == 0
    shown = json.loads(evoq("config", "show", "--json", home=own_home).stdout)
    assert (shown["auto_trading"], shown["version"]) == (FIVE, 3)


def test_config_set_that_cannot_be_changes_nothing(own_home):
    refused = evoq("config", "set", "max_enabled=9", "real_trading_threshold=900", home=own_home)
    assert_one_line(refused, "real_trading_threshold must be a number in [0, 100], was 900")
    assert json.loads(evoq("config", "show", "--json", home=own_home).stdout)["management"]["max_enabled"] != 9


def test_backup_is_restored_into_another_home(own_home, tmp_path):
    file = own_home / "all.backup"
    assert evoq("config", "set", "max_enabled=11", home=own_home).returncode == 0
    saved = evoq("backup", file, home=own_home, BINANCE_API_KEY="hush", EVOQ_SEED="8")
    assert saved.returncode == 0, saved.stderr
    assert f"copy {own_home / 'candles'} and {own_home / 'first_seen'} as well" in saved.stdout
    content = file.read_bytes()
    assert b"hush" not in content
    assert_one_line(evoq("backup", file, home=own_home), "is there already", "--replace")
    assert file.read_bytes() == content
    assert evoq("backup", file, "--replace", home=own_home).returncode == 0
    assert file.read_bytes() != content
    (own_home / "diary.txt").write_text("dear diary")
    assert_one_line(evoq("backup", "diary.txt", "--replace", home=own_home), "diary.txt is no backup of Evoq")
    assert_one_line(evoq("restore", file, home=own_home), "holds something already", "--replace")
    other = tmp_path / "other"
    other.mkdir(mode=0o711)
    (other / "token.read").write_text("another-token-than-before")
    restored = evoq("restore", file, home=other)
    assert restored.returncode == 0, restored.stderr
    assert "restored" in restored.stdout
    shown = json.loads(evoq("config", "show", "--json", home=other).stdout)
    assert shown["management"]["max_enabled"] == 11


def test_assignments_are_read_by_the_type_of_the_setting():
    changes = read_assignments(["enabled=yes", "auto_trading.mode=auto", "max_enabled=4", "demote_below=55.5"])
    assert changes == {"enabled": True, "mode": "auto", "max_enabled": 4, "demote_below": 55.5}


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("enabled=perhaps", "must be true or false"),
        ("max_enabled=4.5", "must be a whole number"),
        ("demote_below=low", "must be a number"),
        ("management.enabled=true", "there is no setting"),
    ],
)
def test_assignment_that_cannot_be_is_refused(assignment, said):
    with pytest.raises(UserError, match=said):
        read_assignments([assignment])


@pytest.mark.parametrize("text", ["{", "[1]", "{}", '{"auto_trading": 3}', '{"nothing": 1}'])
def test_config_file_that_is_none_is_refused(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UserError, match=str(path) if text != '{"nothing": 1}' else "no setting"):
        read_config_file(path)


def test_service_install_dry_run_writes_nothing(home):
    printed = evoq("service", "install", "--dry-run", home=home, HOME=str(home), DB_PASSWORD="hush", EVOQ_SEED="8 %")
    assert printed.returncode == 0, printed.stderr
    assert "would write" in printed.stdout
    assert 'Environment="EVOQ_SEED=8 %%"' in printed.stdout
    assert f'Environment="EVOQ_HOME={home}"' in printed.stdout
    assert "up --foreground" in printed.stdout
    assert "hush" not in printed.stdout
    assert not (home / ".config").exists()


def test_service_install_tells_systemd(home, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    (programs / "systemctl").chmod(0o755)
    installed = evoq("service", "install", home=home, HOME=str(home), PATH=f"{programs}:{os.environ['PATH']}")
    assert installed.returncode == 0, installed.stderr
    assert (home / ".config/systemd/user/evoq.service").is_file()
    assert (tmp_path / "asked").read_text() == "--user daemon-reload\n--user enable --now evoq.service\n"


def test_systemd_accepts_the_unit(home):
    text = SystemdUnit(home, system=False, environ={"EVOQ_FEED": 'a "b" \\ %n $x'}).text()
    assert 'Environment="EVOQ_FEED=a \\"b\\" \\\\ %%n $x"' in text
    assert all(line == "" or line[0] in "#[" or "=" in line for line in text.splitlines())


def test_doctor_names_holders_and_open_files(home, monkeypatch):
    monkeypatch.setenv("EVOQ_WS_PORT", str(free_ports(1)[0]))
    (home / "token.read").write_text("0123456789abcdef0123")
    (home / "token.read").chmod(0o644)
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        port = occupant.getsockname()[1]
        monkeypatch.setenv("EVOQ_HTTP_PORT", str(port))
        found = {finding.subject: finding for finding in findings(Desk.of())}
    assert found[f"port {port}"].grade is Grade.PROBLEM
    assert f"(process {os.getpid()})" in found[f"port {port}"].message
    assert found["secrets"].grade is Grade.PROBLEM
    assert found["secrets"].cure == f"chmod 600 {home / 'token.read'}"
    assert {"clock", "disk", "memory", "Python", "Ray", "embedded PostgreSQL", "database", "cache"} <= set(found)
    assert all(finding.cure for finding in found.values() if finding.grade is not Grade.OK)


def test_doctor_exit_status_tells_of_problems(home):
    (home / "ray.token").write_text("x" * 64)
    (home / "ray.token").chmod(0o666)
    names = ("EVOQ_HTTP_PORT", "EVOQ_WS_PORT", "EVOQ_PANEL_PORT")
    ports = dict(zip(names, map(str, free_ports(3)), strict=True))
    examined = evoq("doctor", home=home, **ports)
    assert examined.returncode == 2
    assert examined.stderr == "evoq: 1 to be mended before the desk can run well: secrets\n"
    grades = {one["subject"]: one["grade"] for one in json.loads(evoq("doctor", "--json", home=home, **ports).stdout)}
    assert grades["secrets"] == "problem"


def test_port_holder_is_named():
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        port = occupant.getsockname()[1]
        assert not is_free(port)
        holder = holder_of(port)
        assert holder is not None
        assert holder.pid == os.getpid()
    assert is_free(port)
    assert holder_of(port) is None


def test_services_get_what_they_need_and_no_more(home):
    environ = {"DB_PASSWORD": "hush-1", "GATE_SECRET_KEY": "hush-2", "EVOQ_TLS_KEY": "/k.pem", "RAY_ADDRESS": "other:1"}
    desk = Desk(DeskFiles(home), environ)
    desk.ray, desk.cache_url = RayPorts(6400, 8266), "redis://:hush-3@127.0.0.1:1"
    seen = {one.name: environment_of(desk, one) for one in services_of_the_desk() if hasattr(one.run, "command")}
    assert {name for name, variables in seen.items() if "DB_PASSWORD" in variables} == {"feed", "driver", "api"}
    assert {name for name, variables in seen.items() if "REDIS_URL" in variables} == {"feed", "driver", "api", "push"}
    assert not any("GATE_SECRET_KEY" in variables for variables in seen.values())
    assert "hush" not in " ".join(seen["ray"].values())
    assert seen["driver"]["RAY_ADDRESS"] == "127.0.0.1:6400"
    assert "RAY_ADDRESS" not in seen["ray"]
    assert seen["ray"]["RAY_AUTH_MODE"] == "token"
    assert stat.S_IMODE(Path(seen["ray"]["RAY_AUTH_TOKEN_PATH"]).stat().st_mode) == 0o600


def test_services_give_freed_memory_back_unless_the_user_says_otherwise(home):
    for environ, pools in (({}, "2"), ({"MALLOC_ARENA_MAX": "8"}, "8")):
        desk = Desk(DeskFiles(home), environ)
        desk.ray = RayPorts(6400, 8266)
        services = [one for one in services_of_the_desk() if hasattr(one.run, "command")]
        assert {environment_of(desk, one)["MALLOC_ARENA_MAX"] for one in services} == {pools}


def test_launcher_starts_nothing_for_a_supervisor_that_is_gone():
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(launcher.__file__), "1", sys.executable, "-c", "print('started')"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")

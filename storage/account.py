"""Under which account a server runs: PostgreSQL refuses to run as root, so root must step down.

As an ordinary user the server runs as that user. As root it runs in a user namespace of its own, in which
root's files belong to an ordinary user and root's rights are gone; where namespaces are forbidden (in many
containers) it runs as a system user that exists already, and its folder is given to that user.
"""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.errors import AccountError

__all__ = ["ServerAccount", "server_account"]

_SYSTEM_USERS = ("evoq", "postgres", "_postgres", "daemon", "nobody")
_PROBE_TIMEOUT_S = 20


@dataclass(frozen=True)
class ServerAccount:
    """How to start a program that must not be root.

    Attributes
    ----------
    description : str
        In words, for messages.
    prefix : tuple of str
        Words before the command, empty when the command runs as it is.
    uid, gid : int or None
        The system user and group to become; None to stay who we are.
    """

    description: str
    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def run(self, command: Sequence[str], *, timeout_s: float, **options: object) -> subprocess.CompletedProcess[str]:
        """Run a command to its end under this account, in a small environment without our secrets.

        Parameters
        ----------
        command : sequence of str
            Program and arguments.
        timeout_s : float
            After how many seconds it is killed.
        **options : object
            Passed on to `subprocess.run`.

        Returns
        -------
        subprocess.CompletedProcess of str
            Its exit status and, where asked for, its output.
        """
        become = {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": ()}
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]  # noqa: S603 - our own command lines
            [*self.prefix, *command],
            env=environment,
            stdin=subprocess.DEVNULL if "input" not in options else None,
            text=True,
            timeout=timeout_s,
            check=False,
            start_new_session=True,  # the Ctrl-C of our terminal must not reach a server
            **become,
            **options,
        )

    def own(self, folder: Path) -> None:
        """Give a folder of ours, and all in it, to this account.

        Parameters
        ----------
        folder : Path
            A folder that only the server uses.
        """
        if os.geteuid() != 0:
            return
        uid, gid = (0, 0) if self.uid is None else (self.uid, self.gid or 0)
        if folder.stat().st_uid == uid:
            return
        for path, names, files in os.walk(folder, topdown=False):
            for name in (*names, *files):
                os.chown(Path(path) / name, uid, gid, follow_symlinks=False)
        os.chown(folder, uid, gid)  # last: it tells that all is done

    def own_file(self, file: Path) -> None:
        """Give one file to this account.

        Parameters
        ----------
        file : Path
            A file that only the server reads.
        """
        if self.uid is not None and self.gid is not None:
            os.chown(file, self.uid, self.gid)

    def open_way(self, folder: Path) -> None:
        """Let this account pass through a folder of ours that nobody else may enter.

        Parameters
        ----------
        folder : Path
            EVOQ_HOME or a folder in it. Where it is private to root (0700) it becomes 0710 with the account's
            group, so that the account may pass but not look around; any other mode is somebody's choice and
            stays.
        """
        if self.uid is None or self.gid is None:
            return
        status = folder.stat()
        if status.st_uid == 0 and stat.S_IMODE(status.st_mode) == 0o700:
            os.chown(folder, -1, self.gid)
            folder.chmod(0o710)


def server_account(folders: Sequence[Path], program: Path, *, instead: str = "DB_HOST") -> ServerAccount:
    """Return an account that may run a program and pass through our folders.

    Parameters
    ----------
    folders : sequence of Path
        The folders on the way to what the server writes, outermost first: EVOQ_HOME and those below it.
    program : Path
        The server's program.
    instead : str
        The variable that names a server which somebody else runs, for the message.

    Returns
    -------
    ServerAccount
        The first way that was seen to work here.

    Raises
    ------
    AccountError
        If we are root and no way works.
    """
    if os.geteuid() != 0:
        return ServerAccount(f"user {os.geteuid()}")
    tried = []
    for account in (_namespace(), _system_user()):
        if account is None:
            continue
        for folder in folders:
            account.open_way(folder)
        if _works(account, folders[-1], program):
            return account
        tried.append(account.description)
    owner = folders[0].stat().st_uid
    raise AccountError(
        "a server must not run as root, and no other way works here"
        f" (tried: {', '.join(tried) or 'none'}) for the folder {folders[-1]}: run Evoq as"
        f" {'an ordinary user' if owner == 0 else f'the user {owner} who owns {folders[0]}'}, or set EVOQ_HOME (and"
        f" install Evoq) where others may pass, such as below /var/lib or /opt, or set {instead}"
    )


def _works(account: ServerAccount, folder: Path, program: Path) -> bool:
    """Return whether the account is not root, may enter the folder and can run the program."""
    check = 'test "$(id -u)" -ne 0 && test -x "$1" && "$2" --version >/dev/null'
    try:
        done = account.run(
            ["/bin/sh", "-c", check, "sh", str(folder), str(program)],
            timeout_s=_PROBE_TIMEOUT_S,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _namespace() -> ServerAccount | None:
    """Return the account of a user namespace in which root is an ordinary user."""
    unshare = shutil.which("unshare")
    if unshare is None or not sys.platform.startswith("linux"):
        return None
    # PostgreSQL looks its user up by number, so the number must have a name; 65534 also stands for "somebody
    # outside of the namespace" and would blur who owns what.
    named = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid not in (0, 65534)}
    uid = next((named[name] for name in _SYSTEM_USERS if name in named), next(iter(named.values()), None))
    if uid is None:
        return None
    prefix = (unshare, "--user", f"--map-user={uid}", f"--map-group={uid}", "--")
    return ServerAccount("a user namespace (unshare)", prefix)


def _system_user() -> ServerAccount | None:
    """Return the account of the first likely system user that exists."""
    for name in _SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerAccount(f"the system user {name}", (), entry.pw_uid, entry.pw_gid)
    return None

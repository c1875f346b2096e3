"""The desk as its services see it: its settings, and what was found out while it started."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from cluster.access import ListenAddress, listen_address, port_setting
from cluster.supervisor.desk_files import DeskFiles
from market.clock import Clock, SystemClock
from storage import Database, Lease
from storage import home as home_of

__all__ = ["Desk", "RayPorts"]

_FILES = ("EVOQ_TLS_CERT", "EVOQ_TLS_KEY")


@dataclass(frozen=True, slots=True)
class RayPorts:
    """Where the Ray of the desk is, on 127.0.0.1.

    Attributes
    ----------
    head : int
        Port of its head.
    dashboard : int
        Port of its dashboard, which also takes jobs.
    """

    head: int
    dashboard: int

    @property
    def address(self) -> str:
        """What drivers join."""
        return f"127.0.0.1:{self.head}"

    @property
    def dashboard_url(self) -> str:
        """What browsers and `ray job submit` open."""
        return f"http://127.0.0.1:{self.dashboard}"


@dataclass(slots=True)
class Desk:
    """Settings of a desk, and what becomes known while it starts.

    Attributes
    ----------
    files : DeskFiles
        Its files.
    environ : mapping of str to str
        The environment it was started in.
    clock : Clock
        The time.
    listen : ListenAddress
        Where the API and the push listen (EVOQ_BIND, EVOQ_TLS_CERT, EVOQ_TLS_KEY).
    ray : RayPorts or None
        Where Ray is, once that is decided.
    database : Database or None
        The database, while it is open.
    lease : Lease or None
        That of the desk, as it was renewed last.
    cache_url : str or None
        The cache, with its password, while it is open.
    """

    files: DeskFiles
    environ: Mapping[str, str]
    clock: Clock = field(default_factory=SystemClock)
    listen: ListenAddress = field(default_factory=ListenAddress)
    ray: RayPorts | None = None
    database: Database | None = None
    lease: Lease | None = None
    cache_url: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> "Desk":
        """Return the desk of an environment; a setting that cannot be meant is refused.

        Parameters
        ----------
        environ : mapping of str to str, optional
            By default `os.environ`.

        Returns
        -------
        Desk
            Nothing of it runs yet.
        """
        environ = dict(os.environ if environ is None else environ)
        for name in _FILES:
            if environ.get(name, "").strip():
                environ[name] = str(Path(environ[name].strip()).expanduser().absolute())  # services work elsewhere
        listen = listen_address(environ)
        listen.tls()
        files = DeskFiles(home_of(environ))
        files.make_folders()
        return cls(files, environ, listen=listen)

    @property
    def home(self) -> Path:
        """EVOQ_HOME."""
        return self.files.home

    @property
    def engine(self) -> Engine | None:
        """For the repositories, while the database is open."""
        return None if self.database is None else self.database.engine

    @property
    def local_host(self) -> str:
        """How a server that listens at `listen` is called from this machine, in a URL."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
        return ListenAddress(everywhere.get(self.listen.host, self.listen.host)).url_host

    def port(self, name: str, default: int) -> int:
        """Return a port from the environment of the desk.

        Parameters
        ----------
        name : str
            The variable.
        default : int
            If it is not set.

        Returns
        -------
        int
            A TCP port.
        """
        return port_setting(name, default, self.environ)

"""What the push is told by the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cluster.access import ListenAddress, Tokens, listen_address, port_setting
from storage.folders import home

__all__ = ["PushSettings"]


@dataclass(frozen=True, slots=True)
class PushSettings:
    """Where the push listens, whom it admits and what feeds it. It holds no token: those are read where they are used.

    Attributes
    ----------
    home : Path
        EVOQ_HOME, where the token files are.
    address : ListenAddress
        Where to listen.
    port : int
        On which port.
    cache_url : str or None
        The cache, with its password; None for a desk without one, which then has nothing to tell.
    database : mapping of str to str
        The DB_* variables, with the password: where sessions are looked up. Empty for the embedded database.
    """

    home: Path
    address: ListenAddress
    port: int
    cache_url: str | None = field(repr=False)
    database: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> "PushSettings":
        """Read the environment, and see to it that the tokens are there.

        Parameters
        ----------
        environ : mapping of str to str, optional
            Where `EVOQ_HOME`, `EVOQ_BIND`, `EVOQ_WS_PORT`, `EVOQ_TLS_CERT`, `EVOQ_TLS_KEY`, `REDIS_URL` and `DB_*` are
            looked up; by default `os.environ`.

        Returns
        -------
        PushSettings
            What they say.
        """
        environ = os.environ if environ is None else environ
        folder = home(environ)
        address = listen_address(environ)
        address.tls()  # a bad certificate is a mistake that is best told here
        Tokens(folder)
        port = port_setting("EVOQ_WS_PORT", 8765, environ)
        database = {name: value for name, value in environ.items() if name.startswith("DB_")}
        return cls(folder, address, port, environ.get("REDIS_URL", "").strip() or None, database)

"""The cache of one EVOQ_HOME: embedded or somebody else's. Display only: losing it loses nothing."""

import atexit
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from storage.cache_client import build_client, cache_url, measure
from storage.errors import EmbeddedServerError, SettingError, StorageError
from storage.folders import home as default_home
from storage.folders import private_folder

if TYPE_CHECKING:
    from storage.server_share import ServerShare

__all__ = ["Cache", "open_cache"]


class Cache:
    """An open cache; a context manager, made by `open_cache`.

    Parameters
    ----------
    url : str
        Its address, with the password in it.
    share : ServerShare, optional
        Our share of the embedded server, given back at the end.

    Attributes
    ----------
    url : str
        Its address, with the password in it: for clients and their environment only, never for a log.
    place : str
        Where it is, without a password.
    """

    def __init__(self, url: str, share: "ServerShare | None" = None) -> None:
        self.url = url
        self.place = _place(url)
        self._share = share
        self._client = build_client(url)
        self._owner = os.getpid()
        atexit.register(self.close)

    @property
    def embedded(self) -> bool:
        """Whether this is the embedded server."""
        return self._share is not None

    def ping(self) -> float | None:
        """Return how long the cache takes to answer.

        Returns
        -------
        float or None
            Seconds; None if it does not answer within one.
        """
        try:
            return measure(self._client, self.place)
        except StorageError:
            return None

    def close(self) -> None:
        """Close the connection; the last user of the embedded server stops it. May be called twice."""
        atexit.unregister(self.close)
        if os.getpid() != self._owner:
            return  # a forked child: the share of the server is its parent's
        self._client.close()
        if self._share is not None:
            self._share.leave()

    def __enter__(self) -> "Cache":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Cache({self.place}, embedded={self.embedded})"


def open_cache(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Cache:
    """Open the cache.

    Parameters
    ----------
    home : Path, optional
        EVOQ_HOME; by default what `storage.home` says. The embedded server lives in it.
    environ : mapping of str to str, optional
        Where `REDIS_URL` is looked up; by default `os.environ`. With it that server is used, else the embedded one
        is started, or joined where it runs already.

    Returns
    -------
    Cache
        It has answered. To be closed, best by `with`: the last to close the embedded server stops it. One that died
        is started again by opening it once more, before the old one is closed.

    Raises
    ------
    EmbeddedServerError
        If the embedded server runs but its password is lost.
    """
    variables = os.environ if environ is None else environ
    url = variables.get("REDIS_URL", "").strip()
    if url:
        cache = Cache(_checked(url))
        try:
            measure(cache._client, cache.place)
        except BaseException:
            cache.close()
            raise
        return cache
    # The embedded server needs POSIX; a cache elsewhere does not, so it is imported only here.
    from storage.cache_files import CacheFiles
    from storage.cache_server import Valkey
    from storage.server_folder import HOST
    from storage.server_share import ServerShare

    folder = default_home(variables) if home is None else private_folder(Path(home).absolute())
    files = CacheFiles(folder)
    share = ServerShare.join(Valkey(files))
    try:
        password = files.password()
        if password is None:
            raise EmbeddedServerError(f"{files.folder / 'password'} vanished: stop every Evoq process and try again")
        return Cache(cache_url(HOST, share.port, password), share)
    except BaseException:
        share.leave()
        raise


def _checked(url: str) -> str:
    """Refuse an address that cannot be meant, without repeating the password that may be in it."""
    rule = "REDIS_URL must be redis://[:PASSWORD@]HOST:PORT[/NUMBER], with rediss: for TLS or unix:///PATH"
    try:
        parts = urlsplit(url)
        number = parts.path.strip("/")
        if parts.scheme == "unix":
            fits = bool(number)
        else:
            numbered = not number or (number.isascii() and number.isdigit())
            fits = parts.scheme in ("redis", "rediss") and bool(parts.hostname) and parts.port != 0 and numbered
        build_client(url).close()  # it reads the options behind a question mark
    except (ValueError, TypeError):
        fits = False
    if not fits:
        raise SettingError(f"{rule}: correct it, or unset it for the embedded cache")
    return url


def _place(url: str) -> str:
    """Return where a cache is, without its password."""
    parts = urlsplit(url)
    return parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"

"""The cache's client: the one module of storage that knows redis-py."""

import time
from typing import Any
from urllib.parse import quote

from storage.errors import CacheUnreachableError, LoginError

__all__ = ["build_client", "cache_url", "connects", "measure"]

_TIMEOUT_S = 1.0
_NO_ENTRY = ("NOAUTH", "WRONGPASS", "NOPERM", "invalid password", "invalid username-password", "Authentication")


def cache_url(host: str, port: int, password: str) -> str:
    """Return the address of a cache, with its password in it.

    Parameters
    ----------
    host : str
        Where it is.
    port : int
        Where it listens.
    password : str
        Of its default user.

    Returns
    -------
    str
        For clients and their environment only; never for a log.
    """
    return f"redis://:{quote(password, safe='')}@{host}:{port}/0"


def build_client(url: str) -> Any:
    """Return a client that tries once and waits for a second at most.

    Parameters
    ----------
    url : str
        The address, with a password if need be.

    Returns
    -------
    redis.Redis
        Connects when it is first used.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return redis.Redis.from_url(
        url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, retry=Retry(NoBackoff(), 0)
    )


def measure(client: Any, place: str) -> float:
    """Ask the cache for an answer, and return how long it took.

    Parameters
    ----------
    client : redis.Redis
        From `build_client`.
    place : str
        Where it is, in the words of messages.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    LoginError
        If it refuses our password.
    CacheUnreachableError
        If it does not answer.
    """
    import redis

    begun = time.perf_counter()
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")
        if isinstance(error, redis.AuthenticationError) or any(sign in reason for sign in _NO_ENTRY):
            raise LoginError(
                f"the cache at {place} refuses our password: put into REDIS_URL what that server knows"
            ) from error
        raise CacheUnreachableError(
            f"no cache answers at {place} ({reason}): start that server, correct REDIS_URL, or unset it for the"
            " embedded one"
        ) from error
    return time.perf_counter() - begun


def connects(host: str, port: int, password: str | None) -> bool:
    """Return whether a cache takes a password.

    Parameters
    ----------
    host : str
        Where it is.
    port : int
        Where it listens.
    password : str or None
        The password.

    Returns
    -------
    bool
        False if nobody answers.
    """
    client = build_client(cache_url(host, port, password or ""))
    try:
        measure(client, f"{host}:{port}")
    except CacheUnreachableError:
        return False
    finally:
        client.close()
    return True

"""Answers that take long: computed in a thread of their own, one at a time, and kept by what they depend on.

The compiled kernels let go of the interpreter while they run, so requests are answered meanwhile. Whoever asks for
something that is being computed waits for the same result; whoever waits too long is told to ask again, and finds it
then. Nothing here is a truth: it can be computed again from the database and the candles at any time.
"""

import asyncio
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar, cast

from cluster.api.problems import Problem

__all__ = ["HeavyWork", "content_key"]

Result = TypeVar("Result")

_KEPT = 256
_MOST_WAITING = 16


def content_key(kind: str, *depends_on: object) -> str:
    """Return the name of an answer by everything that it depends on.

    Parameters
    ----------
    kind : str
        What is computed.
    *depends_on : object
        JSON values.

    Returns
    -------
    str
        SHA-256 (hex).
    """
    return hashlib.sha256(json.dumps([kind, *depends_on], sort_keys=True).encode()).hexdigest()


class HeavyWork:
    """Computes and keeps answers.

    Parameters
    ----------
    deadline_s : float
        How long somebody waits for an answer before being told to ask again.
    kept : int
        How many answers are kept, the latest used ones.
    """

    def __init__(self, deadline_s: float = 20.0, kept: int = _KEPT) -> None:
        self._deadline_s = deadline_s
        self._kept = kept
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, Any] = OrderedDict()
        self._under_way: dict[str, Future[Any]] = {}

    async def answer(self, key: str, compute: Callable[[], Result]) -> Result:
        """Return an answer, computed unless it is known.

        Parameters
        ----------
        key : str
            From `content_key`.
        compute : callable
            Computes it; runs in a thread.

        Returns
        -------
        object
            What `compute` returned, now or earlier.

        Raises
        ------
        Problem
            503 if too much is under way, or it takes too long.
        TimeoutError
            If the computation itself raises one; it may raise anything.
        """
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return cast(Result, self._answers[key])
            future = self._under_way.get(key)
            if future is None:
                if len(self._under_way) >= _MOST_WAITING:
                    raise Problem(
                        503, "busy", "too many long computations are under way: ask again", {"Retry-After": "5"}
                    )
                if self._pool is None:
                    self._pool = ThreadPoolExecutor(1, "heavy")
                future = self._under_way[key] = self._pool.submit(self._work, key, compute)
        # Shielded: one who gives up must not take the answer away from the others.
        waiting = asyncio.shield(asyncio.wrap_future(future))
        try:
            return cast(Result, await asyncio.wait_for(waiting, self._deadline_s))
        except TimeoutError:
            if future.done():
                raise  # the computation itself timed out
            waiting.add_done_callback(_ignored)
            raise Problem(
                503,
                "still_computing",
                f"this takes longer than {self._deadline_s:g} s: ask again, it is being computed",
                {"Retry-After": "5"},
            ) from None

    def close(self) -> None:
        """Let go of the thread; what is under way is not waited for."""
        with self._lock:
            pool, self._pool = self._pool, None
            self._under_way.clear()
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _work(self, key: str, compute: Callable[[], Any]) -> Any:
        try:
            result = compute()
            with self._lock:
                self._answers[key] = result
                while len(self._answers) > self._kept:
                    self._answers.popitem(last=False)
            return result
        finally:
            with self._lock:
                self._under_way.pop(key, None)


def _ignored(waiting: "asyncio.Future[Any]") -> None:
    """Take note of how a computation ended that nobody waits for any more."""
    if not waiting.cancelled():
        waiting.exception()

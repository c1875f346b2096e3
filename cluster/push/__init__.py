"""Push: what happens in the desk, told to whoever subscribed, over WebSockets.

::

    cache (evoq:push) ──> CacheFeed ──> Hub ──┬──> Outbox ──> PushConnection    one of each for every client
                                        │     └──> Outbox ──> PushConnection
                                   LastStates

`PushServer` listens, admits and answers; it knows nothing of Ray and runs in any asyncio loop. The hub numbers events
and hands them on; nobody waits for anybody: a client that does not read fills its own outbox, loses the oldest events,
is told how many, and is closed after a while. `python -m cluster.push` runs the server in a Ray actor and watches it.

Everything here is display: the database is the truth, and losing the cache or this server loses nothing.
"""

from cluster.push.cache_feed import CacheFeed
from cluster.push.limits import PushLimits
from cluster.push.server import PushServer

__all__ = ["CacheFeed", "PushLimits", "PushServer"]

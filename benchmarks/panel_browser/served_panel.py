"""The control panel as a process of its own, on a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

__all__ = ["free_port", "served_panel"]

_PATIENCE_S = 60.0
_END_S = 10.0


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served_panel(environ: Mapping[str, str]) -> Iterator[str]:
    """Serve the panel.

    Parameters
    ----------
    environ : mapping of str to str
        What it is told besides this process's environment, such as EVOQ_API_URL.

    Yields
    ------
    str
        Its address, without a slash at the end; a RuntimeError says that it did not answer within a minute.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {**os.environ, **environ, "EVOQ_PANEL_PORT": str(port)}
    with subprocess.Popen([sys.executable, "-m", "ui"], env=variables) as panel:
        try:
            _wait(url, panel)
            yield url
        finally:
            panel.terminate()
            try:
                panel.wait(_END_S)
            except subprocess.TimeoutExpired:
                panel.kill()


def _wait(url: str, panel: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and panel.poll() is None:
        try:
            if httpx.get(f"{url}/_stcore/health").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"the panel must answer at {url} within {_PATIENCE_S:.0f} s, did not")

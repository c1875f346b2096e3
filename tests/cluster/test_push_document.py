"""The document of the push: its example runs, and its numbers are those of the code."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from push_client import eventually, serving, strategy

from cluster.push import PushLimits
from cluster.push.messages import EVENT_TYPES

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "push.md"
TEXT = DOCUMENT.read_text()


@pytest.fixture(autouse=True)
def _home(home):
    """Give each test tokens of its own."""


def test_document_example_shows_what_happens(tmp_path: Path):
    found = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    script = tmp_path / "example.py"
    script.write_text(found.group(1))

    async def scenario() -> str:
        async with serving() as server:
            server.hub.publish("strategy_update", strategy("before"))
            environment = {**os.environ, "EVOQ_WS_PORT": str(server.port), "PYTHONUNBUFFERED": "1"}
            process = await asyncio.create_subprocess_exec(
                sys.executable, script, env=environment, stdout=asyncio.subprocess.PIPE
            )
            await eventually(lambda: server.hub._subscribers)
            server.hub.publish("alert", {"code": "hello"})
            await asyncio.sleep(0.05)
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode()

    lines = asyncio.run(scenario()).splitlines()
    assert [line.split("'")[3] for line in lines] == ["hello", "strategy_update", "alert"]


def test_document_numbers_are_those_of_the_code():
    limits = PushLimits()
    for number in (
        f"oldest of {limits.queue_events} events",
        f"behind for\n{limits.slow_s:g} s",
        f"within {limits.heartbeat_s:g} s",
        f"{limits.connections:,} connections",
        f"{limits.waiting:,} that",
        f"{limits.message_bytes:,} bytes",
        f"within {limits.auth_s:g} s",
    ):
        assert number in TEXT, number
    for kind in EVENT_TYPES:
        assert f"`{kind}`" in TEXT

"""The README's commands run as they stand, one after the other, on a home of their own."""

import os
import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from dotenv import dotenv_values

pytestmark = pytest.mark.alone

REPOSITORY = Path(__file__).resolve().parent.parent
NOT_RUN = {
    "make test": "it is what runs this test",
    "make setup": "done before any test can run",
    "source .venv/bin/activate": "tests have the same folder on their path",
    "git clone": "this is the clone",
    "cd evoq": "this is the folder",
    "evoq candles fetch": "needs the internet; tests/market download from a venue on loopback",
}
ENDLESS = {"make run": "make run ONCE=1"}
PORTS = ("EVOQ_HTTP_PORT", "EVOQ_WS_PORT", "EVOQ_PANEL_PORT", "EVOQ_RAY_DASHBOARD_PORT")


def blocks_of(language: str, document: str = "README.md") -> list[str]:
    """Return the blocks of code in a language."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(document: str = "README.md") -> list[str]:
    """Return the lines of the shell blocks of a README, continuation lines joined."""
    blocks = blocks_of("sh", document)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    stripped = [re.sub(r"\s+#\s.*$", "", line).strip() for line in lines]
    return [line for line in stripped if line and not line.startswith("#")]


def test_readme_shows_the_two_commands():
    assert {"make run", "make test"} <= set(commands())


def test_readme_in_chinese_has_the_same_commands_code_links_and_sections():
    chinese = "README.zh-CN.md"
    assert commands(chinese) == commands()
    assert blocks_of("python", chinese) == blocks_of("python")
    texts = [(REPOSITORY / document).read_text(encoding="utf-8") for document in ("README.md", chinese)]
    sections = [re.findall(r"^## ", text, re.MULTILINE) for text in texts]
    links = [set(re.findall(r"\]\(([^)]+)\)", text.replace("-zh.png", ".png"))) for text in texts]
    assert sections[0] == sections[1]
    assert links[0] - {chinese} == links[1] - {"README.md"}
    assert chinese in links[0]
    assert "README.md" in links[1]


def free_ports() -> dict[str, str]:
    """Return ports for the desk: those it has by default may be those of another one on this machine."""
    with ExitStack() as held:
        probes = {name: held.enter_context(socket.socket()) for name in PORTS}
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {name: str(probe.getsockname()[1]) for name, probe in probes.items()}


@pytest.mark.timeout(900)
def test_readme_commands_succeed_in_order(tmp_path):
    lines = [line for line in commands() if not any(line.startswith(start) for start in NOT_RUN)]
    lines = [ENDLESS.get(line, line) for line in lines]
    assert len(lines) >= 5
    script = "\n".join(f"(cd {REPOSITORY} && {line})" if line.startswith("make") else line for line in lines)
    own_dotenv = dict.fromkeys(dotenv_values(REPOSITORY / ".env"), "")  # a developer's database and keys stay out of it
    environment = {
        **os.environ,
        **own_dotenv,
        "HOME": str(tmp_path),
        "EVOQ_HOME": str(tmp_path / "home"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "120",
        **free_ports(),
    }
    result = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=800, check=False,
    )  # fmt: skip
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    assert "best of each type" in result.stdout
    desk, background = result.stdout.split("READY after")[1:]  # two homes, each started for the first time
    assert re.search(r"^  tokens +\S+/token\.read, token\.operate; Ray's: ray\.token$", desk, re.MULTILINE)
    assert re.search(r"^  from elsewhere +ssh -N( -L \d+:127\.0\.0\.1:\d+){4} \S+@\S+$", desk, re.MULTILINE)
    assert re.search(r"^generation \d+, round \d+ · [\d,]+ evaluations · .*best [\d.]+, median ", desk, re.MULTILINE)
    assert re.search(r"^score >= 65: [\d,]+ · grade A: \d+ · live: 0 · commonest reason: \w", desk, re.MULTILINE)
    for start in (desk, background):
        assert len(re.findall(r"^  sign in +role operate, password \S+ \(shown once;", start, re.MULTILINE)) == 1
    for chart in ("report.html", "run.html"):
        assert (tmp_path / chart).stat().st_size > 100_000


def test_readme_python_runs(tmp_path):
    blocks = blocks_of("python")
    assert len(blocks) == 2
    for block in blocks:
        result = subprocess.run(
            [sys.executable, "-W", "error", "-c", block],
            cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert result.returncode == 0, f"{block}\n{result.stderr}"
        assert result.stdout

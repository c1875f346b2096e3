"""Fixtures every test shares: a clean environment, a private EVOQ_HOME, and the real candles where they exist."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_CANDLES = REPOSITORY.parent / "shared" / "data" / "ohlcv"

REQUIRE_ALL = os.environ.get("EVOQ_REQUIRE_ALL") == "1"
MAY_BE_ABSENT = ("real candles", "only root", "no disk may be mounted", "capabilities are shown", "private to root")

_PRIVATE_PREFIXES = ("DB_", "REDIS_", "BINANCE_", "OKX_", "GATE_", "HTX_", "HUOBI_", "EVOQ_", "RAY_")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Where all is required (in CI), fail a test that is skipped for want of anything a machine can be given."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1]
        if not any(words in reason for words in MAY_BE_ABSENT):
            report.outcome = "failed"
            report.longrepr = f"EVOQ_REQUIRE_ALL=1: {reason}"
    return report


@pytest.fixture(autouse=True, scope="session")
def _clean_environment(tmp_path_factory: pytest.TempPathFactory):
    """Drop keys and addresses of a machine that may trade, and give the session a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_PRIVATE_PREFIXES):
                patch.delenv(name)
        patch.setenv("EVOQ_HOME", str(tmp_path_factory.mktemp("evoq-home")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _hear_ctrl_c() -> None:
    """Let commands under test hear Ctrl-C, which whatever a shell starts in the background inherits as ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty EVOQ_HOME for one test."""
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("EVOQ_HOME", str(path))
    return path


@pytest.fixture
def shared_candles() -> Path:
    """Return the folder of real candles, or skip: they may not be shipped with the repository."""
    if not SHARED_CANDLES.is_dir():
        pytest.skip("real candles (../shared/data/ohlcv) are not present")
    return SHARED_CANDLES


@pytest.fixture(scope="session")
def database_folder():
    """Return a folder for database servers: in memory where there is room, for they synchronise all they write."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30
    folder = Path(tempfile.mkdtemp(prefix="evoq-tests-", dir=memory if roomy else None))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def embedded_database(database_folder: Path):
    """Return an open database on an embedded server that the whole session shares, started at first use."""
    import storage

    with storage.open_database(database_folder / "shared", environ={}) as database:
        yield database

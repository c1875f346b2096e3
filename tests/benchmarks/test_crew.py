"""The crew of a campaign: what is left of it when it is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
from waiting import until

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

JOBS = """
import os
import time
from dataclasses import dataclass
from pathlib import Path

@dataclass(frozen=True)
class Endless:
    path: str

    def run(self):
        Path(self.path).write_text(str(os.getpid()))
        time.sleep(600)  # longer than any test: only the end of its campaign ends it
        return {}
"""

CAMPAIGN = """
import sys
from campaigns.crew import carried_out
from campaigns.record_cache import RecordCache
from jobs import Endless

if __name__ == "__main__":
    carried_out([Endless(path) for path in sys.argv[1:]], RecordCache(None, "x", "y"), 2, "endless")
"""


def test_crew_of_a_killed_campaign_ends_in_the_middle_of_its_jobs(tmp_path: Path):
    (tmp_path / "jobs.py").write_text(JOBS)
    (tmp_path / "campaign.py").write_text(CAMPAIGN)
    paths = [tmp_path / name for name in ("one", "two")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(BENCHMARKS), str(tmp_path)))}
    campaign = subprocess.Popen(
        [sys.executable, tmp_path / "campaign.py", *paths], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        workers = [int(until(lambda path=path: path.exists() and path.read_text())) for path in paths]
        assert all(map(psutil.pid_exists, workers))
    finally:
        campaign.send_signal(signal.SIGKILL)
        campaign.wait()
    until(lambda: not any(map(psutil.pid_exists, workers)), patience_s=20.0)

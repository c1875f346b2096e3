"""The benchmarks are scripts: their folder is on the path while they are tested."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "cluster"))  # waiting

"""Make the oracles beside the tests importable: `from reference_engine import reference_run`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

"""``python -m ui``: serve the control panel."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parent)  # Streamlit takes .streamlit/config.toml from where it is started
    from ui.panel.server import main

    sys.exit(main())

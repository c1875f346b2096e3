"""``python -m ui``: serve the control panel."""

import sys

from ui.panel.server import main

if __name__ == "__main__":
    sys.exit(main())

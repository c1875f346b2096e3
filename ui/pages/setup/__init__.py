"""How the desk is set up, and how to work with it from outside."""

from ui.panel import PanelSection

SECTION = PanelSection(title="section.setup", order=30)

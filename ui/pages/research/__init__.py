"""What evolution has found, and how."""

from ui.panel import PanelSection

SECTION = PanelSection(title="section.research", order=20)

"""The desk as a whole."""

from ui.panel import PanelSection

SECTION = PanelSection(title="section.desk", order=10)

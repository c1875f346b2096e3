"""The pages of the control panel: one file a page, one folder a section. Nothing lists them; they are found.

A section is a package with ``SECTION = PanelSection(title="section.desk", order=10)`` in its ``__init__.py``; it stands
among the packages of pyproject.toml. A page is a module in it with ``PAGE = PanelPage(...)`` and ``def render(view)``;
its words stand in both files of ``ui/catalogue``. Pages import `ui.panel`, `ui.errors`, answers of `ui` and
`backtest.plots`.
"""

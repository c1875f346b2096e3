"""Small tables: what is short is not broken, what is long is, and all of it is text."""

PAGE = """
from ui.panel import PanelPage, View, html_table

PAGE = PanelPage(path="rows", title="overview.title", icon=":material/bolt:")


def render(view: View) -> None:
    short = ("2026-01-31 08:05:09", "<b>", "60.0 秒")
    row = (*short, "a reason that is told in many words", "最少样本外交易次数", "a long reason, " * 5, "12")
    html_table(view, ("strategies.id",) * 7, [row], text_columns=6)
"""


def test_table_breaks_long_cells_and_no_dates(scratch, viewer):
    scratch.write(rows=PAGE)
    shown = viewer.open("rows").html
    assert '<td class="evoq-whole">2026-01-31 08:05:09</td>' in shown
    assert "<td>a reason that is told in many words</td>" in shown
    assert '<td class="evoq-whole">&lt;b&gt;</td>' in shown
    assert "<td>最少样本外交易次数</td>" in shown
    assert '<td class="evoq-whole">60.0 秒</td>' in shown
    assert '<td class="evoq-long">a long reason' in shown
    assert '<td class="evoq-right">12</td>' in shown

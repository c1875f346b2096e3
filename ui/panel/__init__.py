"""The frame of the control panel: what pages are made of. The pages themselves are in `ui.pages`.

======================  =====================================================================
`server`                the panel as a web application: sign-in, guard, Streamlit
`frame`                 drawn around every page: header, navigation, dialogs
`discovery`             which pages there are
`view`                  what a page is given: the desk, formats, words, `load` and `live`
`loads`                 what the desk last said, kept while it does not answer
`states`                loading, empty, stale, failed
`tiles`, `tables`,      figures, lists with `paging`, small tables, and plots
`html_table`, `charts`
`confirmation`          whatever changes the desk: a dialog with a reason
`followed`              commands, until they are done
`catalogue`, `formats`  words in two languages; numbers, money and times
======================  =====================================================================
"""

from ui.panel.charts import plot
from ui.panel.confirmation import Action, action_button
from ui.panel.errors import PanelError
from ui.panel.html_table import html_table
from ui.panel.paging import pager
from ui.panel.panel_page import PanelPage, PanelSection
from ui.panel.tables import Column, table
from ui.panel.tiles import Tile, chip, tiles
from ui.panel.view import View

__all__ = [
    "Action",
    "Column",
    "PanelError",
    "PanelPage",
    "PanelSection",
    "Tile",
    "View",
    "action_button",
    "chip",
    "html_table",
    "pager",
    "plot",
    "table",
    "tiles",
]

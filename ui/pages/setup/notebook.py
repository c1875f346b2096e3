"""How to work with the desk from a notebook: lines to copy, each of which runs as it stands."""

from dataclasses import dataclass

import streamlit as st

from ui.panel import PanelPage, View, html_table

PAGE = PanelPage(path="notebook", title="notebook.title", icon=":material/menu_book:", order=90)

_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Snippet:
    """Some lines of Python, and what they are for.

    Attributes
    ----------
    title, about : str
        Keys of the catalogue.
    code : str
        Runs after the snippets before it.
    """

    title: str
    about: str
    code: str


SNIPPETS = (
    Snippet(
        "notebook.connect",
        "notebook.connect_about",
        """\
import ui

desk = ui.connect(role="read")
desk.leaderboard(20)""",
    ),
    Snippet(
        "notebook.elsewhere",
        "notebook.elsewhere_about",
        """\
from getpass import getpass

desk = ui.sign_in("operate", getpass("password: "), "{url}")
desk.session()""",
    ),
    Snippet(
        "notebook.tables",
        "notebook.tables_about",
        """\
strategies = desk.frame(desk.strategies, type="momentum", sort="-oos_scs")
strategies.groupby(["symbol", "grade"])["oos_scs"].describe()""",
    ),
    Snippet(
        "notebook.one",
        "notebook.one_about",
        """\
best = desk.strategy(desk.strategies(limit=1).items[0].id)
print(best.type, best.symbol, dict(best.parameters))
print(best.grade, best.grade_reason)
desk.equity(best.id).frame()""",
    ),
    Snippet(
        "notebook.figure",
        "notebook.figure_about",
        """\
from backtest import plots

around = desk.neighbourhood(best.id)
plots.neighbourhood_figure(
    around.x_values, around.y_values, around.scs, around.x, around.y, around.at, name=best.type, origin=best.origin
)""",
    ),
    Snippet(
        "notebook.events",
        "notebook.events_about",
        """\
with desk.events(["strategy_update", "evolution_log", "alert"]) as events:
    print(events.next(timeout_s=10.0))""",
    ),
    Snippet(
        "notebook.command",
        "notebook.command_about",
        """\
accepted = desk.enable(best.id, reason="steady on four windows", version=best.version)
print(desk.wait(accepted))""",
    ),
    Snippet(
        "notebook.candles",
        "notebook.candles_about",
        """\
candles = desk.candles(best.symbol, best.timeframe, points=5_000).frame()
candles["close"].pct_change().std()""",
    ),
)


def render(view: View) -> None:
    """Draw the page."""
    view.live(lambda: _where(view), _EVERY_S)
    for snippet in SNIPPETS:
        st.subheader(view.text(snippet.title), anchor=False)
        st.caption(view.text(snippet.about))
        st.code(code_of(snippet, view.client.url), language="python")


def code_of(snippet: Snippet, url: str) -> str:
    """Return the lines of a snippet.

    Parameters
    ----------
    snippet : Snippet
        Which one.
    url : str
        Of the desk's HTTP API.

    Returns
    -------
    str
        Python.
    """
    return snippet.code.replace("{url}", url)


def _where(view: View) -> None:
    """Say where the desk answers, and which version it is."""
    health = view.load("health", view.client.health, max_age_s=_EVERY_S)
    if health is None:
        return
    row = (view.client.url, view.word("status", health.status), health.version)
    html_table(view, ("notebook.url", "notebook.status", "notebook.version"), [row], text_columns=3)

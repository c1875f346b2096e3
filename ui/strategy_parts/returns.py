"""What a strategy returned month by month, and how its trades or days were distributed."""

import html
from collections.abc import Mapping

import streamlit as st

from backtest.plots import return_histogram_figure
from ui.panel import Tile, View, plot, tiles
from ui.panel.address_choice import segments
from ui.panel.formats import ABSENT
from ui.strategy_answers import StrategyDetail
from ui.trade_answers import ReturnTable

__all__ = ["draw_returns", "returns_asked"]

_AGE_S = 600.0
_SOURCES, _OF = ("backtest", "oos"), ("trades", "days")
_FULL, _STRONGEST_PER_CENT = 0.10, 45.0
_MONTHS = range(1, 13)


def returns_asked(view: View) -> tuple[str, str]:
    """Ask of which candles, and of what; outside of what draws itself again."""
    with st.container(horizontal=True, gap="medium"):
        source = segments("returns", view.text("strategy.source"), _SOURCES, lambda source: view.word("source", source))
        of = segments("of", view.text("strategy.distribution"), _OF, lambda of: view.word("returns_of", of))
    return source, of


def draw_returns(view: View, found: StrategyDetail, source: str, of: str) -> None:
    """Draw months and distribution.

    Parameters
    ----------
    view : View
        For whom.
    found : StrategyDetail
        Which strategy.
    source : str
        backtest or oos.
    of : str
        trades or days.
    """
    returned = view.load(
        f"returns:{found.id}:{found.version}:{source}:{of}",
        lambda: view.patient_client.returns(found.id, source, of),
        max_age_s=_AGE_S,
    )
    if returned is None:
        return
    st.subheader(view.text("strategy.months"), anchor=False)
    if returned.monthly:
        st.html(_months(view, returned))
    else:
        view.empty("strategy.no_months")
    st.subheader(view.text("strategy.distribution"), anchor=False)
    if returned.n:
        _distribution(view, found.id, returned)
    else:
        view.empty("strategy.no_trades")


def _distribution(view: View, strategy: str, returned: ReturnTable) -> None:
    text, percent = view.text, view.percent
    tiles(
        (
            Tile(view.word("returns_of", returned.of), view.number(returned.n)),
            Tile(text("strategy.mean"), percent(returned.mean, 2, signed=True)),
            Tile(text("strategy.median"), percent(returned.median, 2, signed=True)),
            Tile(text("strategy.best"), percent(returned.best, 2, signed=True)),
            Tile(text("strategy.worst"), percent(returned.worst, 2, signed=True)),
        )
    )
    figure = return_histogram_figure(
        returned.histogram.edges,
        returned.histogram.counts,
        mean=returned.mean,
        median=returned.median,
        labels={
            "return": text("strategy.return"),
            "count": view.word("returns_of", returned.of),
            "mean": text("strategy.mean"),
            "median": text("strategy.median"),
        },
    )
    plot(figure, f"distribution-{strategy}-{returned.source}-{returned.of}", text("strategy.distribution_alt"))


def _months(view: View, returned: ReturnTable) -> str:
    """Return a row a year, a column a month: signs tell what colours tell."""
    found = {(each.year, each.month): each.net_return for each in returned.monthly}
    head = "".join(f'<th class="evoq-right">{month}</th>' for month in _MONTHS)
    year_word, whole_word = (html.escape(view.text(key)) for key in ("strategy.year", "strategy.whole_year"))
    rows = "".join(_year(view, year, found) for year in sorted({each.year for each in returned.monthly}, reverse=True))
    return (
        f'<div class="evoq-scroll"><table class="evoq-table"><thead><tr><th>{year_word}</th>{head}'
        f'<th class="evoq-right">{whole_word}</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _year(view: View, year: int, found: Mapping[tuple[int, int], float | None]) -> str:
    known = [found.get((year, month)) for month in _MONTHS]
    whole: float | None = 1.0
    for value in (found[key] for key in found if key[0] == year):
        whole = None if value is None or whole is None else whole * (1.0 + value)
    cells = "".join(_cell(view, value, (year, month) in found) for month, value in zip(_MONTHS, known, strict=True))
    return f"<tr><td>{year}</td>{cells}{_cell(view, None if whole is None else whole - 1.0, True)}</tr>"


def _cell(view: View, value: float | None, there: bool) -> str:
    if value is None:
        return f'<td class="evoq-right">{ABSENT if there else ""}</td>'
    strength = min(abs(value) / _FULL, 1.0) * _STRONGEST_PER_CENT
    color = "#0072B2" if value >= 0.0 else "#D55E00"
    shade = f"background: color-mix(in srgb, {color} {strength:.0f}%, transparent)"
    return f'<td class="evoq-right" style="{shade}">{view.percent(value, 1, signed=True)}</td>'

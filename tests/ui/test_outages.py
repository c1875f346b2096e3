"""Time that the desk was down is a gap in what was measured, and no line."""

import pytest

from ui.page import Milliseconds
from ui.system_answers import History, Series
from ui.system_parts.outages import with_outages

STEP_MS = 15_000


def history(*steps):
    """Return what was measured at some steps: their numbers."""
    values = tuple(map(float, steps))
    series = {"cpu_pct": Series(mean=values, lowest=values, highest=values)}
    times = tuple(Milliseconds(STEP_MS * step) for step in steps)
    last = times[-1] if times else Milliseconds(0)
    return History(name="system_metrics", step_ms=STEP_MS, time=times, series=series, as_of=last)


def test_history_breaks_where_the_desk_was_down_and_only_there():
    found = with_outages(history(0, 1, 2, 90, 91, 93, 400))
    assert found.time == tuple(STEP_MS * step for step in (0, 1, 2, 3, 90, 91, 93, 94, 400))
    for values in (found.series["cpu_pct"].mean, found.series["cpu_pct"].lowest, found.series["cpu_pct"].highest):
        assert values == (0.0, 1.0, 2.0, None, 90.0, 91.0, 93.0, None, 400.0)
    assert found.frame()["cpu_pct"].isna().sum() == 2


@pytest.mark.parametrize("steps", [(), (7,), (0, 1, 2, 3), (0, 3, 6)])
def test_history_without_an_outage_stays_as_it_is(steps):
    whole = history(*steps)
    assert with_outages(whole) is whole

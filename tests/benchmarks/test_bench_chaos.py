"""The campaign of faults in its short form: a driver and a worker are killed, and nothing is lost."""

import bench_chaos
import pytest
from desk_faults.faults import FAULTS

pytestmark = pytest.mark.alone

SHORT = ("kill -9 of the driver", "kill -9 of a worker while it evaluates")
SETTINGS = {**bench_chaos.SETTINGS, "EVOQ_POPULATION": "320", "EVOQ_FEED_HISTORY": "2500"}


@pytest.mark.timeout(400)
def test_killed_driver_and_worker_recover_with_the_population_of_an_undisturbed_run():
    report = bench_chaos.campaign([fault for fault in FAULTS if fault.name in SHORT], 0.0, SETTINGS)
    assert [row["fault"] for row in report["rows"]] == list(SHORT)
    assert all(row["well_s"] is not None for row in report["rows"])
    assert report["evaluations"] == report["trials"] > 0
    assert report["population_hash"] == report["undisturbed_hash"]
    text = f"{bench_chaos.caption(report)}\n{bench_chaos.table(report['rows'])}"
    assert "to the same one" in text
    assert text.count("| kill -9 of") == 2


def row(fault: int, load: float, well_s: float | None = 1.0) -> dict[str, object]:
    return {"fault": FAULTS[fault].name, "well_s": well_s, "load": load}


def test_rows_with_less_load_stay():
    before = [row(0, 2.0), row(1, 9.0)]
    now = [row(1, 3.0), row(0, 4.0), row(2, 5.0)]
    assert bench_chaos.merged(before, now) == [row(0, 2.0), row(1, 3.0), row(2, 5.0)]


def test_row_that_was_not_well_counts_until_it_is_well():
    assert bench_chaos.merged([row(3, 1.0)], [row(3, 9.0, None)]) == [row(3, 9.0, None)]
    assert bench_chaos.merged([row(3, 1.0, None)], [row(3, 9.0)]) == [row(3, 9.0)]


def test_row_that_was_measured_stays():
    skipped = {"fault": FAULTS[4].name, "skipped": "no disk"}
    assert bench_chaos.merged([row(4, 9.0)], [skipped]) == bench_chaos.merged([skipped], [row(4, 9.0)]) == [row(4, 9.0)]


def test_table_says_what_was_not_measured_or_watched_and_what_was_not_well():
    rows = [
        {"fault": "a", "skipped": "no disk"},
        {
            "fault": "b",
            "api_s": 1.25,
            "push_s": None,
            "panel_s": None,
            "evolution_s": None,
            "well_s": None,
            "load": 2.5,
        },
        {"fault": "c", "api_s": None, "push_s": None, "evolution_s": 1.0, "well_s": 1.0, "load": 3.0},
    ]
    assert bench_chaos.table(rows).splitlines()[2:] == [
        "| a | not measured here: no disk | | | | | |",
        "| b | 1.2 s | – | – | – | **not in time** | 2.5 |",
        "| c | – | – |  | 1.0 s | 1.0 s | 3.0 |",
    ]

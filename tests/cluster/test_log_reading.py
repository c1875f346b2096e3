"""`evoq logs`: the last lines of all processes in the order of time, and new ones as they come."""

import json
from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from cluster.supervisor.desk_files import DeskFiles
from cluster.supervisor.log_reading import LogLine, follow_logs, known_logs, last_lines
from market import ManualClock


class ScriptedClock(ManualClock):
    """Sleeping is when something happens: one step of a script a sleep."""

    def __init__(self, steps: list[Callable[[], object]]) -> None:
        super().__init__(0)
        self._steps = iter(steps)

    def sleep(self, seconds: float) -> None:
        next(self._steps)()


@pytest.fixture
def files(home) -> DeskFiles:
    files = DeskFiles(home)
    files.logs.mkdir(parents=True)
    return files


def said(files: DeskFiles, process: str, *moments: int) -> None:
    with (files.logs / f"{process}.log").open("a") as log:
        log.writelines(json.dumps({"ts": ts, "process": process, "message": f"at {ts}"}) + "\n" for ts in moments)


def moments(lines: list[LogLine]) -> list[int]:
    return [line.ts for line in lines]


def followed(files: DeskFiles, names: list[str] | None, *steps: Callable[[], object]) -> list[list[int]]:
    """Return the moments of what is told after each step of a script that tells something."""
    told: Iterator[list[LogLine]] = follow_logs(files, names, ScriptedClock(list(steps)))
    return [moments(lines) for lines in islice(told, len(steps))]


def test_last_lines_are_those_of_all_processes_in_the_order_of_time(files):
    said(files, "driver", 10, 30, 50)
    said(files, "feed", 20, 40)
    assert moments(last_lines(known_logs(files), 4)) == [20, 30, 40, 50]
    assert last_lines(known_logs(files), 0) == []


def test_last_lines_of_a_log_that_began_anew_go_back_into_the_one_before(files):
    said(files, "driver", 10, 20, 30)
    (files.logs / "driver.log").rename(files.logs / "driver.log.1")
    said(files, "driver", 40)
    assert moments(last_lines(known_logs(files), 3)) == [20, 30, 40]


def test_following_tells_what_is_new_in_the_order_of_time_and_nothing_twice(files):
    said(files, "driver", 10)

    def both() -> None:
        said(files, "driver", 40)
        said(files, "feed", 30)  # a log that was not there

    assert followed(files, None, lambda: said(files, "driver", 20), both) == [[20], [30, 40]]


def test_following_one_process_hears_no_other(files):
    def both() -> None:
        said(files, "feed", 10)
        said(files, "driver", 20)

    assert followed(files, ["driver"], both) == [[20]]


def test_following_loses_nothing_when_a_log_begins_anew(files):
    said(files, "driver", 10)

    def begins_anew() -> None:
        said(files, "driver", 20)
        (files.logs / "driver.log").rename(files.logs / "driver.log.1")
        said(files, "driver", 30)

    assert followed(files, None, begins_anew, lambda: said(files, "driver", 40)) == [[20, 30], [40]]


def test_following_waits_for_the_end_of_a_line(files):
    def half() -> None:
        with (files.logs / "feed.log").open("a") as log:
            log.write('{"ts": 20, "process": "feed", "mes')
        said(files, "driver", 10)

    def whole() -> None:
        with (files.logs / "feed.log").open("a") as log:
            log.write('sage": "there"}\n')

    assert followed(files, None, half, whole) == [[10], [20]]

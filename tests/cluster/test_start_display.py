"""What `evoq up` and `evoq down` print: every step by its name, how long it took, and what did not come up."""

import io

import pytest
from rich.console import Console

from cluster.supervisor.start_display import StepsDisplay, print_ready

BEGAN_MS = 1_767_225_600_000


def service(name, state, since_s=None, problem=None, address=None):
    return {
        "name": name,
        "about": f"about {name}",
        "state": state,
        "since_s": since_s,
        "problem": problem,
        "address": address,
    }


def told(*services, after_s=0.0, ready_s=None):
    return {
        "services": list(services),
        "began_ms": BEGAN_MS,
        "updated_ms": BEGAN_MS + round(after_s * 1000),
        "ready_s": ready_s,
    }


@pytest.fixture
def paper():
    return io.StringIO()


def lines_of(paper, *states, ending=False, is_terminal=False):
    console = Console(file=paper, width=100, force_terminal=is_terminal, color_system=None)
    with StepsDisplay(console, ending=ending) as display:
        for state in states:
            display(state)
    return paper.getvalue().splitlines()


def test_step_that_is_done_is_named_with_how_long_after_the_start_it_was(paper):
    lines = lines_of(
        paper,
        told(service("database", "running", since_s=2.0), service("ray", "starting"), after_s=5.25),
        told(service("database", "running", since_s=9.0), service("ray", "running", since_s=0.5), after_s=12.25),
    )
    assert lines == ["  ✓ database  about database (3.2 s)", "  ✓ ray       about ray (11.8 s)"]


def test_step_is_told_once_however_often_it_is_looked_at(paper):
    state = told(service("database", "running", since_s=0.0), after_s=1.0)
    assert len(lines_of(paper, state, state, state)) == 1


def test_step_that_was_done_before_the_start_took_no_time(paper):
    assert lines_of(paper, told(service("database", "running", since_s=60.0), after_s=1.0))[0].endswith("(0.0 s)")


def test_nothing_is_printed_before_anything_is_known(paper):
    waiting = told(service("database", "waiting"), service("ray", "starting"))
    assert lines_of(paper, {}, {"services": []}, waiting) == []


@pytest.mark.parametrize("state", ["restarting", "failed"])
def test_step_that_failed_is_named_with_its_problem_on_one_line(paper, state):
    problem = f"it ended with status 1: {'port 8888 is taken by another program ' * 4}".strip()
    lines = lines_of(paper, told(service("api", state, problem=problem)))
    assert lines == [f"  ✗ api       {problem}"]


def test_step_that_failed_and_came_up_is_told_twice(paper):
    lines = lines_of(
        paper,
        told(service("push", "restarting", problem="it died")),
        told(service("push", "starting")),
        told(service("push", "running", since_s=0.0), after_s=7.0),
    )
    assert lines == ["  ✗ push      it died", "  ✓ push      about push (7.0 s)"]


def test_end_names_what_has_ended_and_not_what_never_ran(paper):
    running, stopping, stopped = (told(service("feed", state)) for state in ("running", "stopping", "stopped"))
    assert lines_of(paper, running, stopping, stopped, ending=True) == ["  ✓ feed      ended"]
    assert lines_of(io.StringIO(), stopped, ending=True) == []


def test_steps_without_a_terminal_are_plain_lines(paper):
    state = told(service("database", "running", since_s=0.0), service("ray", "starting"), after_s=1.0)
    lines = lines_of(paper, state)
    assert "\x1b" not in paper.getvalue()
    assert lines == ["  ✓ database  about database (1.0 s)"]


def test_steps_on_a_terminal_have_a_bar_that_names_what_is_under_way(paper):
    state = told(service("database", "running", since_s=0.0), service("ray", "starting"), service("api", "starting"))
    shown = "\n".join(lines_of(paper, state, is_terminal=True))
    assert "starting ray, api" in shown
    assert "1/3" in shown
    assert "✓ database" in shown


def test_ready_tells_how_long_it_took_and_where_everything_answers(paper, tmp_path):
    console = Console(file=paper, width=40, color_system=None)
    api = service("api", "running", address="http://127.0.0.1:8888")
    push = service("push", "running", address="ws://127.0.0.1:8765/")
    print_ready(console, told(api, push, service("feed", "running"), ready_s=41.26), tmp_path)
    lines = paper.getvalue().splitlines()
    assert lines[0] == "READY after 41.3 s"
    assert lines[1:3] == ["  HTTP API       http://127.0.0.1:8888", "  push           ws://127.0.0.1:8765/"]
    assert f"{tmp_path}/token.read" in lines[3]
    assert "ssh -N -L 8888:127.0.0.1:8888 -L 8765:127.0.0.1:8765 " in lines[4]
    assert "evoq down" in lines[5]
    assert "password" not in paper.getvalue()


def test_ready_shows_a_new_password_once(paper, tmp_path):
    console = Console(file=paper, width=40, color_system=None)
    print_ready(console, told(ready_s=1.0), tmp_path, "correct-horse")
    assert paper.getvalue().count("correct-horse") == 1

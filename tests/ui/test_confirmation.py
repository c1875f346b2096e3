"""What changes the desk is asked for first, told once, and followed to its end."""

import pytest

PAGE = """
from ui.panel import Action, PanelPage, View, action_button

PAGE = PanelPage(path="danger", title="overview.title", icon=":material/bolt:")


def render(view: View) -> None:
    action_button(view, "Pause", lambda: pause(view), "pause")
    action_button(view, "Later", lambda: pause(view), "later", unavailable="nothing runs")


def pause(view: View) -> Action:
    return Action(
        title="Pause evolution",
        explanation="Nothing new is evaluated.",
        call=lambda reason, key: view.patient_client.pause(reason, key=key),
        button="Pause it",
        typed="PAUSE",
    )
"""
CONTROL = "/api/quantitative/system-control"


@pytest.fixture
def page(scratch, viewer):
    scratch.write(danger=PAGE)
    return viewer.open("danger")


def ask(page):
    page.at.button(key="pause").click()
    return page.run()


def confirm(page, reason="maintenance", typed="PAUSE"):
    page.at.text_input(key="evoq.reason").input(reason)
    page.at.text_input(key="evoq.typed").input(typed)
    next(each for each in page.at.button if each.label == "Pause it").click()
    return page.run()


def set_command(stand_in, status, detail=None):
    """Let the command that the desk accepts stand like this."""
    accepted = stand_in.answers.answer("POST", CONTROL, full=True)[1]["command_id"]
    where = f"/api/quantitative/commands/{accepted}"
    found = stand_in.answers.answer("GET", where, full=True)[1]
    stand_in.instead[where] = lambda asked: found | {"status": status, "detail": detail}


def test_button_alone_changes_nothing(page, stand_in):
    assert "Nothing new is evaluated." in ask(page).words
    assert stand_in.writes == []


def test_action_that_is_confirmed_is_told_with_its_reason_and_followed(page, stand_in):
    set_command(stand_in, "running")
    confirm(ask(page))
    assert [(each.path, each.body) for each in stand_in.writes] == [
        (CONTROL, {"action": "pause_evolution", "reason": "maintenance"})
    ]
    assert page.text("word.command.running") in page.words
    assert "Nothing new is evaluated." not in page.words
    set_command(stand_in, "done", "after generation 7")
    page.later(2.0)
    assert page.text("word.command.done") in page.words
    assert "after generation 7" in page.words
    page.at.button(key="evoq.dismiss").click()
    assert "after generation 7" not in page.run().words


def test_command_that_is_refused_says_why(page, stand_in):
    set_command(stand_in, "refused", "it is paused already")
    confirm(ask(page))
    assert page.text("word.command.refused") in page.words
    assert "it is paused already" in page.words


@pytest.mark.parametrize(
    ("reason", "typed", "said"),
    [(" ", "PAUSE", "confirm.reason_missing"), ("maintenance", "pause", "confirm.typed_wrong")],
)
def test_action_without_reason_or_typed_word_is_not_done(page, stand_in, reason, typed, said):
    confirm(ask(page), reason, typed)
    assert page.text(said, word="PAUSE") in " ".join(each.value for each in page.at.error)
    assert stand_in.writes == []


def test_action_that_the_desk_refuses_stays_open_with_the_desk_s_words(page, stand_in):
    ask(page)
    stand_in.refusal = 403
    confirm(page)
    assert "made up" in page.at.error[0].value
    assert len(stand_in.writes) == 1


def test_action_whose_answer_was_lost_is_sent_again_with_the_same_key(page, stand_in):
    ask(page)
    stand_in.lose_next = True
    confirm(page)
    assert "done once" in page.at.warning[0].value
    confirm(page)
    first, second = stand_in.writes
    assert first.key == second.key


def test_action_for_a_reader_is_disabled_with_the_reason(page, stand_in):
    stand_in.role = "read"
    page.later(100.0)
    button = page.at.button(key="pause")
    assert button.disabled
    assert button.help == page.text("role.read_only")


def test_action_that_cannot_be_done_now_is_disabled_with_the_reason(page):
    button = page.at.button(key="later")
    assert button.disabled
    assert button.help == "nothing runs"

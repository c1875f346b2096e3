"""What the notebook page offers for copying runs as it stands, one snippet after the other."""

import getpass
from contextlib import ExitStack

import pytest
from pushed_desk import Push

from cluster.access import Passwords, Role
from ui.pages.setup.notebook import SNIPPETS, code_of

PASSWORD = "correct horse battery"


@pytest.fixture
def beside_a_desk(api_desk, server, monkeypatch):
    """Let ui.connect() find a desk with a push and a password, as on its machine."""
    Passwords(api_desk.home).change(Role.OPERATE, PASSWORD)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: PASSWORD)
    with Push(api_desk.home, api_desk.context().gate) as push:
        push.publish("strategy_update", id=api_desk.ids[0])
        monkeypatch.setenv("EVOQ_HOME", str(api_desk.home))
        monkeypatch.setenv("EVOQ_HTTP_PORT", str(server.port))
        monkeypatch.setenv("EVOQ_WS_PORT", str(push.port))
        yield push


def test_snippets_run_one_after_the_other(beside_a_desk, server, capsys):
    names = {}
    with ExitStack() as opened:
        for snippet in SNIPPETS:
            exec(compile(code_of(snippet, server.url), snippet.title, "exec"), names)
            opened.callback(names["desk"].close)
    said = capsys.readouterr().out
    assert "status='done'" in said
    assert names["strategies"].shape[0] > 0


def test_page_offers_every_snippet_with_the_address_of_the_desk(viewer, stand_in):
    viewer.open("notebook")
    shown = [each.value for each in viewer.at.code]
    assert shown == [code_of(snippet, stand_in.url) for snippet in SNIPPETS]
    assert any(stand_in.url in code for code in shown)

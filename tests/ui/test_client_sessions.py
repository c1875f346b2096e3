"""Signing in with the client, against the real API."""

import pytest

import ui
from cluster.access import Passwords, Role

PASSWORD = "a reader's phrase"


@pytest.fixture(scope="module", autouse=True)
def _passwords(api_desk):
    """Give the role read a password."""
    Passwords(api_desk.home).change(Role.READ, PASSWORD)


def test_client_that_signs_in_needs_no_file(server, monkeypatch, tmp_path):
    monkeypatch.setenv("EVOQ_HOME", str(tmp_path / "nothing"))
    with ui.sign_in("read", PASSWORD, server.url) as desk:
        session = desk.session()
        assert (session.role, session.source) == ("read", "session")
        assert desk.status().counts.strategies > 0
        with pytest.raises(ui.ForbiddenError):
            desk.pause()
        desk.sign_out()
        with pytest.raises(ui.UnauthorizedError) as ended:
            desk.session()
        assert ended.value.code == "session_ended"


def test_session_that_was_begun_for_somebody_serves_another_client(server):
    begun = ui.begin_session("read", PASSWORD, server.url)
    assert begun.token not in repr(begun)
    with ui.connect(server.url, begun.token) as desk:
        assert desk.session().expires_at == begun.expires_at


def test_wrong_password_is_refused_and_then_locked_out(server):
    for _ in range(5):
        with pytest.raises(ui.UnauthorizedError) as refused:
            ui.sign_in("operate", "not the one", server.url)
        assert refused.value.code == "wrong_password"
        assert "not the one" not in str(refused.value)
    with pytest.raises(ui.BusyError) as locked:
        ui.sign_in("operate", "not the one", server.url)
    assert locked.value.code == "locked_out"
    assert locked.value.retry_after_s > 0


def test_client_with_the_token_of_a_file_has_no_session_to_end(desk):
    assert desk.session().source == "token"
    with pytest.raises(ui.ConflictError):
        desk.sign_out()

"""Sessions and tries to sign in, as the database keeps them."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

import storage
from storage.sign_in_repository import MOST_FAILURES

TOKEN, OTHER, PASSWORD = "a" * 64, "c" * 64, "b" * 64


@pytest.fixture
def sessions(database: storage.Database) -> storage.SessionRepository:
    return storage.SessionRepository(database.engine)


@pytest.fixture
def tries(database: storage.Database) -> storage.SignInRepository:
    return storage.SignInRepository(database.engine)


def later(database: storage.Database, table: str, **passed: str) -> None:
    """Let time pass for the rows of a table, by moving their times back."""
    moved = ", ".join(f"{name} = {name} - interval '{span}'" for name, span in passed.items())
    with database.engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET {moved}"))


def test_session_is_found_until_it_ends(sessions):
    begun = sessions.begin(TOKEN, "read", PASSWORD, "127.0.0.1")
    assert (begun.role, begun.credential) == ("read", PASSWORD)
    assert begun.expires_at - begun.created_at == pytest.approx(timedelta(days=7), abs=timedelta(seconds=5))
    assert sessions.find(TOKEN) == begun
    assert sessions.find(OTHER) is None
    assert sessions.end(TOKEN)
    assert sessions.find(TOKEN) is None
    assert not sessions.end(TOKEN)


def test_session_that_is_over_is_not_found_and_forgotten_with_the_next(database, sessions):
    sessions.begin(TOKEN, "read", PASSWORD, "127.0.0.1")
    later(database, "sessions", expires_at="8 days")
    assert sessions.find(TOKEN) is None
    sessions.begin(OTHER, "read", PASSWORD, "127.0.0.1")
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT token_hash FROM sessions")).scalars().all() == [OTHER]


@pytest.mark.parametrize(("seen", "slides"), [("30 seconds", False), ("2 minutes", True)])
def test_session_lasts_longer_when_it_is_used_but_is_written_once_a_minute(database, sessions, seen, slides):
    begun = sessions.begin(TOKEN, "read", PASSWORD, "127.0.0.1")
    later(database, "sessions", seen_at=seen, expires_at="1 day")
    found = sessions.find(TOKEN)
    assert (found.expires_at > begun.expires_at) == slides
    assert sessions.find(TOKEN).expires_at == found.expires_at


def test_session_ends_after_thirty_days_however_much_it_is_used(database, sessions):
    begun = sessions.begin(TOKEN, "read", PASSWORD, "127.0.0.1")
    later(database, "sessions", created_at="29 days", seen_at="2 minutes", expires_at="6 days")
    found = sessions.find(TOKEN)
    assert found.expires_at - begun.created_at < timedelta(days=1, minutes=1)


def test_sessions_of_a_role_end_together(sessions):
    sessions.begin(TOKEN, "read", PASSWORD, "127.0.0.1")
    sessions.begin(OTHER, "operate", PASSWORD, "127.0.0.1")
    assert sessions.end_role("operate") == 1
    assert sessions.find(OTHER) is None
    assert sessions.find(TOKEN) is not None


def test_failures_lock_a_caller_out_for_longer_and_longer(database, tries):
    assert [tries.attempt("operate 127.0.0.1") for _ in range(MOST_FAILURES)] == [0.0] * MOST_FAILURES
    assert 29 < tries.attempt("operate 127.0.0.1") <= 30
    assert tries.attempt("operate 127.0.0.2") == 0.0
    for expected in (60, 120, 240, 480, 900, 900):
        later(database, "sign_in_attempts", locked_until="30 minutes")
        assert tries.attempt("operate 127.0.0.1") == 0.0
        assert expected - 1 < tries.attempt("operate 127.0.0.1") <= expected


def test_lock_of_another_length_never_becomes_longer(database, tries):
    rule = {"most_failures": 2, "longest_lock_s": 30.0}
    assert [tries.attempt("operate", **rule) for _ in range(2)] == [0.0, 0.0]
    for _ in range(4):
        assert 29 < tries.locked_out_s("operate") <= 30
        assert 29 < tries.attempt("operate", **rule) <= 30
        later(database, "sign_in_attempts", locked_until="1 minute")
        assert tries.locked_out_s("operate") == 0.0
        assert tries.attempt("operate", **rule) == 0.0


def test_failures_of_long_ago_do_not_count(database, tries):
    for _ in range(MOST_FAILURES - 1):
        tries.attempt("operate 127.0.0.1")
    later(database, "sign_in_attempts", last_at="16 minutes")
    assert [tries.attempt("operate 127.0.0.1") for _ in range(MOST_FAILURES)] == [0.0] * MOST_FAILURES
    assert tries.attempt("operate 127.0.0.1") > 0.0


def test_success_makes_failures_forgotten(tries):
    for _ in range(3 * MOST_FAILURES):
        assert tries.attempt("operate 127.0.0.1") == 0.0
        tries.succeeded("operate 127.0.0.1")


def test_tries_at_once_are_all_counted(tries):
    let_in = []
    threads = [threading.Thread(target=lambda: let_in.append(tries.attempt("read 127.0.0.1"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert let_in.count(0.0) == MOST_FAILURES

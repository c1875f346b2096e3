"""Signing in over HTTP: sessions every replica knows, a lock-out no restart forgets, and nothing that is told twice."""

import ipaddress
import logging

import pytest
from sqlalchemy import text

from cluster.access import Passwords, Role
from cluster.api.routes import sessions as routes
from cluster.opened_database import OpenedDatabase
from market import SystemClock
from storage import DatabaseBusyError, OperationsLogRepository, SignInRepository

Q = "/api/quantitative"
PASSWORDS = {Role.OPERATE: "an operator's phrase", Role.READ: "a reader's phrase"}
CONFIG = {"auto_trading": {}, "management": {}}


@pytest.fixture(autouse=True)
def passwords(api_desk):
    """Give both roles a password, and forget sessions and failures of other tests."""
    kept = Passwords(api_desk.home)
    for role, password in PASSWORDS.items():
        if not kept.check(role, password):
            kept.change(role, password)
    with api_desk.database.engine.begin() as connection:
        connection.execute(text("TRUNCATE sessions, sign_in_attempts"))
    return kept


@pytest.fixture(scope="module")
def stranger(api_desk):
    with api_desk.client(None) as client:
        yield client


def sign_in(client, role="operate", password=None):
    body = {"role": role, "password": PASSWORDS[Role(role)] if password is None else password}
    return client.post("/api/sessions", json=body)


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json()['token']}"}


@pytest.mark.parametrize("role", ["read", "operate"])
def test_session_may_do_what_its_role_may(stranger, role):
    answer = sign_in(stranger, role)
    assert answer.status_code == 201
    assert answer.json()["role"] == role
    shown = bearer(answer)
    current = stranger.get("/api/sessions/current", headers=shown).json()
    assert current == {"role": role, "source": "session", "expires_at": answer.json()["expires_at"]}
    assert stranger.get(f"{Q}/config", headers=shown).status_code == 200
    refused = stranger.post(f"{Q}/system-control", json={"action": "kill"}, headers=shown)
    assert refused.json()["code"] == ("role_too_low" if role == "read" else "not_there_yet")


def test_session_is_known_to_every_replica_and_named_in_the_operations_log(api_desk, stranger):
    shown = bearer(sign_in(stranger))
    with api_desk.client(None) as other:
        assert other.get(f"{Q}/config", headers=shown).status_code == 200
        answer = other.post(f"{Q}/system-control", json={"action": "pause_evolution"}, headers=shown)
        assert answer.status_code == 202
    newest, begun = OperationsLogRepository(api_desk.database.engine).page(limit=2).items
    assert (newest["actor"], newest["action"]) == ("session.operate", "pause_evolution")
    assert (begun["actor"], begun["action"], begun["result"]) == ("session.operate", "sign_in", "done")


@pytest.mark.parametrize("role", ["read", "operate"])
def test_signing_out_ends_the_session_everywhere(api_desk, stranger, role):
    shown, other = bearer(sign_in(stranger, role)), bearer(sign_in(stranger, role))
    assert stranger.delete("/api/sessions/current", headers=shown).status_code == 204
    with api_desk.client(None) as elsewhere:
        ended = elsewhere.get(f"{Q}/config", headers=shown)
        assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")
        assert elsewhere.get(f"{Q}/config", headers=other).status_code == 200
    (newest,) = OperationsLogRepository(api_desk.database.engine).page(limit=1).items
    assert (newest["actor"], newest["action"]) == (f"session.{role}", "sign_out")


def test_token_of_a_file_is_no_session(api_desk):
    with api_desk.client("read") as client:
        current = client.get("/api/sessions/current").json()
        assert current == {"role": "read", "source": "token", "expires_at": None}
        assert client.delete("/api/sessions/current").json()["code"] == "no_session"


@pytest.mark.parametrize("method", ["get", "delete"])
def test_current_session_asks_for_a_token(stranger, method):
    assert getattr(stranger, method)("/api/sessions/current").json()["code"] == "token_needed"


def test_changing_the_password_ends_the_sessions_of_that_role_only(stranger, passwords):
    operating, reading = (bearer(sign_in(stranger, role)) for role in ("operate", "read"))
    passwords.change(Role.OPERATE, PASSWORDS[Role.OPERATE])
    assert stranger.get(f"{Q}/config", headers=operating).json()["code"] == "session_ended"
    assert stranger.get(f"{Q}/config", headers=reading).status_code == 200


def test_session_that_is_over_is_refused(api_desk, stranger):
    shown = bearer(sign_in(stranger))
    with api_desk.database.engine.begin() as connection:
        connection.execute(text("UPDATE sessions SET expires_at = expires_at - interval '8 days'"))
    assert stranger.get(f"{Q}/config", headers=shown).json()["code"] == "session_ended"


def test_role_without_a_password_is_refused_like_a_wrong_one(api_desk, stranger):
    (api_desk.home / "passwords.json").unlink()
    answer = sign_in(stranger, "read")
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_password")


def test_wrong_passwords_lock_out_across_replicas_and_restarts_but_no_session(api_desk, stranger):
    shown = bearer(sign_in(stranger))
    codes = []
    for _ in range(3):
        with api_desk.client(None) as replica:
            codes += [sign_in(replica, password="a wrong guess").json()["code"] for _ in range(2)]
    assert codes == ["wrong_password"] * 5 + ["locked_out"]
    locked = sign_in(stranger)
    assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
    assert 0 < int(locked.headers["retry-after"]) <= 30
    assert stranger.get(f"{Q}/config", headers=shown).status_code == 200
    assert sign_in(stranger, "read").status_code == 201
    failed = OperationsLogRepository(api_desk.database.engine).page(action="sign_in", limit=6).items[1:]
    assert {(row["actor"], row["result"]) for row in failed} == {("127.0.0.1", "refused: wrong_password")}
    with api_desk.database.engine.begin() as connection:
        connection.execute(text("UPDATE sign_in_attempts SET locked_until = clock_timestamp()"))
    assert sign_in(stranger).status_code == 201


def of_viewer(client, viewer, password="a wrong guess"):
    return client.post("/api/sessions", json={"role": "operate", "password": password, "viewer": viewer})


def test_viewer_of_a_panel_is_locked_out_alone(stranger):
    codes = [of_viewer(stranger, "203.0.113.7").json()["code"] for _ in range(6)]
    assert codes == ["wrong_password"] * 5 + ["locked_out"]
    assert of_viewer(stranger, "203.0.113.8", PASSWORDS[Role.OPERATE]).status_code == 201
    assert sign_in(stranger).status_code == 201
    assert of_viewer(stranger, "203.0.113.7", PASSWORDS[Role.OPERATE]).json()["code"] == "locked_out"


def test_viewers_of_one_ipv6_network_are_counted_together(stranger):
    codes = [of_viewer(stranger, f"2001:db8:0:1::{number:x}").json()["code"] for number in range(6)]
    assert codes == ["wrong_password"] * 5 + ["locked_out"]
    assert of_viewer(stranger, "2001:db8:0:2::1").json()["code"] == "wrong_password"


def test_viewer_is_believed_from_a_panel_of_this_machine_only():
    viewer = ipaddress.ip_address("203.0.113.7")
    assert routes._origin("127.0.0.1", viewer) == routes._origin("::1", viewer) == "203.0.113.7"
    assert routes._origin("198.51.100.9", viewer) == "198.51.100.9"
    assert routes._origin("unknown", viewer) == "unknown"
    assert routes._origin("::1", None) == "::1"


def test_viewers_of_many_addresses_are_slowed_down_together_but_not_where_somebody_has_signed_in(api_desk, stranger):
    home, elsewhere, right = "198.51.100.20", "198.51.100.21", PASSWORDS[Role.OPERATE]
    assert of_viewer(stranger, home, right).status_code == 201
    tries = SignInRepository(api_desk.database.engine)
    for _ in range(49):
        tries.attempt("operate", most_failures=50, longest_lock_s=30.0)
    assert of_viewer(stranger, "203.0.113.90").json()["code"] == "wrong_password"
    refused = of_viewer(stranger, elsewhere, right)
    assert refused.json()["code"] == "locked_out"
    assert int(refused.headers["retry-after"]) <= 30
    assert of_viewer(stranger, home, right).status_code == 201
    assert of_viewer(stranger, elsewhere, right).status_code == 201  # somebody has signed in: the count begins anew


def test_ended_sessions_lock_nobody_out(stranger):
    shown = bearer(sign_in(stranger))
    stranger.delete("/api/sessions/current", headers=shown)
    codes = [stranger.get(f"{Q}/config", headers=shown).json()["code"] for _ in range(20)]
    assert codes == ["session_ended"] * 20


@pytest.mark.parametrize(
    "body",
    [
        {"role": "root", "password": "hush-hush-hush"},
        {"role": "read", "password": ""},
        {"role": "read", "password": ["hush-hush-hush"]},
        {"role": "read", "password": {"x": "hush-hush-hush"}},
        {"role": "read", "password": "hush-hush-hush" * 100},
        {"role": "read", "password": "hush-hush-hush", "more": 1},
        {"password": "hush-hush-hush"},
    ],
)
def test_malformed_request_is_refused_without_repeating_the_password(stranger, body):
    answer = stranger.post("/api/sessions", json=body)
    assert answer.status_code == 422
    assert "hush" not in answer.text


def test_neither_password_nor_token_is_written_anywhere(api_desk, stranger, caplog):
    caplog.set_level(logging.DEBUG)
    answer = sign_in(stranger)
    sign_in(stranger, password="wrong-but-secret")
    token = answer.json()["token"]
    stranger.get(f"{Q}/config", headers=bearer(answer))
    with api_desk.database.engine.connect() as connection:
        rows = [
            str(connection.execute(text(f"SELECT * FROM {table}")).all())
            for table in ("sessions", "sign_in_attempts", "operations_log", "commands")
        ]
    for secret in (token, PASSWORDS[Role.OPERATE], "wrong-but-secret"):
        assert not any(secret in shown for shown in (*rows, caplog.text))


def test_session_without_a_database_is_told_to_try_again(api_desk, stranger):
    shown = bearer(sign_in(stranger))

    def away():
        raise DatabaseBusyError("it is away")

    from cluster.access import Gate, Sessions, Tokens

    clock = SystemClock()
    lost = OpenedDatabase(away, clock)
    gate = Gate(Tokens(api_desk.home), clock, sessions=Sessions(lost, Passwords(api_desk.home)))
    with api_desk.client(None, database=lost, gate=gate) as client:
        refused = client.get(f"{Q}/config", headers=shown)
        assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
        assert client.get("/health", headers=shown).json()["status"] == "down"
        assert sign_in(client).status_code == 503


def test_too_many_at_once_are_asked_to_come_again(api_desk, stranger):
    request = ("POST", "/api/sessions", {"json": {"role": "read", "password": PASSWORDS[Role.READ]}})
    answers = stranger.together([request] * 30)
    codes = sorted(answer.status_code for answer in answers)
    assert set(codes) <= {201, 503, 429}
    assert codes.count(201) >= 1
    assert routes._one_at_a_time.statistics().borrowed_tokens == 0

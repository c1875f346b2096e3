"""Access: token files, roles, the lock-out, and where servers may listen."""

import os
import stat
import threading
from pathlib import Path

import pytest
from own_cache import Cache

from cluster.access import Gate, ListenAddress, Lockout, Role, SharedLockout, Tokens, listen_address, port_setting
from cluster.cache_line import CacheLine
from cluster.errors import SettingError, TokenError
from market.clock import ManualClock, SystemClock

HERE = "127.0.0.1"
ELSEWHERE = "198.51.100.7"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_700_000_000_000)


@pytest.fixture
def tokens(home: Path) -> Tokens:
    return Tokens()


def shown(home: Path, role: str) -> str:
    return (home / f"token.{role}").read_text()


def test_tokens_first_use_writes_private_files(home: Path, tokens: Tokens):
    for role in Role:
        path = home / f"token.{role}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(path.read_text()) == 64
    assert {path.name for path in home.iterdir()} == {"token.read", "token.operate"}


def test_tokens_second_use_keeps_the_files(home: Path, tokens: Tokens):
    before = [shown(home, role) for role in Role]
    Tokens()
    assert [shown(home, role) for role in Role] == before


def test_tokens_made_by_many_at_once_are_the_same_for_all(home: Path):
    opened = threading.Barrier(8)
    made: list[Tokens] = []

    def make() -> None:
        opened.wait()
        made.append(Tokens())

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert {each.authenticate(shown(home, "operate")) for each in made} == {Role.OPERATE}


@pytest.mark.parametrize("role", list(Role))
def test_authenticate_token_gives_its_role(home: Path, tokens: Tokens, role: Role):
    assert tokens.authenticate(shown(home, role)) is role


def test_authenticate_anything_else_gives_no_role(home: Path, tokens: Tokens):
    right = shown(home, "read")
    for wrong in ("", right[:-1], right + "0", right.upper() + "x", "ä" * 64, "\ud800", "0" * 100_000):
        assert tokens.authenticate(wrong) is None


def test_authenticate_replaced_file_counts_at_once(home: Path, tokens: Tokens):
    old = shown(home, "operate")
    (home / "token.operate").unlink()
    assert tokens.authenticate(old) is None
    (home / "token.operate").write_text("a-token-of-my-own\n")
    (home / "token.operate").chmod(0o644)
    assert tokens.authenticate(old) is None
    assert tokens.authenticate("a-token-of-my-own") is Role.OPERATE
    assert stat.S_IMODE((home / "token.operate").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "\n", "short", "with a space " * 3])
def test_tokens_file_without_a_token_is_refused(home: Path, content: str):
    (home / "token.read").write_text(content)
    with pytest.raises(TokenError, match=r"token\.read must hold a token of 16 to 512 visible characters"):
        Tokens()


def test_tokens_both_the_same_are_refused(home: Path):
    for role in Role:
        (home / f"token.{role}").write_text("the-same-for-both-roles")
    with pytest.raises(TokenError, match="must differ"):
        Tokens()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_tokens_file_of_somebody_else_is_refused(home: Path, tokens: Tokens):
    os.chown(home / "token.read", 65_534, -1)
    with pytest.raises(TokenError, match="belongs to user 65534"):
        Tokens()


def test_role_operate_includes_read():
    assert Role.OPERATE.may(Role.READ)
    assert Role.OPERATE.may(Role.OPERATE)
    assert Role.READ.may(Role.READ)
    assert not Role.READ.may(Role.OPERATE)


def test_gate_right_token_is_admitted(home: Path, tokens: Tokens, clock: ManualClock):
    admission = Gate(tokens, clock).admit(shown(home, "read"), HERE)
    assert (admission.role, admission.code, admission.retry_after_s) == (Role.READ, "admitted", 0.0)


def test_gate_no_token_is_no_guess(tokens: Tokens, clock: ManualClock):
    gate = Gate(tokens, clock)
    assert {gate.admit(None, HERE).code for _ in range(50)} == {"unauthorized"}


def test_gate_ten_wrong_tokens_lock_the_address_out_for_a_while(home: Path, tokens: Tokens, clock: ManualClock):
    gate = Gate(tokens, clock)
    assert [gate.admit("wrong", ELSEWHERE).code for _ in range(12)] == ["unauthorized"] * 10 + ["locked_out"] * 2
    locked = gate.admit(shown(home, "operate"), ELSEWHERE)
    assert (locked.role, locked.code, locked.retry_after_s) == (None, "locked_out", 30.0)
    assert gate.admit(shown(home, "operate"), HERE).role is Role.OPERATE
    clock.advance(30.0)
    assert gate.admit(shown(home, "operate"), ELSEWHERE).role is Role.OPERATE


def test_gate_lockout_spares_a_token_that_was_right_before(home: Path, tokens: Tokens, clock: ManualClock):
    gate = Gate(tokens, clock)
    assert gate.admit(shown(home, "read"), HERE).role is Role.READ
    for _ in range(11):
        gate.admit("wrong", HERE)
    assert gate.admit(shown(home, "read"), HERE).role is Role.READ
    assert gate.admit(shown(home, "operate"), HERE).code == "locked_out"


def test_gate_known_token_that_is_wrong_by_now_is_refused(home: Path, tokens: Tokens, clock: ManualClock):
    gate = Gate(tokens, clock)
    old = shown(home, "read")
    gate.admit(old, HERE)
    (home / "token.read").write_text("a-new-token-of-the-desk")
    assert gate.admit(old, HERE).code == "unauthorized"


def gates_of(cache: Cache, tokens: Tokens, clock: ManualClock, count: int = 2) -> list[Gate]:
    return [Gate(tokens, clock, SharedLockout(CacheLine(cache.url, clock), clock)) for _ in range(count)]


def test_gates_of_one_desk_count_wrong_tokens_together(home: Path, tokens: Tokens, cache: Cache):
    clock = ManualClock(SystemClock().now_ms())
    first, second = gates_of(cache, tokens, clock)
    assert second.admit(shown(home, "read"), ELSEWHERE).role is Role.READ
    codes = [gate.admit("wrong", ELSEWHERE).code for _ in range(6) for gate in (first, second)]
    assert codes == ["unauthorized"] * 10 + ["locked_out"] * 2
    for gate in (first, second):
        locked = gate.admit(shown(home, "operate"), ELSEWHERE)
        assert locked.code == "locked_out"
        assert 0.0 < locked.retry_after_s <= 30.0
        assert gate.admit(shown(home, "operate"), HERE).role is Role.OPERATE
    assert second.admit(shown(home, "read"), ELSEWHERE).role is Role.READ  # it was right there before
    (third,) = gates_of(cache, tokens, clock, 1)  # a replica that was started anew
    assert third.admit("wrong", ELSEWHERE).code == "locked_out"


def test_gates_without_their_cache_count_each_for_itself_and_together_again(home: Path, tokens: Tokens, cache: Cache):
    clock = ManualClock(SystemClock().now_ms())
    first, second = gates_of(cache, tokens, clock)
    cache.stop()
    for _ in range(9):
        assert {gate.admit("wrong", ELSEWHERE).code for gate in (first, second)} == {"unauthorized"}
    first.admit("wrong", ELSEWHERE)
    assert first.admit("wrong", ELSEWHERE).code == "locked_out"
    assert second.admit(shown(home, "read"), ELSEWHERE).role is Role.READ
    cache.start()
    clock.advance(90.0)
    codes = [gate.admit("wrong", ELSEWHERE).code for _ in range(6) for gate in (first, second)]
    assert codes == ["unauthorized"] * 10 + ["locked_out"] * 2


def test_lockout_slow_failures_do_not_lock_out(clock: ManualClock):
    lockout = Lockout(clock, failures=3, window_s=10.0)
    for _ in range(20):
        assert not lockout.failed(ELSEWHERE)
        clock.advance(5.1)
    assert lockout.remaining_s(ELSEWHERE) == 0.0


def test_lockout_remembers_a_bounded_number_of_addresses(clock: ManualClock):
    lockout = Lockout(clock)
    for number in range(10_000):
        lockout.failed(str(number))
    assert len(lockout._records) == 4_096


@pytest.mark.parametrize(
    ("named", "host"),
    [("", "127.0.0.1"), ("localhost", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("::1", "::1")],
)
def test_listen_address_loopback_needs_nothing(named: str, host: str):
    assert listen_address({"EVOQ_BIND": named}) == ListenAddress(host)


@pytest.mark.parametrize("named", ["0.0.0.0", "::", "198.51.100.7"])
def test_listen_address_off_this_machine_without_tls_is_refused(named: str):
    with pytest.raises(SettingError, match="EVOQ_BIND must be a loopback address without TLS, was"):
        listen_address({"EVOQ_BIND": named})


def test_listen_address_off_this_machine_with_tls_is_allowed():
    environ = {"EVOQ_BIND": "0.0.0.0", "EVOQ_TLS_CERT": "cert.pem", "EVOQ_TLS_KEY": "key.pem"}
    assert listen_address(environ) == ListenAddress("0.0.0.0", "cert.pem", "key.pem")


@pytest.mark.parametrize("environ", [{"EVOQ_TLS_CERT": "cert.pem"}, {"EVOQ_TLS_KEY": "key.pem"}])
def test_listen_address_half_of_tls_is_refused(environ: dict[str, str]):
    with pytest.raises(SettingError, match="must be set together"):
        listen_address(environ)


def test_listen_address_no_address_is_refused():
    with pytest.raises(SettingError, match='EVOQ_BIND must be localhost or an IP address of this machine, was "desk"'):
        listen_address({"EVOQ_BIND": "desk"})


def test_tls_files_that_are_none_are_refused(tmp_path: Path):
    path = tmp_path / "nothing.pem"
    path.write_text("nothing")
    for certificate in (str(path), str(tmp_path / "missing")):
        with pytest.raises(SettingError, match="must be a certificate and its key in PEM"):
            ListenAddress("127.0.0.1", certificate, certificate).tls()


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "١٢٣", "1" * 6])
def test_port_setting_impossible_is_refused(text: str):
    with pytest.raises(SettingError, match=r"EVOQ_WS_PORT must be in \[1, 65535\], was"):
        port_setting("EVOQ_WS_PORT", 8765, {"EVOQ_WS_PORT": text})


def test_port_setting_unset_is_the_default():
    assert port_setting("EVOQ_WS_PORT", 8765, {}) == 8765

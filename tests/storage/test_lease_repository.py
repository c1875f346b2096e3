"""Leases: one holder at a time by the clock of the database, tokens that rise, holders that know when to stop."""

import threading
import time

import pytest
from sqlalchemy import text

import storage
from storage import lease_repository
from storage.lease_repository import raise_tokens

HOLDER = """
import sys, storage
with storage.open_database() as database:
    lease = storage.LeaseRepository(database.engine).acquire("driver", sys.argv[1], float(sys.argv[2]))
    print(lease.token if lease else None, flush=True)
    input()
"""


@pytest.fixture
def leases(database: storage.Database) -> storage.LeaseRepository:
    return storage.LeaseRepository(database.engine)


def _expire(database: storage.Database) -> None:
    """Let all leases end now, by the clock of the database."""
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE leases SET expires_at = clock_timestamp()"))


def test_lease_has_one_holder_until_it_is_given_back(leases):
    assert leases.get("driver") is None
    first = leases.acquire("driver", "a", 60)
    assert (first.holder, first.token, first.ttl_s) == ("a", 1, 60)
    assert leases.acquire("driver", "b", 60) is None
    assert leases.acquire("driver", "a", 60) is None  # another process may have the same name
    assert leases.acquire("other", "b", 60).token == 1
    record = leases.get("driver")
    assert (record.holder, record.token, record.held) == ("a", 1, True)
    assert 50 < record.left_s <= 60
    assert leases.release(first)
    assert not leases.release(first)
    assert leases.get("driver").held is False
    assert leases.acquire("driver", "b", 60).token == 2


def test_lease_of_a_holder_that_has_ended_is_taken_unless_it_has_changed(leases):
    first = leases.acquire("driver", "a", 60)
    seen = leases.get("driver")
    leases.renew(first)
    assert leases.take_over(seen, "b", 60) is None  # it lives: it has renewed
    taken = leases.take_over(leases.get("driver"), "b", 60)
    assert (taken.holder, taken.token) == ("b", 2)
    assert leases.get("driver").holder == "b"
    with pytest.raises(storage.LeaseLostError, match="a has lost the lease driver"):
        leases.renew(first)
    assert leases.take_over(seen, "c", 60) is None


def test_token_rises_with_each_holder(database, leases):
    tokens = []
    for holder in "abcde":
        tokens.append(leases.acquire("driver", holder, 60).token)
        _expire(database)
    assert tokens == [1, 2, 3, 4, 5]


def test_renewal_prolongs_and_keeps_the_token(leases):
    lease = leases.acquire("driver", "a", 10)
    renewed = leases.renew(lease)
    assert (renewed.token, renewed.ttl_s) == (1, 10)
    assert renewed.expires_at > lease.expires_at
    assert leases.renew(renewed, 100).ttl_s == 100
    assert leases.get("driver").left_s > 90


def test_renewal_is_refused_after_another_holder(database, leases):
    lost = leases.acquire("driver", "a", 60)
    _expire(database)
    successor = leases.acquire("driver", "b", 60)
    with pytest.raises(storage.LeaseLostError, match=r"a has lost the lease driver \(token 1\): stop"):
        leases.renew(lost)
    leases.release(successor)
    with pytest.raises(storage.LeaseLostError):  # even when that one has gone again
        leases.renew(lost)
    assert not leases.release(lost)
    again = leases.acquire("driver", "a", 60)
    assert again.token == 3
    with pytest.raises(storage.LeaseLostError):  # the same name is another holder
        leases.renew(lost)


def test_renewal_of_what_was_given_back_is_refused(leases):
    lease = leases.acquire("driver", "a", 60)
    leases.release(lease)
    with pytest.raises(storage.LeaseLostError):
        leases.renew(lease)


def test_expired_lease_that_nobody_took_can_be_renewed(database, leases):
    lease = leases.acquire("driver", "a", 60)
    _expire(database)
    assert not leases.get("driver").held
    assert leases.renew(lease).token == 1
    assert leases.get("driver").held


def test_expiry_is_by_the_clock_of_the_database_not_of_a_transaction(database, leases):
    """A taker that waited for the row sees the time after it waited."""
    lease = leases.acquire("driver", "a", 60)
    taken = []
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE leases SET expires_at = clock_timestamp() + interval '0.3 s'"))
        waiter = threading.Thread(target=lambda: taken.append(leases.acquire("driver", "b", 60)))
        waiter.start()
        time.sleep(0.6)
    waiter.join()
    assert taken[0].token == lease.token + 1


def test_holder_counts_from_before_it_asked(database, leases, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(lease_repository, "_clock_s", lambda: now[0])
    lease = leases.acquire("driver", "a", 30)
    assert (lease.left_s(), lease.left_s(margin_s=5)) == (30, 25)
    now[0] += 31
    assert lease.left_s() == -1
    begin = database.engine.begin

    def slow_begin():
        now[0] += 7  # the database takes its time to answer
        return begin()

    monkeypatch.setattr(database.engine, "begin", slow_begin)
    assert leases.renew(lease).left_s() == 23


def test_of_many_that_ask_at_once_one_gets_it(leases):
    barrier, got = threading.Barrier(8), []

    def ask(number: int) -> None:
        barrier.wait()
        got.append(leases.acquire("driver", f"holder {number}", 60))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert sum(lease is not None for lease in got) == 1


def test_lease_of_a_killed_process_passes_on_when_it_expires(database, leases, spawn):
    holder = spawn(HOLDER, database.settings.embedded_in, "first", "1.5", stdin=-1)
    assert holder.stdout.readline() == "1\n"
    second = spawn(HOLDER, database.settings.embedded_in, "second", "60", stdin=-1)
    holder.kill()
    holder.wait()
    second.stdout.readline()
    deadline = time.monotonic() + 30
    while (lease := leases.acquire("driver", "third", 60)) is None and leases.get("driver").holder == "first":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert leases.get("driver").token == 2
    assert lease is None or lease.token == 2


def test_write_of_a_holder_that_lost_its_lease_is_refused(database, leases):
    lease = leases.acquire("journal", "a", 60)
    with database.engine.begin() as connection:
        storage.require_lease(connection, lease)
    with database.engine.begin() as connection:
        assert raise_tokens(connection) == 1
    for write in range(2):
        with pytest.raises(storage.LeaseLostError), database.engine.begin() as connection:
            storage.require_lease(connection, lease)
        assert write or leases.acquire("journal", "b", 60).token == 3
    with pytest.raises(storage.LeaseLostError):
        leases.renew(lease)


def test_write_with_an_expired_lease_is_refused(database, leases):
    lease = leases.acquire("journal", "a", 60)
    _expire(database)
    with pytest.raises(storage.LeaseLostError), database.engine.begin() as connection:
        storage.require_lease(connection, lease)


def test_nobody_takes_a_lease_over_before_a_transaction_that_needs_it_ends(database, leases):
    lease = leases.acquire("journal", "a", 0.5)
    got = []
    with database.engine.begin() as connection:
        storage.require_lease(connection, lease)
        taker = threading.Thread(target=lambda: got.append(leases.acquire("journal", "b", 60)))
        time.sleep(0.6)
        taker.start()
        time.sleep(0.3)
        assert got == []
    taker.join()
    assert got[0].token == 2


@pytest.mark.parametrize(
    ("name", "holder", "ttl_s"),
    [("", "a", 1), ("x", " ", 1), ("x", "a", 0), ("x", "a", 86_401), ("x", "a", float("nan"))],
)
def test_lease_that_cannot_be_meant_is_refused(leases, name, holder, ttl_s):
    with pytest.raises(storage.InvalidValueError, match="a lease"):
        leases.acquire(name, holder, ttl_s)

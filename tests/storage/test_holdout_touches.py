"""A holdout is looked at once: whoever comes second is refused, and so is who was trained on it."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

import storage

COUNTERS = {"evaluations": 64, "generation": 1, "round": 1}


@pytest.fixture
def make_holdout(make_data_set):
    def make(data_hash: str, first: int, last: int, **changes: object) -> dict[str, object]:
        data_set = make_data_set(data_hash, first, last, **changes)
        return {name: value for name, value in data_set.items() if name not in ("venue", "n_candles")}

    return make


@pytest.fixture
def train(evidence, runs, make_data_set, make_trial):
    """Return a function that lets a run have a trial on some candles."""

    def store(run_id: str, data_hash: str, first: int, last: int, **changes: object) -> None:
        evidence.know([make_data_set(data_hash, first, last, **changes)])
        batch = runs.get(run_id).batch + 1
        trial = make_trial(batch, batch=batch, data_hash=data_hash)
        runs.commit(run_id, batch=batch, state=b"", trials=[trial], **COUNTERS)

    return store


def test_look_at_a_holdout_is_recorded_once_for_a_run_that_is_resumed(evidence, run_id, train, make_holdout):
    train(run_id, "train", 0, 99)
    holdout = make_holdout("held", 100, 199)
    for _ in range(2):
        evidence.touch_holdout(run_id, holdout)
        (touch,) = evidence.holdout_touches()
        assert {name: touch[name] for name in holdout} == holdout
        assert touch["run_id"] == run_id
    assert touch["touched_at"].tzinfo is not None


def test_holdout_of_another_run_is_refused_with_when_and_what_to_do(evidence, runs, run_id, make_run, make_holdout):
    evidence.touch_holdout(run_id, make_holdout("held", 100, 199))
    other = runs.create(make_run(seed=8))
    for hours in ((100, 199), (199, 300), (0, 100), (150, 160)):
        with pytest.raises(storage.ConflictError) as refused:
            evidence.touch_holdout(other, make_holdout("theirs", *hours))
        assert "\n" not in str(refused.value)
    message = str(refused.value)
    assert message.startswith("a holdout may be looked at only once: BTC/USDT 1h of real:binance, 2026-01-07 06:00 to")
    assert f"that run {run_id} looked at on" in message
    assert message.endswith("hold out candles that open after 2026-01-09 07:00")
    with pytest.raises(storage.ConflictError, match="looked at only once"):
        evidence.touch_holdout(other, make_holdout("held", 100, 199))
    evidence.touch_holdout(other, make_holdout("theirs", 200, 300))
    assert [touch["data_hash"] for touch in evidence.holdout_touches()] == ["theirs", "held"]
    assert [touch["data_hash"] for touch in evidence.holdout_touches(limit=1)] == ["theirs"]


def test_second_holdout_of_the_same_run_must_not_overlap_the_first(evidence, run_id, make_holdout):
    evidence.touch_holdout(run_id, make_holdout("held", 100, 199))
    with pytest.raises(storage.ConflictError, match="that this run itself looked at on"):
        evidence.touch_holdout(run_id, make_holdout("longer", 100, 200))
    evidence.touch_holdout(run_id, make_holdout("later", 200, 300))
    assert len(evidence.holdout_touches()) == 2


def test_holdout_that_any_run_was_trained_on_is_refused(evidence, runs, run_id, make_run, train, make_holdout):
    other = runs.create(make_run(seed=8))
    train(other, "train", 50, 100)
    runs.finish(other, "failed")
    with pytest.raises(storage.ConflictError) as refused:
        evidence.touch_holdout(run_id, make_holdout("held", 100, 199))
    assert str(refused.value) == (
        "a holdout must be unseen: BTC/USDT 1h of real:binance, 2026-01-05 04:00 to 2026-01-09 07:00, overlap the"
        f" 2026-01-03 02:00 to 2026-01-05 04:00 that run {other} was trained on; hold out candles that open after"
        " 2026-01-05 04:00"
    )
    assert evidence.holdout_touches() == []
    evidence.touch_holdout(run_id, make_holdout("held", 101, 199))


def test_refusal_says_after_which_candles_a_holdout_is_free(evidence, runs, run_id, make_run, train, make_holdout):
    other = runs.create(make_run(seed=8))
    for number, last in enumerate((110, 130, 120)):
        train(other, f"train {number}", 50, last)
    with pytest.raises(storage.ConflictError, match=r"trained on; hold out candles that open after 2026-01-06 10:00$"):
        evidence.touch_holdout(run_id, make_holdout("held", 100, 199))
    for number, first in enumerate((140, 180, 160)):
        evidence.touch_holdout(other, make_holdout(f"held {number}", first, first + 15))
    with pytest.raises(storage.ConflictError, match=r"looked at on .* that open after 2026-01-09 03:00$"):
        evidence.touch_holdout(run_id, make_holdout("held", 131, 400))


def test_holdout_that_the_run_itself_was_trained_on_is_refused(evidence, run_id, train, make_holdout):
    train(run_id, "train", 0, 100)
    for data_hash, hours in (("held", (100, 199)), ("train", (0, 100))):
        with pytest.raises(storage.ConflictError, match="that this run itself was trained on"):
            evidence.touch_holdout(run_id, make_holdout(data_hash, *hours))


def test_holdout_with_trials_that_nobody_told_of_is_refused(evidence, runs, run_id, make_trial, make_holdout):
    runs.commit(run_id, batch=0, state=b"", trials=[make_trial(1, data_hash="held")], **COUNTERS)
    with pytest.raises(storage.ConflictError, match="was trained on"):
        evidence.touch_holdout(run_id, make_holdout("held", 100, 199))


def test_holdout_that_is_a_run_s_own_data_is_refused(evidence, runs, run_id, make_run, make_data_set, make_holdout):
    evidence.know([make_data_set("whole", 0, 199)])
    other = runs.create(make_run(data_hash="whole"))
    with pytest.raises(storage.ConflictError, match=f"run {other} was trained on"):
        evidence.touch_holdout(run_id, make_holdout("held", 100, 199))


def test_candles_that_are_known_but_untried_do_not_spoil_a_holdout(evidence, run_id, make_data_set, make_holdout):
    evidence.know([make_data_set("held", 100, 199), make_data_set("downloaded", 0, 500)])
    evidence.touch_holdout(run_id, make_holdout("held", 100, 199))
    assert len(evidence.holdout_touches()) == 1


@pytest.mark.parametrize(
    "changes",
    [{"origin": "real:okx"}, {"origin": "simulated:7"}, {"symbol": "ETH/USDT"}, {"timeframe": "4h"}],
    ids=["venue", "simulated", "symbol", "timeframe"],
)
def test_holdout_of_another_market_is_free(evidence, runs, run_id, make_run, train, make_holdout, changes):
    train(run_id, "train", 100, 199)
    other = runs.create(make_run(seed=8))
    evidence.touch_holdout(other, make_holdout("held", 100, 199, **changes))
    evidence.touch_holdout(run_id, make_holdout("later", 200, 299))
    evidence.touch_holdout(other, make_holdout("held too", 200, 299, **changes))
    assert len(evidence.holdout_touches()) == 3


def test_holdout_of_several_markets_is_looked_at_whole_or_not_at_all(evidence, run_id, train, make_holdout):
    train(run_id, "train", 100, 199)
    free = make_holdout("free", 100, 199, symbol="ETH/USDT")
    with pytest.raises(storage.ConflictError, match="holdout"):
        evidence.touch_holdout(run_id, free, make_holdout("trained on", 150, 249))
    assert evidence.holdout_touches() == []
    evidence.touch_holdout(run_id, free, make_holdout("later", 200, 299))
    assert len(evidence.holdout_touches()) == 2


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"origin": "hearsay"}, "ck_holdout_touches_origin"),
        ({"first_time": 2_000_000_000_000}, "ck_holdout_touches_times"),
        ({"last_time": None}, "a holdout needs last_time"),
        ({"n_candles": 7}, "a holdout has no n_candles"),
    ],
)
def test_wrong_holdout_is_refused(evidence, run_id, make_holdout, changes, complaint):
    with pytest.raises(storage.InvalidValueError, match=complaint):
        evidence.touch_holdout(run_id, make_holdout("held", 100, 199) | changes)
    assert evidence.holdout_touches() == []


def test_holdout_of_no_run_is_refused(evidence, make_holdout):
    with pytest.raises(storage.NotFoundError, match="fk_holdout_touches_run_id_runs"):
        evidence.touch_holdout("nowhere", make_holdout("held", 100, 199))


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_of_many_runs_at_once_exactly_one_looks(external, make_run, make_holdout, isolation):
    with storage.open_database(environ=external) as database:
        with database.engine.begin() as connection:
            name = external["DB_NAME"]
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'"))
        database.engine.dispose()
        runs, evidence = storage.RunRepository(database.engine), storage.EvidenceRepository(database.engine)
        found = [runs.create(make_run(seed=seed)) for seed in range(4)]
        for round_ in range(5):
            barrier = threading.Barrier(len(found))
            winners: list[str] = []
            refused: list[str] = []

            def touch(run_id: str, hours: int, start: threading.Barrier, won: list[str], lost: list[str]) -> None:
                holdout = make_holdout(f"{run_id} {hours}", hours, hours + 50)
                start.wait()
                try:
                    evidence.touch_holdout(run_id, holdout)
                    won.append(run_id)
                except storage.ConflictError as error:
                    lost.append(str(error))

            threads = [
                threading.Thread(target=touch, args=(run_id, 1000 * round_ + place, barrier, winners, refused))
                for place, run_id in enumerate(found)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert (len(winners), len(refused)) == (1, 3)
            assert evidence.holdout_touches(limit=1)[0]["run_id"] == winners[0]
            assert all(f"that run {winners[0]} looked at" in message for message in refused)
        assert len(evidence.holdout_touches()) == 5


@given(
    spans=st.lists(
        st.tuples(st.sampled_from(["train", "touch"]), st.integers(0, 30), st.integers(0, 12)), min_size=1, max_size=10
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_look_is_granted_exactly_where_nobody_was_before(
    database, evidence, runs, train, make_run, make_holdout, spans
):
    with database.engine.begin() as connection:
        connection.execute(text("TRUNCATE runs, trials, data_sets, holdout_touches, strategies CASCADE"))
    spoilt: set[int] = set()
    for number, (kind, first, length) in enumerate(spans):
        run_id = runs.create(make_run())
        hours = set(range(first, first + length + 1))
        if kind == "train":
            train(run_id, f"set {number}", first, first + length)
            spoilt |= hours
            continue
        try:
            evidence.touch_holdout(run_id, make_holdout(f"set {number}", first, first + length))
            granted = True
        except storage.ConflictError:
            granted = False
        assert granted == (not hours & spoilt)
        spoilt |= hours if granted else set()

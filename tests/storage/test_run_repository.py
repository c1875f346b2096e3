"""Runs: a batch's results and the state after it, both or neither, by one driver at a time."""

import math
import threading
import traceback
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

import storage

COUNTERS = {"evaluations": 64, "generation": 1, "round": 1}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_run_created_is_running_before_its_first_batch(runs, make_run):
    run_id = runs.create(make_run(host="desk", pid=4711, settings={"population": 1034, "loss": math.nan}))
    record = runs.get(run_id)
    assert (record.status, record.batch, record.evaluations) == ("running", -1, 0)
    assert (record.seed, record.host, record.pid) == (7, "desk", 4711)
    assert record.settings == {"population": 1034, "loss": None}
    assert record.created_at.tzinfo is not None
    assert runs.state(run_id) == (-1, b"")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"colour": "red"}, "a run has no colour"),
        ({"settings_hash": None}, "a run needs settings_hash"),
        ({"origin": "hearsay"}, "ck_runs_origin"),
        ({"seed": 2**70}, "the database refuses a value"),
    ],
)
def test_run_with_a_wrong_value_is_refused(runs, make_run, changes, complaint):
    with pytest.raises(storage.InvalidValueError, match=complaint):
        runs.create(make_run(**changes))


def test_commit_stores_trials_state_counters_and_history_together(runs, trials, run_id, make_trial):
    batch = [make_trial(child, fitness=math.nan if child else 61.5) for child in range(64)]
    history = [{"ts": NOON, "generation": 1, "round": 1, "species": "momentum", "best_scs": 61.5, "q25": math.nan}]
    logs = [{"ts": 1_772_366_400_000, "event": "window_roll", "message": "a\tb\\n", "details": {"to": [1, math.inf]}}]
    runs.commit(run_id, batch=0, state=bytes(range(256)), trials=batch, history=history, logs=logs, **COUNTERS)
    record = runs.get(run_id)
    assert (record.batch, record.evaluations, record.generation, record.round) == (0, 64, 1, 1)
    assert runs.state(run_id) == (0, bytes(range(256)))
    stored = trials.of_run(run_id)
    assert [trial["child"] for trial in stored] == list(range(64))
    assert stored[3]["genome"] == [20.0, 3.01, 1 / 3]
    assert (stored[0]["fitness"], stored[1]["fitness"]) == (61.5, None)
    (row,) = runs.history(run_id)
    assert (row["ts"], row["best_scs"], row["q25"]) == (NOON, 61.5, None)
    (row,) = runs.logs(run_id)
    assert (row["ts"], row["event"], row["message"]) == (NOON, "window_roll", "a\tb\\n")
    assert row["details"] == {"to": [1, None]}


def test_commit_of_an_old_batch_is_refused_and_leaves_nothing(runs, trials, run_id, make_trial):
    runs.commit(run_id, batch=3, state=b"three", trials=[make_trial(1)], **COUNTERS)
    for batch in (3, 2):
        with pytest.raises(storage.ConflictError, match=rf"batch {batch} of run {run_id} cannot follow batch 3"):
            runs.commit(run_id, batch=batch, state=b"other", trials=[make_trial(2)], **COUNTERS)
    with pytest.raises(storage.ConflictError, match="cannot follow batch 3"):
        runs.commit(run_id, batch=5, state=b"other", trials=[make_trial(2)], expected_batch=4, **COUNTERS)
    assert runs.state(run_id) == (3, b"three")
    assert len(trials.of_run(run_id)) == 1


def test_commit_of_a_child_that_is_stored_already_is_refused_as_a_whole(runs, trials, run_id, make_trial):
    runs.commit(run_id, batch=0, state=b"zero", trials=[make_trial(1)], **COUNTERS)
    with pytest.raises(storage.ConflictError, match="stored already"):
        runs.commit(run_id, batch=1, state=b"one", trials=[make_trial(2), make_trial(1)], **COUNTERS)
    assert runs.state(run_id) == (0, b"zero")
    assert len(trials.of_run(run_id)) == 1


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"genome": [1.0, math.nan]}, "a genome must be finite numbers"),
        ({"genome": None}, "a trial needs genome"),
        ({"shoe_size": 43}, "a trial has no shoe_size"),
        ({"species": "a\x00"}, "no NUL"),
    ],
)
def test_commit_of_a_wrong_trial_is_refused_as_a_whole(runs, run_id, make_trial, changes, complaint):
    with pytest.raises(storage.InvalidValueError, match=complaint):
        runs.commit(run_id, batch=0, state=b"", trials=[make_trial(1, **changes)], **COUNTERS)
    assert runs.state(run_id) == (-1, b"")


def test_two_committers_at_once_one_is_refused_clearly(runs, trials, run_id, make_trial):
    barrier = threading.Barrier(2)
    outcomes: list[object] = []

    def commit(name: bytes, child: int) -> None:
        barrier.wait()
        try:
            for batch in range(20):
                runs.commit(
                    run_id, batch=batch, state=name, trials=[make_trial(child + batch, batch=batch)], **COUNTERS
                )
            outcomes.append(name)
        except storage.ConflictError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=commit, args=arguments) for arguments in ((b"one", 0), (b"two", 1000))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (refused,) = (outcome for outcome in outcomes if isinstance(outcome, Exception))
    (winner,) = (outcome for outcome in outcomes if isinstance(outcome, bytes))
    assert "another process works on the same run" in str(refused)
    assert runs.state(run_id) == (19, winner)
    batches = [trial["batch"] for trial in trials.of_run(run_id)]
    assert sorted(batches) == list(range(20))


def test_run_that_is_over_takes_no_commit_until_it_is_resumed(runs, run_id):
    runs.commit(run_id, batch=0, state=b"zero", trials=[], **COUNTERS)
    runs.finish(run_id, "interrupted", seconds=1.5)
    assert runs.get(run_id).status == "interrupted"
    with pytest.raises(storage.ConflictError, match="is interrupted, not running: resume it"):
        runs.commit(run_id, batch=1, state=b"one", trials=[], **COUNTERS)
    assert runs.resume(run_id, host="other", pid=1) == (0, b"zero")
    runs.commit(run_id, batch=1, state=b"one", trials=[], **COUNTERS)
    runs.finish(run_id, "done", population_hash="h" * 64, seconds=2.0)
    assert runs.get(run_id).population_hash == "h" * 64
    with pytest.raises(storage.ConflictError, match="is done: ask for more"):
        runs.resume(run_id)
    with pytest.raises(storage.InvalidValueError, match="a run ends as"):
        runs.finish(run_id, "running")


def test_latest_run_to_resume_leaves_out_those_that_are_done(runs, make_run):
    assert runs.latest() is None
    first, second, third = (runs.create(make_run(seed=seed)) for seed in (1, 2, 3))
    runs.finish(third, "done")
    runs.finish(first, "interrupted")
    assert [record.seed for record in runs.list()] == [3, 2, 1]
    assert runs.latest().id == first
    assert runs.latest(unfinished=True).id == first
    runs.finish(first, "done")
    assert runs.latest(unfinished=True).id == second


def test_unknown_run_is_named(runs):
    for call in (runs.get, runs.state, runs.resume, lambda name: runs.finish(name, "done")):
        with pytest.raises(storage.NotFoundError, match="there is no run 'nowhere'"):
            call("nowhere")
    with pytest.raises(storage.NotFoundError, match="there is no run"):
        runs.commit("nowhere", batch=0, state=b"", trials=[], **COUNTERS)


def test_errors_of_a_statement_hide_its_parameters(database):
    secret = "hu" + "sh"  # a traceback shows the lines of this file
    with pytest.raises(storage.InvalidValueError) as caught, database.engine.begin() as connection:
        connection.execute(text("SELECT CAST(:value AS integer), :secret"), {"value": "x", "secret": secret})
    unknown = 'column "nothing" does not exist'
    with pytest.raises(storage.StatementError, match=unknown) as other, database.engine.begin() as connection:
        connection.execute(text("SELECT nothing, :secret"), {"secret": secret})
    for error in (caught.value, other.value):
        assert secret not in "".join(traceback.format_exception(error))


def test_resume_of_a_run_that_is_done_needs_more_to_do(runs, run_id):
    runs.finish(run_id, "done", population_hash="h", seconds=1.0)
    with pytest.raises(storage.ConflictError, match="ask for more generations"):
        runs.resume(run_id)
    runs.resume(run_id, settings={"generations": 20}, done_too=True)
    record = runs.get(run_id)
    assert (record.status, record.settings) == ("running", {"generations": 20})


def test_logs_are_those_of_one_run_and_event_newest_first(runs, run_id, make_run):
    other = runs.create(make_run(seed=8))
    start = 1_772_366_400_000
    for second, event in enumerate(("started", "window_roll", "window_roll", "done")):
        runs.log(run_id, [{"ts": start + 1000 * second, "event": event, "message": str(second)}])
        runs.log(other, [{"ts": start + 1000 * second, "event": event, "message": "other"}])
    assert [row["message"] for row in runs.logs(run_id)] == ["3", "2", "1", "0"]
    assert [row["message"] for row in runs.logs(run_id, "window_roll")] == ["2", "1"]
    assert [row["message"] for row in runs.logs(run_id, limit=3)] == ["3", "2", "1"]
    assert runs.logs(run_id, "' OR '1'='1") == []


def test_evidence_of_a_run_is_that_of_its_last_end(runs, run_id):
    assert runs.get(run_id).evidence is None
    runs.finish(run_id, "done", "h" * 64, 1.0, evidence={"pbo": 0.25, "sharpe": math.nan, "best": ["a", {"n": 3}]})
    stored = {"pbo": 0.25, "sharpe": None, "best": ["a", {"n": 3}]}
    assert runs.get(run_id).evidence == runs.latest().evidence == runs.list()[0].evidence == stored
    runs.resume(run_id, settings={"generations": 20}, done_too=True)
    assert runs.get(run_id).evidence == stored
    runs.finish(run_id, "failed")
    assert runs.get(run_id).evidence is None

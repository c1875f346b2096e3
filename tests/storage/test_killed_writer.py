"""A writer killed with -9 in the middle of its commits leaves trials and state of the same batch."""

import json

import storage

WRITER = """
import sys, json, storage
run_id = sys.argv[1]
with storage.open_database() as database:
    runs = storage.RunRepository(database.engine)
    batch, state = runs.resume(run_id)
    total = json.loads(state or b"0")
    while True:
        batch += 1
        trials = [
            {"batch": batch, "species": "momentum", "child": 64 * batch + i, "genome": [float(i)],
             "data_hash": "d", "fitness": float(i), "operator": "sbx"}
            for i in range(64)
        ]
        total += sum(range(64)) + batch
        logs = [{"ts": 1772366400000 + batch, "event": "batch", "batch": batch}]
        runs.commit(run_id, batch=batch, state=json.dumps(total).encode() + b" " * 200_000, trials=trials,
                    evaluations=64 * (batch + 1), generation=1, round=1, logs=logs)
        print(batch, flush=True)
"""


def test_killed_writer_leaves_state_and_trials_of_the_same_batch(
    database: storage.Database, runs, trials, run_id, spawn
):
    home = database.settings.embedded_in
    last = -1
    for lines in (3, 5, 8):
        writer = spawn(WRITER, home, run_id)
        for _ in range(lines):
            said = int(writer.stdout.readline())
        writer.kill()
        writer.wait()
        record = runs.get(run_id)
        assert record.status == "running"
        assert record.batch >= said > last
        last = record.batch
        written = trials.of_run(run_id)
        assert [trial["child"] for trial in written] == list(range(64 * (last + 1)))
        assert {trial["batch"] for trial in written} == set(range(last + 1))
        assert record.evaluations == len(written)
        stored, state = runs.state(run_id)
        assert (stored, json.loads(state)) == (last, sum(2016 + batch for batch in range(last + 1)))
    assert runs.latest(unfinished=True).id == run_id

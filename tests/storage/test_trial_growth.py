"""How fast trials fill the disk."""

from datetime import UTC, datetime, timedelta

import pytest

import storage


def _evolved(runs, run_id, make_trial, hours_ago, evaluations, batch):
    ts = datetime.now(UTC) - timedelta(hours=hours_ago)
    history = [{"ts": ts, "generation": batch + 1, "round": 1, "evaluations": evaluations}]
    trials = [make_trial(batch, batch=batch)]
    runs.commit(
        run_id, batch=batch, state=b"", trials=trials, evaluations=evaluations, generation=1, round=1, history=history
    )


def test_growth_is_that_of_the_last_day_over_all_runs(database, runs, make_run, make_trial):
    for seed in range(2):
        run_id = runs.create(make_run(seed=seed))
        for batch, (hours_ago, evaluations) in enumerate([(30, 0), (12, 50_000), (1, 80_000)]):
            _evolved(runs, run_id, make_trial, hours_ago, evaluations, batch)
    growth = storage.trial_growth(database.engine)
    per_day = 2 * 30_000 * 2  # in twelve hours
    assert growth.bytes_per_day == pytest.approx(224.0 * per_day, rel=1e-3)
    assert growth.days_left(10 * round(growth.bytes_per_day)) == pytest.approx(10.0, rel=1e-6)
    assert growth.total_bytes > 0


def test_growth_before_ten_minutes_of_evolution_is_unknown(database, runs, run_id, make_trial):
    assert storage.trial_growth(database.engine).bytes_per_day is None
    _evolved(runs, run_id, make_trial, 0.05, 1_000, 0)
    growth = storage.trial_growth(database.engine)
    assert (growth.bytes_per_day, growth.days_left(10**9)) == (None, None)

"""The one rule of what is stored as what, and that COPY brings it there unchanged."""

import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import insert, select

import storage
from storage.bulk import copy_rows
from storage.models import table_of
from storage.trial_models import Trial, TrialCandles, TrialSeries
from storage.values import moment, plain

_text = some.text(some.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
_number = some.floats(allow_nan=True, allow_infinity=True) | some.integers(-(2**53), 2**53)
_json = some.recursive(
    some.none() | some.booleans() | _number | _text,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(_text, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_number_not_finite_is_stored_as_null_everywhere(value: float):
    assert plain(value) is None
    assert plain({"a": [value, 1.5]}) == {"a": [None, 1.5]}


def test_values_of_numpy_become_those_of_python():
    assert plain(np.int64(3)) == 3
    assert type(plain(np.float64(0.5))) is float
    assert plain(np.array([[1.0, np.nan]])) == [[1.0, None]]
    assert plain(np.bool_(True)) is True


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", object(), datetime(2026, 1, 1), {1, 2}])
def test_value_that_cannot_be_stored_is_refused(value: object):
    with pytest.raises(storage.InvalidValueError):
        plain(value)


def test_time_is_stored_in_utc_from_ms_and_from_any_zone():
    expected = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert moment(1_772_366_400_000) == expected
    assert moment(expected.astimezone(timezone(timedelta(hours=8)))) == expected
    for wrong in (10**30, 1.5, True, None):
        with pytest.raises(storage.InvalidValueError, match="aware datetime or integer ms UTC"):
            moment(wrong)


def _floats(value: object) -> object:
    """JSON has one kind of number: a whole float may come back as an int."""
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=_text, metrics=some.dictionaries(_text, _json, max_size=4), genome=some.lists(some.floats(allow_nan=False))
)
def test_bulk_rows_come_back_as_they_went_in(database, run_id, make_trial, words, metrics, genome):
    table = table_of(Trial)
    trial = make_trial(1, operator=words, genome=genome, metrics=metrics, fitness=math.nan)
    series, candles = ({"run_id": run_id, "species": trial.pop("species")}, {"data_hash": trial.pop("data_hash")})
    with database.engine.connect() as connection:
        for name, model, row in (("series_id", TrialSeries, series), ("candles_id", TrialCandles, candles)):
            added = insert(table_of(model)).values(row).returning(table_of(model).c.id)
            trial[name] = connection.execute(added).scalar_one()
        copy_rows(connection, table, tuple(trial), [tuple(trial.values())])
        row = connection.execute(select(table)).one()
        connection.rollback()
    assert row.operator == words
    assert _floats(row.metrics) == _floats(plain(metrics))
    assert row.genome == [plain(gene) for gene in genome]
    assert row.fitness is None

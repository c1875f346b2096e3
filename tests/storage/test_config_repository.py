"""The configuration: safe at first, checked, and never overwritten unseen."""

from dataclasses import asdict

import pytest

import storage


@pytest.fixture
def configuration(database: storage.Database) -> storage.ConfigRepository:
    return storage.ConfigRepository(database.engine)


def _parts(record: storage.ConfigRecord) -> dict[str, dict[str, object]]:
    return {"auto_trading": asdict(record.auto_trading), "management": asdict(record.management)}


def test_first_configuration_trades_nothing_real(external):
    with storage.open_database(environ=external) as database:
        record = storage.ConfigRepository(database.engine).get()
    assert (record.auto_trading.enabled, record.auto_trading.mode) == (False, "paper_only")
    assert record.auto_trading.real_trading_threshold == 65
    assert (record.management.min_oos_trades, record.management.demote_below) == (30, 58)
    assert (record.version, record.changed_by) == (1, "default")


def test_change_is_stored_with_who_and_when(configuration):
    before = configuration.get()
    parts = _parts(before)
    parts["auto_trading"]["max_strategies"] = 7
    parts["management"]["retire_after_days"] = 2.5
    after = configuration.put(parts, version=before.version, changed_by="ann")
    assert after == configuration.get()
    assert (after.auto_trading.max_strategies, after.management.retire_after_days) == (7, 2.5)
    assert (after.version, after.changed_by) == (before.version + 1, "ann")
    assert after.changed_at > before.changed_at


def test_change_of_an_old_version_is_refused(configuration):
    record = configuration.get()
    configuration.put(_parts(record), version=record.version, changed_by="ann")
    with pytest.raises(storage.ConflictError, match=r"has version 2 \(by ann\), not 1: read it again"):
        configuration.put(_parts(record), version=record.version, changed_by="bob")


@pytest.mark.parametrize(
    ("part", "name", "value", "complaint"),
    [
        ("auto_trading", "enabled", "yes", "auto_trading.enabled must be true or false"),
        ("auto_trading", "enabled", 1, "must be true or false, was 1"),
        ("auto_trading", "mode", "yolo", "must be one of auto, manual, paper_only, was 'yolo'"),
        ("auto_trading", "max_strategies", 2.5, "must be an integer"),
        ("auto_trading", "max_strategies", True, "must be an integer"),
        ("auto_trading", "max_strategies", -1, r"in \[0, 100000\], was -1"),
        ("auto_trading", "real_trading_threshold", 101, r"must be a number in \[0, 100\], was 101"),
        ("auto_trading", "real_trading_threshold", 50, "demote_below must not be above real_trading_threshold"),
        ("auto_trading", "evolution_interval", float("nan"), "needs evolution_interval|must be a number"),
        ("management", "demote_below", None, "management needs demote_below"),
        ("management", "speed", 3, "management has no speed"),
    ],
)
def test_value_out_of_its_rule_is_refused(configuration, part, name, value, complaint):
    record = configuration.get()
    parts = _parts(record)
    parts[part][name] = value
    with pytest.raises(storage.InvalidValueError, match=complaint):
        configuration.put(parts, version=record.version, changed_by="ann")
    assert configuration.get() == record


def test_change_without_a_part_or_an_author_is_refused(configuration):
    record = configuration.get()
    with pytest.raises(storage.InvalidValueError, match="the configuration needs management"):
        configuration.put({"auto_trading": asdict(record.auto_trading)}, version=1, changed_by="ann")
    with pytest.raises(storage.InvalidValueError, match="changed_by must say who"):
        configuration.put(_parts(record), version=1, changed_by=" ")
    with pytest.raises(storage.InvalidValueError, match="must be an object"):
        configuration.put(_parts(record) | {"management": 5}, version=1, changed_by="ann")

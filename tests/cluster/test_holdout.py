"""Holdouts: read only where they continue a market, looked at once, and never by selection."""

import json

import pytest
from command_line import assert_one_line, evoq

from cluster.errors import UserError
from cluster.holdout import read_holdout
from evolution import Windows
from market import CandleStore, synthetic_candles
from storage import EvidenceRepository, RunRepository, open_database

SETTINGS = ["--population", "60", "--generations", "2", "--seed", "5", "--json"]
WHOLE = synthetic_candles(symbol="BTC/USDT:USDT", bars=4_000, seed=12)
CUT = int(WHOLE.timestamp[3_000])


def stored(folder, candles, symbol="BTC/USDT:USDT"):
    store = CandleStore(folder)
    store.add(candles)
    return store.path(candles.venue, symbol, candles.timeframe, candles.origin)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A training file and the holdout that follows it."""
    train, later = WHOLE.split(at=CUT)
    folder = tmp_path_factory.mktemp("candles")
    return stored(folder / "train", train), stored(folder / "later", later)


@pytest.fixture(scope="module")
def looked(files, tmp_path_factory):
    """A run that has looked at its holdout."""
    home = tmp_path_factory.mktemp("home")
    train, later = files
    result = evoq("evolve", "--candles", train, "--holdout", later, *SETTINGS, home=home)
    assert result.returncode == 0, result.stderr
    return home, json.loads(result.stdout.splitlines()[-1])


def test_holdout_is_scored_for_every_finalist_and_reproduces(looked, files):
    home, found = looked
    assert found["evidence"]["holdout"] is True
    assert found["finalists"]
    with open_database(home, environ={}) as database:
        touches = EvidenceRepository(database.engine).holdout_touches()
    assert [touch["run_id"] for touch in touches] == [found["run_id"]]
    listed = json.loads(evoq("strategies", "--json", "--limit", "500", home=home).stdout)["items"]
    finalists = [row for row in listed if row["finalist"]]
    for row in finalists:
        (span,) = [fold for fold in row["folds"] if fold["kind"] == "holdout"]
        assert span["start"] >= CUT
        assert row["selected_until"] <= CUT


def test_holdout_does_not_change_what_is_selected(looked, files, tmp_path):
    _, found = looked
    without = evoq("evolve", "--candles", files[0], *SETTINGS, home=tmp_path)
    plain = json.loads(without.stdout.splitlines()[-1])
    assert plain["population_hash"] == found["population_hash"]
    assert [row["parameters"] for row in plain["finalists"]] != []
    assert {str(row["parameters"]) for row in plain["finalists"]} == {
        str(row["parameters"]) for row in found["finalists"]
    }


def test_holdout_that_was_looked_at_is_refused_before_anything_is_evolved(looked, files):
    home, found = looked
    train, later = files
    result = evoq("evolve", "--candles", train, "--holdout", later, *SETTINGS, home=home)
    assert_one_line(result, "only once", found["run_id"], "hold out candles that open after")


def test_holdout_that_was_trained_on_is_refused(looked, files, tmp_path):
    train, later = files
    trained = stored(tmp_path / "long", WHOLE)
    assert evoq("evolve", "--candles", trained, *SETTINGS, home=tmp_path).returncode == 0
    result = evoq("evolve", "--candles", train, "--holdout", later, *SETTINGS, home=tmp_path)
    assert_one_line(result, "must be unseen", "was trained on")


def test_holdout_of_no_use_is_refused_in_one_line(files, tmp_path):
    train, later = files
    assert_one_line(evoq("evolve", "--candles", train, "--holdout", train, home=tmp_path), "begin after")
    other = stored(tmp_path / "other", synthetic_candles(symbol="ETH/USDT:USDT", seed=12), "ETH/USDT:USDT")
    assert_one_line(evoq("evolve", "--candles", train, "--holdout", other, home=tmp_path), "the run trains on BTC")
    foreign = stored(tmp_path / "foreign", synthetic_candles(symbol="BTC/USDT:USDT", bars=5_000, seed=13)[4_000:])
    assert_one_line(evoq("evolve", "--candles", train, "--holdout", foreign, home=tmp_path), "the same venue")
    twice = ["--holdout", later, "--holdout", later]
    assert_one_line(evoq("evolve", "--candles", train, *twice, home=tmp_path), "each market once")
    assert_one_line(evoq("evolve", "--candles", train, "--holdout", later, "--forever", home=tmp_path), "--forever")


def test_run_that_has_looked_evolves_no_further_and_looks_no_second_time(looked):
    home, found = looked
    more = evoq("evolve", "--resume", found["run_id"], "--generations", "3", home=home)
    assert_one_line(more, "has looked at its holdout", "start a new run")
    ever = evoq("evolve", "--resume", found["run_id"], "--forever", home=home)
    assert_one_line(ever, "--holdout", "never ends")


def test_run_that_was_killed_between_look_and_result_ends_as_it_would_have(files, tmp_path):
    train, later = files
    words = ["evolve", "--candles", train, "--holdout", later, *SETTINGS]
    whole = json.loads(evoq(*words, home=tmp_path).stdout.splitlines()[-1])
    with open_database(tmp_path, environ={}) as database:  # as if it had been killed before it was told that it is done
        RunRepository(database.engine).finish(whole["run_id"], "failed")
    again = evoq("evolve", "--resume", whole["run_id"], "--json", home=tmp_path)
    assert again.returncode == 0, again.stderr
    ended = json.loads(again.stdout.splitlines()[-1])
    assert ended["finalists"] == whole["finalists"]
    with open_database(tmp_path, environ={}) as database:
        RunRepository(database.engine).finish(whole["run_id"], "failed")
        assert len(EvidenceRepository(database.engine).holdout_touches()) == 1
    other_end = evoq("evolve", "--resume", whole["run_id"], "--target-score", "90", home=tmp_path)
    assert_one_line(other_end, "has looked at its holdout")


def test_read_holdout_without_files_is_none(files):
    assert read_holdout([], [WHOLE]) is None
    with pytest.raises(UserError, match="begin after"):
        read_holdout([files[1]], [WHOLE])


def test_appended_holdout_is_the_market_that_was_cut(files):
    train, later = WHOLE.split(at=CUT)
    holdout = read_holdout([files[1]], [train])
    appended = holdout.appended(Windows([train]))
    assert appended["BTC/USDT:USDT", "1h"].candles == WHOLE
    assert holdout.candles["BTC/USDT:USDT", "1h"] == later

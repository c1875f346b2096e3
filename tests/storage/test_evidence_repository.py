"""Evidence: every trial on overlapping candles counts, clusters only grow, curves are bounded."""

import math
import random
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

import storage

COUNTERS = {"evaluations": 64, "generation": 1, "round": 1}
SPECIES = "momentum|BTC/USDT|1h"
LISTS_AND_COUNTS = pytest.mark.parametrize(
    "call",
    [storage.EvidenceRepository.trial_count, lambda evidence, candles: list(evidence.genomes(candles))],
    ids=["trial_count", "genomes"],
)


@contextmanager
def asked_before_trials_are_read(engine, question):
    """Give the lines that the database answers to a question just before it reads trials, in the same transaction."""
    lines: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def ask(connection, cursor, statement, parameters, context, executemany):
        if "FROM trials" in statement:
            with connection.connection.driver_connection.cursor() as beside:  # a server's cursor has one statement
                beside.execute(question.format(statement), parameters)
                lines.extend(row[0] for row in beside.fetchall())

    try:
        yield lines
    finally:
        event.remove(engine, "before_cursor_execute", ask)


@pytest.fixture
def search(runs, make_run, make_trial):
    """Return a function that stores a run with one trial for each (child, genome number, data hash)."""

    def store(*found: tuple[int, int, str], status: str = "failed", **changes: object) -> str:
        run_id = runs.create(make_run())
        trials = [
            make_trial(child, genome=[float(number)], data_hash=data_hash, **changes)
            for child, number, data_hash in found
        ]
        runs.commit(run_id, batch=0, state=b"", trials=trials, **COUNTERS)
        runs.finish(run_id, status)
        return run_id

    return store


def test_trials_of_overlapping_candles_count_whatever_became_of_their_run(evidence, search, make_data_set):
    evidence.know([make_data_set("long", 0, 999), make_data_set("late", 900, 1200), make_data_set("early", -50, 0)])
    search((1, 1, "long"), (2, 2, "long"))
    search((1, 1, "late"), (2, 2, "long"), (3, 3, "late"), status="interrupted")
    search((1, 2, "early"), species="breakout|BTC/USDT|1h", status="done")
    assert evidence.trial_count("long") == (4, 6)
    assert evidence.trial_count("late") == (3, 5)
    assert evidence.trial_count("early") == (3, 4)
    assert list(evidence.genomes("late")) == [(SPECIES, (1.0,)), (SPECIES, (2.0,)), (SPECIES, (3.0,))]
    assert list(evidence.genomes("long"))[3] == ("breakout|BTC/USDT|1h", (2.0,))


@pytest.mark.parametrize(
    ("first", "last", "changes"),
    [
        (101, 200, {}),
        (-200, -1, {}),
        (0, 100, {"origin": "real:okx", "venue": "okx"}),
        (0, 100, {"origin": "simulated:7"}),
        (0, 100, {"symbol": "BTC/USDT:USDT"}),
        (0, 100, {"timeframe": "4h"}),
    ],
    ids=["later", "earlier", "venue", "simulated", "symbol", "timeframe"],
)
def test_trials_of_other_candles_do_not_count(evidence, search, make_data_set, first, last, changes):
    evidence.know([make_data_set("mine", 0, 100), make_data_set("other", first, last, **changes)])
    search((1, 1, "mine"), (2, 2, "other"), (3, 3, "nobody told of these"))
    assert evidence.trial_count("mine") == (1, 1)
    assert list(evidence.genomes("mine")) == [(SPECIES, (1.0,))]


@pytest.mark.parametrize(("first", "last"), [(100, 300), (-300, 0), (40, 60), (-1, 101), (0, 100)])
def test_one_common_candle_is_an_overlap(evidence, search, make_data_set, first, last):
    evidence.know([make_data_set("mine", 0, 100), make_data_set("other", first, last)])
    search((1, 1, "mine"), (2, 2, "other"))
    assert evidence.trial_count("mine") == evidence.trial_count("other") == (2, 2)


def test_candles_nobody_told_of_are_refused(evidence, search):
    search((1, 1, "unknown"))
    with pytest.raises(storage.NotFoundError, match="there is no data set 'unknown'"):
        evidence.trial_count("unknown")
    with pytest.raises(storage.NotFoundError, match="there is no data set 'unknown'"):
        next(evidence.genomes("unknown"))


def test_known_candles_stay_as_they_are(database, evidence, make_data_set):
    evidence.know([])
    evidence.know([make_data_set("b", 0, 100), make_data_set("a", 0, 100), make_data_set("b", 7, 8)])
    evidence.know([make_data_set("b", 500, 600, symbol="ETH/USDT"), make_data_set("c", 0, 100)])
    query = text("SELECT * FROM data_sets ORDER BY data_hash")
    with database.engine.connect() as connection:
        stored = [dict(row._mapping) for row in connection.execute(query)]
    assert stored == [make_data_set(name, 0, 100) for name in "abc"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"first_time": 2_000_000_000_000}, "ck_data_sets_times"),
        ({"n_candles": 0}, "ck_data_sets_n_candles"),
        ({"origin": "hearsay"}, "ck_data_sets_origin"),
        ({"first_time": 1.5}, "first_time must be integer ms UTC, was 1.5"),
        ({"last_time": 2**62}, "a time must be"),
        ({"venue": None}, "a data set needs venue"),
        ({"colour": "red"}, "a data set has no colour"),
    ],
)
def test_wrong_candles_are_refused(evidence, make_data_set, changes, complaint):
    with pytest.raises(storage.InvalidValueError, match=complaint):
        evidence.know([make_data_set("a", 0, 100, **changes)])


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_genomes_are_listed_once_in_the_order_of_their_first_evaluation(
    database, evidence, runs, make_run, make_trial, make_data_set, data
):
    with database.engine.begin() as connection:
        connection.execute(text("TRUNCATE runs, trials, data_sets, holdout_touches, strategies CASCADE"))
    evidence.know([make_data_set("mine", 0, 100), make_data_set("other", 50, 150), make_data_set("far", 200, 300)])
    # names in an order that a language would not choose
    species = st.sampled_from(["Zebra", "apple", "Apple_2", "apple-1"])
    trial = st.tuples(
        st.integers(0, 3), species, st.integers(0, 9), st.integers(0, 12), st.sampled_from(["mine", "far"])
    )
    earlier: list[tuple[str, tuple[float, ...]]] = []
    expected: dict[tuple[str, tuple[float, ...]], None] = {}
    raw = 0
    for _ in range(data.draw(st.integers(1, 4))):
        run_id = runs.create(make_run())
        drawn = data.draw(st.lists(trial, max_size=12, unique_by=lambda one: (one[1], one[2])))
        stored = [
            make_trial(
                child,
                batch=batch,
                species=name,
                genome=[float(number), 0.5],
                data_hash="other" if where == "mine" and number % 2 else where,
            )
            for batch, name, child, number, where in drawn
        ]
        random.Random(7).shuffle(stored)
        runs.commit(run_id, batch=9, state=b"", trials=stored, **COUNTERS)
        counted = sorted(one[:4] for one in drawn if one[4] == "mine")
        raw += len(counted)
        expected |= dict.fromkeys(
            (name, (float(number), 0.5))
            for _, name, _, number in counted
            if (name, (float(number), 0.5)) not in expected
        )
        genomes = list(evidence.genomes("mine"))
        assert genomes == list(expected)
        assert genomes[: len(earlier)] == earlier
        assert evidence.trial_count("mine") == (len(genomes), raw)
        earlier = genomes


def test_first_evaluation_within_a_run_is_that_of_the_first_batch_and_child(
    evidence, runs, run_id, make_trial, make_data_set
):
    evidence.know([make_data_set("mine", 0, 100)])
    found = [(0, 7, 4.0), (3, 1, 1.0), (1, 9, 3.0), (0, 5, 1.0), (0, 2, 2.0), (0, 0, 4.0)]
    trials = [make_trial(child, batch=batch, genome=[number], data_hash="mine") for batch, child, number in found]
    runs.commit(run_id, batch=3, state=b"", trials=trials, **COUNTERS)
    assert [genome for _, genome in evidence.genomes("mine")] == [(4.0,), (2.0,), (1.0,), (3.0,)]


def test_genomes_of_a_run_resumed_later_come_before_those_of_the_next_run(
    evidence, runs, search, make_trial, make_data_set
):
    evidence.know([make_data_set("mine", 0, 100)])
    first = search((1, 1, "mine"))
    search((1, 2, "mine"), (2, 3, "mine"))
    runs.resume(first)
    late = make_trial(5, batch=1, genome=[3.0], data_hash="mine")
    runs.commit(first, batch=1, state=b"", trials=[late], **COUNTERS)
    assert [genome for _, genome in evidence.genomes("mine")] == [(1.0,), (3.0,), (2.0,)]


@LISTS_AND_COUNTS
def test_trials_of_some_candles_are_found_by_an_index(
    database, evidence, runs, run_id, make_data_set, make_trial, call
):
    others = [make_data_set(f"other {number}", 0, 100, symbol=f"X{number}/USDT") for number in range(100)]
    evidence.know([make_data_set("mine", 0, 100), *others])
    trials = [make_trial(child, data_hash=f"other {child % 100}" if child % 50 else "mine") for child in range(5_000)]
    runs.commit(run_id, batch=0, state=b"", trials=trials, **COUNTERS)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.connection.driver_connection.cursor().execute("ANALYZE")  # as the server does now and then
    with asked_before_trials_are_read(database.engine, "EXPLAIN {}") as plans:
        call(evidence, "mine")
    assert any("ix_trials_candles_id" in line for line in plans)
    assert not any("Seq Scan on trials" in line for line in plans)


@LISTS_AND_COUNTS
def test_trials_beyond_number_have_an_hour_to_be_counted_and_nothing_else_has(database, evidence, make_data_set, call):
    evidence.know([make_data_set("mine", 0, 100)])
    with asked_before_trials_are_read(database.engine, "SHOW statement_timeout") as bounds:
        call(evidence, "mine")
    assert bounds == ["1h"]
    with database.engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "2min"


def test_clusters_are_kept_and_never_replaced_by_those_of_fewer_genomes(evidence):
    assert evidence.clusters("d", "c") is None
    evidence.keep_clusters("d", "c", 10, bytes(range(256)))
    evidence.keep_clusters("d", "other", 99, b"dear")
    assert evidence.clusters("d", "c") == (10, bytes(range(256)))
    evidence.keep_clusters("d", "c", 9, b"fewer")
    assert evidence.clusters("d", "c") == (10, bytes(range(256)))
    for n_genomes, state in ((10, b"as many"), (11, b"more")):
        evidence.keep_clusters("d", "c", n_genomes, state)
        assert evidence.clusters("d", "c") == (n_genomes, state)
    assert evidence.clusters("d", "other") == (99, b"dear")


def test_clusters_beyond_a_bound_are_refused(evidence):
    with pytest.raises(storage.InvalidValueError, match="at most 134217728 bytes, had 134217729"):
        evidence.keep_clusters("d", "c", 1, bytes(2**27 + 1))
    with pytest.raises(storage.InvalidValueError, match="ck_trial_clusters_n_genomes"):
        evidence.keep_clusters("d", "c", -1, b"")


@pytest.fixture
def strategy(database, run_id, make_strategy) -> str:
    row = make_strategy(1)
    storage.StrategyRepository(database.engine).replace_population(run_id, [row])
    return storage.strategy_id(run_id, row["species"], 1)


def _curve(points: int, factor: float = 1.0) -> dict[str, list[float]]:
    return {
        "times": [1_772_366_400_000 + 3_600_000 * step for step in range(points)],
        "index": [factor + step / 3 for step in range(points)],
        "buy_and_hold": [factor - step / 7 for step in range(points)],
    }


def test_curves_are_kept_by_source_and_replaced(evidence, strategy):
    assert evidence.curve(strategy, "oos") is None
    evidence.keep_curves(strategy, {})
    evidence.keep_curves(strategy, {"oos": _curve(3), "backtest": _curve(5_000), "paper": _curve(0)})
    evidence.keep_curves(strategy, {"oos": _curve(4, 2.0)})
    assert evidence.curve(strategy, "oos") == _curve(4, 2.0)
    assert evidence.curve(strategy, "backtest") == _curve(5_000)
    assert evidence.curve(strategy, "paper") == _curve(0)
    assert evidence.curve(strategy, "live") is None


def test_curve_keeps_every_bit_and_no_number_as_none(evidence, strategy):
    curve = _curve(3) | {"index": [0.1 + 0.2, math.nan, 5e-324], "buy_and_hold": [math.inf, -0.0, 1e308]}
    evidence.keep_curves(strategy, {"live": curve})
    stored = evidence.curve(strategy, "live")
    assert (stored["index"], stored["buy_and_hold"]) == ([0.1 + 0.2, None, 5e-324], [None, -0.0, 1e308])


@pytest.mark.parametrize(
    ("source", "changes", "complaint"),
    [
        (
            "oos",
            _curve(5_001),
            "lists of one length up to 5000, had times 5001, index 5001, buy_and_hold 5001: thin it",
        ),
        ("oos", {"index": [1.0]}, "one length up to 5000, had times 3, index 1"),
        ("oos", {"times": "soon"}, "had times -1"),
        ("oos", {"times": [1, 2, 3.5]}, "times of curve 'oos' must be integer ms UTC"),
        ("oos", {"times": [1, 2, math.nan]}, "times of curve 'oos' must be integer ms UTC"),
        ("oos", {"buy_and_hold": None}, "curve 'oos' needs buy_and_hold"),
        ("oos", {"drawdown": [1.0]}, "curve 'oos' has no drawdown"),
        ("dreamt", {}, "ck_strategy_curves_source"),
    ],
)
def test_wrong_curve_is_refused_and_none_of_its_call_is_kept(evidence, strategy, source, changes, complaint):
    with pytest.raises(storage.InvalidValueError, match=complaint):
        evidence.keep_curves(strategy, {"backtest": _curve(3), source: _curve(3) | changes})
    assert evidence.curve(strategy, "backtest") is None


def test_curves_belong_to_a_strategy_and_go_with_it(database, evidence, run_id, strategy):
    evidence.keep_curves(strategy, {"oos": _curve(3)})
    with pytest.raises(storage.NotFoundError, match="fk_strategy_curves_strategy_id_strategies"):
        evidence.keep_curves("nobody", {"oos": _curve(3)})
    storage.StrategyRepository(database.engine).replace_population(run_id, [])
    assert evidence.curve(strategy, "oos") is None

"""`evoq evolve` as a process: the same population whatever happens to it, and mistakes answered in one line."""

import json
import os
import shlex
import signal
import time

import psutil
import pytest
from command_line import assert_one_line, evoq, started, wait_for
from sqlalchemy import text

from cluster.simulated_candles import simulated_files
from market import CandleStore, read_candles, synthetic_candles
from storage import open_database

SETTINGS = ["--population", "200", "--generations", "8", "--seed", "11"]
EVALUATIONS = 1_600


@pytest.fixture(scope="module")
def candles(tmp_path_factory):
    """Two simulated markets, long enough that a run can be caught in the middle."""
    folder = tmp_path_factory.mktemp("candles")
    files = simulated_files(folder, seed=3, symbols=("BTC/USDT", "ETH/USDT"), timeframe="5m", bars=80_000)
    return [word for file in files for word in ("--candles", file)]


def graded(row):
    return row["parameters"], row["in_sample_scs"], row["oos_scs"], row["dsr"], row["n_trials"], row["grade_reason"]


def ended(result):
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def undisturbed(candles, tmp_path_factory):
    """What a run that nothing happened to ends with."""
    home = tmp_path_factory.mktemp("undisturbed")
    return home, ended(evoq("evolve", *candles, *SETTINGS, "--json", home=home))


def test_evolve_ends_with_one_line_of_json(undisturbed):
    _, found = undisturbed
    assert {"run_id", "evaluations", "generation", "round", "population_hash", "best", "seconds"} <= set(found)
    assert (found["evaluations"], found["generation"], found["round"]) == (EVALUATIONS, 8, 4)
    assert len(found["population_hash"]) == 64
    assert found["best"]["origin"] == "simulated:3"
    assert found["best"]["grade"] == "C"
    assert 0 <= found["best"]["scs"] <= 100


def test_strategies_shows_what_was_stored(undisturbed):
    home, found = undisturbed
    listed = json.loads(evoq("strategies", "--json", "--limit", "3", home=home).stdout)
    assert 200 <= listed["total"] <= 200 + len(found["finalists"])  # finalists may have left the population
    fittest = json.loads(evoq("strategies", "--json", "--sort", "-fitness", "--limit", "500", home=home).stdout)[
        "items"
    ]
    assert found["best"]["id"] in {row["id"] for row in fittest}
    shown = evoq("strategies", "--type", "breakout", "--sort", "-sharpe", home=home)
    assert shown.returncode == 0, shown.stderr
    assert "breakout" in shown.stdout
    assert "momentum" not in shown.stdout
    assert "score >= 65" in shown.stdout
    assert_one_line(evoq("strategies", "--sort", "id; drop table runs", home=home), "sort must be one of")
    assert_one_line(evoq("strategies", "--type", "breakot", home=home), 'did you mean "breakout"')
    assert_one_line(evoq("strategies", "--run", "nosuch", home=home), "there is no run")


def test_resume_after_interrupt_and_kill_ends_with_the_same_population(undisturbed, candles, tmp_path):
    _, expected = undisturbed
    with started("evolve", *candles, *SETTINGS, home=tmp_path) as process:
        wait_for(process, "generation 2/8")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "evoq evolve --resume" in out + err
    assert "Traceback" not in err
    with started("evolve", "--resume", home=tmp_path) as process:
        wait_for(process, "generation 5/8")
        process.kill()
    assert_one_line(evoq("evolve", "--resume", "--seed", "12", home=tmp_path), "was started with --seed 11", "12")
    assert_one_line(evoq("evolve", "--resume", *candles[:2], home=tmp_path), "was started on")
    found = ended(evoq("evolve", *candles, *SETTINGS, "--resume", "--json", home=tmp_path))
    assert found["population_hash"] == expected["population_hash"]
    assert found["evaluations"] == expected["evaluations"]
    assert found["best"]["parameters"] == expected["best"]["parameters"]
    assert_one_line(evoq("evolve", "--resume", home=tmp_path), "no unfinished run")


def test_done_run_goes_on_when_more_generations_are_asked_for(undisturbed, candles, tmp_path):
    _, expected = undisturbed
    short = ["--population", "200", "--generations", "3", "--seed", "11"]
    first = ended(evoq("evolve", *candles, *short, "--json", home=tmp_path))
    assert first["evaluations"] == 600
    found = ended(evoq("evolve", "--resume", "--generations", "8", "--json", home=tmp_path))
    assert found["run_id"] == first["run_id"]
    assert found["population_hash"] == expected["population_hash"]


def test_workers_and_ray_do_not_change_the_population(undisturbed, candles, tmp_path):
    _, expected = undisturbed
    found = ended(evoq("evolve", *candles, *SETTINGS, "--ray", "local", "--workers", "2", "--json", home=tmp_path))
    assert found["population_hash"] == expected["population_hash"]
    assert found["on_workers"] > 0


def test_kill_while_the_population_is_stored_loses_nothing(undisturbed, candles, tmp_path):
    """Killed at any time after the last batch, the run is taken up and its population stored."""
    _, expected = undisturbed
    with started("evolve", *candles, *SETTINGS, home=tmp_path) as process:
        wait_for(process, "generation 8/8")
        process.kill()
    found = ended(evoq("evolve", "--resume", "--json", home=tmp_path))
    assert found["population_hash"] == expected["population_hash"]
    assert json.loads(evoq("strategies", "--json", home=tmp_path).stdout)["total"] >= 200
    assert [graded(row) for row in found["finalists"]] == [graded(row) for row in expected["finalists"]]


def test_run_that_somebody_works_on_is_not_taken_over(candles, tmp_path):
    with started("evolve", *candles, "--population", "200", "--generations", "500", home=tmp_path) as process:
        wait_for(process, "generation 2/500")
        assert_one_line(evoq("evolve", "--resume", home=tmp_path), f"process {process.pid}", "works on run")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err


@pytest.mark.parametrize(
    ("said", "whom"),
    [
        ("", "group"),  # while modules are loaded and the database is opened
        ("run ", "process"),  # while Ray starts
        pytest.param("run ", "group", marks=pytest.mark.long),  # Ray may wait a minute for a process that was ended
    ],
)
def test_interrupt_before_the_first_batch_leaves_nothing_behind(candles, tmp_path, said, whom):
    with started("evolve", *candles, "--ray", "local", home=tmp_path) as process:
        if said:
            wait_for(process, said)
        time.sleep(1.5)  # into the start of Ray, of which nothing is said
        if whom == "group":
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        else:
            process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=200)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    ours = [other for other in psutil.process_iter(["environ"]) if other.info["environ"]]
    left = [other for other in ours if other.info["environ"].get("EVOQ_HOME") == str(tmp_path)]
    _, alive = psutil.wait_procs(left, timeout=30)  # Ray's processes follow their parent within seconds
    assert alive == []


def test_next_command_reproduces_the_best(candles, tmp_path):
    settings = ["--population", "40", "--generations", "1", "--fee-bps", "1", "--slippage-bps", "0"]
    result = evoq("evolve", *candles, *settings, home=tmp_path)
    (line,) = [line for line in result.stdout.splitlines() if "evoq backtest" in line]
    words = shlex.split(line)[2:-2]
    (shown,) = [line.split()[-1] for line in result.stdout.splitlines() if "evoq explain" in line]
    stored = json.loads(evoq("strategies", "--json", "--limit", "500", home=tmp_path).stdout)["items"]
    (best,) = [row for row in stored if row["id"] == shown]
    report = json.loads(evoq(*["backtest", *words[words.index("--candles") :]], "--json", home=tmp_path).stdout)
    assert report["score"]["total"] == best["scs"]


def test_log_says_how_the_run_went(undisturbed):
    home, found = undisturbed
    query = text("SELECT event FROM strategy_optimization_logs WHERE run_id = :id ORDER BY id")
    with open_database(home, environ={}) as database, database.engine.connect() as connection:
        assert connection.execute(query, {"id": found["run_id"]}).scalars().all() == [
            "started", *["generation"] * 4, "rolled", *["generation"] * 2, "rolled", *["generation"] * 2, "done",
        ]  # fmt: skip


def test_target_score_ends_the_run_early(candles, tmp_path):
    found = ended(evoq("evolve", *candles, *SETTINGS, "--target-score", "5", "--json", home=tmp_path))
    assert found["evaluations"] < EVALUATIONS
    assert found["best"]["fitness"] >= 5


@pytest.fixture(scope="module")
def short_file(tmp_path_factory):
    """One market of 150 candles."""
    store = CandleStore(tmp_path_factory.mktemp("short"))
    candles = synthetic_candles(symbol="BTC/USDT", bars=150, seed=5)
    store.add(candles)
    return store.path(candles.venue, candles.symbol, candles.timeframe, candles.origin)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], ["--candles"]),
        (["--simulated", "--candles", "FILE"], ["give one of them"]),
        (["--candles", "no.parquet"], ["no.parquet"]),
        (["--candles", "FILE", "--population", "0"], ["--population must be at least 1, was 0"]),
        (["--candles", "FILE", "--population", "4"], ["population", "5", "was 4"]),
        (["--candles", "FILE", "--generations", "0"], ["--generations must be at least 1, was 0"]),
        (["--candles", "FILE", "--seed", "-1"], ["--seed must be in", "was -1"]),
        (["--candles", "FILE", "--workers", "0"], ["--workers", "was 0"]),
        (["--candles", "FILE", "--target-score", "101"], ["--target-score must be in [0, 100]"]),
        (["--candles", "FILE", "--fee-bps", "-3"], ["fee_bps must be in [0, 1000]"]),
        (["--candles", "FILE", "--candles", "FILE"], ["give each market once"]),
        (["--candles", "FILE", "--ray", "127.0.0.1:1"], ["127.0.0.1:1"]),
        (["--candles", "FILE", "--ray", "nonsense:port"], ["nonsense:port"]),
        (["--resume", "no-such-run"], ["no-such-run"]),
        (["--resume"], ["no unfinished run"]),
    ],
)
def test_mistake_is_one_line_with_status_2(words, said, short_file, undisturbed):
    home, _ = undisturbed
    assert_one_line(evoq("evolve", *[short_file if word == "FILE" else word for word in words], home=home), *said)


def test_too_few_candles_are_refused(tmp_path):
    store = CandleStore(tmp_path)
    candles = synthetic_candles(symbol="BTC/USDT", bars=99, seed=5)
    store.add(candles)
    path = store.path(candles.venue, candles.symbol, candles.timeframe, candles.origin)
    assert_one_line(evoq("evolve", "--candles", path, home=tmp_path), "at least 100 candles", "has 99")


def test_resume_takes_no_new_candles_in_and_refuses_changed_ones(tmp_path):
    def written(bars):
        (file,) = simulated_files(tmp_path / "candles", 4, symbols=("BTC/USDT",), timeframe="1h", bars=bars)
        return file

    file = written(2_000)
    ended(evoq("evolve", "--candles", file, "--population", "100", "--generations", "2", "--json", home=tmp_path))
    written(2_100)
    resumed = evoq("evolve", "--resume", "--generations", "3", "--json", home=tmp_path)
    assert ended(resumed)["generation"] == 3
    assert "2,000 candles" in resumed.stderr
    later = read_candles(file)[1:]
    file.unlink()
    CandleStore(tmp_path / "candles").add(later)
    assert_one_line(evoq("evolve", "--resume", "--generations", "4", home=tmp_path), "other candles", "a new run")


def test_database_that_cannot_be_reached_is_one_line(short_file, tmp_path):
    result = evoq(
        "evolve", "--candles", short_file, home=tmp_path, DB_HOST="127.0.0.1", DB_PORT="1", DB_PASSWORD="hush"
    )
    assert_one_line(result, "127.0.0.1:1")
    assert "hush" not in result.stderr

"""`evoq explain` as a process: what it says of a strategy and of a run, and of everything that is gone or mistaken."""

import io
import json
import math
import subprocess
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest
from command_line import assert_one_line, evoq
from sqlalchemy import text

from backtest import Costs, run
from cluster.cli import main
from cluster.simulated_candles import simulated_files
from market import CandleStore, read_candles, synthetic_candles
from storage import RunRepository, StrategyRepository, open_database, strategy_id
from strategies import StrategySpec

BARS, SEED = 2_000, 3
SETTINGS = ["--population", "60", "--generations", "9", "--seed", "5"]
ROLLS = [4, 6, 8]


def strict(text):
    """Read JSON that has no NaN and no infinity in it."""

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("explain")


@pytest.fixture(scope="module")
def candles(home):
    (file,) = simulated_files(home / "candles", seed=SEED, symbols=("BTC/USDT:USDT",), timeframe="1h", bars=BARS)
    return file


@pytest.fixture(scope="module")
def evolved(home, candles):
    """What the run ends with; its database stays open, so that commands join it."""
    with open_database(home, environ={}):
        result = evoq("evolve", "--candles", candles, *SETTINGS, "--json", home=home)
        assert result.returncode == 0, result.stderr
        yield strict(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def call(home, evolved):
    """Run a command in this process, as if in the home of the run, and return its status, output and errors."""

    def run_command(*words, **changes):
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(home)
            for name, value in ({"EVOQ_HOME": str(home), "COLUMNS": "200"} | changes).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main([str(word) for word in words])
        return subprocess.CompletedProcess(words, ended.value.code, out.getvalue(), err.getvalue())

    return run_command


@pytest.fixture(scope="module")
def explained(call):
    """Return what `evoq explain` prints."""

    def explain(*words, **changes):
        result = call("explain", *words, **changes)
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""
        return result.stdout

    return explain


@pytest.fixture(scope="module")
def rows(home, evolved):
    with open_database(home, environ={}) as database:
        page = StrategyRepository(database.engine).leaderboard(limit=500, sort="-oos_scs", run_id=evolved["run_id"])
        return [dict(row) for row in page.items]


@pytest.fixture(scope="module")
def finalist(rows):
    return next(row for row in rows if row["finalist"])


@pytest.fixture(scope="module")
def other(rows):
    return next(row for row in rows if not row["finalist"])


@pytest.fixture(scope="module")
def of_finalist(explained, finalist):
    return strict(explained(finalist["id"], "--json"))


@pytest.fixture(scope="module")
def of_run(explained):
    return strict(explained("--json"))


@contextmanager
def replaced(file, candles=None):
    """Put other candles in the place of a file, or none, for as long as it lasts."""
    kept = file.read_bytes()
    file.unlink()
    try:
        if candles is not None:
            store = CandleStore(file.parent)
            store.add(candles)
            assert store.path(candles.venue, candles.symbol, candles.timeframe, candles.origin) == file
        yield
    finally:
        file.write_bytes(kept)


def test_page_of_a_finalist_fits_80_columns_and_says_all(home, explained, finalist):
    result = evoq("explain", finalist["id"], home=home, COLUMNS="80")
    assert (result.returncode, result.stderr) == (0, "")
    page = result.stdout
    assert explained(finalist["id"], COLUMNS="80") == page
    assert "\x1b" not in page
    assert max(map(len, page.splitlines())) <= 80
    for words in (
        "SIMULATED MARKET", f"origin simulated:{SEED}", finalist["id"], "simulated money", "candidate",
        f"run {finalist['run_id']}", f"generation {finalist['generation']}, round {finalist['round']}",
        "finalist of window", "selected until 2023-", "grade C: ", "why not A", "out-of-sample trades", "at least 30",
        "out-of-sample score", "at least 65", "excess over buy-and-hold", "more than 0", "probabilistic Sharpe ratio",
        "deflated Sharpe ratio", "at least 0.95", "in sample", "out of sample", "Sharpe ratio, mean of spans",
        "training", "test", "win rate", "of 30", "backtests were ever made", "Luck alone", "lineage",
        "neighbourhood", "this strategy", "median of all around it", "index ",
    ):  # fmt: skip
        assert words in page, words
    assert page.count("✓") + page.count("✗") == 5
    assert "[" in page


def test_page_without_unicode_has_words_for_ticks(home, finalist):
    page = evoq("explain", finalist["id"], home=home, PYTHONIOENCODING="ascii", COLUMNS="80").stdout
    assert "█" not in page
    met = [line for line in page.splitlines() if line.startswith(("yes ", "no "))]
    assert len([line for line in met if "at least" in line or "more than" in line]) == 5


def test_page_has_colours_where_the_terminal_has(explained, finalist):
    page = explained(finalist["id"], FORCE_COLOR="1", COLORTERM="truecolor", COLUMNS="80")
    assert "\x1b[" in page
    assert "48;2;" in page  # the heat map


def test_narrow_terminal_shows_the_nearest_values_and_every_number_whole(explained, finalist, of_finalist):
    page = explained(finalist["id"], COLUMNS="50")
    cells = next(line for line in page.splitlines() if "[" in line and "]" in line)
    assert len(cells) <= 50
    for one in of_finalist["requirements"]:
        assert one["shown"] in page


def test_json_of_a_finalist_holds_the_stored_row(of_finalist, finalist):
    assert of_finalist["kind"] == "strategy"
    for name in ("id", "run_id", "type", "parameters", "scs", "oos_scs", "grade", "grade_reason", "folds", "dsr_raw"):
        assert of_finalist[name] == finalist[name]
    assert of_finalist["profit_factor"] is None or math.isfinite(of_finalist["profit_factor"])
    assert isinstance(of_finalist["created_at"], int)
    assert of_finalist["data_set"]["n_candles"] == BARS


def test_requirements_say_what_the_grade_says(of_finalist):
    asked = {one["name"]: one for one in of_finalist["requirements"]}
    assert list(asked) == ["oos_trades", "oos_scs", "excess", "psr", "dsr"]
    assert of_finalist["grade_reason"] == of_finalist["present_grade"]["grade_reason"]
    first = next(one for one in asked.values() if not one["met"])
    assert of_finalist["grade_reason"] == f"C: {first['missing']}"
    assert asked["oos_scs"]["value"] == of_finalist["oos_scs"]
    assert asked["oos_scs"]["needed"] == of_finalist["thresholds"]["oos_scs"] == 65
    assert asked["oos_trades"]["value"] == of_finalist["oos_trades"]


def test_sides_are_those_of_the_folds(of_finalist):
    train = [fold for fold in of_finalist["folds"] if fold["kind"] == "train"]
    assert of_finalist["in_sample"]["scs"] == of_finalist["in_sample_scs"]
    assert of_finalist["in_sample"]["n_trades"] == sum(fold["n_trades"] for fold in train)
    assert of_finalist["in_sample"]["span_scs"] == pytest.approx(sum(fold["scs"] for fold in train) / len(train))
    assert of_finalist["out_of_sample"]["n_trades"] == of_finalist["oos_trades"]
    assert of_finalist["out_of_sample"]["n_spans"] == len(of_finalist["folds"]) - len(train) > 0


def test_points_add_up_to_the_score(of_finalist):
    assert sum(part["points"] for part in of_finalist["points"].values()) == pytest.approx(of_finalist["scs"])
    assert [part["most"] for part in of_finalist["points"].values()] == [30, 25, 20, 15, 10]


def test_lineage_begins_with_the_strategy_and_knows_generations(of_finalist, explained, finalist):
    nodes, edges = of_finalist["lineage"]["nodes"], of_finalist["lineage"]["edges"]
    assert nodes[0]["child"] == finalist["child"]
    assert nodes[0]["generation"] == finalist["generation"]
    assert nodes[0]["window"] == of_finalist["window"]
    assert {name: finalist["parameters"][name] for name in nodes[0]["parameters"]} == nodes[0]["parameters"]
    children = {node["child"]: node for node in nodes}
    for parent, child in edges:
        assert parent in children[child]["parents"]
        assert children[parent]["generation"] <= children[child]["generation"]
    assert max(node["depth"] for node in nodes) <= 5
    alone = strict(explained(finalist["id"], "--json", "--depth", "0"))["lineage"]
    assert (len(alone["nodes"]), alone["edges"]) == (1, [])


def test_elite_that_was_scored_again_is_called_returning(explained, rows):
    again = next(row for row in rows if row["operator"] == "returning")
    page = explained(again["id"])
    assert "returning: an elite that was scored again in a later window; its single parent is the same" in page
    (parent,) = again["parents"]
    assert f"#{again['child']} returning" in page
    assert f"#{parent} " in page
    nodes = strict(explained(again["id"], "--json"))["lineage"]["nodes"]
    assert nodes[0]["window"] == nodes[1]["window"] + 1


def test_neighbourhood_is_around_the_stored_score(of_finalist, finalist):
    around = of_finalist["neighbourhood"]
    row, column = around["y_values"].index(around["at"][1]), around["x_values"].index(around["at"][0])
    assert around["at"] == [finalist["parameters"][around[name]] for name in ("x_name", "y_name")]
    assert around["scs"][row][column] == pytest.approx(finalist["scs"], abs=1e-9)
    assert [len(line) for line in around["scs"]] == [len(around["x_values"])] * len(around["y_values"])


def test_axes_of_the_neighbourhood_can_be_chosen(explained, finalist, candles):
    found = strict(explained(finalist["id"], "--x", "stop_loss", "--y", "lookback_period", "--json"))["neighbourhood"]
    assert (found["x_name"], found["y_name"]) == ("stop_loss", "lookback_period")
    place = {"stop_loss": found["x_values"][-1], "lookback_period": found["y_values"][0]}
    spec = StrategySpec(finalist["type"], finalist["parameters"] | place)
    assert run(spec, read_candles(candles), Costs()).score.total == pytest.approx(found["scs"][0][-1], abs=1e-9)


def test_curves_of_a_finalist_are_those_stored(of_finalist, finalist):
    assert set(of_finalist["curves"]) == {"backtest", "oos"}
    curve = of_finalist["curves"]["backtest"]
    assert len(curve["times"]) == len(curve["index"]) == len(curve["buy_and_hold"]) > 100
    assert curve["index"][-1] - 1.0 == pytest.approx(finalist["total_return"])
    assert of_finalist["notes"] == []


def test_curve_of_another_strategy_is_computed(explained, other):
    found = strict(explained(other["id"], "--json"))
    assert set(found["curves"]) == {"backtest"}
    assert found["curves"]["backtest"]["index"][-1] - 1.0 == pytest.approx(other["total_return"])
    assert found["out_of_sample"] == {
        "scs": None, "span_scs": None, "n_trades": None, "sharpe": None, "n_spans": 0,
    }  # fmt: skip
    assert not any(one["met"] for one in found["requirements"] if one["name"] != "dsr")
    assert "no finalist of window 3" in explained(other["id"])


def test_first_letters_of_an_id_are_enough(explained, of_finalist, finalist, rows):
    ids = [row["id"] for row in rows]
    length = next(n for n in range(1, 13) if sum(one.startswith(finalist["id"][:n]) for one in ids) == 1)
    assert strict(explained(finalist["id"][:length].upper(), "--json"))["id"] == of_finalist["id"]


def test_candle_file_that_is_gone_is_told_in_a_line(call, explained, finalist, other, candles, home):
    with replaced(candles):
        page = explained(finalist["id"])
        found = strict(explained(finalist["id"], "--json"))
        alone = strict(explained(other["id"], "--json"))
        assert f"{candles} is gone" in explained()
        explained(other["id"], "--plot", home / "alone.html")
        assert_one_line(call("explain", finalist["id"], "--x", "foo"), '"foo"', "known: ")
    (note,) = found["notes"]
    assert note == f"the candles it was scored on cannot be read: {candles} is gone: no neighbourhood"
    assert note in " ".join(page.split())
    assert "[ ] this strategy" not in page
    assert found["neighbourhood"] is None
    assert set(found["curves"]) == {"backtest", "oos"}
    assert alone["curves"] == {}
    assert alone["notes"][0].endswith("no neighbourhood, and no curve")
    chart = (home / "alone.html").read_text()
    assert "no neighbourhood, and no curve" in chart
    assert "volatility" in chart
    assert "in sample" not in chart


def test_candle_file_that_has_changed_is_told_in_a_line(explained, finalist, candles):
    with replaced(candles, synthetic_candles(symbol="BTC/USDT:USDT", timeframe="1h", bars=BARS - 1, seed=SEED)):
        (note,) = strict(explained(finalist["id"], "--json"))["notes"]
    assert note == f"the candles it was scored on cannot be read: {candles} has changed since the run: no neighbourhood"


def test_candle_file_that_is_no_file_of_candles_is_told_in_a_line(explained, finalist, candles):
    with replaced(candles):
        candles.write_bytes(b"nonsense")
        (note,) = strict(explained(finalist["id"], "--json"))["notes"]
    assert str(candles) in note


def test_candle_file_that_has_grown_still_holds_the_candles(explained, of_finalist, finalist, candles):
    with replaced(candles, synthetic_candles(symbol="BTC/USDT:USDT", timeframe="1h", bars=BARS + 50, seed=SEED)):
        assert read_candles(candles).data_hash != finalist["data_hash"]
        found = strict(explained(finalist["id"], "--json"))
    assert (found["notes"], found["neighbourhood"]) == ([], of_finalist["neighbourhood"])


def test_page_of_the_latest_run_says_how_it_went(explained, evolved, candles):
    page = explained(COLUMNS="80")
    assert explained(evolved["run_id"], COLUMNS="80") == page
    for words in (
        "SIMULATED MARKET", f"run {evolved['run_id']}", "done", "540 evaluations", f"{BARS:,} candles", str(candles),
        "population 60", "seed 5", "4 test spans", "best fitness", "diversity", "coverage of the archive",
        "Sharpe by luck", "PBO", "following the finalists", "holding the markets", "none was looked at", "grade A: 0",
        "finalists, out of sample", "next: evoq explain",
    ):  # fmt: skip
        assert words in " ".join(page.split()) or words in page.replace("\n", ""), words
    assert max(map(len, page.splitlines())) <= 80


def test_json_of_a_run_holds_windows_generations_and_finalists(of_run, evolved, rows):
    assert (of_run["kind"], of_run["id"], of_run["status"]) == ("run", evolved["run_id"], "done")
    windows = of_run["windows"]
    assert [row["last"] for row in windows] == [*ROLLS, 9]
    assert [row["first"] for row in windows] == [1, *(roll + 1 for roll in ROLLS)]
    seen = [row["selected_until"] for row in windows]
    assert seen == sorted(set(seen))
    finalists = [row for row in rows if row["finalist"]]
    assert sum(row["finalists"] for row in windows) == len(finalists) == len(of_run["finalists"])
    assert set(seen) == {row["selected_until"] for row in finalists}
    assert [row["generation"] for row in of_run["generations"]] == list(range(1, 10))
    assert all(0.0 <= row["coverage"] <= 1.0 for row in of_run["generations"])
    assert of_run["generations"][-1]["evaluations"] == 540
    assert [log["event"] for log in of_run["logs"]].count("rolled") == 3
    assert of_run["evidence"]["curve"]["times"]
    assert of_run["counts"]["strategies"] == len(rows)
    assert of_run["holdout_touches"] == []
    assert of_run["markets"][0]["n_candles"] == BARS


def test_window_of_every_finalist_is_the_one_that_selected_it(of_run, explained):
    until = {row["window"]: row["selected_until"] for row in of_run["windows"]}
    for row in (of_run["finalists"][0], of_run["finalists"][-1]):
        found = strict(explained(row["id"], "--json", "--depth", "0"))
        assert until[found["window"]] == row["selected_until"]


def test_plot_is_one_page_that_needs_no_network(explained, finalist, evolved, home):
    chart = home / "strategy.html"
    chart.write_text("old")
    chart.chmod(0o640)
    said = explained(finalist["id"], "--plot", chart)
    assert str(chart) in said
    page = chart.read_text()
    assert chart.stat().st_mode & 0o777 == 0o640
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("Plotly.newPlot(") >= 3
    assert "https://cdn" not in page.split("</script>")[-2]
    assert '<script src="' not in page
    for words in ("SIMULATED MARKET", "in sample", "neighbourhood", "volatility", finalist["id"]):
        assert words in page
    explained(evolved["run_id"], "--plot", home / "run.html", "--json")
    assert "following the finalists" in (home / "run.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["zzzz"], ['no strategy and no run "zzzz"', "evoq strategies", "latest run"]),
        (["'; DROP TABLE strategies; --"], ["no strategy and no run"]),
        ([""], ["begins the ids of several strategies", ", ...", "give more letters"]),
        (["ID", "--x", "foo"], ["x and y must be parameters of", '"foo"', "known: "]),
        (["ID", "--x", "stop_loss", "--y", "stop_loss"], ["must be two parameters"]),
        (["ID", "--depth", "51"], ["--depth", "51", "0<=x<=50"]),
        (["ID", "--depth", "many"], ["--depth", "many"]),
        (["ID", "--plot", "FOLDER"], ["--plot", "is a directory"]),
        (["ID", "--plot", "FOLDER/no/such.html"], ["cannot be written", "No such file or directory", "choose another"]),
        (["ID", "--plot", "/dev/full"], ["cannot be written to /dev/full", "No space left"]),
        (["RUN", "--x", "stop_loss"], ["--x goes with a strategy", "is a run"]),
        (["--depth", "3"], ["--depth goes with a strategy", "is a run"]),
        (["ID", "ID"], ["unexpected extra argument"]),
    ],
)
def test_mistake_is_one_line_with_status_2(words, said, call, home, finalist, evolved):
    given = [
        word.replace("ID", finalist["id"]).replace("RUN", evolved["run_id"]).replace("FOLDER", str(home))
        for word in words
    ]
    assert_one_line(call("explain", *given), *said)


def test_mistake_of_a_process_is_one_line_with_status_2(home, evolved):
    assert_one_line(evoq("explain", "zzzz", home=home), 'no strategy and no run "zzzz"')


def test_nothing_stored_is_one_line(tmp_path):
    for words in ([], ["abc"]):
        assert_one_line(evoq("explain", *words, home=tmp_path), "nothing is stored yet", "evoq evolve --candles FILE")


def test_configuration_that_changed_since_is_told(explained, finalist, home):
    change = text("UPDATE auto_trading_config SET real_trading_threshold = :threshold")
    with open_database(home, environ={}) as database:
        with database.engine.begin() as connection:
            connection.execute(change, {"threshold": 1})
        found = strict(explained(finalist["id"], "--json"))
        with database.engine.begin() as connection:
            connection.execute(change, {"threshold": 65})
    assert found["thresholds"]["oos_scs"] == 1
    assert next(one for one in found["requirements"] if one["name"] == "oos_scs")["met"]


def test_run_without_evidence_says_so(evolved, finalist, home, call, explained):
    """A run that was interrupted before anything was gathered, and one that has not begun."""
    with open_database(home, environ={}) as database:
        runs = RunRepository(database.engine)
        record = runs.get(evolved["run_id"])
        names = ("engine_version", "seed", "settings", "settings_hash", "data_hash", "cost_hash", "origin")
        begun = runs.create({name: getattr(record, name) for name in names})
        names = ("type", "symbol", "timeframe", "venue", "market_type", "origin", "parameters", "scs", "data_hash",
                 "cost_hash", "engine_version", "species")  # fmt: skip
        row = {name: finalist[name] for name in names} | {"child": 0, "grade_reason": "C: no evidence yet"}
        StrategyRepository(database.engine).replace_population(begun, [row])
        try:
            page = explained(begun)
            assert "not counted yet" in page
            assert "there is no test span with finalists yet" in page
            assert f"evoq evolve --resume {begun}" in page
            assert strict(explained(begun, "--json"))["evidence"] is None
            chart = home / "begun.html"
            assert_one_line(
                call("explain", begun, "--plot", chart), "no evidence yet that could be drawn", "leave --plot out"
            )
            assert not chart.exists()
            early = explained(strategy_id(begun, finalist["species"], 0))
            assert "its trial is not stored: no lineage" in early
            assert f"run {begun} is running: evidence is gathered at its end" in " ".join(early.split())
            assert "not counted yet" in early
        finally:
            with database.engine.begin() as connection:
                connection.execute(text("DELETE FROM strategies WHERE run_id = :id"), {"id": begun})
                connection.execute(text("DELETE FROM runs WHERE id = :id"), {"id": begun})


def test_strategies_shows_finalists_and_the_way_to_the_best_evidence(call, finalist, rows):
    listed = call("strategies", COLUMNS="80")
    assert listed.returncode == 0, listed.stderr
    assert "best evidence: evoq strategies --finalists --sort=-oos_scs" in listed.stdout
    found = strict(call("strategies", "--finalists", "--sort", "-oos_scs", "--json").stdout)
    assert found["total"] == sum(row["finalist"] for row in rows)
    assert found["items"][0]["id"] == finalist["id"]
    page = call("strategies", "--finalists", "--sort=-oos_scs", COLUMNS="80").stdout
    assert f"finalists of run {finalist['run_id']}, by -oos_scs" in page
    assert f"why: evoq explain {finalist['id']}" in page
    assert "best evidence" not in page


def test_help_shows_an_example(call):
    for command in ("explain", "strategies"):
        assert f"Example: evoq {command} " in " ".join(call(command, "--help").stdout.split())

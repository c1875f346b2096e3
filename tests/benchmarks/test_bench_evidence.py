import dataclasses
import json
import math
from pathlib import Path

import bench_choices
import bench_evidence
import numpy as np
import pandas as pd
import pytest
from campaigns import record_cache
from campaigns.contest_tally import contest_tally, paired_p, selected_median
from campaigns.crew import carried_out
from campaigns.entire_run import FINALIST_COLUMNS, entire_run
from campaigns.market_runs import edgeless_runs, planted_runs
from campaigns.operator_run import VARIANTS, LandscapeSet, curves_of, operator_runs
from campaigns.operator_shares import shares_with
from campaigns.planted import planted_candles
from campaigns.record_cache import RecordCache, sources_hash
from campaigns.search_axes import genome_of, search_axes
from campaigns.selection_contest import ENGINE, EVOQ, MarketCuts, contests, later_scores
from campaigns.sources import Source, hourly_sources, long_sources, read_source
from campaigns.tally import FAMILIES, false_alarms, power, share
from optimisers.contest import best_so_far
from optimisers.evoq_engine import EvoqEngine
from scipy.stats import beta

import backtest
import strategies
from evolution import Evolution, Settings, Space, WalkForwardEvolution, Windows, gather_evidence
from market import synthetic_candles

NOWHERE = Source("", "")


@pytest.fixture
def candle_folder(tmp_path):
    """Return a folder with two hourly swaps and a file that is too short."""
    folder = tmp_path / "candles"
    folder.mkdir()
    for seed, (name, bars) in enumerate([("AAA", 9_000), ("BBB", 9_000), ("CCC", 500)]):
        candles = synthetic_candles(symbol=f"{name}/USDT:USDT", bars=bars, seed=seed)
        columns = ("timestamp", "open", "high", "low", "close", "volume")
        frame = pd.DataFrame({column: getattr(candles, column) for column in columns})
        frame.to_parquet(folder / f"binanceusdm__{name}-USDT__1h.parquet")
    return folder


@dataclasses.dataclass(frozen=True)
class Doubling:
    """A job that says how often it was done."""

    number: int
    folder: str

    def run(self):
        with Path(self.folder).open("a") as file:
            file.write(f"{self.number}\n")
        return {"twice": 2 * self.number, "nothing": None}


def finalist(**values):
    row = {"window": 0, "type": "momentum", "fitness": 5.0, "in_sample_scs": 40.0, "oos_scs": 70.0, "oos_trades": 40,
           "excess": 0.1, "psr": 0.99, "dsr": 0.97, "dsr_raw": 0.9, "grade": "A"}  # fmt: skip
    return [(row | values)[name] for name in FINALIST_COLUMNS]


def record(*finalists, best=70.0):
    return {"evaluated": 10, "effective": 7, "hurdle": 2.0, "best_in_sample": best, "best_on_all_bars": 50.0,
            "finalists": list(finalists)}  # fmt: skip


# short forms of the campaigns


def test_ten_entire_runs_without_an_edge_give_no_grade_a(tmp_path):
    runs = edgeless_runs([NOWHERE], range(10), 4_000, 100, 6, tmp_path)
    found = false_alarms(carried_out(runs, RecordCache(None, "x", "y"), 1, "short"))
    assert found["grade_a"]["count"] == 0
    assert found["grade_a"]["n"] == 10
    assert found["finalists"] > 100
    assert found["quantiles"]["best oos_scs of a run"]["0.5"] > 0.0


def test_two_entire_runs_with_a_planted_edge_find_it(tmp_path):
    runs = planted_runs([NOWHERE], range(2), ("reversion", 4.0, 3.0), 120, 10, tmp_path)
    found = power("reversion", carried_out(runs, RecordCache(None, "x", "y"), 1, "short"))
    assert found["grade_a"]["count"] == 2


def test_bench_in_short_form_reports_all_parts_and_goes_on_from_its_cache(tmp_path, candle_folder, capsys):
    document, results = tmp_path / "benchmarks.md", tmp_path / "results.json"
    document.write_text("# Benchmarks\n\n## Evidence: power\n\nstale words\n\n### Notes\n\nkept\n\n## Last\n\n2\n")
    arguments = ["--runs", "2", "--power-runs", "1", "--other-runs", "1", "--sharpe", "3", "--population", "40"]
    arguments += ["--generations", "5", "--bars", "2000", "--years", "0.3", "--real-population", "25", "--seeds", "1"]
    arguments += ["--least-bars", "8800", "--optimisers", "random", "Sobol", "DEAP", "--workers", "1"]
    arguments += ["--candles", str(candle_folder), "--cache", str(tmp_path / "cache")]
    arguments += ["--json", str(results), "--document", str(document)]
    report = bench_evidence.main(arguments)
    assert json.loads(results.read_text()) == report
    assert set(report) == {"false-alarms", "power", "real"}
    assert report["false-alarms"]["results"]["grade_a"]["n"] == 2
    assert [part["kind"] for part in report["power"]["results"]] == ["trend", "reversion"]
    real = report["real"]["results"]
    assert [row["market"] for row in real["markets"]] == ["binanceusdm__AAA-USDT__1h", "binanceusdm__BBB-USDT__1h"]
    assert len(real["rivals"]) == 1 + 2 * (1 + 3)
    assert real["best"]["optimiser"] in ("random", "Sobol", "DEAP")
    text = document.read_text()
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == ["# Benchmarks", "## Evidence: power", "### Notes", "## Last", "## Evidence: false alarms",
                        "## Evidence: out of sample on real candles"]  # fmt: skip
    assert "stale words" not in text
    assert "kept" in text
    assert "would have let somebody trade" in capsys.readouterr().out
    lines = {path: path.read_text() for path in (tmp_path / "cache").iterdir()}
    assert bench_evidence.main(arguments) == report
    assert {path: path.read_text() for path in lines} == lines
    assert bench_evidence.main([*arguments, "--part", "power"]) == report
    assert document.read_text() == text


def test_choices_in_short_form_report_operators(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    arguments = ["--part", "operators", "--points", "4", "3", "--landscapes", "2", "--operator-seeds", "2"]
    arguments += ["--budget", "80", "--workers", "1", "--candles", str(tmp_path / "none"), "--cache", str(tmp_path)]
    arguments += ["--variants", "CMA-ES, 20 %", "adaptive shares"]
    document = tmp_path / "benchmarks.md"
    document.write_text("# Benchmarks\n")
    part = bench_choices.main([*arguments, "--document", str(document)])["operators"]["results"]
    assert [row["variant"] for row in part["variants"]] == ["the defaults", "CMA-ES, 20 %", "adaptive shares"]
    defaults, *others = part["variants"]
    assert defaults["p"] is None
    for row in others:
        assert row["difference"] == pytest.approx(row["regret"] - defaults["regret"])
        assert 0.0 <= row["p"] <= 1.0
    assert "| CMA-ES, 20 % |" in document.read_text()


def test_operator_run_is_the_curve_of_the_engine_with_its_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    landscapes = LandscapeSet("tuning", (4, 3), 2)
    names = ["the defaults", "CMA-ES, 20 %"]
    runs = operator_runs(names, landscapes, 2, 150, tmp_path / "none")
    assert [run.seed for run in runs] == [0, 1, 0, 1]
    curves = [curves_of([run.run() for run in runs[at : at + 2]], 150) for at in (0, 2)]
    for name, found in zip(names, curves, strict=True):
        for index, landscape in enumerate(landscapes.read(tmp_path / "none")):
            for seed in range(2):
                settings = Settings(**VARIANTS[name])
                expected = best_so_far(
                    lambda axes, seed, s=settings: EvoqEngine(axes, seed, settings=s), landscape, 150, seed
                )
                assert np.array_equal(found[index, seed], expected)
    assert not np.array_equal(*curves)


def test_choices_in_short_form_report_migration_and_neighbours(tmp_path, candle_folder):
    arguments = ["--part", "migration", "neighbours"]
    arguments += ["--seeds", "2", "--population", "40", "--generations", "5", "--neighbour-population", "40"]
    arguments += ["--least-bars", "8800", "--shares", "0.1", "--workers", "1", "--candles", str(candle_folder)]
    report = bench_choices.main([*arguments, "--cache", str(tmp_path), "--json", str(tmp_path / "results.json")])
    rows = report["migration"]["results"]["shares"]
    assert [row["share"] for row in rows] == [0.0, 0.1]
    assert rows[0]["difference"] == 0.0
    neighbours = report["neighbours"]["results"]
    assert neighbours["neighbours"] == 4 * neighbours["alive"] > 0
    assert 0.0 <= neighbours["alike"] <= 1.0
    assert neighbours["clusters"][0] <= neighbours["clusters"][1]


# an entire run


def test_entire_run_grades_as_the_engine_does():
    candles = planted_candles("trend", 3.0, 0.3, seed=1)
    found = entire_run(candles, 40, 5, 3)
    assert found["trials"] == 5 * found["evaluated"]
    assert 1 <= found["effective"] <= found["evaluated"] <= 200
    assert found["best_in_sample"] > 0.0
    windows = Windows([candles])
    evolution = Evolution(windows.objective(0), windows.spaces, population=40, seed=3,
                          objective_hash=windows.objective_hash)  # fmt: skip
    run = WalkForwardEvolution(evolution, windows)
    run.run(5)
    (market,) = windows.candles
    trials = backtest.TrialStatistics(found["trials"], found["effective"], len(candles), math.nan)
    evidence = gather_evidence(run.finalists(), windows, {market: trials})
    assert len(found["finalists"]) == len(evidence) > 0
    for row, item in zip(found["finalists"], evidence, strict=True):
        values = dict(zip(FINALIST_COLUMNS, row, strict=True))
        assert values["grade"] == item.grade.letter
        assert values["oos_scs"] == pytest.approx(item.oos.scs, rel=1e-5)
        assert values["dsr"] is None or values["dsr"] == pytest.approx(item.dsr, rel=1e-5)


# contests on real candles


def test_search_axes_stand_for_the_space_that_evolution_searches():
    for name in strategies.available():
        space = Space.of(name)
        axes = search_axes(space)
        for units in ([0.0] * len(axes), [0.1] * len(axes), [0.63] * len(axes), [1.0] * len(axes)):
            point = [axis.from_unit(u) for axis, u in zip(axes, units, strict=True)]
            found, wanted = space.decode(genome_of(space, point)), space.decode(units)
            assert found == pytest.approx(wanted, rel=2e-5)
        for axis, dimension in zip(axes, space.dimensions, strict=True):
            low, high = (0.0, 1.0) if dimension.off else (dimension.low, dimension.high)
            assert (axis.low, axis.high) == pytest.approx((low, high), abs=1e-12)


def test_later_scores_are_those_of_the_evidence(candle_folder):
    (source, _) = long_sources(candle_folder, 8_800)
    (contest,) = [each for each in contests([], [source], 1, 40, 10, candle_folder) if each.optimiser == EVOQ]
    found = contest.run()["windows"]
    cuts = MarketCuts(Windows([read_source(candle_folder, source.file)]))
    evolution = Evolution(cuts.windows.objective(0), cuts.windows.spaces, population=40, seed=0,
                          objective_hash=cuts.windows.objective_hash)  # fmt: skip
    run = WalkForwardEvolution(evolution, cuts.windows)
    run.run(10)
    trials = {cuts.market: backtest.TrialStatistics(1, 1, 9_000, math.nan)}
    evidence = gather_evidence(run.finalists(), cuts.windows, trials)
    for window, scores in enumerate(found):
        items = [item for item in evidence if int(item.finalist.window or 0) == window]
        assert scores == later_scores(cuts, window, [item.spec for item in items])
        assert scores["end"] == pytest.approx([item.oos.scs for item in items], rel=1e-5)
        spans = [next(span.scs for span in item.spans if span.kind == "test") for item in items]
        assert scores["test"] == pytest.approx(spans, rel=1e-5)


@pytest.mark.parametrize("rule", ["plain", "folds"])
def test_contest_is_a_function_of_its_seed(candle_folder, rule):
    (source, _) = long_sources(candle_folder, 8_800)
    entered = [each for each in contests(["Sobol"], [source], 2, 25, 5, candle_folder) if each.rule == rule]
    first, second = [each for each in entered if each.optimiser == "Sobol"]
    assert first.run() == first.run()
    assert first.run() != second.run()
    assert all(len(window["test"]) <= 10 for window in first.run()["windows"])


def test_contest_tally_finds_the_better_search(tmp_path):
    sources = [Source(f"market {n}", "") for n in range(8)]
    entered = contests(["random"], sources, 2, 10, 10, tmp_path)
    generator = np.random.default_rng(5)

    def scores(contest):
        level = {EVOQ: 20.0, ENGINE: 30.0, "random": 10.0}[contest.optimiser]
        values = (level + generator.random(10)).tolist()
        return {"windows": [{"test": values, "end": [*values[:5], None], "sharpe": values}] * 2}

    found = contest_tally(entered, [scores(contest) for contest in entered])
    by_rival = {(row["optimiser"], row["rule"]): row for row in found["rivals"]}
    assert by_rival[EVOQ, "folds"]["test"] == pytest.approx(20.5, abs=0.3)
    assert by_rival["random", "plain"]["differences"]["test"]["mean"] == pytest.approx(10.0, abs=0.4)
    assert by_rival["random", "plain"]["differences"]["test"]["p"] == pytest.approx(4 / 128)  # Holm over four rivals
    assert found["best"]["optimiser"] == "random"
    assert found["markets"][0]["best of the others"].startswith(ENGINE)


def test_median_of_nobody_is_that_of_no_trade():
    assert selected_median([]) == 0.0
    assert selected_median([3.0, None, 5.0]) == 4.0
    assert math.isnan(selected_median([None]))
    assert paired_p([0.0, 0.0]) == 1.0


# tallies


def test_share_has_the_interval_of_clopper_and_pearson():
    found = share(3, 200)
    assert found["low"] == pytest.approx(beta.ppf(0.025, 3, 198), abs=1e-4)
    assert found["high"] == pytest.approx(beta.ppf(0.975, 4, 197), abs=1e-4)
    assert share(0, 200)["high"] == pytest.approx(1 - 0.025 ** (1 / 200), abs=1e-4)
    assert share(0, 0)["share"] is None


def test_false_alarms_count_runs_not_finalists():
    found = false_alarms(
        [
            record(finalist(), finalist(grade="B", dsr=0.5)),
            record(finalist(grade="C", oos_scs=None, psr=None), best=10.0),
            record(best=65.0),
        ]
    )
    assert found["grade_a"]["count"] == 1
    assert found["grade_b_or_better"]["count"] == 1
    assert found["best_in_sample"]["count"] == 2
    assert found["best_on_all_bars"]["count"] == 0
    assert {name: each["count"] for name, each in found["meets"].items()} == {
        "out-of-sample score": 1, "out-of-sample trades": 2, "excess": 2, "PSR": 1, "DSR": 2}  # fmt: skip
    assert (found["evaluated"], found["finalists"]) == (30, 3)


def test_power_says_what_fitting_finalists_lack():
    misses = finalist(grade="B", dsr=0.5)
    other = finalist(type="mean_reversion", grade="C", oos_scs=1.0)
    found = power("trend", [record(finalist(), misses, other), record(finalist(grade="C", oos_trades=3, dsr=None))])
    assert found["grade_a"]["count"] == 1
    assert found["of_the_family"] == 3
    assert found["lacks"]["DSR"]["count"] == 2
    assert found["lacks_only"]["DSR"]["count"] == 1
    assert found["lacks_only"]["out-of-sample score"]["count"] == 0
    assert sorted(name for names in FAMILIES.values() for name in names) == sorted(strategies.available())


# records, jobs, sources


def test_interrupted_campaign_goes_on_where_it_was(tmp_path):
    journal = tmp_path / "journal"
    jobs = [Doubling(number, str(journal)) for number in range(4)]
    cache = RecordCache(tmp_path / "cache", "doubling", "abc")
    carried_out(jobs[:2], cache, 1, "doubling")
    with cache.path.open("a") as file:
        file.write('{"job": {"number": 2}, "rec')  # the process died here
    records = carried_out(jobs, RecordCache(tmp_path / "cache", "doubling", "abc"), 1, "doubling")
    assert [each["twice"] for each in records] == [0, 2, 4, 6]
    again = RecordCache(tmp_path / "cache", "doubling", "abc")
    assert carried_out(jobs, again, 1, "doubling") == records
    assert journal.read_text().split() == ["0", "1", "2", "3"]
    carried_out(jobs[:1], RecordCache(tmp_path / "cache", "doubling", "changed"), 1, "doubling")
    assert journal.read_text().split() == ["0", "1", "2", "3", "0"]


def test_pool_of_processes_gives_the_records_of_one_process(tmp_path):
    runs = edgeless_runs([NOWHERE], range(2), 1_200, 20, 2, tmp_path)
    one, two = (carried_out(runs, RecordCache(None, "x", "y"), workers, "short") for workers in (1, 2))
    for each in (*one, *two):
        del each["seconds"]
    assert one == two


def test_sources_hash_follows_the_makers():
    makers = [Path(bench_evidence.__file__), Path(bench_choices.__file__)]
    first, both = (sources_hash(makers[:n]) for n in (1, 2))
    assert first != both
    assert len(first) == 32
    assert all(part.sources for part in bench_evidence.PARTS.values())


def test_sources_hash_leaves_figures_out(tmp_path, monkeypatch):
    monkeypatch.setattr(record_cache, "_ROOT", tmp_path)
    package = tmp_path / "backtest"
    package.mkdir()
    hashes = []
    for name in ("engine.py", "engine_figure.py", "figure_style.py", "score.py"):
        (package / name).write_text("")
        hashes.append(sources_hash())
    assert hashes[0] == hashes[1] == hashes[2] != hashes[3]


def test_sources_leave_out_short_files_and_are_synthetic_without_any(candle_folder, tmp_path):
    files = ["binanceusdm__AAA-USDT__1h", "binanceusdm__BBB-USDT__1h"]
    assert [source.file for source in hourly_sources(candle_folder, 1_000)] == files
    assert [source.file for source in long_sources(candle_folder, 1_000)] == files
    assert long_sources(candle_folder, 9_001) == ()
    assert hourly_sources(tmp_path / "none", 10) == (NOWHERE,)
    assert [run.file for run in edgeless_runs(hourly_sources(candle_folder, 1_000), range(3), 9, 9, 9, tmp_path)] == [
        *files, files[0]]  # fmt: skip


def test_an_operator_takes_its_share_of_all_others_or_of_one():
    defaults = dict(Settings().shares)
    assert shares_with("migrant", 0.0) == defaults
    found = shares_with("migrant", 0.1)
    assert found["migrant"] == 0.1
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["mutation"] / found["rank_mu"] == pytest.approx(defaults["mutation"] / defaults["rank_mu"])
    found = shares_with("cma_es", 0.11, "rank_mu")
    assert found == defaults | {"rank_mu": 0.0, "cma_es": 0.11}


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_of_the_engine_is_settings_that_hold(name):
    assert Settings(**VARIANTS[name]).describe() != Settings().describe() or not VARIANTS[name]

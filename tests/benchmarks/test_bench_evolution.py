import json
import math

import bench_evolution
import numpy as np
import pytest
from landscapes.axis import Axis
from landscapes.enumeration import enumerate_landscape
from landscapes.landscape import Landscape
from landscapes.market_windows import SETS, read_window
from optimisers.comparison import Comparison, expected_evaluations, holm
from optimisers.contest import best_so_far
from optimisers.contestants import CONTESTANTS, OURS

import backtest
import strategies

AXES = (
    Axis.of("period", 5, 500, 12, integer=True, log=True),
    Axis.of("threshold", 0.0, 1.0, 9),
    Axis.of("stop", 0.01, 0.5, 7, log=True, off=True),
)


@pytest.fixture
def hill():
    """Return a landscape with a single top at a known place."""
    shape = [len(axis.values) for axis in AXES]
    away = np.indices(shape) - np.array([8, 3, 6]).reshape(3, 1, 1, 1)
    return Landscape("hill", AXES, 100.0 - np.abs(away).sum(axis=0).astype(float))


@pytest.fixture(params=CONTESTANTS)
def contestant(request):
    return CONTESTANTS[request.param]


def test_contestant_finds_the_top_of_a_hill(contestant, hill):
    assert hill.regret(best_so_far(contestant, hill, 600, 1)[-1]) < 0.15


def test_contestant_is_a_function_of_its_seed(contestant, hill):
    first = best_so_far(contestant, hill, 120, 3)
    assert np.array_equal(best_so_far(contestant, hill, 120, 3), first)
    assert len(first) == 120
    assert np.all(np.diff(first) >= 0.0)


def test_contestant_proposes_points_in_bounds_and_whole_where_they_must_be(contestant):
    optimiser = contestant(AXES, 5)
    for _ in range(8):
        points = optimiser.ask()
        for point in points:
            for axis, x in zip(AXES, point, strict=True):
                assert axis.low * (1 - 1e-5) <= x <= axis.high * (1 + 1e-5)
                assert not axis.integer or float(x).is_integer()
        optimiser.tell([1.0 / (1 + n) for n in range(len(points))])


def test_axis_snaps_every_coordinate_to_itself_and_off_lies_behind_the_widest_stop():
    for axis in AXES:
        assert [axis.snap(x) for x in axis.coordinates] == list(range(len(axis.values)))
        assert axis.snap(axis.low) == 0
        assert axis.snap(axis.high) == len(axis.values) - 1
    assert AXES[2].values[-1] == 0.0
    assert AXES[2].values[-2] == pytest.approx(0.5)


def test_enumerated_landscape_holds_the_score_of_each_point_and_comes_back_from_the_cache(tmp_path):
    window = SETS["tuning"][3]
    fresh = enumerate_landscape(window, tmp_path / "none", tmp_path, (4, 3))
    assert np.array_equal(enumerate_landscape(window, tmp_path / "none", tmp_path, (4, 3)).scores, fresh.scores)
    assert len(list(tmp_path.glob("*.npy"))) == 1
    at = np.unravel_index(np.argmax(fresh.scores), fresh.scores.shape)
    values = {axis.name: axis.values[index] for axis, index in zip(fresh.axes, at, strict=True)}
    report = backtest.run(strategies.StrategySpec(window.strategy_type, values), read_window(window, tmp_path / "none"))
    assert fresh.optimum == pytest.approx(report.score.total, abs=1e-9)


def test_sets_of_landscapes_share_no_market():
    tuning, held_out = ({window.file for window in SETS[name]} for name in ("tuning", "held-out"))
    assert not tuning & held_out
    assert len({window.strategy_type for window in SETS["held-out"]}) == len(strategies.available())


def test_expected_evaluations_count_the_runs_that_failed():
    assert expected_evaluations([10, 30, math.inf], 100) == 70.0
    assert expected_evaluations([math.inf], 100) == math.inf


def test_holm_equals_a_worked_example():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_comparison_finds_the_better_optimiser(hill):
    generator = np.random.default_rng(1)
    bad = np.maximum.accumulate(90.0 + generator.random((1, 20, 50)), axis=2)
    comparison = Comparison([hill], {"good": bad + 5.0, "bad": bad})
    (verdict,) = comparison.verdicts("good", [50])
    assert verdict.difference < 0.0
    assert verdict.p < 0.001
    (verdict,) = Comparison([hill], {"good": bad, "same": bad}).verdicts("good", [50])
    assert (verdict.difference, verdict.p) == (0.0, 1.0)


def test_bench_in_short_form_reports_every_optimiser_and_replaces_its_section_only(tmp_path):
    document, results = tmp_path / "benchmarks.md", tmp_path / "results.json"
    section = f"{bench_evolution.SECTION}\n\nold\n\n### Notes\n\nkept\n"
    document.write_text(f"# Benchmarks\n\n## One\n\n1\n\n{section}\n## Two\n\n2\n")
    arguments = ["--candles", str(tmp_path), "--cache", str(tmp_path), "--landscapes", "3", "--points", "6", "4"]
    arguments += ["--seeds", "2", "--budgets", "20", "60", "--workers", "1"]
    report = bench_evolution.main([*arguments, "--json", str(results), "--document", str(document)])
    assert json.loads(results.read_text()) == report
    assert [each["name"] for each in report["optimisers"]] == list(CONTESTANTS)
    for each in report["optimisers"]:
        assert set(each["regret"]) == {"20", "60"}
        assert each["regret"]["60"] <= each["regret"]["20"]
        assert set(each["expected"]) == set(each["success"]) == {"0.9", "0.99"}
    assert len(report["verdicts"]) == 2 * (len(CONTESTANTS) - 1)
    assert report["versions"]["optuna"]
    text = document.read_text()
    assert text.startswith("# Benchmarks\n\n## One\n\n1\n\n## Evolution")
    assert text.endswith("\n### Notes\n\nkept\n\n## Two\n\n2\n")
    assert "old" not in text
    assert f"| {OURS} |" in text

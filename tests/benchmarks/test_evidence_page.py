"""docs/evidence.md: its example runs and prints what is shown, and its numbers are those of the code and the JSON."""

import json
import re
import subprocess
import sys
from pathlib import Path

import null_distribution
import pytest

import backtest
from backtest.score import PARTS, WEIGHTS
from evolution.finalists import FINALISTS
from evolution.walk_forward import WalkForward

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "evidence.md").read_text()


def choices():
    """Return the rows of the table of numbers that are a matter of choice."""
    table = PAGE.partition("in one place:")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE))


def test_evidence_page_example_prints_what_it_shows(tmp_path):
    (code,), (shown,) = (re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
                         for kind in ("python", "text"))  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=200,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout == shown


def test_evidence_page_numbers_are_those_of_the_code():
    rule, costs, table = backtest.GradeRule(), backtest.Costs(), choices()
    assert table["`oos_scs` needed"] == f"{rule.oos_scs:g}"
    assert table["out-of-sample trades needed"] == str(rule.oos_trades)
    assert table["DSR and PSR needed"] == str(rule.confidence)
    assert table["costs assumed: fee and slippage of each fill"] == f"{costs.fee_bps:g} + {costs.slippage_bps:g} bps"
    threshold = backtest.TrialClusters(n_returns=2).threshold
    assert table["correlation from which two strategies are one idea"] == str(threshold)
    plan = WalkForward()
    assert table["first selection window"] == f"{100 * plan.first:g} % of the candles"
    assert table["equal test spans after it"] == str(plan.spans)
    assert table["finalists frozen at the end of each window"] == str(FINALISTS)
    weights = re.findall(r"^\| [A-Za-z ]+ \| (\d+) % \|", PAGE, re.MULTILINE)
    assert [int(weight) for weight in weights] == [round(100 * weight) for weight in WEIGHTS]
    assert len(weights) == len(PARTS)


@pytest.mark.parametrize(
    ("part", "full", "nothing"),
    [
        ("sharpe", {"mean": 2.0001 / 100, "deviation": 1 / 100, "n_returns": 10**12}, {"mean": 0.0}),
        ("profit_factor", {"gain": 3.0, "loss": 1.0}, {"gain": 1.0, "loss": 1.0}),
        ("max_drawdown", {"drawdown": 0.0}, {"drawdown": 0.3}),
        ("volatility", {"deviation": 0.10}, {"deviation": 1.0}),
    ],
)
def test_evidence_page_says_when_a_part_of_the_score_is_full_and_when_it_is_nothing(part, full, nothing):
    statistics = {
        "n_trades": 10**9, "wins": 6 * 10**8, "gain": 2.0, "loss": 1.0, "mean": 0.01, "deviation": 0.2,
        "skewness": 0.0, "kurtosis": 3.0, "n_returns": 1_000, "bars_per_year": 1.0, "drawdown": 0.1,
    }  # fmt: skip
    assert getattr(backtest.score_statistics(**statistics | full), part) == pytest.approx(1.0, abs=1e-6)
    assert getattr(backtest.score_statistics(**statistics | nothing), part) == 0.0


def test_evidence_page_and_its_picture_show_the_numbers_of_the_json():
    report = json.loads((DOCS / "null_distribution.json").read_text())
    written = PAGE.partition(null_distribution.BEGIN)[2].partition(null_distribution.END)[0]
    assert written.strip() == null_distribution.as_markdown(report)
    assert (DOCS / "scs_null.svg").read_text() == null_distribution.picture(report)
    assert report["markets"] >= 200
    assert report["strategies"] == 1_000
    assert "](scs_null.svg)" in PAGE

"""The leaderboard in a terminal: evidence beside every score, and what is missing from it, however narrow."""

import io
import math

import pytest
from rich.console import Console

from backtest import GradeRule
from cluster.leaderboard import print_finalists, print_leaderboard
from cluster.stored_evidence import short_reason, stored_evidence


def row(**changes):
    return {
        "id": "abcdefghijkl", "type": "trend_following", "symbol": "BTC/USDT:USDT", "timeframe": "1h",
        "origin": "real:binanceusdm", "scs": 59.04, "in_sample_scs": 60.0, "oos_scs": 12.5, "oos_trades": 3,
        "excess_return": 0.3, "psr": 0.9, "dsr": 0.3, "n_trades": 41, "sharpe": 2.0, "total_return": 1.086,
        "win_rate": 0.46, "profit_factor": None, "max_drawdown": 0.21, "parameters": {"lookback_period": 166.0},
        "finalist": True, "grade": "C", "grade_reason": "C: 3 out-of-sample trades, needs 30",
    } | changes  # fmt: skip


NOT_CHOSEN = row(
    finalist=False, oos_scs=None, oos_trades=None, psr=None, excess_return=None,
    grade_reason="C: no out-of-sample evidence: not a finalist of its window",
)  # fmt: skip


def printed(function, rows, width, **options):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    function(console, rows, "title", **options)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "C 3/30 trades"),
        ({"oos_trades": 44}, "C OOS 12.5/65"),
        ({"oos_trades": 44, "oos_scs": 70.0, "excess_return": -0.01}, "C excess -0.0100"),
        ({"oos_trades": 44, "oos_scs": 70.0}, "C PSR 0.900/0.95"),
        ({"oos_trades": 44, "oos_scs": 70.0, "psr": 0.99, "grade": "B"}, "B DSR 0.300/0.95"),
        ({"oos_trades": 44, "oos_scs": 70.0, "psr": 0.99, "dsr": 0.99, "grade": "A"}, "A"),
        ({"oos_trades": 44, "oos_scs": 70.0, "psr": 0.99, "dsr": 0.99}, "C"),
        ({"oos_trades": 0, "oos_scs": None}, "C no evidence"),
        ({"oos_trades": None, "oos_scs": None, "finalist": False}, "C not a finalist"),
        ({"oos_trades": 0, "oos_scs": 0.0}, "C 0/30 trades"),
    ],
)
def test_short_reason_is_the_grade_and_its_first_obstacle(changes, expected):
    assert short_reason(row(**changes)) == expected


def test_short_reason_follows_the_rule_of_the_configuration():
    assert short_reason(row(), GradeRule(oos_scs=10.0, oos_trades=3)) == "C PSR 0.900/0.95"


def test_stored_evidence_is_undefined_where_nothing_is_stored():
    evidence = stored_evidence(NOT_CHOSEN)
    assert evidence.oos_trades == 0
    assert all(math.isnan(value) for value in (evidence.oos_scs, evidence.excess, evidence.psr))
    assert evidence.dsr == 0.3


def test_leaderboard_at_80_columns_is_a_line_a_strategy():
    text = printed(print_leaderboard, [row(), NOT_CHOSEN], 80)
    _, heading, first, second = text.splitlines()
    assert heading.split() == ["id", "type", "market", "SCS", "IS", "OOS", "grade"]
    assert first.split()[-6:] == ["59.0", "60.0", "12.5", "C", "3/30", "trades"]
    assert second.rstrip().endswith("– C not a finalist")


@pytest.mark.parametrize("width", [100, 132, 200])
def test_leaderboard_from_100_columns_says_the_reason_in_words(width):
    text = printed(print_leaderboard, [row(), NOT_CHOSEN], width)
    assert "C: 3 out-of-sample trades, needs 30" in text
    assert "C: no out-of-sample evidence" in text
    assert ("Sharpe" in text) == (width >= 132)
    assert ("lookback_period=166" in text) == (width == 200)


def test_ids_are_cut_where_a_line_would_not_fit_into_80_columns():
    rows = [row(origin="simulated:7", grade_reason="C", oos_trades=44, excess_return=-0.01, oos_scs=70.0)]
    for function in (print_leaderboard, print_finalists):
        *_, line = printed(function, rows, 80).splitlines()
        assert line.split()[0] == "abcdefgh"
        assert line.rstrip().endswith("C excess -0.0100")
        assert len(line.rstrip()) <= 80
    *_, line = printed(print_leaderboard, [row()], 80).splitlines()
    assert line.split()[0] == "abcdefghijkl"


def test_finalists_are_a_line_each_at_80_columns_and_simulated_ones_say_so():
    text = printed(print_finalists, [row(), row(origin="simulated:7", symbol="BTC/USDT")], 80)
    assert len(text.splitlines()) == 4
    assert "BTC/USDT 1h sim" in text
    assert "C 3/30 trades" in text
    wide = printed(print_finalists, [row()], 132)
    assert {"PSR", "DSR", "excess/y"} <= set(wide.split())

import bench_regime_rolls
import numpy as np
import pytest
from campaigns.planted import planted_candles
from campaigns.regime_rolls import RegimeRolls, curve_of, rises
from campaigns.switching import switching_candles

from market.timeframe import YEAR_MS, parse_timeframe

BARS, CUT = 3_000, 1_100
SHAPE = {"population": 60, "bars": 1_000, "rolls": 4, "life": 1, "horizon": 4, "generations": 5}


def moves(candles):
    return np.diff(np.log(candles.close))


@pytest.mark.parametrize(("before", "after"), [("trend", "reversion"), ("reversion", "trend")])
def test_market_moves_as_the_old_regime_until_the_cut_and_as_the_new_one_from_it(before, after):
    candles = switching_candles(before, after, 3.0, BARS, CUT, seed=5)
    years = BARS * parse_timeframe("1h") / YEAR_MS
    old, new = (moves(planted_candles(kind, 3.0, years, seed=5)) for kind in (before, after))
    assert moves(candles)[: CUT - 1] == pytest.approx(old[: CUT - 1], abs=1e-12)
    assert moves(candles)[CUT - 1 :] == pytest.approx(new[CUT - 1 :], abs=1e-12)
    assert np.abs(old - new).max() > 1e-4  # else the two could not be told apart


@pytest.mark.parametrize("cut", [0, BARS, -1])
def test_market_without_both_regimes_is_refused(cut):
    with pytest.raises(ValueError, match=rf"cut must be in \[1, 2999\], was {cut}"):
        switching_candles("trend", "reversion", 3.0, BARS, cut, seed=5)


@pytest.mark.parametrize("curve", [[1.0], [0.0, 0.0, 2.0, 2.0], [-3.0, -2.5, 7.0]])
def test_curve_is_kept_by_its_rises(curve):
    assert curve_of(rises(np.array(curve))).tolist() == curve


def test_run_is_judged_in_every_quarter_beside_three_restarts_of_the_same_candles():
    record = RegimeRolls("trend", 0, **SHAPE).run()
    assert [len(quarter) for quarter in record["cold"]] == [3] * 4
    assert [curve_of(warm).size for warm in record["warm"]] == [240] * 4
    assert {curve_of(restart).size for quarter in record["cold"] for restart in quarter} == {300}
    assert all(np.all(np.diff(curve_of(warm)) >= 0.0) for warm in record["warm"])


def test_command_prints_both_tables_and_measures_nothing_twice(tmp_path, capsys, monkeypatch):
    document = tmp_path / "page.md"
    document.write_text(f"# Page\n\n{bench_regime_rolls.SECTION}\n\n### What it says\n\nKept.\n")
    shape = [f"--{name}={value}" for name, value in SHAPE.items()]
    arguments = [*shape, "--seeds=1", "--workers=1", "--cache", str(tmp_path / "records"), "--document", str(document)]
    bench_regime_rolls.main(arguments)
    first = capsys.readouterr().out
    assert first.count("| all four |") == 3 + 4  # nothing is said of 12 generations, more than the horizon
    assert "Kept." in document.read_text()
    assert "| 100% | 95% |" in document.read_text()
    monkeypatch.setattr(RegimeRolls, "run", lambda self: pytest.fail("it is in the cache"))
    bench_regime_rolls.main(arguments)
    assert capsys.readouterr().out.splitlines()[:-1] == first.splitlines()[:-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rolls", "6"], "--rolls must be a multiple of 4, was 6"),
        (["--rolls", "0"], "--rolls must be a multiple of 4, was 0"),
        (["--horizon", "30"], "--horizon must be in"),
        (["--seeds", "0"], "--seeds must be at least 1, was 0"),
    ],
)
def test_wrong_options_are_one_clear_line(arguments, message, capsys):
    with pytest.raises(SystemExit):
        bench_regime_rolls.main(arguments)
    assert message in capsys.readouterr().err

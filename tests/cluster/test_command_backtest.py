"""`evoq backtest`: its JSON, its chart, and every mistake answered in one line with status 2."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from command_line import assert_one_line, evoq

from backtest import run
from cluster.cli import main
from market import Candles, read_candles, synthetic_candles
from strategies import StrategySpec

MOMENTUM = ["--type", "momentum", "--param", "lookback_period=20", "--param", "threshold=0.01"]


def write(path, candles: Candles):
    columns = ("timestamp", "open", "high", "low", "close", "volume")
    frame = pd.DataFrame({name: getattr(candles, name) for name in columns})
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def candles():
    return synthetic_candles(symbol="BTC/USDT:USDT", bars=1_000, seed=7)


@pytest.fixture
def file(tmp_path, candles):
    return write(tmp_path / "binanceusdm__BTC-USDT__1h.parquet", candles)


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    """Run a command in this process and return its status, output and error lines."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return call


def test_json_holds_what_run_found(file):
    result = evoq("backtest", "--candles", file, *MOMENTUM, "--param", "quantity=2", "--json", home=file.parent)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout)
    spec = StrategySpec("momentum", {"lookback_period": 20, "threshold": 0.01, "quantity": 2})
    report = run(spec, read_candles(file))
    assert {"metrics", "score", "trades", "equity", "index"} <= set(found)
    assert found["equity"] == report.equity.tolist()
    assert found["index"] == report.index.tolist()
    assert found["score"]["total"] == report.score.total
    assert set(found["score"]) == {"total", "win_rate", "sharpe", "profit_factor", "max_drawdown", "volatility"}
    assert len(found["trades"]) == len(report.trades) == found["metrics"]["n_trades"]
    first = found["trades"][0]
    assert first["entry_time"] == report.trades["entry_time"][0].value // 10**6
    assert first["return"] == report.trades["return"][0]


def test_json_of_a_strategy_that_never_trades_has_null_where_undefined(command, file):
    status, out, _ = command(
        "backtest", "--candles", file, "--type", "momentum", "--param", "lookback_period=20", "--param", "threshold=1",
        "--json",
    )  # fmt: skip
    assert status == 0
    found = json.loads(out)
    assert found["score"]["total"] == 0.0
    assert found["metrics"]["sharpe"] is found["metrics"]["win_rate"] is found["metrics"]["profit_factor"] is None


def test_tables_and_plot_show_score_and_trades(command, file, tmp_path):
    status, out, err = command("backtest", "--candles", file, *MOMENTUM, "--plot", tmp_path / "chart.html")
    assert (status, err) == (0, "")
    for word in ("SCS", "profit factor", "real candles", "max drawdown"):
        assert word in out
    assert "chart.html" in re.sub(r"[│\s]", "", out)  # a long path is wrapped
    page = (tmp_path / "chart.html").read_text()
    assert "<script" in page
    assert "https://cdn" not in page.split("</script>")[-2]
    assert "buy and hold" in page


def test_simulated_candles_are_labelled(command, tmp_path, candles):
    path = write(tmp_path / "simulated-7__BTC-USDT-USDT__1h.csv", candles)
    status, out, _ = command("backtest", "--candles", path, *MOMENTUM)
    assert status == 0
    assert "SIMULATED MARKET" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--type", "momentun"], ['no strategy type "momentun"', 'did you mean "momentum"']),
        (["--type", "momentum", "--param", "lookback_perod=20"], ['did you mean "lookback_period"']),
        (["--type", "momentum", "--param", "lookback_period=20"], ["needs threshold"]),
        ([*MOMENTUM, "--param", "stop_loss=2"], ["stop_loss must be", "was 2.0"]),
        (["--type", "momentum", "--param", "lookback_period=1"], ["lookback_period must be in [2, 5000]"]),
        ([*MOMENTUM, "--param", "quantity=many"], ["quantity must be a number, was 'many'"]),
        ([*MOMENTUM, "--param", "quantity"], ["--param must be NAME=VALUE"]),
        ([*MOMENTUM, "--param", "threshold=0.02"], ["given twice"]),
        ([*MOMENTUM, "--fee-bps", "-1"], ["fee_bps must be in [0, 1000]", "-1"]),
        ([*MOMENTUM, "--fee-bps", "nan"], ["fee_bps must be in [0, 1000]", "nan"]),
        ([*MOMENTUM, "--slippage-bps", "2000"], ["slippage_bps must be in [0, 1000]"]),
        ([*MOMENTUM, "--fee-bps", "ten"], ["--fee-bps", "ten"]),
        ([*MOMENTUM, "--sides", "short"], ["--sides", "short"]),
        ([*MOMENTUM, "--timeframe", "5m"], ["1h", "5m"]),
        ([*MOMENTUM, "--symbol", "ETH/USDT"], ["BTC/USDT:USDT", "ETH/USDT"]),
        ([*MOMENTUM, "--colour", "red"], ["--colour"]),
        ([], ["--type"]),
    ],
)
def test_mistake_in_an_option_is_one_line_with_status_2(command, file, words, said):
    status, out, err = command("backtest", "--candles", file, *words)
    assert (status, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("evoq: ")
    assert "Traceback" not in err
    for word in said:
        assert word in err


def spoiled(candles):
    frame = pd.DataFrame(
        {name: np.array(getattr(candles, name)) for name in ("timestamp", "open", "high", "low", "close", "volume")}
    )
    nan, unsorted, doubled = frame.copy(), frame.copy(), frame.copy()
    nan.loc[17, "close"] = np.nan
    unsorted.loc[[4, 5], "timestamp"] = unsorted.loc[[5, 4], "timestamp"].to_numpy()
    doubled.loc[9, "timestamp"] = doubled.loc[8, "timestamp"]
    return {
        "nan": (nan, ["17"]),
        "unsorted": (unsorted, ["5"]),
        "duplicate": (doubled, ["9"]),
        "columns": (frame.rename(columns={"close": "last"}), ["close"]),
        "one": (frame[:1], ["single candle"]),
        "short": (frame[:15], ["needs at least 21 candles", "has 15"]),
        "rows": (frame[:0], []),
    }


@pytest.mark.parametrize("kind", ["nan", "unsorted", "duplicate", "columns", "one", "short", "rows"])
def test_bad_candles_are_one_line_with_status_2(command, tmp_path, candles, kind):
    frame, said = spoiled(candles)[kind]
    path = tmp_path / "candles.csv"
    frame.to_csv(path, index=False)
    status, out, err = command("backtest", "--candles", path, *MOMENTUM)
    assert (status, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert "candles.csv" in err
    for word in said:
        assert word in err


def test_missing_or_empty_file_is_one_line_with_status_2(command, tmp_path):
    empty = tmp_path / "empty.parquet"
    empty.touch()
    for path in (tmp_path / "no.parquet", empty, tmp_path):
        status, out, err = command("backtest", "--candles", path, *MOMENTUM)
        assert (status, out) == (2, "")
        assert len(err.strip().splitlines()) == 1
        assert str(path) in err


def test_plot_on_a_full_disk_is_one_line_with_status_2(file):
    full = file.parent / "full.html"
    full.symlink_to("/dev/full")
    result = evoq("backtest", "--candles", file, *MOMENTUM, "--json", "--plot", full, home=file.parent)
    assert_one_line(result, "No space left on device", "choose another file")


def test_unknown_command_is_one_line_with_status_2(tmp_path):
    assert_one_line(evoq("backtset", home=tmp_path), 'no command "backtset"; did you mean "backtest"?')


def test_terminal_without_utf8_still_shows_the_report(file):
    result = evoq("backtest", "--candles", file, *MOMENTUM, home=file.parent, PYTHONIOENCODING="ascii")
    assert result.returncode == 0, result.stderr
    assert "SCS" in result.stdout


def test_dotenv_that_is_no_text_is_one_line_with_status_2(tmp_path):
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe\n")
    assert_one_line(evoq("candles", "list", home=tmp_path), ".env must be readable UTF-8 text")


def test_dotenv_is_read_and_the_environment_wins(tmp_path):
    (tmp_path / ".env").write_text(f"EVOQ_HOME={tmp_path / 'other'}\nDB_HOST=127.0.0.1\nDB_PORT=1\n")
    assert_one_line(evoq("strategies", home=tmp_path), "127.0.0.1:1")
    assert not (tmp_path / "other").exists()
    assert_one_line(evoq("strategies", home=tmp_path, DB_HOST=""), "no population is stored yet")


def test_help_shows_an_example(command):
    for words in (["--help"], ["backtest", "--help"], ["evolve", "--help"], ["candles", "fetch", "--help"]):
        status, out, _ = command(*words)
        assert status == 0
        assert "Example: evoq" in " ".join(out.split())

"""A run for ever on files whose last candle is still open, as a download in the middle of an hour leaves them."""

import json

from command_line import evoq

from market import CandleStore, SystemClock, synthetic_candles

HOUR_MS = 3_600_000


def test_run_for_ever_leaves_out_the_candle_that_is_still_open(tmp_path):
    hours = SystemClock().now_ms() // HOUR_MS
    candles = synthetic_candles(symbol="BTC/USDT:USDT", bars=1_200, seed=4, start=(hours - 1_199) * HOUR_MS)
    assert candles.close_time > SystemClock().now_ms()
    store = CandleStore(tmp_path / "candles")
    store.add(candles)
    path = store.path(candles.venue, candles.symbol, candles.timeframe, candles.origin)
    words = ["--population", "40", "--seed", "5", "--interval", "0", "--target-score", "0", "--json"]
    result = evoq("evolve", "--candles", path, "--forever", *words, home=tmp_path)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["evaluations"] > 0

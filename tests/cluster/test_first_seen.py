"""What the desk's run knows of its candles: new ones, and never a changed past."""

import numpy as np
import pytest

from cluster.driver import FirstSeen
from market import Candles, CandleStore, synthetic_candles

BARS = synthetic_candles(symbol="BTC/USDT", bars=1_300, seed=4)


def changed(candles, row, by=1.01):
    """Return candles of which one has another high and close."""
    close, high = candles.close.copy(), candles.high.copy()
    close[row] *= by
    high[row] = max(high[row], close[row])
    columns = {name: getattr(candles, name) for name in ("open", "low", "volume")}
    return Candles.from_arrays(
        candles.timestamp, close=close, high=np.maximum(high, close), **columns, symbol=candles.symbol,
        timeframe=candles.timeframe, venue=candles.venue, origin=candles.origin,
    )  # fmt: skip


def without(candles, row):
    """Return candles without one of them, as before a late one arrives."""
    return candles[:row].followed_by(candles[row + 1 :])


@pytest.fixture
def notices():
    return []


@pytest.fixture
def seen(tmp_path, notices):
    return FirstSeen(tmp_path, lambda candles, difference: notices.append(difference))


def test_new_candles_are_taken_in_and_outlive_the_process(seen, notices, tmp_path):
    assert list(seen.follow([BARS[:1_000]])) == [BARS[:1_000]]
    (grown,) = seen.follow([BARS[:1_200]])
    assert grown == BARS[:1_200]
    assert seen.follow([BARS[:1_200]])[0] is grown
    again = FirstSeen(tmp_path, lambda *_: None)
    assert list(again.follow([BARS])) == [BARS]
    assert not notices


def test_corrected_candle_is_told_once_and_not_taken_in(seen, notices):
    seen.follow([BARS[:1_000]])
    for _ in range(2):
        assert list(seen.follow([changed(BARS[:1_010], 990)])) == [BARS[:1_010]]
    assert notices == ["1 corrected"]
    seen.follow([changed(changed(BARS[:1_010], 990), 5)])
    assert notices[1:] == ["2 corrected"]


def test_correction_while_the_driver_is_away_is_seen_by_the_next_one(seen, tmp_path):
    seen.follow([BARS[:1_000]])
    notices = []
    later = FirstSeen(tmp_path, lambda _, difference: notices.append(difference))
    assert list(later.follow([changed(BARS[:1_100], 999)])) == [BARS[:1_100]]
    assert notices == ["1 corrected"]


def test_late_candle_in_the_past_is_told_and_left_out(seen, notices):
    first = without(BARS[:1_000], 500)
    seen.follow([first])
    (known,) = seen.follow([BARS[:1_001]])
    assert known == first.followed_by(BARS[1_000:1_001])
    assert notices == ["1 added"]


def test_history_that_is_taken_away_stays_known(seen, notices):
    seen.follow([BARS[:1_000]])
    assert list(seen.follow([BARS[200:1_100]])) == [BARS[:1_100]]
    assert notices == ["200 taken away"]


def test_new_run_begins_with_the_candles_as_they_are_now(seen, notices, tmp_path):
    seen.follow([BARS[:1_000]])
    corrected = changed(BARS[:1_000], 990)
    assert list(seen.take_anew([corrected])) == [corrected]
    assert list(seen.follow([changed(BARS[:1_001], 990)])) == [changed(BARS[:1_001], 990)]
    assert not notices
    assert CandleStore(tmp_path).read(BARS.venue, BARS.symbol, "1h", BARS.origin) == changed(BARS[:1_001], 990)

"""Closed trades of a population, by the million, as paper trading would leave them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from storage import Database, TradeRepository

__all__ = ["add_trades"]

_BATCH = 50_000
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_HALF_A_YEAR_S = 15_552_000


def add_trades(database: Database, ids: Sequence[str], count: int, seed: int) -> None:
    """Store trades.

    Parameters
    ----------
    database : Database
        With the strategies.
    ids : sequence of str
        Of the strategies, who trade in turn.
    count : int
        How many trades in all.
    seed : int
        Of their times and prices.
    """
    chance = np.random.default_rng(seed)
    trades = TradeRepository(database.engine)
    for first in range(0, count, _BATCH):
        trades.add(list(_batch(ids, first, min(_BATCH, count - first), chance)))


def _batch(ids: Sequence[str], first: int, size: int, chance: np.random.Generator) -> Iterator[dict[str, object]]:
    starts = chance.integers(_HALF_A_YEAR_S, size=size).tolist()
    lasts = chance.integers(60, 86_400, size=size).tolist()
    changes = chance.normal(0.0, 0.01, size).round(6).tolist()
    price, quantity, fees = Decimal("50000"), Decimal("0.002"), Decimal("0.2")
    for number, (start_s, lasts_s, change) in enumerate(zip(starts, lasts, changes, strict=True)):
        entered = _BEGAN + timedelta(seconds=start_s)
        move = price * Decimal(str(change))
        yield {
            "strategy_id": ids[(first + number) % len(ids)],
            "money": "paper",
            "venue": "paper",
            "side": 1 if number % 2 else -1,
            "entry_time": entered,
            "exit_time": entered + timedelta(seconds=lasts_s),
            "entry_price": price,
            "exit_price": price + move,
            "quantity": quantity,
            "fees": fees,
            "pnl": move * quantity - fees,
            "net_return": change - 0.002,
        }

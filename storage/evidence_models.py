"""The tables of evidence: which candles were searched, how often, and who has looked at a holdout.

Rows of `data_sets` and `holdout_touches` are only ever added: evidence that forgets is none.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import ORIGIN_PATTERN, Base

__all__ = ["DataSet", "HoldoutTouch", "StrategyCurve", "TrialClusterState"]


class DataSet(Base):
    """Candles of one market that something was computed on; times are ms UTC, as candles have them."""

    __tablename__ = "data_sets"
    __table_args__ = (
        CheckConstraint(f"origin ~ '{ORIGIN_PATTERN}'", name="origin"),
        CheckConstraint("first_time <= last_time", name="times"),
        CheckConstraint("n_candles >= 1", name="n_candles"),
        Index(None, "origin", "symbol", "timeframe"),
    )

    data_hash: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str]
    venue: Mapped[str]
    symbol: Mapped[str]
    timeframe: Mapped[str]
    first_time: Mapped[int]  # open of the first candle
    last_time: Mapped[int]  # open of the last candle
    n_candles: Mapped[int]


class TrialClusterState(Base):
    """Clusters of the returns of all trials on some data at some costs, to be added to."""

    __tablename__ = "trial_clusters"
    __table_args__ = (CheckConstraint("n_genomes >= 0", name="n_genomes"),)

    data_hash: Mapped[str] = mapped_column(primary_key=True)
    cost_hash: Mapped[str] = mapped_column(primary_key=True)
    n_genomes: Mapped[int]  # how many distinct genomes were added
    state: Mapped[bytes]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class HoldoutTouch(Base):
    """That a run looked at a holdout, written before it did."""

    __tablename__ = "holdout_touches"
    __table_args__ = (
        UniqueConstraint("run_id", "data_hash"),
        CheckConstraint(f"origin ~ '{ORIGIN_PATTERN}'", name="origin"),
        CheckConstraint("first_time <= last_time", name="times"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    data_hash: Mapped[str]
    origin: Mapped[str]
    symbol: Mapped[str]
    timeframe: Mapped[str]
    first_time: Mapped[int]
    last_time: Mapped[int]
    touched_at: Mapped[datetime] = mapped_column(server_default=func.now())


class StrategyCurve(Base):
    """The course of a strategy's index and of buy-and-hold beside it, thinned to be drawn."""

    __tablename__ = "strategy_curves"
    __table_args__ = (
        CheckConstraint("source IN ('backtest', 'oos', 'paper', 'live')", name="source"),
        CheckConstraint(
            "cardinality(times) = cardinality(index) AND cardinality(times) = cardinality(buy_and_hold)",
            name="lengths",
        ),
    )

    strategy_id: Mapped[str] = mapped_column(ForeignKey("strategies.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    times: Mapped[list[int]]  # ms UTC
    index: Mapped[list[float]]
    buy_and_hold: Mapped[list[float]]

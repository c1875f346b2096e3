"""The tables of trials: every genome that was ever evaluated, a row each, so every byte of a row counts.

A living desk adds a million and a half a day. What many of them share (the run and the species, the candles) is kept
once and named by a number of four bytes; a genome is its own identity; columns of eight bytes come first, so that
nothing is lost to alignment. Rows are only ever added: the honest count (`EvidenceRepository.trial_count`) needs all.
"""

from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["Trial", "TrialCandles", "TrialSeries"]


class TrialSeries(Base):
    """One species of one run."""

    __tablename__ = "trial_series"
    __table_args__ = (UniqueConstraint("run_id", "species"),)

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    species: Mapped[str]


class TrialCandles(Base):
    """The candles of one market that genomes were evaluated on."""

    __tablename__ = "trial_candles"
    __table_args__ = (UniqueConstraint("data_hash"),)

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    data_hash: Mapped[str]


class Trial(Base):
    """One child of one species of one run: a genome that was evaluated."""

    __tablename__ = "trials"
    __table_args__ = (Index(None, "candles_id"),)

    child: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    batch: Mapped[int]
    fitness: Mapped[float | None]
    series_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("trial_series.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    candles_id: Mapped[int] = mapped_column(Integer, ForeignKey("trial_candles.id"))
    genome: Mapped[list[float]]
    operator: Mapped[str]
    parents: Mapped[list[int]]
    metrics: Mapped[dict[str, Any] | None]

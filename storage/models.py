"""The tables: what evolution and configuration remember.

Trials are in `storage.trial_models`, those of evidence in `storage.evidence_models`, those of the running system in
`storage.runtime_models`, those of signing in in `storage.access_models` and closed trades in `storage.trade_models`.

Times are `timestamptz`; bulk data (`state`, genomes) is stored as it is; a number that is not finite is
stored as NULL (`storage.values` states the rule). Tables that grow with time are partitioned by month
(`storage.partitions`), so their primary key begins with the time.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = [
    "AutoTradingConfig",
    "Base",
    "Run",
    "Strategy",
    "StrategyEvolutionHistory",
    "StrategyManagementConfig",
    "StrategyOptimizationLog",
    "table_of",
]

ORIGIN_PATTERN = "^(real|simulated):.+$"


class Base(DeclarativeBase):
    """What all tables share: column types by annotation, and names of constraints by rule."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        float: Double,
        str: Text,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
        list[float]: ARRAY(Double),
        list[int]: ARRAY(BigInteger),
    }


class Run(Base):
    """One run of evolution, with the state after its last committed batch."""

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'done', 'interrupted', 'failed')", name="status"),
        CheckConstraint(f"origin ~ '{ORIGIN_PATTERN}'", name="origin"),
        CheckConstraint("batch >= -1 AND evaluations >= 0 AND generation >= 0 AND round >= 0", name="counters"),
        Index(None, "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status: Mapped[str] = mapped_column(server_default="running")
    engine_version: Mapped[str]
    seed: Mapped[int]
    settings: Mapped[dict[str, Any]]
    settings_hash: Mapped[str]
    data_hash: Mapped[str]
    cost_hash: Mapped[str]
    origin: Mapped[str]
    host: Mapped[str | None]
    pid: Mapped[int | None]
    evaluations: Mapped[int] = mapped_column(server_default="0")
    generation: Mapped[int] = mapped_column(server_default="0")
    round: Mapped[int] = mapped_column(server_default="0")
    batch: Mapped[int] = mapped_column(server_default="-1")
    state: Mapped[bytes | None]
    population_hash: Mapped[str | None]
    seconds: Mapped[float | None]
    evidence: Mapped[dict[str, Any] | None]


class Strategy(Base):
    """A member of the population (candidate) or of the roster (enabled, live, retired)."""

    __tablename__ = "strategies"
    __table_args__ = (
        UniqueConstraint("run_id", "species", "child"),
        CheckConstraint("state IN ('candidate', 'enabled', 'live', 'retired')", name="state"),
        CheckConstraint("NOT enabled OR state IN ('enabled', 'live')", name="enabled"),
        CheckConstraint("money IN ('paper', 'simulated', 'real')", name="money"),
        CheckConstraint("market_type IN ('spot', 'swap')", name="market_type"),
        CheckConstraint("grade IN ('A', 'B', 'C')", name="grade"),
        CheckConstraint(f"origin ~ '{ORIGIN_PATTERN}'", name="origin"),
        CheckConstraint("scs BETWEEN 0 AND 100", name="scs"),
        CheckConstraint("oos_scs BETWEEN 0 AND 100", name="oos_scs"),
        CheckConstraint("in_sample_scs BETWEEN 0 AND 100", name="in_sample_scs"),
        Index("ix_strategies_scs", text("scs DESC NULLS LAST"), "id"),
        Index("ix_strategies_oos_scs", text("oos_scs DESC NULLS LAST"), "id"),
        Index(None, "state"),
        Index(None, "type", "symbol", "timeframe"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    species: Mapped[str]
    child: Mapped[int]
    type: Mapped[str]
    symbol: Mapped[str]
    timeframe: Mapped[str]
    venue: Mapped[str]
    market_type: Mapped[str]
    origin: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    history_start: Mapped[int | None]  # ms UTC, like candles
    generation: Mapped[int] = mapped_column(server_default="0")
    round: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str] = mapped_column(server_default="candidate")
    enabled: Mapped[bool] = mapped_column(server_default="false")
    money: Mapped[str] = mapped_column(server_default="paper")
    fitness: Mapped[float | None]
    scs: Mapped[float | None]
    score_parts: Mapped[dict[str, Any] | None]
    oos_scs: Mapped[float | None]
    grade: Mapped[str] = mapped_column(server_default="C")
    grade_reason: Mapped[str | None]
    psr: Mapped[float | None]
    dsr: Mapped[float | None]
    n_trials: Mapped[int | None]
    n_trials_effective: Mapped[float | None]
    excess_return: Mapped[float | None]
    folds: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    n_trades: Mapped[int | None]
    oos_trades: Mapped[int | None]
    win_rate: Mapped[float | None]
    sharpe: Mapped[float | None]
    profit_factor: Mapped[float | None]
    max_drawdown: Mapped[float | None]
    volatility: Mapped[float | None]
    total_return: Mapped[float | None]
    exposure: Mapped[float | None]
    trades_per_year: Mapped[float | None]
    buy_and_hold: Mapped[float | None]
    min_equity: Mapped[float | None]
    metrics: Mapped[dict[str, Any] | None]
    parents: Mapped[list[int] | None]
    operator: Mapped[str | None]
    seed: Mapped[int | None]
    data_hash: Mapped[str]
    cost_hash: Mapped[str]
    engine_version: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finalist: Mapped[bool] = mapped_column(server_default="false")
    selected_until: Mapped[int | None]  # ms UTC, close of the last bar that its selection saw
    in_sample_scs: Mapped[float | None]
    dsr_raw: Mapped[float | None]  # with every trial counted as independent
    state_since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class StrategyEvolutionHistory(Base):
    """How a run went: one row for each species and round, and one for each event."""

    __tablename__ = "strategy_evolution_history"
    __table_args__ = (
        Index(None, "run_id", "ts"),
        Index(None, "run_id", "generation"),
        {"postgresql_partition_by": "RANGE (ts)"},
    )

    ts: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.now())
    id: Mapped[int] = mapped_column(
        primary_key=True,
        autoincrement=False,
        server_default=text("nextval('strategy_evolution_history_id_seq'::regclass)"),
    )
    run_id: Mapped[str]
    generation: Mapped[int]
    round: Mapped[int]
    species: Mapped[str | None]
    evaluations: Mapped[int | None]
    best_scs: Mapped[float | None]
    q25: Mapped[float | None]
    median_scs: Mapped[float | None]
    q75: Mapped[float | None]
    diversity: Mapped[float | None]
    coverage: Mapped[float | None]
    event: Mapped[str | None]
    message: Mapped[str | None]


class StrategyOptimizationLog(Base):
    """What the optimiser did and why: operators chosen, windows rolled, elites scored again."""

    __tablename__ = "strategy_optimization_logs"
    __table_args__ = (
        Index(None, "run_id", "ts"),
        {"postgresql_partition_by": "RANGE (ts)"},
    )

    ts: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.now())
    id: Mapped[int] = mapped_column(
        primary_key=True,
        autoincrement=False,
        server_default=text("nextval('strategy_optimization_logs_id_seq'::regclass)"),
    )
    run_id: Mapped[str]
    batch: Mapped[int | None]
    species: Mapped[str | None]
    child: Mapped[int | None]
    strategy_id: Mapped[str | None]
    event: Mapped[str]
    message: Mapped[str | None]
    details: Mapped[dict[str, Any] | None]


class AutoTradingConfig(Base):
    """How trading runs by itself; one row, which also carries the version of the whole configuration."""

    __tablename__ = "auto_trading_config"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("mode IN ('auto', 'manual', 'paper_only')", name="mode"),
        CheckConstraint("max_strategies BETWEEN 0 AND 100000", name="max_strategies"),
        CheckConstraint("real_trading_threshold BETWEEN 0 AND 100", name="real_trading_threshold"),
        CheckConstraint("evolution_interval >= 0", name="evolution_interval"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    enabled: Mapped[bool]
    mode: Mapped[str]
    max_strategies: Mapped[int]
    real_trading_threshold: Mapped[float]
    evolution_interval: Mapped[float]  # seconds
    version: Mapped[int]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class StrategyManagementConfig(Base):
    """How strategies enter and leave the roster; one row, always changed together with AutoTradingConfig."""

    __tablename__ = "strategy_management_config"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("max_enabled BETWEEN 0 AND 100000", name="max_enabled"),
        CheckConstraint("min_oos_trades >= 0", name="min_oos_trades"),
        CheckConstraint("demote_below BETWEEN 0 AND 100", name="demote_below"),
        CheckConstraint("retire_after_days >= 0", name="retire_after_days"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    auto_enable: Mapped[bool]
    max_enabled: Mapped[int]
    min_oos_trades: Mapped[int]
    demote_below: Mapped[float]
    retire_after_days: Mapped[float]


def table_of(model: type[Base]) -> Table:
    """Return a model's table, for statements over many rows.

    Parameters
    ----------
    model : type
        One of the classes of this module.

    Returns
    -------
    Table
        Its table.
    """
    table = model.__table__
    assert isinstance(table, Table)
    return table

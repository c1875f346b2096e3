"""The tables of evolution and configuration.

Partitions are not made here but by `storage.partitions`, when a database is opened and when rows are written.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_PARTITIONED = ("strategy_evolution_history", "strategy_optimization_logs")


def upgrade() -> None:
    """Make the tables, and the configuration's first values."""
    for table in _PARTITIONED:
        op.execute(f"CREATE SEQUENCE {table}_id_seq")
    _runs()
    _trials()
    _strategies()
    _strategy_indexes()
    _strategy_evolution_history()
    _strategy_optimization_logs()
    for table in _PARTITIONED:
        op.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY {table}.id")
    _auto_trading_config()
    _strategy_management_config()
    _defaults()


def downgrade() -> None:
    """Drop everything this Evoq ever remembered."""
    for table in ("strategies", "trials", "runs", *_PARTITIONED, "auto_trading_config", "strategy_management_config"):
        op.drop_table(table)


def _runs() -> None:
    """Make the table `runs`."""
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("status", sa.Text(), server_default="running", nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("settings", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("settings_hash", sa.Text(), nullable=False),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("cost_hash", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("pid", sa.BigInteger(), nullable=True),
        sa.Column("evaluations", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("generation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("round", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("batch", sa.BigInteger(), server_default="-1", nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.Column("population_hash", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.CheckConstraint("origin ~ '^(real|simulated):.+$'", name=op.f("ck_runs_origin")),
        sa.CheckConstraint("status IN ('running', 'done', 'interrupted', 'failed')", name=op.f("ck_runs_status")),
        sa.CheckConstraint(
            "batch >= -1 AND evaluations >= 0 AND generation >= 0 AND round >= 0", name=op.f("ck_runs_counters")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_created_at"), "runs", ["created_at"], unique=False)


def _trials() -> None:
    """Make the table `trials`."""
    op.create_table(
        "trials",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("species", sa.Text(), nullable=False),
        sa.Column("child", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("genome", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("genome_hash", sa.Text(), nullable=False),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("fitness", sa.Double(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("parents", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("metrics", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_trials_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "species", "child", name=op.f("pk_trials")),
    )
    op.create_index(
        op.f("ix_trials_data_hash_species_genome_hash"), "trials", ["data_hash", "species", "genome_hash"], unique=False
    )
    op.create_index(op.f("ix_trials_run_id_batch"), "trials", ["run_id", "batch"], unique=False)


def _strategies() -> None:
    """Make the table `strategies`."""
    op.create_table(
        "strategies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("species", sa.Text(), nullable=False),
        sa.Column("child", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("market_type", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("history_start", sa.BigInteger(), nullable=True),
        sa.Column("generation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("round", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="candidate", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("money", sa.Text(), server_default="paper", nullable=False),
        sa.Column("fitness", sa.Double(), nullable=True),
        sa.Column("scs", sa.Double(), nullable=True),
        sa.Column("score_parts", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("oos_scs", sa.Double(), nullable=True),
        sa.Column("grade", sa.Text(), server_default="C", nullable=False),
        sa.Column("grade_reason", sa.Text(), nullable=True),
        sa.Column("psr", sa.Double(), nullable=True),
        sa.Column("dsr", sa.Double(), nullable=True),
        sa.Column("n_trials", sa.BigInteger(), nullable=True),
        sa.Column("n_trials_effective", sa.Double(), nullable=True),
        sa.Column("excess_return", sa.Double(), nullable=True),
        sa.Column("folds", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("n_trades", sa.BigInteger(), nullable=True),
        sa.Column("oos_trades", sa.BigInteger(), nullable=True),
        sa.Column("win_rate", sa.Double(), nullable=True),
        sa.Column("sharpe", sa.Double(), nullable=True),
        sa.Column("profit_factor", sa.Double(), nullable=True),
        sa.Column("max_drawdown", sa.Double(), nullable=True),
        sa.Column("volatility", sa.Double(), nullable=True),
        sa.Column("total_return", sa.Double(), nullable=True),
        sa.Column("exposure", sa.Double(), nullable=True),
        sa.Column("trades_per_year", sa.Double(), nullable=True),
        sa.Column("buy_and_hold", sa.Double(), nullable=True),
        sa.Column("min_equity", sa.Double(), nullable=True),
        sa.Column("metrics", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("parents", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("cost_hash", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("grade IN ('A', 'B', 'C')", name=op.f("ck_strategies_grade")),
        sa.CheckConstraint("market_type IN ('spot', 'swap')", name=op.f("ck_strategies_market_type")),
        sa.CheckConstraint("money IN ('paper', 'simulated', 'real')", name=op.f("ck_strategies_money")),
        sa.CheckConstraint("origin ~ '^(real|simulated):.+$'", name=op.f("ck_strategies_origin")),
        sa.CheckConstraint("state IN ('candidate', 'enabled', 'live', 'retired')", name=op.f("ck_strategies_state")),
        sa.CheckConstraint("oos_scs BETWEEN 0 AND 100", name=op.f("ck_strategies_oos_scs")),
        sa.CheckConstraint("scs BETWEEN 0 AND 100", name=op.f("ck_strategies_scs")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_strategies_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategies")),
        sa.UniqueConstraint("run_id", "species", "child", name=op.f("uq_strategies_run_id_species_child")),
    )


def _strategy_indexes() -> None:
    """Make the indexes of `strategies`, for its filters and sorts."""
    op.create_index(
        "ix_strategies_oos_scs", "strategies", [sa.literal_column("oos_scs DESC NULLS LAST"), "id"], unique=False
    )
    op.create_index("ix_strategies_scs", "strategies", [sa.literal_column("scs DESC NULLS LAST"), "id"], unique=False)
    op.create_index(op.f("ix_strategies_state"), "strategies", ["state"], unique=False)
    op.create_index(
        op.f("ix_strategies_type_symbol_timeframe"), "strategies", ["type", "symbol", "timeframe"], unique=False
    )


def _strategy_evolution_history() -> None:
    """Make the table `strategy_evolution_history`."""
    op.create_table(
        "strategy_evolution_history",
        sa.Column("ts", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "id",
            sa.BigInteger(),
            server_default=sa.text("nextval('strategy_evolution_history_id_seq'::regclass)"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("species", sa.Text(), nullable=True),
        sa.Column("evaluations", sa.BigInteger(), nullable=True),
        sa.Column("best_scs", sa.Double(), nullable=True),
        sa.Column("q25", sa.Double(), nullable=True),
        sa.Column("median_scs", sa.Double(), nullable=True),
        sa.Column("q75", sa.Double(), nullable=True),
        sa.Column("diversity", sa.Double(), nullable=True),
        sa.Column("coverage", sa.Double(), nullable=True),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ts", "id", name=op.f("pk_strategy_evolution_history")),
        postgresql_partition_by="RANGE (ts)",
    )
    op.create_index(
        op.f("ix_strategy_evolution_history_run_id_ts"), "strategy_evolution_history", ["run_id", "ts"], unique=False
    )


def _strategy_optimization_logs() -> None:
    """Make the table `strategy_optimization_logs`."""
    op.create_table(
        "strategy_optimization_logs",
        sa.Column("ts", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "id",
            sa.BigInteger(),
            server_default=sa.text("nextval('strategy_optimization_logs_id_seq'::regclass)"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=True),
        sa.Column("species", sa.Text(), nullable=True),
        sa.Column("child", sa.BigInteger(), nullable=True),
        sa.Column("strategy_id", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("ts", "id", name=op.f("pk_strategy_optimization_logs")),
        postgresql_partition_by="RANGE (ts)",
    )
    op.create_index(
        op.f("ix_strategy_optimization_logs_run_id_ts"), "strategy_optimization_logs", ["run_id", "ts"], unique=False
    )


def _auto_trading_config() -> None:
    """Make the table `auto_trading_config`."""
    op.create_table(
        "auto_trading_config",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("max_strategies", sa.BigInteger(), nullable=False),
        sa.Column("real_trading_threshold", sa.Double(), nullable=False),
        sa.Column("evolution_interval", sa.Double(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("mode IN ('auto', 'manual', 'paper_only')", name=op.f("ck_auto_trading_config_mode")),
        sa.CheckConstraint("evolution_interval >= 0", name=op.f("ck_auto_trading_config_evolution_interval")),
        sa.CheckConstraint("id = 1", name=op.f("ck_auto_trading_config_one_row")),
        sa.CheckConstraint("max_strategies BETWEEN 0 AND 100000", name=op.f("ck_auto_trading_config_max_strategies")),
        sa.CheckConstraint(
            "real_trading_threshold BETWEEN 0 AND 100", name=op.f("ck_auto_trading_config_real_trading_threshold")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auto_trading_config")),
    )


def _strategy_management_config() -> None:
    """Make the table `strategy_management_config`."""
    op.create_table(
        "strategy_management_config",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("auto_enable", sa.Boolean(), nullable=False),
        sa.Column("max_enabled", sa.BigInteger(), nullable=False),
        sa.Column("min_oos_trades", sa.BigInteger(), nullable=False),
        sa.Column("demote_below", sa.Double(), nullable=False),
        sa.Column("retire_after_days", sa.Double(), nullable=False),
        sa.CheckConstraint("demote_below BETWEEN 0 AND 100", name=op.f("ck_strategy_management_config_demote_below")),
        sa.CheckConstraint("id = 1", name=op.f("ck_strategy_management_config_one_row")),
        sa.CheckConstraint("max_enabled BETWEEN 0 AND 100000", name=op.f("ck_strategy_management_config_max_enabled")),
        sa.CheckConstraint("min_oos_trades >= 0", name=op.f("ck_strategy_management_config_min_oos_trades")),
        sa.CheckConstraint("retire_after_days >= 0", name=op.f("ck_strategy_management_config_retire_after_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategy_management_config")),
    )


def _defaults() -> None:
    """Insert the one row of each configuration table: nothing trades real money unless somebody says so."""
    op.execute(
        "INSERT INTO auto_trading_config (id, enabled, mode, max_strategies, real_trading_threshold,"
        " evolution_interval, version, changed_by) VALUES (1, false, 'paper_only', 20, 65, 60, 1, 'default')"
    )
    op.execute(
        "INSERT INTO strategy_management_config (id, auto_enable, max_enabled, min_oos_trades, demote_below,"
        " retire_after_days) VALUES (1, true, 100, 30, 58, 30)"
    )

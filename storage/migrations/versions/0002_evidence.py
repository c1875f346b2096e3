"""The tables of evidence, and the columns that runs and strategies keep of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("strategy_curves", "holdout_touches", "trial_clusters", "data_sets")


def upgrade() -> None:
    """Make the tables and columns; what is stored already has no evidence."""
    _data_sets()
    _trial_clusters()
    _holdout_touches()
    _strategy_curves()
    op.add_column("runs", sa.Column("evidence", postgresql.JSONB(none_as_null=True), nullable=True))
    op.add_column("strategies", sa.Column("finalist", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("strategies", sa.Column("selected_until", sa.BigInteger(), nullable=True))
    op.add_column("strategies", sa.Column("in_sample_scs", sa.Double(), nullable=True))
    op.add_column("strategies", sa.Column("dsr_raw", sa.Double(), nullable=True))
    op.create_check_constraint(
        op.f("ck_strategies_in_sample_scs"), "strategies", sa.text("in_sample_scs BETWEEN 0 AND 100")
    )


def downgrade() -> None:
    """Drop all evidence, the record of looks at holdouts included."""
    op.drop_constraint(op.f("ck_strategies_in_sample_scs"), "strategies", type_="check")
    for column in ("dsr_raw", "in_sample_scs", "selected_until", "finalist"):
        op.drop_column("strategies", column)
    op.drop_column("runs", "evidence")
    for table in _TABLES:
        op.drop_table(table)


def _data_sets() -> None:
    """Make the table `data_sets`."""
    op.create_table(
        "data_sets",
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("first_time", sa.BigInteger(), nullable=False),
        sa.Column("last_time", sa.BigInteger(), nullable=False),
        sa.Column("n_candles", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("origin ~ '^(real|simulated):.+$'", name=op.f("ck_data_sets_origin")),
        sa.CheckConstraint("first_time <= last_time", name=op.f("ck_data_sets_times")),
        sa.CheckConstraint("n_candles >= 1", name=op.f("ck_data_sets_n_candles")),
        sa.PrimaryKeyConstraint("data_hash", name=op.f("pk_data_sets")),
    )
    op.create_index(
        op.f("ix_data_sets_origin_symbol_timeframe"), "data_sets", ["origin", "symbol", "timeframe"], unique=False
    )


def _trial_clusters() -> None:
    """Make the table `trial_clusters`."""
    op.create_table(
        "trial_clusters",
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("cost_hash", sa.Text(), nullable=False),
        sa.Column("n_genomes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("n_genomes >= 0", name=op.f("ck_trial_clusters_n_genomes")),
        sa.PrimaryKeyConstraint("data_hash", "cost_hash", name=op.f("pk_trial_clusters")),
    )


def _holdout_touches() -> None:
    """Make the table `holdout_touches`."""
    op.create_table(
        "holdout_touches",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("first_time", sa.BigInteger(), nullable=False),
        sa.Column("last_time", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("origin ~ '^(real|simulated):.+$'", name=op.f("ck_holdout_touches_origin")),
        sa.CheckConstraint("first_time <= last_time", name=op.f("ck_holdout_touches_times")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_holdout_touches_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holdout_touches")),
        sa.UniqueConstraint("run_id", "data_hash", name=op.f("uq_holdout_touches_run_id_data_hash")),
    )


def _strategy_curves() -> None:
    """Make the table `strategy_curves`."""
    op.create_table(
        "strategy_curves",
        sa.Column("strategy_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("times", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("index", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("buy_and_hold", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.CheckConstraint("source IN ('backtest', 'oos', 'paper', 'live')", name=op.f("ck_strategy_curves_source")),
        sa.CheckConstraint(
            "cardinality(times) = cardinality(index) AND cardinality(times) = cardinality(buy_and_hold)",
            name=op.f("ck_strategy_curves_lengths"),
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_strategy_curves_strategy_id_strategies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("strategy_id", "source", name=op.f("pk_strategy_curves")),
    )

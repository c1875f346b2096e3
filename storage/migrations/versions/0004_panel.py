"""What the control panel needs: sessions, closed trades, and generations that are found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Make the tables and the index."""
    _sessions()
    _sign_in_attempts()
    _strategy_trades()
    op.create_index(
        op.f("ix_strategy_evolution_history_run_id_generation"),
        "strategy_evolution_history",
        ["run_id", "generation"],
        unique=False,
    )


def downgrade() -> None:
    """Drop them, the trades included."""
    op.drop_index(op.f("ix_strategy_evolution_history_run_id_generation"), table_name="strategy_evolution_history")
    for table in ("strategy_trades", "sign_in_attempts", "sessions"):
        op.drop_table(table)


def _sessions() -> None:
    """Make the table `sessions`."""
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('read', 'operate')", name=op.f("ck_sessions_role")),
        sa.CheckConstraint("token_hash ~ '^[0-9a-f]{64}$'", name=op.f("ck_sessions_token_hash")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)


def _sign_in_attempts() -> None:
    """Make the table `sign_in_attempts`."""
    op.create_table(
        "sign_in_attempts",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("failures >= 1", name=op.f("ck_sign_in_attempts_failures")),
        sa.PrimaryKeyConstraint("caller", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index(op.f("ix_sign_in_attempts_last_at"), "sign_in_attempts", ["last_at"], unique=False)


def _strategy_trades() -> None:
    """Make the table `strategy_trades`."""
    op.create_table(
        "strategy_trades",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("strategy_id", sa.Text(), nullable=False),
        sa.Column("money", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("entry_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exit_time", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.Column(name, sa.Numeric(), nullable=False)
            for name in ("entry_price", "exit_price", "quantity", "fees", "pnl")
        ),
        sa.Column("net_return", sa.Double(), nullable=False),
        sa.Column("internal", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("side IN (-1, 1)", name=op.f("ck_strategy_trades_side")),
        sa.CheckConstraint("money IN ('paper', 'simulated', 'real')", name=op.f("ck_strategy_trades_money")),
        sa.CheckConstraint("exit_time >= entry_time", name=op.f("ck_strategy_trades_times")),
        sa.CheckConstraint(
            "quantity > 0 AND entry_price > 0 AND exit_price > 0", name=op.f("ck_strategy_trades_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.id"], name=op.f("fk_strategy_trades_strategy_id_strategies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategy_trades")),
    )
    op.create_index(
        op.f("ix_strategy_trades_strategy_id_exit_time_id"),
        "strategy_trades",
        ["strategy_id", "exit_time", "id"],
        unique=False,
    )

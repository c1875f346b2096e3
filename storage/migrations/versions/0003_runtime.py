"""The tables of the running system, and since when a strategy has its state."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PARTITIONED = ("operations_log", "system_status")
_TABLES = ("commands", "leases", "operations_log", "alerts", "system_status")
_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Make the tables; strategies that trade are marked as enabled, and nobody else can be."""
    for table in _PARTITIONED:
        op.execute(f"CREATE SEQUENCE {table}_id_seq")
    _commands()
    _leases()
    _operations_log()
    _alerts()
    _system_status()
    for table in _PARTITIONED:
        op.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY {table}.id")
    _strategies()


def downgrade() -> None:
    """Drop the tables, the audit log included."""
    op.drop_constraint(op.f("ck_strategies_enabled"), "strategies", type_="check")
    op.drop_column("strategies", "state_since")
    for table in _TABLES:
        op.drop_table(table)


def _commands() -> None:
    """Make the table `commands`."""
    op.create_table(
        "commands",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ts", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("parameters", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="accepted", nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.CheckConstraint(
            "status IN ('accepted', 'running', 'done', 'refused', 'failed')", name=op.f("ck_commands_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commands")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_commands_idempotency_key")),
    )
    op.create_index(op.f("ix_commands_ts_id"), "commands", ["ts", "id"], unique=False)
    op.create_index(
        "ix_commands_accepted",
        "commands",
        ["action", "ts"],
        unique=False,
        postgresql_where=sa.text("status = 'accepted'"),
    )


def _leases() -> None:
    """Make the table `leases`."""
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("token >= 1", name=op.f("ck_leases_token")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def _operations_log() -> None:
    """Make the table `operations_log`."""
    op.create_table(
        "operations_log",
        sa.Column("ts", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column(
            "id",
            sa.BigInteger(),
            server_default=sa.text("nextval('operations_log_id_seq'::regclass)"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ts", "id", name=op.f("pk_operations_log")),
        postgresql_partition_by="RANGE (ts)",
    )
    for name in ("actor", "action", "target"):
        op.create_index(op.f(f"ix_operations_log_{name}_ts"), "operations_log", [name, "ts"], unique=False)


def _alerts() -> None:
    """Make the table `alerts`."""
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("ts", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("count", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("last_ts", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("open", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("acked_by", sa.Text(), nullable=True),
        sa.Column("acked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("severity IN ('info', 'warning', 'critical')", name=op.f("ck_alerts_severity")),
        sa.CheckConstraint("count >= 1", name=op.f("ck_alerts_count")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(op.f("ix_alerts_ts_id"), "alerts", ["ts", "id"], unique=False)
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["code", sa.literal_column("COALESCE(target, ''::text)")],
        unique=True,
        postgresql_where=sa.text("open"),
    )


def _system_status() -> None:
    """Make the table `system_status`."""
    op.create_table(
        "system_status",
        sa.Column("ts", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column(
            "id",
            sa.BigInteger(),
            server_default=sa.text("nextval('system_status_id_seq'::regclass)"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("ts", "id", name=op.f("pk_system_status")),
        postgresql_partition_by="RANGE (ts)",
    )
    op.create_index(op.f("ix_system_status_name_ts_id"), "system_status", ["name", "ts", "id"], unique=False)


def _strategies() -> None:
    """Add since when a strategy has its state, and the rule who may be enabled."""
    op.add_column(
        "strategies", sa.Column("state_since", sa.DateTime(timezone=True), server_default=_NOW, nullable=False)
    )
    op.execute("UPDATE strategies SET state_since = updated_at, enabled = state IN ('enabled', 'live')")
    op.create_check_constraint(
        op.f("ck_strategies_enabled"), "strategies", sa.text("NOT enabled OR state IN ('enabled', 'live')")
    )

"""Trials in a quarter of the space: what many share is kept once, and nothing that can be told from the rest.

The rows of `trials` are copied, which takes a minute for some millions and a third of their space more meanwhile.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables anew, and copy the rows."""
    op.rename_table("trials", "wide_trials")
    op.execute("ALTER INDEX pk_trials RENAME TO pk_wide_trials")
    op.create_table(
        "trial_series",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("species", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_trial_series_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_series")),
        sa.UniqueConstraint("run_id", "species", name=op.f("uq_trial_series_run_id_species")),
    )
    op.create_table(
        "trial_candles",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_candles")),
        sa.UniqueConstraint("data_hash", name=op.f("uq_trial_candles_data_hash")),
    )
    op.execute(
        "INSERT INTO trial_series (run_id, species) SELECT DISTINCT run_id, species FROM wide_trials ORDER BY 1, 2"
    )
    op.execute("INSERT INTO trial_candles (data_hash) SELECT DISTINCT data_hash FROM wide_trials")
    op.create_table(
        "trials",
        sa.Column("child", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("fitness", sa.Double(), nullable=True),
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("candles_id", sa.Integer(), nullable=False),
        sa.Column("genome", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("parents", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("metrics", postgresql.JSONB(none_as_null=True), nullable=True),
    )
    op.execute("""
        INSERT INTO trials
        SELECT child, batch, fitness, trial_series.id, trial_candles.id, genome, operator, parents, metrics
        FROM wide_trials JOIN trial_series USING (run_id, species) JOIN trial_candles USING (data_hash)
        ORDER BY trial_series.run_id, batch, child
    """)
    op.create_primary_key(op.f("pk_trials"), "trials", ["series_id", "child"])
    op.create_index(op.f("ix_trials_candles_id"), "trials", ["candles_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_trials_series_id_trial_series"), "trials", "trial_series", ["series_id"], ["id"], ondelete="CASCADE"
    )
    op.create_foreign_key(op.f("fk_trials_candles_id_trial_candles"), "trials", "trial_candles", ["candles_id"], ["id"])
    op.drop_table("wide_trials")


def downgrade() -> None:
    """Write out again what the rows share; a genome's hash is another one than before, and as good."""
    op.rename_table("trials", "slim_trials")
    op.execute("ALTER INDEX pk_trials RENAME TO pk_slim_trials")
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
    op.execute("""
        INSERT INTO trials
        SELECT run_id, species, child, batch, genome, md5(genome::text), data_hash, fitness, operator, parents, metrics
        FROM slim_trials
        JOIN trial_series ON trial_series.id = series_id
        JOIN trial_candles ON trial_candles.id = candles_id
    """)
    op.create_index(
        op.f("ix_trials_data_hash_species_genome_hash"), "trials", ["data_hash", "species", "genome_hash"], unique=False
    )
    op.create_index(op.f("ix_trials_run_id_batch"), "trials", ["run_id", "batch"], unique=False)
    for table in ("slim_trials", "trial_candles", "trial_series"):
        op.drop_table(table)

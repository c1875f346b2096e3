"""Alembic's environment: it runs on the connection that `storage.schema` gives it, in its transaction."""

from alembic import context

from storage.access_models import UserSession
from storage.evidence_models import DataSet
from storage.partitions import PARTITION_NAME
from storage.runtime_models import Command
from storage.trade_models import StrategyTrade
from storage.trial_models import Trial

assert DataSet.metadata is Command.metadata is UserSession.metadata is StrategyTrade.metadata is Trial.metadata
_EVERY_TABLE = Command.metadata  # one for all models, once their modules are imported


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Return whether Alembic shall compare this object: partitions belong to `storage.partitions`."""
    return not (kind == "table" and name is not None and PARTITION_NAME.match(name))


def _run() -> None:
    """Run the migrations asked for."""
    connection = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("migrations run through storage.schema.migrate, which gives them a connection")
    context.configure(connection=connection, target_metadata=_EVERY_TABLE, include_name=_is_ours)
    with context.begin_transaction():
        context.run_migrations()


_run()

"""The tables of the running system: commands, leases, the audit log, alerts and what was measured.

Times here are taken by the database (`clock_timestamp()`), so that processes with different clocks agree.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["Alert", "Command", "Lease", "OperationsLog", "SystemStatus"]

_NOW = func.clock_timestamp()


class Command(Base):
    """What somebody asked the desk to do, and what became of it."""

    __tablename__ = "commands"
    __table_args__ = (
        UniqueConstraint("idempotency_key"),
        CheckConstraint("status IN ('accepted', 'running', 'done', 'refused', 'failed')", name="status"),
        Index(None, "ts", "id"),
        Index("ix_commands_accepted", "action", "ts", postgresql_where=text("status = 'accepted'")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    ts: Mapped[datetime] = mapped_column(server_default=_NOW)
    action: Mapped[str]
    target: Mapped[str | None]
    parameters: Mapped[dict[str, Any]]
    reason: Mapped[str | None]
    by: Mapped[str]
    role: Mapped[str]
    idempotency_key: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="accepted")
    detail: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class Lease(Base):
    """Who alone may do something, and until when; a row stays when its lease is given back."""

    __tablename__ = "leases"
    __table_args__ = (CheckConstraint("token >= 1", name="token"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str | None]  # None when it was given back
    token: Mapped[int]  # rises with each holder
    expires_at: Mapped[datetime]


class OperationsLog(Base):
    """Who changed what, from what to what, and why; rows are only ever added."""

    __tablename__ = "operations_log"
    __table_args__ = (
        Index(None, "actor", "ts"),
        Index(None, "action", "ts"),
        Index(None, "target", "ts"),
        {"postgresql_partition_by": "RANGE (ts)"},
    )

    ts: Mapped[datetime] = mapped_column(primary_key=True, server_default=_NOW)
    id: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, server_default=text("nextval('operations_log_id_seq'::regclass)")
    )
    actor: Mapped[str]
    role: Mapped[str]
    source: Mapped[str]
    action: Mapped[str]
    target: Mapped[str | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    reason: Mapped[str | None]
    result: Mapped[str]


class Alert(Base):
    """Something that people should know; of each code and target at most one is open, and counts up."""

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("severity IN ('info', 'warning', 'critical')", name="severity"),
        CheckConstraint("count >= 1", name="count"),
        Index(None, "ts", "id"),
        Index("uq_alerts_open", "code", text("COALESCE(target, ''::text)"), unique=True, postgresql_where=text("open")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    ts: Mapped[datetime] = mapped_column(server_default=_NOW)
    severity: Mapped[str]
    code: Mapped[str]
    message: Mapped[str]
    target: Mapped[str | None]
    count: Mapped[int] = mapped_column(BigInteger, server_default="1")
    last_ts: Mapped[datetime] = mapped_column(server_default=_NOW)
    open: Mapped[bool] = mapped_column(server_default="true")
    acked_by: Mapped[str | None]
    acked_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]


class SystemStatus(Base):
    """What was measured of the running system, by name."""

    __tablename__ = "system_status"
    __table_args__ = (
        Index(None, "name", "ts", "id"),
        {"postgresql_partition_by": "RANGE (ts)"},
    )

    ts: Mapped[datetime] = mapped_column(primary_key=True, server_default=_NOW)
    id: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, server_default=text("nextval('system_status_id_seq'::regclass)")
    )
    name: Mapped[str]
    data: Mapped[dict[str, Any]]

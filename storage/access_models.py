"""The tables of signing in: who is signed in, and who has tried to be.

No password and no token is in them: of a token the SHA-256 is kept, of a password not even that.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["SignInAttempt", "UserSession"]

_NOW = func.clock_timestamp()


class UserSession(Base):
    """Somebody who has signed in."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("role IN ('read', 'operate')", name="role"),
        CheckConstraint("token_hash ~ '^[0-9a-f]{64}$'", name="token_hash"),
        Index(None, "expires_at"),
    )

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    credential: Mapped[str]  # names the password it was begun with
    address: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    seen_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime]


class SignInAttempt(Base):
    """Failures of a caller (a role and an address) who has not signed in since."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (CheckConstraint("failures >= 1", name="failures"), Index(None, "last_at"))

    caller: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]

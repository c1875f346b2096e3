"""The table of closed trades: what strategies did with money, be it simulated, paper or real."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Numeric, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["StrategyTrade"]


class StrategyTrade(Base):
    """One closed trade; amounts are decimals in quote currency, the quantity in base units."""

    __tablename__ = "strategy_trades"
    __table_args__ = (
        CheckConstraint("side IN (-1, 1)", name="side"),
        CheckConstraint("money IN ('paper', 'simulated', 'real')", name="money"),
        CheckConstraint("exit_time >= entry_time", name="times"),
        CheckConstraint("quantity > 0 AND entry_price > 0 AND exit_price > 0", name="amounts"),
        Index(None, "strategy_id", "exit_time", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    strategy_id: Mapped[str] = mapped_column(ForeignKey("strategies.id"))
    money: Mapped[str]
    venue: Mapped[str]
    side: Mapped[int] = mapped_column(SmallInteger)
    entry_time: Mapped[datetime]
    exit_time: Mapped[datetime]
    entry_price: Mapped[Decimal] = mapped_column(Numeric)
    exit_price: Mapped[Decimal] = mapped_column(Numeric)
    quantity: Mapped[Decimal] = mapped_column(Numeric)
    fees: Mapped[Decimal] = mapped_column(Numeric)  # of both legs
    pnl: Mapped[Decimal] = mapped_column(Numeric)  # net
    net_return: Mapped[float]  # over the entry notional
    internal: Mapped[bool] = mapped_column(server_default="false")  # against another strategy of the desk

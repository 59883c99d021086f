"""ORM tables of the company's list of orders, and of wrong tries to see one."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from support.tables import Base


class OrderRow(Base):
    """An order as imported from the company's list."""

    __tablename__ = "order_record"

    number: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Normalised by support.orders.numbers."""
    status: Mapped[str] = mapped_column(String(64))
    customer_name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(String(64))
    phone_normal: Mapped[str] = mapped_column(String(32))
    email: Mapped[str] = mapped_column(String(254))
    email_normal: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[date | None] = mapped_column(Date)
    eta: Mapped[date | None] = mapped_column(Date)
    carrier: Mapped[str] = mapped_column(Text)
    tracking: Mapped[str] = mapped_column(Text)
    items: Mapped[str] = mapped_column(Text)
    total: Mapped[str] = mapped_column(Text)


class OrderGuardRow(Base):
    """Wrong tries to see an order: five within an hour lock for an hour."""

    __tablename__ = "order_guard"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    wrong_tries: Mapped[int]
    window_started_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]

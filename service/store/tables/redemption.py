"""What came off at the till: redemptions, their lines, and what was refused."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment


class RedemptionState(StrEnum):
    """How a till transaction ended. `recorded` means history only: nothing was presented."""

    REDEEMED = "redeemed"
    RECORDED = "recorded"


class Redemption(SQLModel, table=True):
    """One till transaction and the answer it was given, stored with its effect."""

    __table_args__ = (UniqueConstraint("store_id", "terminal", "business_date", "number"),)

    id: str = Field(primary_key=True)
    store_id: str = Field(foreign_key="store.id")
    terminal: str
    business_date: date
    number: str
    digest: str
    state: str
    basket_id: int = Field(foreign_key="basket.id", index=True, sa_type=BigId)
    household_id: int | None = Field(
        default=None, foreign_key="household.id", index=True, sa_type=BigId
    )
    total_discount_cents: int = Field(sa_type=BigId)
    answer: str = Field(sa_type=Text)
    redeemed_at: datetime = Field(sa_type=UtcMoment)


class RedemptionLine(SQLModel, table=True):
    """A list line used in one transaction, `uses` times; while `live` it holds these uses.

    `use_number` follows the highest live one, so two tills that use a line at once collide on the
    partial unique index. `parts` is JSON: per basket line the cents of every unit.
    """

    __tablename__ = "redemption_line"
    __table_args__ = (
        ForeignKeyConstraint(["list_id", "list_line"], ["list_line.list_id", "list_line.line"]),
        Index(
            "ux_redemption_line_live",
            "list_id",
            "list_line",
            "use_number",
            unique=True,
            postgresql_where=text("live"),
            sqlite_where=text("live"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    redemption_id: str = Field(foreign_key="redemption.id", index=True)
    list_id: int = Field(sa_type=BigId)
    list_line: int
    use_number: int
    uses: int
    live: bool
    offer_id: int = Field(foreign_key="offer.id", index=True, sa_type=BigId)
    units: int
    amount_cents: int = Field(sa_type=BigId)
    supplier_cents: int = Field(sa_type=BigId)
    retailer_cents: int = Field(sa_type=BigId)
    parts: str = Field(sa_type=Text)


class Refusal(SQLModel, table=True):
    """One list line, code or card that was presented and gave nothing, and why."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    redemption_id: str = Field(foreign_key="redemption.id", index=True)
    list_line: int | None = None
    offer_id: int | None = Field(default=None, foreign_key="offer.id", index=True, sa_type=BigId)
    reason: str
    detail: str

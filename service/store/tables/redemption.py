"""What happened at the till: redemptions, refusals, disputes, voids and returns."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, key_part, row_id


class RedemptionState(StrEnum):
    """How a till transaction ended. `recorded` means history only: nothing was presented.

    A transaction that was voided before it arrived is kept as `voided` too, without a basket,
    so that a late copy of it finds that it never happened. `returned` is no sale but the number of
    a return, under the return's own id, so that no other transaction can have it.
    """

    REDEEMED = "redeemed"
    RECORDED = "recorded"
    VOIDED = "voided"
    RETURNED = "returned"


class TillVerb(StrEnum):
    """What the audit trail records; a redemption itself is its own trace.

    `resettlement`: another transaction changed whether a discount given offline is in dispute.
    """

    VOID = "void"
    RETURN = "return"
    REPLAY = "replay"
    RESETTLEMENT = "resettlement"


class Redemption(SQLModel, table=True):
    """One till transaction and the answer it was given, stored with its effect.

    `basket_id` is null once it is voided; `void_answer` is the answer to its void. `key_id` is who
    sent it. `sent_at` is the moment by the till's clock where that moment was impossible.
    """

    __table_args__ = (UniqueConstraint("store_id", "terminal", "business_date", "number"),)

    id: str = Field(primary_key=True)
    store_id: str = Field(foreign_key="store.id")
    terminal: str
    business_date: date
    number: str
    digest: str
    state: str
    basket_id: int | None = Field(default=None, foreign_key="basket.id", index=True, sa_type=BigId)
    household_id: int | None = Field(
        default=None, foreign_key="household.id", index=True, sa_type=BigId
    )
    total_discount_cents: int = Field(sa_type=BigId)
    answer: str = Field(sa_type=Text)
    redeemed_at: datetime = Field(sa_type=UtcMoment)
    key_id: int | None = Field(default=None, foreign_key="api_key.id", sa_type=BigId)
    void_answer: str | None = Field(default=None, sa_type=Text)
    sent_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class RedemptionLine(SQLModel, table=True):
    """A list line used in one transaction, `uses` times; while `live` it holds these uses.

    `use_number` is 1 on a line that may be used once, so that the partial unique index allows one
    live use of it; elsewhere it follows the highest there ever was, so that two tills that use a
    line at once collide. In the same way, `deal_use` numbers the uses that the list's household
    (`household_id`) made of the deal (`deal_id`, its first revision) over all its lists, so that
    tills that use two lists at once collide too; it is null where no use was ever held. A line
    honoured offline that could not be used any more holds no use: it is not live and is in
    `till_conflict`. `reserved_cents` is what its uses took of the offer's reservation and did not
    give back. `parts` is JSON, a list of [basket line, supplier cents of every unit, retailer
    cents of every unit], and the points of every unit where there are any.
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
        Index("ix_redemption_line_list_id_list_line", "list_id", "list_line"),
        # The list and the offer are checked already: these columns only repeat what they say.
        Index("ux_redemption_line_deal_use", "household_id", "deal_id", "deal_use", unique=True),
    )

    id: int = row_id()
    redemption_id: str = Field(foreign_key="redemption.id", index=True)
    list_id: int = Field(sa_type=BigId)
    list_line: int
    use_number: int
    uses: int
    live: bool
    offer_id: int = Field(foreign_key="offer.id", index=True, sa_type=BigId)
    household_id: int = Field(sa_type=BigId, sa_column_kwargs={"server_default": "0"})
    deal_id: int = Field(sa_type=BigId, sa_column_kwargs={"server_default": "0"})
    deal_use: int | None = None
    units: int
    amount_cents: int = Field(sa_type=BigId)
    supplier_cents: int = Field(sa_type=BigId)
    retailer_cents: int = Field(sa_type=BigId)
    reserved_cents: int = Field(sa_type=BigId)
    parts: str = Field(sa_type=Text)


class OfflineUse(SQLModel, table=True):
    """A redemption line that was honoured offline: what it may hold depends on the other sales.

    `made` uses were made; `reason` is why they would be refused without the other sales, null
    for good ones. `borne_by` bears them while they are in dispute, `charged_uses` are
    those that the supplier is charged for, `given_back` says that a return undid them.
    `beyond_grace` says that the sale came in after the days of grace of the supplier's agreement:
    the retailer bears it all, whatever becomes of it.
    """

    __tablename__ = "offline_use"

    redemption_line_id: int = key_part("redemption_line.id")
    made: int
    reason: str | None = None
    borne_by: str
    charged_uses: int
    given_back: bool
    beyond_grace: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class RedemptionRefusal(SQLModel, table=True):
    """One list line, code or card that was presented and gave nothing, and why."""

    __tablename__ = "refusal"

    id: int = row_id()
    redemption_id: str = Field(foreign_key="redemption.id", index=True)
    list_line: int | None = None
    offer_id: int | None = Field(default=None, foreign_key="offer.id", index=True, sa_type=BigId)
    reason: str
    detail: str


class TillConflict(SQLModel, table=True):
    """A discount given offline that the service would have refused, and who bears it.

    `reason` is a refusal reason, or `other_answer` when the till gave something else than it had
    been answered. Nothing of the list is named when it is not known here. A dispute lasts until
    `ended_at`: the sale got its use after all, was voided, or was returned.
    """

    __tablename__ = "till_conflict"

    id: int = row_id()
    redemption_id: str = Field(foreign_key="redemption.id", index=True)
    list_id: int | None = Field(
        default=None, foreign_key="shopping_list.id", index=True, sa_type=BigId
    )
    list_line: int | None = None
    offer_id: int | None = Field(default=None, foreign_key="offer.id", index=True, sa_type=BigId)
    reason: str
    amount_cents: int = Field(sa_type=BigId)
    borne_by: str
    recorded_at: datetime = Field(sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class TillReturn(SQLModel, table=True):
    """Returned goods: a separate transaction, against one redemption.

    `sent_at` is the moment by the till's clock where that moment was impossible.
    """

    __tablename__ = "till_return"
    __table_args__ = (UniqueConstraint("store_id", "terminal", "business_date", "number"),)

    id: str = Field(primary_key=True)
    redemption_id: str = Field(foreign_key="redemption.id", index=True)
    store_id: str = Field(foreign_key="store.id")
    terminal: str
    business_date: date
    number: str
    digest: str
    answer: str = Field(sa_type=Text)
    returned_at: datetime = Field(sa_type=UtcMoment)
    key_id: int | None = Field(default=None, foreign_key="api_key.id", sa_type=BigId)
    sent_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class TillReturnLine(SQLModel, table=True):
    """What was returned of one basket line: how much, and what was paid for it.

    `units` lists the returned units of the line, as JSON; `gtin` and `unit` are the line's. They
    are null in returns made before they were stored.
    """

    __tablename__ = "till_return_line"

    return_id: str = Field(foreign_key="till_return.id", primary_key=True)
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    quantity_milli: int = Field(sa_type=BigId)
    refund_cents: int = Field(sa_type=BigId)
    gtin: int | None = Field(default=None, sa_type=BigId)
    unit: str | None = None
    units: str | None = Field(default=None, sa_type=Text)


class TillEvent(SQLModel, table=True):
    """The audit trail: who changed the effect of a transaction, and when. Append-only."""

    __tablename__ = "till_event"

    id: int = row_id()
    redemption_id: str = Field(foreign_key="redemption.id", index=True)
    verb: str
    key_id: int | None = Field(default=None, foreign_key="api_key.id", sa_type=BigId)
    detail: str = Field(sa_type=Text)
    happened_at: datetime = Field(sa_type=UtcMoment)

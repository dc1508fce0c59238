"""What a household receives: lists and their lines."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, key_part, row_id


class ListState(StrEnum):
    """A draft is never printed; an issued list never changes its content."""

    DRAFT = "draft"
    ISSUED = "issued"
    EXPIRED = "expired"
    VOIDED = "voided"


class PageState(StrEnum):
    """Whether the page of a list opens for whoever has its code."""

    OPEN = "open"
    REVOKED = "revoked"


class ShoppingList(SQLModel, table=True):
    """One list. `document` is what was printed, byte for byte; `code` is its element string.

    `reopenings` grows whenever the list ends, or uses of its lines are given back or pass to
    another sale, so that a till which read it before that must read it again. `recipe_key` is the
    key of its recipe, null for none, so that the next list has another one.
    """

    __tablename__ = "shopping_list"
    __table_args__ = (
        Index(
            "ux_shopping_list_draft",
            "household_id",
            unique=True,
            postgresql_where=text("state = 'draft'"),
            sqlite_where=text("state = 'draft'"),
        ),
        Index("ix_shopping_list_household_id_state", "household_id", "state"),
        Index("ix_shopping_list_state_valid_to", "state", "valid_to"),
    )

    id: int = row_id()
    code: str = Field(unique=True)
    household_id: int = Field(foreign_key="household.id", sa_type=BigId)
    cycle_id: int | None = Field(default=None, foreign_key="cycle.id", index=True, sa_type=BigId)
    state: str
    valid_from: date
    valid_to: date
    document: str = Field(sa_type=Text)
    written_at: datetime = Field(sa_type=UtcMoment)
    reopenings: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    recipe_key: str | None = None


class ListPage(SQLModel, table=True):
    """The page that shows a list on a phone. The database has the digest of its code only here.

    See `digests.page_digest`; what was printed is in the list's document.
    """

    __tablename__ = "list_page"

    code_digest: str = Field(primary_key=True)
    list_id: int = Field(foreign_key="shopping_list.id", index=True, sa_type=BigId)
    state: str
    written_at: datetime = Field(sa_type=UtcMoment)


class ListLine(SQLModel, table=True):
    """One line of a list, as the till and the reports need it; `reason` is why it is there.

    `terms` is set where the line's terms differ from the offer's: its cell had another face value.
    `cell`, `expected_uses` and `expected_gain` (purchases it should add) are the expectations for
    an offer's copy when it was issued.
    """

    __tablename__ = "list_line"

    list_id: int = key_part("shopping_list.id")
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str
    item_id: int | None = Field(default=None, foreign_key="item.id", sa_type=BigId)
    offer_id: int | None = Field(default=None, foreign_key="offer.id", index=True, sa_type=BigId)
    text: str
    reason: str
    face_value_cents: int
    uses: int
    reserved_cents: int = 0
    p_purchase: float | None = None
    cell: str | None = None
    expected_uses: float | None = None
    expected_gain: float | None = None
    terms: str | None = Field(default=None, sa_type=Text)

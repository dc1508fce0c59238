"""The list in the pocket: who looks at it, and what a household did with it, on all its phones."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, key_part


class PocketSession(SQLModel, table=True):
    """A browser that opened a household's page. The database has the digest of its token only.

    Opened by the code on a letter it shows that list (`list_id`); once its holder showed a card or
    a telephone number of the household (`known_at`) it shows all that is the household's.
    """

    __tablename__ = "pocket_session"

    token_digest: str = Field(primary_key=True)
    household_id: int = Field(foreign_key="household.id", index=True, sa_type=BigId)
    list_id: int = Field(foreign_key="shopping_list.id", index=True, sa_type=BigId)
    opened_at: datetime = Field(sa_type=UtcMoment)
    seen_at: datetime = Field(sa_type=UtcMoment, index=True)
    known_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class PocketMark(SQLModel, table=True):
    """Whether a line of a list is ticked: by whom ticked it last, on whichever phone.

    Of two that were said at the same moment the one with the greater `key` counts, so that all
    phones agree whatever came first.
    """

    __tablename__ = "pocket_mark"

    list_id: int = key_part("shopping_list.id")
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    ticked: bool
    said_at: datetime = Field(sa_type=UtcMoment)
    key: str


class PocketItem(SQLModel, table=True):
    """Something that a household wrote on its list itself; `id` is the phone's own name for it.

    The newest word on it counts, as for `PocketMark`; one that is `gone` was removed.
    """

    __tablename__ = "pocket_item"

    household_id: int = key_part("household.id")
    id: str = Field(primary_key=True)
    text: str
    ticked: bool
    gone: bool
    said_at: datetime = Field(sa_type=UtcMoment)
    key: str

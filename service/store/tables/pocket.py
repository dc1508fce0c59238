"""The list in the pocket: who looks at it, and what a household did with it, on all its phones."""

from datetime import datetime
from enum import StrEnum

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


class PocketLogIn(SQLModel, table=True):
    """A browser that asked for a code, by a card or number, and waits for it to be typed.

    Whether anybody has that card is looked up later (`answered_at`): `number_sealed` is it until
    then, `household_id` and `code_digest` are there since, where a code went out.
    """

    __tablename__ = "pocket_log_in"

    token_digest: str = Field(primary_key=True)
    number_sealed: str
    asked_at: datetime = Field(sa_type=UtcMoment, index=True)
    answered_at: datetime | None = Field(default=None, sa_type=UtcMoment, index=True)
    household_id: int | None = Field(
        default=None, foreign_key="household.id", index=True, sa_type=BigId
    )
    code_digest: str
    tries: int
    used_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class WordKind(StrEnum):
    """What is said of a line: that it is ticked, a note on it, that it is hidden."""

    TICK = "tick"
    NOTE = "note"
    HIDE = "hide"


class PocketWord(SQLModel, table=True):
    """What a household says of a line of its list: by whom said it last, on whichever phone.

    `text` is the note, of ticks and of hiding `YES`; empty takes it back. Of two that were said at
    the same moment the one with the greater `key` counts, so that all phones agree whatever came
    first.
    """

    __tablename__ = "pocket_word"

    list_id: int = key_part("shopping_list.id")
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(primary_key=True)
    text: str
    said_at: datetime = Field(sa_type=UtcMoment)
    key: str


YES = "yes"
"""The text of a word that is said, where there is nothing else to say."""


class PocketItem(SQLModel, table=True):
    """Something that a household wrote on its list itself; `id` is the phone's own name for it.

    The newest word on it counts, as for `PocketWord`; one that is `gone` was removed.
    """

    __tablename__ = "pocket_item"

    household_id: int = key_part("household.id")
    id: str = Field(primary_key=True)
    text: str
    ticked: bool
    gone: bool
    said_at: datetime = Field(sa_type=UtcMoment)
    key: str

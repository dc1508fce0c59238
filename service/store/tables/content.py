"""What letters carry besides offers and reminders, as it was loaded."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from service.store.tables.types import Json, JsonObject, UtcMoment


class ContentKind(StrEnum):
    """What an entry is; of opening hours the key is a store, of a partner's words its deal."""

    RECIPE = "recipe"
    TIP = "tip"
    HOURS = "hours"
    PARTNER = "partner"
    DIET = "diet"
    PICTOGRAM = "pictogram"


class ContentEntry(SQLModel, table=True):
    """One recipe, tip and so on; `body` is as in `templates/content.schema.json`."""

    __tablename__ = "content"

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body: JsonObject = Field(sa_type=Json(JsonObject, sort_keys=True))
    loaded_at: datetime = Field(sa_type=UtcMoment)

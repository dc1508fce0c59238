"""The audit trail of what people and machines do, other than to deals (see `offer_event`)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, Json, JsonObject, UtcMoment, row_id


class AuditEvent(SQLModel, table=True):
    """One act: who did what to which, and when. Append-only.

    `person_id` is the person who acted, null for a machine that is bound to nobody; `actor` is how
    the act was done, as people read it. `subject` is the noun, `subject_id` its number or name.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index(None, "subject", "subject_id"),
        Index(None, "person_id", "happened_at", "id"),
        Index(None, "happened_at", "id"),
    )

    id: int = row_id()
    happened_at: datetime = Field(sa_type=UtcMoment)
    actor: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    act: str
    subject: str
    subject_id: str
    detail: dict[str, Any] = Field(sa_type=Json(JsonObject, sort_keys=True))

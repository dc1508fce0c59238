"""From when on each kind of data is kept."""

from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment


class Kind(StrEnum):
    """What is kept for a time of its own, `LARDER_KEEP_..._DAYS`, in the order in which it goes."""

    REFUSALS = "refusals"
    BASKETS = "baskets"
    LISTS = "lists"
    AUDIT = "audit"
    RUNS = "runs"


class Retention(SQLModel, table=True):
    """How far a kind was removed: of what is older than `kept_from` something may be gone.

    `removed` rows went in the pass that began at `begun_at`; it goes on while `ended_at` is null.
    """

    kind: str = Field(primary_key=True)
    kept_from: date
    begun_at: datetime = Field(sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    removed: int = Field(sa_type=BigId)

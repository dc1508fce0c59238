"""A cycle as it is asked for and shown."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from service.api.schemas.wire import Day, Wire


class CycleIn(Wire):
    """A cycle to run as of a date; the settings' seed unless one is given."""

    as_of: Day = Field(examples=["2017-11-25"])
    seed: int | None = Field(default=None, strict=True, ge=0, le=2**31 - 1)


class PlanIn(CycleIn):
    """A cycle to look at beforehand: who gets fewer offers than this, on how many households."""

    fewer_than: int = Field(strict=True, default=6, ge=1, le=24)
    most_households: int = Field(strict=True, default=5000, ge=1, le=10_000_000)


class CycleOut(BaseModel):
    """One planned issue and what it came to."""

    id: int
    as_of: date
    seed: int
    valid_from: date
    valid_to: date
    issued_at: datetime
    summary: dict[str, Any]

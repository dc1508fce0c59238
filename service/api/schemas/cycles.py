"""Cycles as requested and shown."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from service.api.schemas.wire import Day, Wire


class CycleIn(Wire):
    """A cycle to run as of a date; `seed` defaults to the seed of the settings."""

    as_of: Day = Field(examples=["2017-11-25"])
    seed: int | None = Field(default=None, strict=True, ge=0, le=2**31 - 1)


class PlanIn(CycleIn):
    """A cycle to preview.

    It explains why households get fewer offers than `fewer_than`, for a sample of at most
    `most_households`.
    """

    fewer_than: int = Field(strict=True, default=6, ge=1, le=24)
    most_households: int = Field(strict=True, default=5000, ge=1, le=10_000_000)


class WithdrawOut(BaseModel):
    """A withdrawn cycle: the count of its lists, and what their offers' budgets got back."""

    cycle_id: int
    lists: int
    released_cents: int


class CycleOut(BaseModel):
    """A cycle and its results; a withdrawn one has no lists that count."""

    id: int
    as_of: date
    seed: int
    valid_from: date
    valid_to: date
    issued_at: datetime
    revision: int
    withdrawn_at: datetime | None
    summary: dict[str, Any]

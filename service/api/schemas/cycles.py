"""Cycles as requested and shown."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from service.api.schemas.wire import Day, Wire
from service.cycle.supposed import MOST_BUDGET_PERCENT, MOST_FLOOR_PRICE, MOST_HOLDOUT_PERCENT


class CycleIn(Wire):
    """A cycle to run as of a date; `seed` defaults to the seed of the settings."""

    as_of: Day = Field(examples=["2017-11-25"])
    seed: int | None = Field(default=None, strict=True, ge=0, le=2**31 - 1)


class PlanIn(CycleIn):
    """A cycle to preview.

    It explains why households get fewer offers than `fewer_than`, for a sample of at most
    `most_households`. It may suppose another price of a missing cent of floor, another holdout, or
    so many per cent of every budget; with other budgets it cannot be issued.
    """

    fewer_than: int = Field(strict=True, default=6, ge=1, le=24)
    most_households: int = Field(strict=True, default=5000, ge=1, le=10_000_000)
    floor_shortfall_price: float | None = Field(
        strict=True, default=None, ge=0, le=MOST_FLOOR_PRICE, allow_inf_nan=False
    )
    holdout_percent: int | None = Field(strict=True, default=None, ge=0, le=MOST_HOLDOUT_PERCENT)
    budget_percent: int = Field(strict=True, default=100, ge=0, le=MOST_BUDGET_PERCENT)


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


class PairOut(BaseModel):
    """A number of the first plan and of the second."""

    first: float
    second: float


class ComparedRowOut(BaseModel):
    """What both plans come to of one tenth, supplier or deal: `names` say which."""

    names: dict[str, Any]
    values: dict[str, PairOut]


class ComparedOut(BaseModel):
    """Two plans side by side; suppliers and deals that differ most in expected cost come first."""

    supposed: dict[str, PairOut]
    totals: dict[str, PairOut]
    tenths: list[ComparedRowOut]
    suppliers: list[ComparedRowOut]
    deals: list[ComparedRowOut]

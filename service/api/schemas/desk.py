"""What the service desk asks and is told."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.api.deps import MAX_ID
from service.desk.goodwill import MOST_NOTE, MOST_REQUEST, GoodwillReason
from service.desk.outcomes import LineOutcome, LineResult
from service.engine.redeem import RefusalReason
from service.store.tables.goodwill import GoodwillState
from service.store.till import Reference

_MOST_CENTS = 10**11
Text = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
_NAMED = Field(min_length=1, max_length=MOST_REQUEST, pattern=r"^[^\x00-\x1f]+$")
Note = Annotated[str, Field(max_length=MOST_NOTE, pattern=r"^[^\x00-\x1f]*$")]


class ReceiptIn(BaseModel):
    """What is printed on a receipt."""

    model_config = ConfigDict(extra="forbid")

    store: Text
    terminal: Text
    business_date: date
    number: Text

    def reference(self) -> Reference:
        """The same, as the desk asks for it."""
        return Reference(self.store, self.terminal, self.business_date, self.number)


class _Subject(BaseModel):
    model_config = ConfigDict(extra="forbid")

    receipt: ReceiptIn | None = None
    list_code: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.receipt is None) == (self.list_code is None):
            raise ValueError("name a receipt or a list code, one of them")
        return self


class OutcomesIn(_Subject):
    """A receipt, or a list code and the day to ask about; today if there is none."""

    on: date | None = None


class LineOutcomeOut(BaseModel):
    """What became of a line. `reason` is a refusal reason, or `other_answer` in a dispute."""

    result: LineResult
    list_code: str | None
    list_line: int | None
    presented: str
    text: str
    reason: RefusalReason | str
    detail: str
    uses: int
    amount_cents: int
    points: int

    @classmethod
    def of(cls, line: LineOutcome) -> "LineOutcomeOut":
        """The same as shown."""
        return cls.model_validate(line, from_attributes=True)


class OutcomesOut(BaseModel):
    """Each line of a receipt, or each offer of a list on a day."""

    state: str
    total_discount_cents: int
    returns: int
    lines: list[LineOutcomeOut]


class GoodwillIn(_Subject):
    """What to give and why. `request` is chosen by the caller: the same one is given once."""

    request: Annotated[
        str, Field(min_length=1, max_length=MOST_REQUEST, pattern=r"^[^\x00-\x1f]+$")
    ]
    amount_cents: Annotated[int, Field(ge=1, le=_MOST_CENTS, strict=True)]
    reason: GoodwillReason
    note: Note = ""
    list_line: Annotated[int, Field(ge=1, le=MAX_ID, strict=True)] | None = None


class GoodwillOut(BaseModel):
    """One amount of goodwill."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    request: str
    state: GoodwillState
    amount_cents: int
    reason: GoodwillReason
    note: str
    list_line: int | None
    store_id: str | None
    actor: str
    asked_at: datetime
    second_at: datetime | None
    voided_at: datetime | None

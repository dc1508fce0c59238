"""What tills send and are told."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator

from service.api.schemas.wire import (
    MAX_CENTS,
    MAX_LINES,
    MAX_PRESENTED,
    PLAIN,
    Day,
    Moment,
    Number,
    Reference,
    Wire,
)


class TransactionIn(Wire):
    """What names a till transaction; all four parts together are unique for ever."""

    store: Reference = Field(examples=["0042"])
    terminal: Number = Field(examples=["3"])
    business_date: Day = Field(examples=["2017-11-26"])
    number: Number = Field(examples=["1187"])
    at: Moment = Field(examples=["2017-11-26T17:04:12-05:00"])


class PresentedIn(Wire):
    """One thing the customer showed: a list's code, a loyalty card or a phone number."""

    kind: Literal["list", "card", "phone"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=256)] = Field(repr=False)


class LineIn(Wire):
    """One basket line. `amount_cents` is the line's total before the list's discounts."""

    line: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    gtin: str | Annotated[int, Field(strict=True)] | None = Field(
        default=None, examples=["2000010819060"]
    )
    quantity: Annotated[
        Decimal, Field(ge=Decimal(-100_000), le=Decimal(100_000), max_digits=12, decimal_places=3)
    ] = Field(examples=[2])
    unit: str | None = "each"
    amount_cents: Annotated[int, Field(strict=True, ge=-MAX_CENTS, le=MAX_CENTS)]


class BasketIn(Wire):
    """A basket at the till, with what the customer presented."""

    transaction: TransactionIn
    presented: list[PresentedIn] = Field(default=[], max_length=MAX_PRESENTED)
    lines: list[LineIn] = Field(max_length=MAX_LINES)

    @field_validator("lines")
    @classmethod
    def _numbered_once(cls, lines: list[LineIn]) -> list[LineIn]:
        if len({line.line for line in lines}) != len(lines):
            raise ValueError("two lines have the same line number")
        return lines


class DiscountOut(BaseModel):
    """What comes off one basket line because of one list line."""

    line: int
    list_code: str
    list_line: int
    offer: int | None = Field(description="null for a line honoured offline that nobody issued")
    text: str
    units: int
    amount_cents: int
    supplier_cents: int = Field(
        default=0, description="of `amount_cents`; missing in answers stored before it was given"
    )
    retailer_cents: int = Field(default=0, description="the rest of `amount_cents`; as before")


class AppliedOut(BaseModel):
    """A list line that was used, or of which uses, points or cents are taken back."""

    list_code: str
    list_line: int
    offer: int
    text: str
    uses: int
    points: int
    amount_cents: int


APPLIED: Any = Field(default=[], description="missing in answers stored before it was given")


class ShownOut(BaseModel):
    """Which thing presented: its kind, and its place in the request from 0."""

    kind: Literal["list", "card", "phone"]
    place: int


class RefusedOut(BaseModel):
    """What was presented and gives nothing, with its one reason.

    `list_code` names the list of a list line, `presented` the thing; one of them is null. Both are
    missing in answers stored before they were given.
    """

    list_code: str | None = None
    list_line: int | None
    presented: ShownOut | None = None
    offer: int | None
    reason: str
    detail: str


class ClockSkewOut(BaseModel):
    """The moment a till sent, which could not be, and the moment it is taken for."""

    at: datetime
    taken_as: datetime


class NextListOut(BaseModel):
    """`due` when the household's next list will be written now, `none` when nobody is known.

    `offers` and `reminders` are what the draft before this basket has left; both are missing where
    there was none.
    """

    status: Literal["due", "none"]
    offers: list[str] = []
    reminders: list[str] = []


class AnswerOut(BaseModel):
    """What a till is told. `redemption_id` is null in a quote."""

    redemption_id: str | None
    status: Literal["quoted", "redeemed", "recorded"]
    discounts: list[DiscountOut]
    total_discount_cents: int
    applied: list[AppliedOut] = APPLIED
    refused: list[RefusedOut]
    next_list: NextListOut
    clock_skew: ClockSkewOut | None = Field(
        default=None, description="left out where the till's clock can be right"
    )


class LookupIn(Wire):
    """What a customer shows before anything is scanned, and the day it would be used on."""

    store: Reference = Field(examples=["0042"])
    business_date: Day = Field(examples=["2017-11-26"])
    presented: list[PresentedIn] = Field(min_length=1, max_length=MAX_PRESENTED)


class OpenLineOut(BaseModel):
    """A list line that can still be used, so often."""

    list_line: int
    offer: int
    text: str
    uses_left: int


class OpenListOut(BaseModel):
    """A list and its open lines; its last day is a day it can be used."""

    list_code: str
    valid_from: date
    valid_to: date
    lines: list[OpenLineOut]


class LookupOut(BaseModel):
    """What the household could still use, and why the rest cannot be used."""

    household_known: bool
    lists: list[OpenListOut]
    refused: list[RefusedOut]


class VoidIn(Wire):
    """The sale that never happened, under its own reference; `at` is the moment of the void."""

    transaction: TransactionIn


class ListLineOut(BaseModel):
    """A line of a list."""

    list_code: str
    list_line: int


class VoidOut(BaseModel):
    """What a void undid: `total_discount_cents` is what the sale had off.

    `return_id` and `total_refund_cents` are there when it was a return that was undone, and
    `total_discount_cents` and `applied` are then what the household has again.
    """

    redemption_id: str
    return_id: str | None = None
    status: Literal["voided"]
    total_refund_cents: int | None = None
    total_discount_cents: int
    applied: list[AppliedOut] = APPLIED
    reopened: list[ListLineOut]


class OriginalIn(Wire):
    """The sale that goods come back from."""

    store: Reference = Field(examples=["0042"])
    terminal: Number = Field(examples=["3"])
    business_date: Day = Field(examples=["2017-11-26"])
    number: Number = Field(examples=["1187"])


class BroughtIn(Wire):
    """How much of a line of the sale is brought back."""

    line: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    quantity: Annotated[
        Decimal, Field(gt=Decimal(0), le=Decimal(100_000), max_digits=12, decimal_places=3)
    ] = Field(examples=[1])


class ReturnIn(Wire):
    """Goods brought back: a transaction of its own, naming the sale they come from."""

    transaction: TransactionIn
    original: OriginalIn
    lines: list[BroughtIn] = Field(min_length=1, max_length=MAX_LINES)

    @field_validator("lines")
    @classmethod
    def _named_once(cls, lines: list[BroughtIn]) -> list[BroughtIn]:
        if len({line.line for line in lines}) != len(lines):
            raise ValueError("a line is brought back twice")
        return lines


class DiscountBackOut(BaseModel):
    """A discount that is taken back with the goods."""

    list_code: str
    list_line: int
    offer: int
    units: int
    amount_cents: int
    supplier_cents: int = Field(
        default=0, description="of `amount_cents`; missing in answers stored before it was given"
    )
    retailer_cents: int = Field(default=0, description="the rest of `amount_cents`; as before")


class LineBackOut(BaseModel):
    """What to refund for one line: what was paid for it, after its discounts."""

    line: int
    quantity: float
    refund_cents: int
    discounts: list[DiscountBackOut]


class ReturnOut(BaseModel):
    """What a return comes to; `reopened` list lines can be used again."""

    return_id: str
    redemption_id: str
    status: Literal["returned"]
    lines: list[LineBackOut]
    total_refund_cents: int
    total_discount_cents: int
    applied: list[AppliedOut] = APPLIED
    reopened: list[ListLineOut]
    clock_skew: ClockSkewOut | None = Field(
        default=None, description="left out where the till's clock can be right"
    )


class HonouredIn(BaseModel):
    """A discount the till gave offline; a discount of an answer can be sent back as it came."""

    line: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    list_code: Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=PLAIN)] = (
        Field(repr=False)
    )
    list_line: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    units: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    uses: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    amount_cents: Annotated[int, Field(strict=True, ge=0, le=MAX_CENTS)]


class OfflineIn(BasketIn):
    """A sale made while the service could not be asked, and the discounts it was given."""

    discounts: list[HonouredIn] = Field(max_length=MAX_LINES)

    @model_validator(mode="after")
    def _on_its_lines(self) -> "OfflineIn":
        if not {each.line for each in self.discounts} <= {line.line for line in self.lines}:
            raise ValueError("a discount stands on a line that is not in the basket")
        return self


class ConflictOut(BaseModel):
    """A discount given offline that would have been refused, and who bears it."""

    list_code: str | None
    list_line: int | None
    offer: int | None
    reason: str
    amount_cents: int
    borne_by: Literal["retailer", "supplier"]


class ReplayedOut(BaseModel):
    """One line of the answer to a replay; `index` counts what was sent from 0."""

    index: int
    status: Literal["accepted", "duplicate", "voided", "refused", "failed"]
    conflicts: list[ConflictOut]
    answer: AnswerOut | None
    problem: dict[str, Any] | None

"""The wire form. Money is whole minor units; every moment carries its offset."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

Reference = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")
]
MAX_LINES = 1000
MAX_PRESENTED = 20
_MAX_CENTS = 10**11
_MAX_NUMBER = 10**18
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# Neither database keeps a NUL in a text, and nobody prints a control character.
_PLAIN = r"^[^\x00-\x1f\x7f]+$"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: Any) -> Any:
    if isinstance(value, int | float) or (isinstance(value, str) and not _DAY.fullmatch(value)):
        raise ValueError("a date is written YYYY-MM-DD")
    return value


def _moment(value: Any) -> Any:
    # Seconds since 1970 would be understood, and carry no offset.
    if isinstance(value, int | float) or (isinstance(value, str) and not _DAY.match(value)):
        raise ValueError("a moment is written YYYY-MM-DDThh:mm:ss with its offset")
    return value


def _text(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number and 0 <= value < _MAX_NUMBER else value


Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[AwareDatetime, Field(ge=_EARLIEST, le=_LATEST), BeforeValidator(_moment)]
# Tills count their terminals and receipts; whether they send a number or its digits is the same.
Number = Annotated[
    Reference,
    BeforeValidator(
        _text, json_schema_input_type=Reference | Annotated[int, Field(ge=0, lt=_MAX_NUMBER)]
    ),
]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TransactionIn(_Wire):
    """What names a till transaction; all four parts together are unique for ever."""

    store: Reference = Field(examples=["0042"])
    terminal: Number = Field(examples=["3"])
    business_date: Day = Field(examples=["2017-11-26"])
    number: Number = Field(examples=["1187"])
    at: Moment = Field(examples=["2017-11-26T17:04:12-05:00"])


class PresentedIn(_Wire):
    """One thing the customer showed: a list's code, a loyalty card or a phone number."""

    kind: Literal["list", "card", "phone"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=256)] = Field(repr=False)


class LineIn(_Wire):
    """One basket line. `amount_cents` is the line's total before the list's discounts."""

    line: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    gtin: Annotated[str, StringConstraints(pattern="^[0-9]{1,14}$")] = Field(
        examples=["2000010819060"]
    )
    quantity: Annotated[
        Decimal, Field(ge=Decimal(-100_000), le=Decimal(100_000), max_digits=12, decimal_places=3)
    ] = Field(examples=[2])
    unit: Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=_PLAIN)] = "each"
    amount_cents: Annotated[int, Field(strict=True, ge=-_MAX_CENTS, le=_MAX_CENTS)]


class BasketIn(_Wire):
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


class RefusedOut(BaseModel):
    """What was presented and gives nothing, with its one reason."""

    list_line: int | None
    offer: int | None
    reason: str
    detail: str


class NextListOut(BaseModel):
    """`due` when the household's next list will be written now, `none` when nobody is known."""

    status: Literal["due", "none"]


class AnswerOut(BaseModel):
    """What a till is told. `redemption_id` is null in a quote."""

    redemption_id: str | None
    status: Literal["quoted", "redeemed", "recorded"]
    discounts: list[DiscountOut]
    total_discount_cents: int
    refused: list[RefusedOut]
    next_list: NextListOut


class LookupIn(_Wire):
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


class VoidIn(_Wire):
    """The sale that never happened, under its own reference; `at` is the moment of the void."""

    transaction: TransactionIn


class ListLineOut(BaseModel):
    """A line of a list."""

    list_code: str
    list_line: int


class VoidOut(BaseModel):
    """What a void undid: `total_discount_cents` is what the sale had off."""

    redemption_id: str
    status: Literal["voided"]
    total_discount_cents: int
    reopened: list[ListLineOut]


class OriginalIn(_Wire):
    """The sale that goods come back from."""

    store: Reference = Field(examples=["0042"])
    terminal: Number = Field(examples=["3"])
    business_date: Day = Field(examples=["2017-11-26"])
    number: Number = Field(examples=["1187"])


class BroughtIn(_Wire):
    """How much of a line of the sale is brought back."""

    line: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    quantity: Annotated[
        Decimal, Field(gt=Decimal(0), le=Decimal(100_000), max_digits=12, decimal_places=3)
    ] = Field(examples=[1])


class ReturnIn(_Wire):
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
    reopened: list[ListLineOut]


class HonouredIn(BaseModel):
    """A discount the till gave offline; a discount of an answer can be sent back as it came."""

    line: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    list_code: Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=_PLAIN)] = (
        Field(repr=False)
    )
    list_line: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    units: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    uses: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    amount_cents: Annotated[int, Field(strict=True, ge=0, le=_MAX_CENTS)]


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


class CycleIn(_Wire):
    """A cycle to run as of a date; the settings' seed unless one is given."""

    as_of: Day = Field(examples=["2017-11-25"])
    seed: int | None = Field(default=None, strict=True, ge=0, le=2**31 - 1)


class PlanIn(CycleIn):
    """A cycle to look at beforehand: who gets fewer offers than this, on how many households."""

    fewer_than: int = Field(strict=True, default=6, ge=1, le=24)
    most_households: int = Field(strict=True, default=5000, ge=1, le=10_000_000)


class BatchIn(_Wire):
    """A batch to publish: the cycle whose lists are printed.

    `revise` replaces a batch that nobody has picked up by its next revision.
    """

    cycle_id: int = Field(strict=True, ge=1, le=2**63 - 1)
    revise: bool = Field(default=False, strict=True)


class RunOut(BaseModel):
    """Long work: poll it until `state` is done or failed."""

    id: str
    kind: str
    state: str
    stage: str
    done: int
    total: int
    created_at: datetime
    finished_at: datetime | None
    result: dict[str, Any] | None
    problem: dict[str, Any] | None


class CycleOut(BaseModel):
    """One planned issue and what it came to."""

    id: int
    as_of: date
    seed: int
    valid_from: date
    valid_to: date
    issued_at: datetime
    summary: dict[str, Any]


class ReasonOut(BaseModel):
    """Why a line is on a list."""

    line: int
    text: str
    reason: str


class ListOut(BaseModel):
    """A list as printed, and what has been used of it."""

    id: int
    code: str
    household_id: str
    state: str
    valid_from: date
    valid_to: date
    redeemed_lines: list[int]
    reasons: list[ReasonOut]
    document: dict[str, Any]


class ListSummaryOut(BaseModel):
    """A list in a listing."""

    id: int
    state: str
    valid_from: date
    valid_to: date
    offers: int
    reminders: int
    worth_cents: int


class HouseholdOut(BaseModel):
    """A household as the service knows it, without how to reach it."""

    household_id: str
    language: str
    mail_consent: bool
    baskets: int
    lists: list[ListSummaryOut]


class BatchFileOut(BaseModel):
    """One file of a batch."""

    name: str
    bytes: int
    sha256: str


class BatchOut(BaseModel):
    """A print batch; its files are fetched below it, unless it has ended or was purged.

    `left_out` counts the lists that were not printed, by reason. A reprint names its batch.
    """

    id: int
    name: str
    cycle_id: int
    revision: int
    state: str
    pieces: int
    pages: int
    published_at: datetime | None
    reprint_of: int | None
    picked_up_at: datetime | None
    received_at: datetime | None
    purged_at: datetime | None
    left_out: dict[str, int]
    files: list[BatchFileOut]


class UploadOut(BaseModel):
    """What an upload of deals came to."""

    rows: int
    added: int
    revised: int
    unchanged: int
    already_loaded: bool


class DealLineOut(BaseModel):
    """One row of a file of deals as it was understood."""

    place: str = Field(description="Sheet and row, as a spreadsheet counts them")
    supplier: str
    deal_id: str
    change: Literal["added", "revised", "unchanged"]
    sentence: str = Field(description="What the row means")


class SupplierTotalOut(BaseModel):
    """What a file asks of one supplier; deals without a limit are counted apart."""

    supplier: str
    deals: int
    budget_cents: int
    without_budget: int
    circulation_max: int
    without_circulation: int


class DealFaultOut(BaseModel):
    """One fault of a file: where it stands, what is wrong, what to do about it."""

    where: str = Field(description="File, sheet and cell, and the column: deals.xlsx, Deals!C7")
    detail: str
    remedy: str


class DealPreviewOut(BaseModel):
    """What loading a file would do. Nothing is loaded while there are faults."""

    name: str
    rows: int
    added: int
    revised: int
    unchanged: int
    faults: int
    loaded_before: str = Field(description="When and by whom these bytes were loaded, or empty")
    notes: list[str] = Field(description="What was assumed in reading the file")
    totals: list[SupplierTotalOut]
    deals: list[DealLineOut]
    problems: list[DealFaultOut]


class DealOut(BaseModel):
    """A deal that stands: `number` names it, copies and money are those of all its revisions."""

    number: int
    supplier: str
    deal_id: str
    revision: int
    state: str
    stopped: bool
    title: str
    mail_from: date
    mail_to: date
    redeem_to: date
    budget_cents: int | None
    reserved_cents: int
    spent_cents: int
    circulation_max: int | None
    circulation_min: int | None
    issued: int
    uploaded_by: str


class DealEventOut(BaseModel):
    """Who did what to a revision of a deal, and when; `larder` for what facts decided."""

    revision: int
    act: str
    from_state: str
    to_state: str
    actor: str
    happened_at: datetime
    detail: dict[str, Any]


class DealDetailOut(BaseModel):
    """One deal. `overspend_chance` is a bound on the chance that it costs more than its budget."""

    revisions: list[DealOut]
    open_copies: int
    expected_cents: int
    worst_cents: int
    overspend_chance: float | None
    events: list[DealEventOut]


class DealStateOut(BaseModel):
    """The state that an act led to."""

    state: str


class NoteIn(_Wire):
    """Why something is done, for the audit trail."""

    note: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] = ""


class ResumeIn(NoteIn):
    """How a stopped deal goes on: with the copies in circulation, or with new ones only."""

    new_copies_only: bool = Field(default=False, strict=True)


class BudgetIn(_Wire):
    """The whole budget of a deal from now on."""

    budget_cents: Annotated[int, Field(strict=True, ge=0, le=10**11)] = Field(examples=[500_000])


class Page(BaseModel):
    """Where a listing goes on: send `cursor` again as `after`; null at the end."""

    cursor: str | None

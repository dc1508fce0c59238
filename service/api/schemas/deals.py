"""Deals as uploaded, shown and changed."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from service.api.deps import MAX_ID
from service.api.schemas.wire import Day, Wire
from service.engine.lifecycle import DealState
from service.engine.redeem import BENEFITS
from service.errors import InvalidInput
from service.store.offers.overview import DealFilter
from service.store.offers.uses import UsesFilter, UsesPlace

Text = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00]*$")]


class LoadNoteOut(BaseModel):
    """What was assumed in reading a file; one that `asks` must be accepted before it is loaded."""

    text: str
    asks: bool


class UploadOut(BaseModel):
    """The outcome of an upload of deals."""

    rows: int
    added: int
    revised: int
    unchanged: int
    already_loaded: bool
    notes: list[LoadNoteOut] = Field(description="What was assumed in reading the file")


class DealLineOut(BaseModel):
    """The interpretation of one row of a file of deals."""

    place: str = Field(description="Sheet and row, as a spreadsheet counts them")
    supplier: str
    deal_id: str
    change: Literal["added", "revised", "unchanged"]
    sentence: str = Field(description="What the row means")


class SupplierTotalOut(BaseModel):
    """The totals of a file for one supplier; deals without a limit are counted separately."""

    supplier: str
    deals: int
    budget_cents: int
    without_budget: int
    circulation_max: int
    without_circulation: int


class DealFaultOut(BaseModel):
    """One fault of a file: where it is, what is wrong, and what to do about it."""

    where: str = Field(description="File, sheet and cell, and the column: deals.xlsx, Deals!C7")
    detail: str
    remedy: str


class HeaderUseOut(BaseModel):
    """What a header of the file was taken for."""

    sheet: str = Field(description="Empty for a file of text")
    cell: str
    header: str
    column: str = Field(description="The column of the form; empty for a header that is not used")


class DealPreviewOut(BaseModel):
    """What loading a file would do. Nothing is loaded while there are faults."""

    name: str
    rows: int
    added: int
    revised: int
    unchanged: int
    faults: int
    loaded_before: str = Field(description="When and by whom these bytes were loaded, or empty")
    notes: list[LoadNoteOut] = Field(description="What was assumed in reading the file")
    accept: str = Field(description="Accepts the notes that ask, for the upload; or empty")
    headers: list[HeaderUseOut] = Field(description="What each header was taken for")
    totals: list[SupplierTotalOut]
    deals: list[DealLineOut]
    problems: list[DealFaultOut]


class DealOut(BaseModel):
    """A current deal. `number` identifies it; copies and money are those of all its revisions."""

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


class ListedDealOut(DealOut):
    """A deal in a listing, with what it gives, on what and to whom."""

    kind: str
    value: str = Field(description="What comes off and when, in words")
    category: str
    products: int = Field(description="How many products count; none for a partner's slot")
    product: str | None = Field(description="One of them")
    targets: dict[str, list[str]]
    face_value_cents: int
    redeem_from: date
    terms: dict[str, Any] | None = Field(
        description="Condition and benefit as tills read them; null for a partner's slot"
    )
    value_text: str | None = Field(description="What a partner's slot prints")
    face_values_cents: dict[str, int] = Field(
        description="By cell, where cells have amounts of their own"
    )
    limit_per_household: int
    funding_share_percent: int
    funding_cap_cents: int | None
    handling_fee_cents: int
    copy_fee_cents: int
    control_share_percent: int
    legal: str
    texts: dict[str, dict[str, str]] = Field(description="Title and small print by language")


class LoadedRowOut(BaseModel):
    """What a revision was loaded from."""

    columns: dict[str, str] = Field(description="The cells of its row, by column of the form")
    products: list[list[str]] = Field(description="The GTINs of each set of products")


class DealUsesOut(BaseModel):
    """What a deal came to in a store on a business day, over all its revisions.

    `uses` and the cents of `discount`, `supplier` and `retailer` are of uses that count;
    `spent_cents` is what its budget spent, with fees; a return takes off on its own day.
    """

    number: int = Field(description="That of the deal's first revision")
    supplier: str
    deal_id: str
    day: date
    store: str
    uses: int
    discount_cents: int
    supplier_cents: int
    retailer_cents: int
    spent_cents: int


class UsesIn(BaseModel):
    """Which results to list; each filter that is given must match."""

    deal: int | None = Field(default=None, ge=1, le=MAX_ID, description="The number of a deal")
    supplier: Text = ""
    first_day: Day | None = None
    last_day: Day | None = None
    after: Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f]*$")] = Field(
        default="", description="The cursor of the page before"
    )
    limit: int = Field(default=50, ge=1, le=200)

    def filter(self) -> UsesFilter:
        """The same for the query."""
        return UsesFilter(self.deal, self.supplier or None, self.first_day, self.last_day)

    def place(self) -> UsesPlace | None:
        """Where the page begins. Raises InvalidInput for a cursor of no page."""
        if not self.after:
            return None
        number, _, rest = self.after.partition("/")
        day, _, store = rest.partition("/")
        try:
            place = UsesPlace(int(number), date.fromisoformat(day), store)
        except ValueError:
            place = UsesPlace(0, date.min, "")
        if not 0 < place.number <= MAX_ID:
            raise InvalidInput("`after` is the cursor of no page.")
        return place


class DealsIn(BaseModel):
    """Which deals to list; each filter that is given must match."""

    state: list[DealState] = Field(default=[], max_length=8)
    supplier: Text = ""
    upload: int | None = Field(default=None, ge=1, le=MAX_ID)
    category: Text = ""
    product: int | None = Field(default=None, ge=1, lt=10**14, description="A GTIN that counts")
    text: Text = Field(default="", description="In the title or the deal's id")
    benefit: Literal["", *BENEFITS] = ""  # type: ignore[valid-type]
    target: Text = Field(default="", description="One of its targets, such as switcher_heavy")
    worth_from_cents: int | None = Field(default=None, ge=0, le=10**9)
    worth_to_cents: int | None = Field(default=None, ge=0, le=10**9)
    mailed_on: Day | None = None
    redeemed_on: Day | None = None
    after: int | None = Field(
        default=None, ge=1, le=MAX_ID, description="The cursor of the page before"
    )
    limit: int = Field(default=50, ge=1, le=200)

    def filter(self) -> DealFilter:
        """The same for the query."""
        given = self.model_dump(exclude={"state", "product", "after", "limit"})
        return DealFilter(**given, states=self.state, gtin=self.product)


Cell = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


class CellsIn(Wire):
    """Cells of one row of the form, by column; an empty one is cleared."""

    columns: Annotated[dict[Annotated[str, StringConstraints(max_length=60)], Cell],
                       Field(min_length=1, max_length=80)] = Field(
        examples=[{"value": "1.10", "budget": "1500.00"}]
    )  # fmt: skip


class DealEventOut(BaseModel):
    """Who changed a revision of a deal, how and when; the actor `larder` is the service itself."""

    revision: int
    act: str
    from_state: str
    to_state: str
    actor: str
    happened_at: datetime
    detail: dict[str, Any]


class DealDetailOut(BaseModel):
    """One deal. `overspend_chance` is a bound on the chance that it costs more than its budget."""

    revisions: list[ListedDealOut]
    loaded: list[LoadedRowOut] = Field(description="What each of the revisions was loaded from")
    open_copies: int
    expected_cents: int
    worst_cents: int
    overspend_chance: float | None
    events: list[DealEventOut]


class DealStateOut(BaseModel):
    """The state that an act led to."""

    state: str


class NoteIn(Wire):
    """Why something is done, for the audit trail."""

    note: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] = ""


class ResumeIn(NoteIn):
    """How to resume a stopped deal: with the copies in circulation, or with new copies only."""

    new_copies_only: bool = Field(default=False, strict=True)


class BudgetIn(Wire):
    """The whole budget of a deal from now on."""

    budget_cents: Annotated[int, Field(strict=True, ge=0, le=10**11)] = Field(examples=[500_000])

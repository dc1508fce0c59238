"""What a supplier asks for and sees: its deals, claims, money and stock."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.api.schemas.clearing import AgreementOut, ClaimOut, DisputeOut
from service.api.schemas.wire import Day
from service.engine import codes
from service.engine.clearing.ageing import Age
from service.engine.clearing.claim import ClaimState, SettlementKind
from service.engine.lifecycle import DealState
from service.store.clearing.claims import Summary
from service.store.clearing.documents import Kept
from service.store.clearing.payments import Payment
from service.store.offers.stock import StopRow
from service.suppliers.claims import OwnClaim
from service.suppliers.deals import OwnDeal
from service.suppliers.money import Open, Terms
from service.suppliers.scope import Scope


class CreditOut(BaseModel):
    """What an account may owe at most, and what is left of that."""

    limit_cents: int
    left_cents: int


class AgesOut(BaseModel):
    """What is open by days past the due day; `disputed_cents` of the total is in dispute."""

    by_age: dict[Age, int]
    total_cents: int
    disputed_cents: int


class SupplierOut(BaseModel):
    """Who a key is of, what was agreed, and what is open; without an account nothing is agreed."""

    name: str
    brands: list[str]
    account: str | None
    agreements: list[AgreementOut]
    credit: CreditOut | None
    open: AgesOut | None

    @classmethod
    def of(cls, scope: Scope, terms: Terms | None, owed: Open) -> "SupplierOut":
        """A supplier."""
        ages = owed.ages
        return cls(
            name=scope.name,
            brands=[*scope.names],
            account=scope.account or None,
            agreements=[AgreementOut.of(terms.account, each) for each in terms.agreements]
            if terms
            else [],
            credit=CreditOut.model_validate(terms.credit, from_attributes=True)
            if terms and terms.credit
            else None,
            open=AgesOut(
                by_age=dict(ages.by_age),
                total_cents=ages.total_cents,
                disputed_cents=ages.disputed_cents,
            )
            if ages
            else None,
        )


class OwnDealOut(BaseModel):
    """A deal in a listing; copies and money are those of all its revisions.

    `left_cents` is what is neither reserved nor spent, null without a budget; `runs_out_on` the day
    on which nothing is left at the pace of the last fortnight, null when it lasts to the end.
    """

    number: int
    supplier: str
    deal_id: str
    revision: int
    state: DealState
    title: str
    value: str
    mail_from: date
    mail_to: date
    redeem_from: date
    redeem_to: date
    circulation_max: int | None
    issued: int
    budget_cents: int | None
    reserved_cents: int
    spent_cents: int
    left_cents: int | None
    runs_out_on: date | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """A row of the listing."""
        own = {name: row[name] for name in OwnDealOut.model_fields if name != "number"}
        return cls(number=row["offer_id"], **own)


class UsesOut(BaseModel):
    """What a deal came to on a day or in a store, returns taken off."""

    name: str
    uses: int
    discount_cents: int
    spent_cents: int


class OwnDealDetailOut(OwnDealOut):
    """One deal with what it came to; `open_uses` can still be made of copies that are out."""

    uses: int = 0
    discount_cents: int = 0
    open_uses: int = 0
    by_day: list[UsesOut] = []
    by_store: list[UsesOut] = []

    @classmethod
    def from_deal(cls, deal: OwnDeal) -> "OwnDealDetailOut":
        """A deal."""
        found, results = cls.of(deal.row), deal.results
        found.uses, found.discount_cents = results.uses, results.discount_cents
        found.open_uses = results.open_uses
        found.by_day = [_uses(row, "day") for row in results.by_day.to_dicts()]
        found.by_store = [_uses(row, "store") for row in results.by_store.to_dicts()]
        return found


def _uses(row: dict[str, Any], name: str) -> UsesOut:
    own = {each: row[each] for each in ("uses", "discount_cents", "spent_cents")}
    return UsesOut(name=str(row[name]), **own)


class OwnClaimSummaryOut(BaseModel):
    """A claim in a listing; `open_cents` is what is still owed of it."""

    id: int
    number: str | None
    state: ClaimState
    issued_on: date | None
    due_on: date | None
    total_cents: int
    open_cents: int

    @classmethod
    def of(cls, summary: Summary) -> "OwnClaimSummaryOut":
        """A row of the listing."""
        return cls(**{name: getattr(summary, name) for name in cls.model_fields})


class DocumentOut(BaseModel):
    """A document of a claim as it went out."""

    id: int
    kind: str
    name: str
    media_type: str
    language: str
    sha256: str
    bytes: int

    @classmethod
    def of(cls, kept: Kept) -> "DocumentOut":
        """A document."""
        return cls(**kept._asdict())


class OwnClaimOut(ClaimOut):
    """A claim with its lines, documents and disputes."""

    may_dispute: bool = False
    documents: list[DocumentOut] = Field(default_factory=list)
    disputes: list[DisputeOut] = Field(default_factory=list)

    @classmethod
    def from_claim(cls, found: OwnClaim) -> "OwnClaimOut":
        """A claim."""
        return cls(
            **ClaimOut.of(found.claim).model_dump(),
            may_dispute=found.may_dispute,
            documents=[DocumentOut.of(each) for each in found.documents],
            disputes=[DisputeOut.of(each) for each in found.disputes],
        )


class PaymentOut(BaseModel):
    """What made a claim smaller; negative where the bank took it back."""

    id: int
    posted_at: datetime
    claim_number: str
    kind: SettlementKind
    cents: int

    @classmethod
    def of(cls, payment: Payment) -> "PaymentOut":
        """A payment."""
        return cls(**payment._asdict())


class StockStopIn(BaseModel):
    """What is out of stock: a deal by its number, or a product; and when there is stock again."""

    model_config = ConfigDict(extra="forbid", strict=True)

    deal: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    gtin: Annotated[str, Field(max_length=20, pattern=r"^[0-9]*$")] = ""
    back_on: Annotated[Day, Field(strict=False)]

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.deal is None) is not bool(self.gtin):
            raise ValueError("name a deal or a product, one of them")
        return self


class StockStopOut(BaseModel):
    """A report; `ended_at` is null while it lasts, `name` that of the deal or the product."""

    id: int
    deal_id: str | None
    gtin: str | None
    name: str
    back_on: date
    reported_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: StopRow) -> "StockStopOut":
        """A report."""
        stop = row.stop
        return cls(
            id=stop.id,
            deal_id=row.deal_ref or None,
            gtin=None if stop.gtin is None else codes.gtin_text(stop.gtin),
            name=row.name,
            back_on=stop.back_on,
            reported_at=stop.reported_at,
            ended_at=stop.ended_at,
        )


class StockedOut(BaseModel):
    """A report, and how many deals were paused or came back by it."""

    id: int
    moved: int

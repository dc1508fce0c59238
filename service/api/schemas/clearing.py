"""Agreements, claims, disputes and the check of the books, as asked for and shown."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from service.api.schemas.wire import Day
from service.clearing.disputes import MOST_NOTE
from service.engine.clearing.claim import (
    Agreement,
    Claim,
    ClaimLine,
    ClaimPart,
    ClaimState,
    Dispute,
    DisputeReason,
    DisputeState,
    Settlement,
    SupplierAccount,
    TaxCode,
)
from service.store.clearing.claims import Summary

Cents = Annotated[int, Field(ge=0, le=10**15)]
Note = Annotated[str, Field(max_length=MOST_NOTE, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class LoadedOut(BaseModel):
    """What a file of agreements did."""

    model_config = ConfigDict(from_attributes=True)

    added: int
    revised: int
    unchanged: int
    new_brands: list[str]
    parties_given: int


class AgreementOut(BaseModel):
    """The revision of an agreement that is in force; `parties` are empty when there is one."""

    account: str
    legal_name: str
    ref: str
    revision: int
    valid_from: date
    valid_to: date
    fee_cents: int
    tax_code: TaxCode
    tax_basis_points: int
    tolerance_cents: int
    grace_days: int
    payment_days: int
    dispute_days: int
    credit_limit_cents: int | None
    settlement: Settlement
    parties: list[dict[str, Any]]

    @classmethod
    def of(cls, account: SupplierAccount, agreement: Agreement) -> "AgreementOut":
        """An agreement of an account."""
        plain = {name: getattr(agreement, name) for name in cls.model_fields if name in _COPIED}
        parties = [
            {"supplier": party.supplier, **party.terms._asdict()} for party in agreement.parties
        ]
        return cls(account=account.number, legal_name=account.legal_name, parties=parties, **plain)


_COPIED = {*AgreementOut.model_fields} - {"account", "legal_name", "parties"}


class AgreementsOut(BaseModel):
    """Agreements in force, by account and first day."""

    agreements: list[AgreementOut]


class DrawIn(_In):
    """Up to which day claims are drawn; without one, each agreement's newest closed month."""

    to: Annotated[Day, Field(strict=False)] | None = None
    account: Annotated[str, Field(max_length=40)] = ""
    issue: bool = False


class DrawnOut(BaseModel):
    """A claim that was drawn."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    number: str | None
    entries: int
    lines: int
    total_cents: int


class DrawnClaimsOut(BaseModel):
    """The claims that were drawn."""

    claims: list[DrawnOut]


class ClaimSummaryOut(BaseModel):
    """A claim in a listing; `open_cents` is what is still owed of it."""

    id: int
    account: str
    legal_name: str
    number: str | None
    state: ClaimState
    drawn_to: date
    issued_on: date | None
    due_on: date | None
    total_cents: int
    open_cents: int

    @classmethod
    def of(cls, summary: Summary) -> "ClaimSummaryOut":
        """A row of a listing."""
        return cls(**summary._asdict())


class ClaimLineOut(BaseModel):
    """What one brand owes for one deal in one store; `late_of` numbers an earlier claim."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    supplier: str
    deal_ref: str
    revision: int
    title: str
    store_id: str | None
    late_of: str | None
    circulation: int
    redemptions: int
    redeemed_cents: int
    share_cents: int
    fee_cents: int
    slots: int
    slot_cents: int
    adjustment_cents: int
    products: list[int]

    @classmethod
    def of(cls, line: ClaimLine) -> "ClaimLineOut":
        """A line."""
        return cls.model_validate(line)


class ClaimOut(BaseModel):
    """A claim with its lines; a draft has no number and no dates yet."""

    id: int
    number: str | None
    state: ClaimState
    account: str
    legal_name: str
    agreement: str
    drawn_to: date
    first_day: date | None
    last_day: date | None
    issued_on: date | None
    due_on: date | None
    dispute_until: date | None
    credit_number: str | None
    opening_cents: int
    share_cents: int
    fee_cents: int
    slot_cents: int
    adjustment_cents: int
    tax_cents: int
    total_cents: int
    closing_cents: int
    settled_cents: int
    open_cents: int
    lines: list[ClaimLineOut]

    @classmethod
    def of(cls, claim: Claim) -> "ClaimOut":
        """A claim."""
        own = {"account", "legal_name", "agreement", "lines"}
        plain = {name: getattr(claim, name) for name in cls.model_fields if name not in own}
        return cls(
            account=claim.account.number,
            legal_name=claim.account.legal_name,
            agreement=f"{claim.agreement.ref} r{claim.agreement.revision}",
            lines=[ClaimLineOut.of(line) for line in claim.lines],
            **plain,
        )


class DatedIn(_In):
    """The date of a claim or a credit; today without one."""

    on: Annotated[Day, Field(strict=False)] | None = None


class CancelIn(DatedIn):
    """Why a claim is cancelled, and the date of its credit."""

    note: Annotated[Note, Field(min_length=1)]


class DisputeIn(_In):
    """What is disputed of a line; all that is not in dispute yet without `claimed_cents`."""

    line: Annotated[int, Field(ge=1, le=10**9)]
    part: Annotated[ClaimPart, Field(strict=False)] = ClaimPart.SHARE
    reason: Annotated[DisputeReason, Field(strict=False)]
    claimed_cents: Annotated[int, Field(ge=1, le=10**15)] | None = None
    note: Note = ""


class AnswerIn(_In):
    """How much of a dispute is accepted, and why not all of it."""

    accepted_cents: Cents
    reason: Annotated[DisputeReason | None, Field(strict=False)] = None
    note: Note = ""


class NoteIn(_In):
    """Why."""

    note: Note = ""


class DisputeOut(BaseModel):
    """A dispute about a line of a claim."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    claim_number: str
    line: int
    part: ClaimPart
    reason: DisputeReason
    claimed_cents: int
    note: str
    state: DisputeState
    opened_at: datetime
    opened_by: str
    answer_by: date
    accepted_cents: int
    answer_reason: DisputeReason | None
    answer_note: str
    answered_at: datetime | None

    @classmethod
    def of(cls, dispute: Dispute) -> "DisputeOut":
        """A dispute."""
        return cls.model_validate(dispute)


class ApartOut(BaseModel):
    """What breaks an invariant, and by how much."""

    model_config = ConfigDict(from_attributes=True)

    subject: str
    difference: int


class CheckedOut(BaseModel):
    """One invariant: how many break it, by how much in all, the ten worst.

    What is no fault is only counted.
    """

    model_config = ConfigDict(from_attributes=True)

    name: str
    is_fault: bool
    count: int
    difference: int
    worst: list[ApartOut]


class BooksOut(BaseModel):
    """The check of the books as of a day."""

    as_of: date
    is_sound: bool
    checks: list[CheckedOut]

"""The records of clearing: who pays, under which agreement, and what a claim says.

Amounts are whole cents of the configured currency; positive is what the supplier owes the retailer,
so what goes back to a supplier is negative. Records are frozen and hold all that a document prints:
whoever draws one needs no database and no clock.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Channel(StrEnum):
    """How an account gets its documents: fetched in the portal, by mail or e-mail, or as X12."""

    PORTAL = "portal"
    EMAIL = "email"
    POST = "post"
    EDI = "edi"


class Settlement(StrEnum):
    """How a claim is paid.

    `invoice`: the supplier pays it. `set_off`: the retailer keeps it back from what it pays the
    supplier for goods.
    """

    INVOICE = "invoice"
    SET_OFF = "set_off"


class TaxCode(StrEnum):
    """The tax category of fees and slots, as EN 16931 codes it (UNTDID 5305); no advice is given.

    S standard rate, Z zero rate, E exempt, AE reverse charge, K intra-community supply, G export,
    O outside the scope. Only S has a rate above zero.
    """

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"
    OUTSIDE = "O"


class ClaimState(StrEnum):
    """A claim's life.

    `draft`: entries are frozen, but it has no number, date or tax yet and is owed by nobody.
    `issued`: it has a number without a gap in its series. `part_paid`, `paid`: by what settled it.
    `disputed`: some of it is in an open dispute. `closed`: nothing is open any more, and some of it
    was credited or written off, or it was never for anything. `cancelled`: a draft that was given
    up, or an issued claim that was credited in full; its entries are claimed by a later one.
    """

    DRAFT = "draft"
    ISSUED = "issued"
    PART_PAID = "part_paid"
    PAID = "paid"
    DISPUTED = "disputed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class DisputeReason(StrEnum):
    """Why one side does not agree with an amount; both sides use the same closed list."""

    COUNT_DIFFERENCE = "count_difference"
    NOT_IN_AGREEMENT = "not_in_agreement"
    OUTSIDE_PERIOD = "outside_period"
    WRONG_RATE = "wrong_rate"
    PRODUCT_NOT_COVERED = "product_not_covered"
    DUPLICATE = "duplicate"
    EXPIRED_BEYOND_GRACE = "expired_beyond_grace"
    OVER_CAP = "over_cap"
    RETURN_NOT_CREDITED = "return_not_credited"
    OTHER = "other"


class DisputeState(StrEnum):
    """How a dispute stands; all but `open` are final."""

    OPEN = "open"
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly_accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ClaimPart(StrEnum):
    """What of a claim's line is meant: the share of discounts, the handling fee, printed slots."""

    SHARE = "share"
    FEE = "fee"
    SLOTS = "slots"


class SettlementKind(StrEnum):
    """What made a claim smaller; each is the kind of its posting too.

    `receipt`: money came in. `receipt_return`: the bank took it back. `set_off`: kept back from
    what is paid for goods. `tolerance`: a small difference written off as agreed. `write_off`:
    given up by a person. `dispute`: a dispute's outcome, credited.
    """

    RECEIPT = "receipt"
    RECEIPT_RETURN = "receipt_return"
    SET_OFF = "set_off"
    TOLERANCE = "tolerance"
    WRITE_OFF = "write_off"
    DISPUTE = "dispute"


class Party(NamedTuple):
    """Who bears part of what the suppliers of a deal bear of one use.

    Either `share_basis_points` (of the suppliers' part of the discount) or `use_cents` (a fixed
    amount a use), at most `cap_cents` a use. Parties pay in the order of `rank`, from 1; the last
    one has no cap and takes what the others leave, whatever its own share says.
    """

    supplier_id: int
    rank: int
    share_basis_points: int | None = None
    use_cents: int | None = None
    cap_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `country` is ISO 3166-1 alpha-2, `region` a state or province or empty."""

    street: str
    postcode: str
    city: str
    country: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class SupplierAccount:
    """Who is claimed from: one legal person for one or several brands (suppliers).

    `number` is the retailer's name for it in documents and files; `tax_number` as the tax office
    writes it, or empty. `language` is a tag such as `de`, `currency` ISO 4217.
    """

    id: int
    number: str
    legal_name: str
    address: Address
    tax_number: str
    language: str
    currency: str
    channel: Channel
    email: str = ""
    brands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedParty:
    """A party with its supplier's name, for documents."""

    supplier: str
    terms: Party


@dataclass(frozen=True, slots=True)
class Agreement:
    """One revision of what an account agreed to, from `valid_from` to `valid_to`, both included.

    `parties` share what the supplier bears, in order of rank; empty when it bears all alone.
    `fee_cents` is the handling fee a use, taxed (like printed slots) by `tax_code` at
    `tax_basis_points`. Differences up to `tolerance_cents` are written off. Sales of tills that
    were offline are claimed up to `grace_days` late. A claim is due `payment_days` after its date
    and can be disputed for `dispute_days`. Issuing stops where what the account may owe would pass
    `credit_limit_cents`; None has no limit.
    """

    id: int
    account_id: int
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
    parties: tuple[NamedParty, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """What one brand owes for one deal in one store.

    `store_id` is None for what has no store: printed slots. `late_of` is the number of the earlier
    claim that these late events belong to (a return or void of what it claimed, or a sale of its
    days that came in later), else None. `circulation` counts the deal's copies out when the claim
    was drawn, the same on all its lines. `redemptions` are uses less those undone, `redeemed_cents`
    the discounts households got for them, of which `share_cents` is this account's part;
    `fee_cents` are handling fees, `slots` printed copies of a partner's and `slot_cents` what they
    cost. `adjustment_cents` are corrections of what both agreed on. Tax is not of a line.
    """

    line: int
    supplier_id: int
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
    products: tuple[int, ...] = ()
    """The GTINs that the deal is for, ascending."""

    @property
    def total_cents(self) -> int:
        """What the line comes to, before tax."""
        return self.share_cents + self.fee_cents + self.slot_cents + self.adjustment_cents


@dataclass(frozen=True, slots=True)
class Claim:
    """What an account owes for a set of ledger entries that is frozen, and its lines.

    `number` and the days are None in a draft. `credit_number` names the full credit of a cancelled
    claim. `first_day` and `last_day` are those of its entries, late ones aside; `drawn_to` the day
    up to which it was drawn. `opening_cents` is what was still owed of earlier claims when this one
    was issued, `closing_cents` that and this claim. `settled_cents` is what was paid, credited or
    written off since, so `open_cents` is what is still owed of it. The statement of reimbursement
    has the share and the adjustments, the invoice has fees, slots and tax.
    """

    id: int
    number: str | None
    state: ClaimState
    account: SupplierAccount
    agreement: Agreement
    drawn_to: date
    first_day: date | None
    last_day: date | None
    drawn_at: datetime
    issued_on: date | None
    due_on: date | None
    dispute_until: date | None
    opening_cents: int
    closing_cents: int
    tax_cents: int
    settled_cents: int
    credit_number: str | None
    cancelled_on: date | None
    lines: tuple[ClaimLine, ...]

    @property
    def share_cents(self) -> int:
        """The account's part of discounts."""
        return sum(line.share_cents for line in self.lines)

    @property
    def fee_cents(self) -> int:
        """Handling fees, before tax."""
        return sum(line.fee_cents for line in self.lines)

    @property
    def slot_cents(self) -> int:
        """Printed slots, before tax."""
        return sum(line.slot_cents for line in self.lines)

    @property
    def adjustment_cents(self) -> int:
        """Corrections."""
        return sum(line.adjustment_cents for line in self.lines)

    @property
    def total_cents(self) -> int:
        """All that the claim is for, with tax."""
        return sum(line.total_cents for line in self.lines) + self.tax_cents

    @property
    def open_cents(self) -> int:
        """What is still owed of it; nothing of a draft or of a claim that was cancelled."""
        if self.state in (ClaimState.DRAFT, ClaimState.CANCELLED):
            return 0
        return self.total_cents - self.settled_cents


@dataclass(frozen=True, slots=True)
class Dispute:
    """One line's amount that a supplier does not agree with; the rest of the claim stays due.

    `part` says of what; `claimed_cents` is the amount in question, at most that of the part.
    Whoever answers does so until `answer_by`: `accepted_cents` are credited (with the tax on them,
    for fees and slots) and `answer_reason` is why not all of it, from the same list.
    """

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
    accepted_cents: int = 0
    answer_reason: DisputeReason | None = None
    answer_note: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One event behind a disputed line: what a supplier may see of it, and no more.

    No household, no time of day, none of the basket's other lines. `digest` names the event under a
    key of the claim, so that two events can be told apart and the same one found again, and nothing
    leads from it to a household or to another claim.
    """

    business_date: date
    store_id: str
    gtin: int
    units: int
    discount_cents: int
    share_cents: int
    digest: str

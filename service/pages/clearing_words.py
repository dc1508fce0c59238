"""What claims, receipts, disputes and the books are called on pages, and the tone of badges."""

from service.engine.clearing.ageing import Age
from service.engine.clearing.claim import (
    Channel,
    ClaimPart,
    ClaimState,
    DisputeReason,
    DisputeState,
    Settlement,
    SettlementKind,
)
from service.engine.clearing.evaluation import Figure
from service.engine.clearing.matching import Suspended
from service.engine.ledger import Account
from service.files.clearing.documents import DocumentKind
from service.pages.languages import Language, mark
from service.store.tables.bank import ReceiptState

CLAIM_STATES = {
    ClaimState.DRAFT: (mark("Draft"), "warn"),
    ClaimState.ISSUED: (mark("Issued"), "info"),
    ClaimState.PART_PAID: (mark("Part paid"), "info"),
    ClaimState.PAID: (mark("Paid"), "good"),
    ClaimState.DISPUTED: (mark("In dispute"), "bad"),
    ClaimState.CLOSED: (mark("Closed"), ""),
    ClaimState.CANCELLED: (mark("Cancelled"), ""),
}
DISPUTE_STATES = {
    DisputeState.OPEN: (mark("Open"), "warn"),
    DisputeState.ACCEPTED: (mark("Accepted"), "good"),
    DisputeState.PARTLY_ACCEPTED: (mark("Partly accepted"), "good"),
    DisputeState.REJECTED: (mark("Rejected"), ""),
    DisputeState.WITHDRAWN: (mark("Withdrawn"), ""),
}
RECEIPT_STATES = {
    ReceiptState.NEW: (mark("Not matched yet"), "info"),
    ReceiptState.MATCHED: (mark("Matched"), "good"),
    ReceiptState.SUSPENDED: (mark("In suspense"), "warn"),
    ReceiptState.RETURNED: (mark("Taken back by the bank"), ""),
    ReceiptState.RETURN: (mark("Taking back"), ""),
}
DISPUTE_REASONS = {
    DisputeReason.COUNT_DIFFERENCE: mark("The count differs"),
    DisputeReason.NOT_IN_AGREEMENT: mark("Not in the agreement"),
    DisputeReason.OUTSIDE_PERIOD: mark("Outside the period"),
    DisputeReason.WRONG_RATE: mark("The rate is wrong"),
    DisputeReason.PRODUCT_NOT_COVERED: mark("The product is not covered"),
    DisputeReason.DUPLICATE: mark("Claimed twice"),
    DisputeReason.EXPIRED_BEYOND_GRACE: mark("Later than the days of grace"),
    DisputeReason.OVER_CAP: mark("Above the cap"),
    DisputeReason.RETURN_NOT_CREDITED: mark("A return was not credited"),
    DisputeReason.OTHER: mark("Something else"),
}
PARTS = {
    ClaimPart.SHARE: mark("Share of discounts"),
    ClaimPart.FEE: mark("Handling fees"),
    ClaimPart.SLOTS: mark("Printed slots"),
}
SETTLED_BY = {
    SettlementKind.RECEIPT: mark("Money came in"),
    SettlementKind.RECEIPT_RETURN: mark("The bank took it back"),
    SettlementKind.SET_OFF: mark("Set off"),
    SettlementKind.TOLERANCE: mark("Small difference"),
    SettlementKind.WRITE_OFF: mark("Written off"),
    SettlementKind.DISPUTE: mark("Credited in a dispute"),
}
SETTLEMENTS = {
    Settlement.INVOICE: mark("The supplier pays"),
    Settlement.SET_OFF: mark("Set off against goods"),
}
CHANNELS = {
    Channel.PORTAL: mark("Portal"),
    Channel.EMAIL: mark("E-mail"),
    Channel.POST: mark("Letter"),
    Channel.EDI: mark("X12"),
}
SUSPENDED = {
    Suspended.NO_NUMBER: mark("It names no claim"),
    Suspended.UNKNOWN_NUMBER: mark("It names a claim that is not there"),
    Suspended.AMOUNT_DIFFERS: mark("The amount differs"),
    Suspended.ALREADY_SETTLED: mark("Nothing is open of what it names"),
    Suspended.OVERPAID: mark("More than is open"),
    Suspended.PARTS_DIFFER: mark("Its parts do not come to it"),
    Suspended.OTHER_CURRENCY: mark("Another currency"),
    Suspended.RETURN_UNKNOWN: mark("It is not clear what it takes back"),
}
AGES = {
    Age.NOT_DUE: mark("Not due"),
    Age.UP_TO_30: mark("Up to 30 days"),
    Age.UP_TO_60: mark("31 to 60 days"),
    Age.UP_TO_90: mark("61 to 90 days"),
    Age.OLDER: mark("Older"),
}
ACCOUNTS = {
    Account.SUPPLIER_RECEIVABLE: mark("Owed by suppliers"),
    Account.RETAILER_FUNDING: mark("Discounts that the retailer bears"),
    Account.HOUSEHOLD_DISCOUNT: mark("Discounts of households"),
    Account.FEE_INCOME: mark("Handling fees earned"),
    Account.SLOT_INCOME: mark("Printed slots earned"),
    Account.ADJUSTMENT: mark("Credited in disputes"),
    Account.TAX_PAYABLE: mark("Tax to pay"),
    Account.WRITE_OFF: mark("Written off"),
    Account.CASH: mark("Money received"),
    Account.SET_OFF: mark("Set off against goods"),
    Account.SUSPENSE: mark("Money in suspense"),
    Account.GOODWILL: mark("Goodwill"),
    Account.BUDGET: mark("Free budgets"),
    Account.RESERVED: mark("Budgets reserved"),
    Account.SPENT: mark("Budgets spent"),
}
DOCUMENTS = {
    DocumentKind.STATEMENT: mark("Statement of reimbursement"),
    DocumentKind.STATEMENT_CSV: mark("Its lines as CSV"),
    DocumentKind.STATEMENT_XLSX: mark("Its lines as a workbook"),
    DocumentKind.INVOICE: mark("Invoice for fees and slots"),
    DocumentKind.INVOICE_UBL: mark("The invoice as UBL"),
    DocumentKind.EDI_812: mark("X12 812"),
    DocumentKind.CREDIT_STATEMENT: mark("Statement that cancels it"),
    DocumentKind.CREDIT_STATEMENT_CSV: mark("The lines that cancel it as CSV"),
    DocumentKind.CREDIT_STATEMENT_XLSX: mark("The lines that cancel it as a workbook"),
    DocumentKind.CREDIT_NOTE: mark("Credit note for fees and slots"),
    DocumentKind.CREDIT_NOTE_UBL: mark("The credit note as UBL"),
    DocumentKind.CREDIT_EDI_812: mark("X12 812 that cancels it"),
    DocumentKind.EVIDENCE: mark("Evidence"),
    DocumentKind.REMINDER: mark("Reminder"),
}
FIGURES = {
    Figure.SPEND_SHARE: mark("Share of spend"),
    Figure.SELL_THROUGH: mark("Sell-through of deals"),
    Figure.DISPUTE_RATE: mark("Credited in disputes"),
    Figure.DAYS_TO_PAY: mark("Days to pay"),
    Figure.STOCK_STOPS: mark("Stops for want of stock"),
}
INVARIANTS = {
    "postings_sum_to_zero": mark("Every posting adds up to zero"),
    "claims_equal_their_entries": mark("A claim is what its entries come to"),
    "lines_equal_their_entries": mark("A line is what its entries come to"),
    "entries_are_claimed_once": mark("Every entry is claimed once at most"),
    "receivables_are_explained": mark("What is owed is explained by claims and payments"),
    "fees_are_count_times_rate": mark("Fees are uses times their rate"),
    "budgets_are_claimed_or_waiting": mark("What budgets have spent was claimed or waits"),
    "openings_are_what_was_owed": mark("Openings are what was owed of earlier claims"),
    "numbers_have_no_gap": mark("Numbers have no gap"),
    "what_waits_is_looked_at": mark("What waits is where the next claim looks"),
    "states_follow_from_what_happened": mark("States follow from what happened"),
    "what_is_due_was_claimed": mark("What is due to be claimed was claimed"),
    "waits_for_an_agreement": mark("Waits for an agreement (only counted)"),
    "borne_after_grace": mark("Late sales that the retailer bears (only counted)"),
}
"""What must hold of the books, by the names of the checks."""


def claim_state(language: Language, value: str) -> str:
    """What a state of a claim is called."""
    return language.text(CLAIM_STATES[ClaimState(value)][0])


def claim_tone(value: str) -> str:
    """The tone of a state of a claim."""
    return CLAIM_STATES[ClaimState(value)][1]


def dispute_state(language: Language, value: str) -> str:
    """What a state of a dispute is called."""
    return language.text(DISPUTE_STATES[DisputeState(value)][0])


def dispute_tone(value: str) -> str:
    """The tone of a state of a dispute."""
    return DISPUTE_STATES[DisputeState(value)][1]


def receipt_state(language: Language, value: str) -> str:
    """What a state of a receipt is called."""
    return language.text(RECEIPT_STATES[ReceiptState(value)][0])


def receipt_tone(value: str) -> str:
    """The tone of a state of a receipt."""
    return RECEIPT_STATES[ReceiptState(value)][1]


def suspended(language: Language, value: str | None) -> str:
    """Why money is in suspense; empty where it is not."""
    return "" if value is None else language.text(SUSPENDED[Suspended(value)])


def invariant(language: Language, name: str) -> str:
    """What a check of the books is about; one of a later version by its own name."""
    return language.text(INVARIANTS[name]) if name in INVARIANTS else name


def dispute_reason(language: Language, value: str) -> str:
    """Why one side does not agree."""
    return language.text(DISPUTE_REASONS[DisputeReason(value)])


def part(language: Language, value: str) -> str:
    """A part of a claim's line."""
    return language.text(PARTS[ClaimPart(value)])


def document(language: Language, value: str) -> str:
    """A kind of document."""
    return language.text(DOCUMENTS[DocumentKind(value)])


def settlement(language: Language, value: str) -> str:
    """How claims are paid."""
    return language.text(SETTLEMENTS[Settlement(value)])


def channel(language: Language, value: str) -> str:
    """How documents get to an account."""
    return language.text(CHANNELS[Channel(value)])


def settled_by(language: Language, value: str) -> str:
    """What made a claim smaller."""
    return language.text(SETTLED_BY[SettlementKind(value)])


def age(language: Language, value: str) -> str:
    """How late an amount is."""
    return language.text(AGES[Age(value)])


def account(language: Language, value: str) -> str:
    """An account of the ledger."""
    return language.text(ACCOUNTS[Account(value)])


def figure(language: Language, value: str) -> str:
    """A figure of a supplier's class."""
    return language.text(FIGURES[Figure(value)])

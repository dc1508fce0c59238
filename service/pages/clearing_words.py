"""What claims, disputes, payments and documents are called on pages, and tones of badges."""

from service.engine.clearing.ageing import Age
from service.engine.clearing.claim import (
    ClaimPart,
    ClaimState,
    DisputeReason,
    DisputeState,
    Settlement,
    SettlementKind,
)
from service.files.clearing.documents import DocumentKind
from service.pages.languages import Language, mark

CLAIM_STATES = {
    ClaimState.DRAFT: (mark("Draft"), ""),
    ClaimState.ISSUED: (mark("Issued"), "info"),
    ClaimState.PART_PAID: (mark("Paid in part"), "info"),
    ClaimState.PAID: (mark("Paid"), "good"),
    ClaimState.DISPUTED: (mark("In dispute"), "warn"),
    ClaimState.CLOSED: (mark("Closed"), "good"),
    ClaimState.CANCELLED: (mark("Cancelled"), "bad"),
}

DISPUTE_STATES = {
    DisputeState.OPEN: (mark("Waits for an answer"), "warn"),
    DisputeState.ACCEPTED: (mark("Accepted"), "good"),
    DisputeState.PARTLY_ACCEPTED: (mark("Accepted in part"), "info"),
    DisputeState.REJECTED: (mark("Rejected"), "bad"),
    DisputeState.WITHDRAWN: (mark("Withdrawn"), ""),
}

REASONS = {
    DisputeReason.COUNT_DIFFERENCE: mark("The count is another"),
    DisputeReason.NOT_IN_AGREEMENT: mark("Not in the agreement"),
    DisputeReason.OUTSIDE_PERIOD: mark("Outside the period"),
    DisputeReason.WRONG_RATE: mark("The rate is wrong"),
    DisputeReason.PRODUCT_NOT_COVERED: mark("The product is not covered"),
    DisputeReason.DUPLICATE: mark("Claimed twice"),
    DisputeReason.EXPIRED_BEYOND_GRACE: mark("Too late, beyond the days of grace"),
    DisputeReason.OVER_CAP: mark("More than the cap"),
    DisputeReason.RETURN_NOT_CREDITED: mark("A return is not credited"),
    DisputeReason.OTHER: mark("Something else"),
}

PARTS = {
    ClaimPart.SHARE: mark("Share of discounts"),
    ClaimPart.FEE: mark("Handling fees"),
    ClaimPart.SLOTS: mark("Printed slots"),
}

SETTLEMENTS = {
    SettlementKind.RECEIPT: mark("Payment"),
    SettlementKind.RECEIPT_RETURN: mark("Payment that the bank took back"),
    SettlementKind.SET_OFF: mark("Set off against goods"),
    SettlementKind.TOLERANCE: mark("Small difference written off"),
    SettlementKind.WRITE_OFF: mark("Written off"),
    SettlementKind.DISPUTE: mark("Credit of a dispute"),
}

AGES = {
    Age.NOT_DUE: mark("Not due yet"),
    Age.UP_TO_30: mark("Up to 30 days late"),
    Age.UP_TO_60: mark("31 to 60 days late"),
    Age.UP_TO_90: mark("61 to 90 days late"),
    Age.OLDER: mark("More than 90 days late"),
}

WAYS = {
    Settlement.INVOICE: mark("You pay each claim"),
    Settlement.SET_OFF: mark("It is set off against what you are paid for goods"),
}

DOCUMENTS = {
    DocumentKind.STATEMENT: mark("Statement"),
    DocumentKind.STATEMENT_CSV: mark("Statement as CSV"),
    DocumentKind.STATEMENT_XLSX: mark("Statement as XLSX"),
    DocumentKind.INVOICE: mark("Invoice of fees"),
    DocumentKind.INVOICE_UBL: mark("Invoice of fees as UBL"),
    DocumentKind.EDI_812: mark("Claim as X12 812"),
    DocumentKind.EVIDENCE: mark("Evidence by event"),
    DocumentKind.REMINDER: mark("Reminder"),
    DocumentKind.CREDIT_STATEMENT: mark("Credit: statement"),
    DocumentKind.CREDIT_STATEMENT_CSV: mark("Credit: statement as CSV"),
    DocumentKind.CREDIT_STATEMENT_XLSX: mark("Credit: statement as XLSX"),
    DocumentKind.CREDIT_NOTE: mark("Credit note of fees"),
    DocumentKind.CREDIT_NOTE_UBL: mark("Credit note of fees as UBL"),
    DocumentKind.CREDIT_EDI_812: mark("Credit as X12 812"),
}


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


def reason(language: Language, value: str) -> str:
    """What a reason of a dispute is called."""
    return language.text(REASONS[DisputeReason(value)])


def part(language: Language, value: str) -> str:
    """What a part of a claim's line is called."""
    return language.text(PARTS[ClaimPart(value)])


def settlement(language: Language, value: str) -> str:
    """What made a claim smaller."""
    return language.text(SETTLEMENTS[SettlementKind(value)])


def age(language: Language, value: str) -> str:
    """How late an amount is."""
    return language.text(AGES[Age(value)])


def way(language: Language, value: str) -> str:
    """How claims are paid."""
    return language.text(WAYS[Settlement(value)])


def document(language: Language, value: str) -> str:
    """What a document is called."""
    return language.text(DOCUMENTS[DocumentKind(value)])

"""All documents of a claim as bytes with their SHA-256; the same claim gives the same bytes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from service.engine.clearing.claim import Channel, Claim
from service.engine.clearing.invoice import Invoice, credit_of, invoice_of
from service.engine.clearing.retailer import Retailer
from service.engine.clearing.statement import statement_of
from service.errors import Conflict
from service.files.clearing import credit_debit, en16931
from service.files.clearing.invoice_pdf import invoice_pdf
from service.files.clearing.statement_pdf import statement_pdf
from service.files.clearing.statement_table import statement_csv, statement_xlsx
from service.files.clearing.words import words_of

_PDF, _XML = "application/pdf", "application/xml"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class DocumentKind(StrEnum):
    """What a document is; each claim has at most one of a kind, besides reminders.

    `invoice` is a PDF that has the same invoice for machines in it where EN 16931 can say it, and
    `invoice_ubl` that in UBL. Those that begin with `credit` cancel the claim in full.
    """

    STATEMENT = "statement"
    STATEMENT_CSV = "statement_csv"
    STATEMENT_XLSX = "statement_xlsx"
    INVOICE = "invoice"
    INVOICE_UBL = "invoice_ubl"
    EDI_812 = "edi_812"
    CREDIT_STATEMENT = "credit_statement"
    CREDIT_STATEMENT_CSV = "credit_statement_csv"
    CREDIT_STATEMENT_XLSX = "credit_statement_xlsx"
    CREDIT_NOTE = "credit_note"
    CREDIT_NOTE_UBL = "credit_note_ubl"
    CREDIT_EDI_812 = "credit_edi_812"
    EVIDENCE = "evidence"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class ClaimDocument:
    """A document as it is kept: a file name, its type, and its bytes."""

    kind: DocumentKind
    name: str
    media_type: str
    language: str
    content: bytes

    @property
    def sha256(self) -> str:
        """What is stored beside it, in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


def draft_statement(claim: Claim, retailer: Retailer) -> bytes:
    """The statement of a draft, as it would be: a PDF that says so and is not kept."""
    return statement_pdf(claim, retailer)


def claim_documents(claim: Claim, retailer: Retailer) -> tuple[ClaimDocument, ...]:
    """The documents of an issued claim. Raises Conflict for a draft, Misconfigured for a lack."""
    if claim.number is None:
        raise Conflict("A draft has no documents; issue the claim first.")
    return tuple(_documents(claim, retailer, invoice_of(claim), is_credit=False))


def credit_documents(claim: Claim, retailer: Retailer) -> tuple[ClaimDocument, ...]:
    """The documents that cancel a claim in full. Raises Conflict for one that was not credited."""
    if claim.credit_number is None:
        raise Conflict("The claim was not credited, so there are no documents of that.")
    return tuple(_documents(claim, retailer, credit_of(claim), is_credit=True))


def _documents(
    claim: Claim, retailer: Retailer, invoice: Invoice | None, *, is_credit: bool
) -> Iterator[ClaimDocument]:
    number = (claim.credit_number if is_credit else claim.number) or ""
    language = words_of(claim.account.language, claim.account.currency).language
    prefix = "credit_" if is_credit else ""

    def made(kind: str, suffix: str, media_type: str, content: bytes) -> ClaimDocument:
        found = DocumentKind(kind)
        return ClaimDocument(found, f"{number}-{suffix}", media_type, language, content)

    if statement_of(claim).deals:
        pdf = statement_pdf(claim, retailer, is_credit=is_credit)
        yield made(f"{prefix}statement", "statement.pdf", _PDF, pdf)
    csv = statement_csv(claim, is_credit=is_credit)
    yield made(f"{prefix}statement_csv", "statement.csv", "text/csv; charset=utf-8", csv)
    xlsx = statement_xlsx(claim, retailer, is_credit=is_credit)
    yield made(f"{prefix}statement_xlsx", "statement.xlsx", _XLSX, xlsx)
    if invoice is not None:
        yield from _invoices(claim, retailer, invoice, is_credit=is_credit)
    if claim.account.channel is Channel.EDI and credit_debit.applies_to(claim.account.currency):
        edi = credit_debit.credit_debit(claim, retailer, is_credit=is_credit)
        yield made(f"{prefix}edi_812", "812.edi", "application/edi-x12", edi)


def _invoices(
    claim: Claim, retailer: Retailer, invoice: Invoice, *, is_credit: bool
) -> Iterator[ClaimDocument]:
    kind = DocumentKind.CREDIT_NOTE if is_credit else DocumentKind.INVOICE
    ubl = DocumentKind.CREDIT_NOTE_UBL if is_credit else DocumentKind.INVOICE_UBL
    word = "credit-note" if is_credit else "invoice"
    language = words_of(claim.account.language, claim.account.currency).language
    applies = en16931.applies_to(claim.account.currency)
    xml = en16931.factur_x_xml(claim, invoice, retailer) if applies else b""
    pdf = invoice_pdf(claim, invoice, retailer, xml)
    yield ClaimDocument(kind, f"{invoice.number}-{word}.pdf", _PDF, language, pdf)
    if applies:
        content = en16931.ubl_xml(claim, invoice, retailer)
        yield ClaimDocument(ubl, f"{invoice.number}-{word}.xml", _XML, language, content)

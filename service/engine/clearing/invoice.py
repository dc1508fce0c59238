"""The services in a claim, handling fees and printed slots, as an invoice or a credit note."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from service.engine.clearing.claim import Claim, ClaimLine, TaxCode


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A quantity at a price; the quantity, and so the line, may be negative, the price never.

    `is_fee` tells handling fees from printed slots. `late_of` names the claim that it corrects.
    """

    supplier: str
    deal_ref: str
    title: str
    late_of: str | None
    is_fee: bool
    quantity: int
    price_cents: int

    @property
    def net_cents(self) -> int:
        """The quantity times the price."""
        return self.quantity * self.price_cents


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice (EN 16931 code 380) or a credit note (381), whose amounts are then positive too.

    `preceding` is the number and the day of the invoice that is credited, where it is one.
    """

    number: str
    is_credit: bool
    issued_on: date
    due_on: date | None
    first_day: date
    last_day: date
    tax_code: TaxCode
    tax_basis_points: int
    lines: tuple[InvoiceLine, ...]
    tax_cents: int
    preceding: tuple[str, date] | None = None

    @property
    def net_cents(self) -> int:
        """The sum of the lines."""
        return sum(line.net_cents for line in self.lines)

    @property
    def total_cents(self) -> int:
        """What is due of it, with tax."""
        return self.net_cents + self.tax_cents

    @property
    def type_code(self) -> str:
        """UNTDID 1001."""
        return "381" if self.is_credit else "380"


def invoice_of(claim: Claim) -> Invoice | None:
    """The invoice of an issued claim; None when it has no fees and slots.

    Where returns outweigh uses, it is a credit note of its own. Raises ValueError for a draft.
    """
    if claim.number is None or claim.issued_on is None:
        raise ValueError("a draft has no invoice")
    lines = _lines(claim.lines)
    if not lines and not claim.tax_cents:
        return None
    net = sum(line.net_cents for line in lines)
    is_credit = net + claim.tax_cents < 0
    return Invoice(
        number=claim.number,
        is_credit=is_credit,
        issued_on=claim.issued_on,
        due_on=claim.due_on,
        first_day=claim.first_day or claim.drawn_to,
        last_day=claim.last_day or claim.drawn_to,
        tax_code=claim.agreement.tax_code,
        tax_basis_points=claim.agreement.tax_basis_points,
        lines=_reversed(lines) if is_credit else lines,
        tax_cents=-claim.tax_cents if is_credit else claim.tax_cents,
    )


def credit_of(claim: Claim) -> Invoice | None:
    """The credit note of all that a cancelled claim invoiced; None when that was nothing.

    Raises ValueError for a claim that was not cancelled with a credit.
    """
    if claim.credit_number is None or claim.cancelled_on is None:
        raise ValueError("the claim was not credited")
    invoice = invoice_of(claim)
    if invoice is None:
        return None
    undo = invoice.is_credit
    return Invoice(
        number=claim.credit_number,
        is_credit=not undo,
        issued_on=claim.cancelled_on,
        due_on=None,
        first_day=invoice.first_day,
        last_day=invoice.last_day,
        tax_code=invoice.tax_code,
        tax_basis_points=invoice.tax_basis_points,
        lines=invoice.lines,
        tax_cents=invoice.tax_cents,
        preceding=(invoice.number, invoice.issued_on),
    )


def _lines(lines: Sequence[ClaimLine]) -> tuple[InvoiceLine, ...]:
    """Fees, then slots, one line for each deal and each claim that it corrects."""
    ordered = sorted(lines, key=_deal_of)
    deals = [tuple(group) for _, group in groupby(ordered, key=_deal_of)]
    fees = [_line(deal, True, _fees(deal)) for deal in deals]
    slots = [_line(deal, False, _slots(deal)) for deal in deals]
    return tuple(line for line in (*fees, *slots) if line is not None)


def _deal_of(line: ClaimLine) -> tuple[str, str, str]:
    return line.supplier, line.deal_ref, line.late_of or ""


def _fees(deal: Sequence[ClaimLine]) -> tuple[int, int]:
    return sum(line.redemptions for line in deal), sum(line.fee_cents for line in deal)


def _slots(deal: Sequence[ClaimLine]) -> tuple[int, int]:
    return sum(line.slots for line in deal), sum(line.slot_cents for line in deal)


def _line(deal: Sequence[ClaimLine], is_fee: bool, counted: tuple[int, int]) -> InvoiceLine | None:
    """The line of a deal: so many at a whole price where that comes out, else one at the sum."""
    count, cents = counted
    if not cents:
        return None
    newest = max(deal, key=lambda line: line.revision)
    quantity, price = 1 if cents > 0 else -1, abs(cents)
    if count and cents % count == 0 and cents // count > 0:
        quantity, price = count, cents // count
    return InvoiceLine(
        supplier=newest.supplier,
        deal_ref=newest.deal_ref,
        title=newest.title,
        late_of=newest.late_of,
        is_fee=is_fee,
        quantity=quantity,
        price_cents=price,
    )


def _reversed(lines: Sequence[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    return tuple(
        InvoiceLine(
            line.supplier,
            line.deal_ref,
            line.title,
            line.late_of,
            line.is_fee,
            -line.quantity,
            line.price_cents,
        )
        for line in lines
    )

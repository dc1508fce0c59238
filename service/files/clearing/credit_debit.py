"""A claim as X12 812, credit/debit adjustment, for those who take no other document.

BCD has the number, what is to be done (element 305) and the net amount with two implied decimals;
each CDD a part of a line with its reason (element 426): 71 advertising allowance, 14 promotional
return, 49 processing charge, 74 correction of an earlier one, 16 other charges: printed slots, tax.
The flag is the supplier's: `D` is owed by it.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from service.currencies import minor_digits
from service.engine.clearing.claim import Address, Claim, ClaimLine, Settlement
from service.engine.clearing.retailer import Retailer
from service.files.clearing.x12 import Envelope, n2, plain, write_set

_DEBIT, _CREDIT = "D", "C"
_ALLOWANCE, _RETURN, _FEE, _CORRECTION, _OTHER = "71", "14", "49", "74", "16"
_PAY, _DEDUCT, _APPLY = "J", "O", "L"
_ORIGINAL = "00"
_GROUP = "CD"


def credit_debit(claim: Claim, retailer: Retailer, *, is_credit: bool = False) -> bytes:
    """The set in its interchange. Raises ValueError for a draft."""
    number = claim.credit_number if is_credit else claim.number
    day = claim.cancelled_on if is_credit else claim.issued_on
    if number is None or day is None:
        raise ValueError("a draft is sent to nobody")
    lines = list(_segments(claim, retailer, number, day, is_credit=is_credit))
    envelope = Envelope(retailer.legal_name, claim.account.number, day, claim.id % 10**9)
    return write_set("812", _GROUP, lines, envelope)


def applies_to(currency: str) -> bool:
    """Whether the amounts of a currency fit the two decimals of the standard."""
    return minor_digits(currency) <= 2


def _segments(
    claim: Claim, retailer: Retailer, number: str, day: date, *, is_credit: bool
) -> Iterator[Sequence[str]]:
    digits = minor_digits(claim.account.currency)
    sign = -1 if is_credit else 1
    total = sign * claim.total_cents
    handling = _DEDUCT if claim.agreement.settlement is Settlement.SET_OFF else _PAY
    handling = _APPLY if total < 0 else handling
    claimed_on = f"{claim.issued_on:%Y%m%d}" if claim.issued_on else ""
    yield ["BCD", f"{day:%Y%m%d}", plain(number, 16), handling, n2(total, digits), _flag(total),
           claimed_on, plain(claim.number or "", 22), "", "", "", _ORIGINAL]  # fmt: skip
    yield ["CUR", "SE", claim.account.currency]
    yield ["N9", "CT", plain(claim.agreement.ref, 30)]
    yield ["N9", "AJ", plain(claim.account.number, 30)]
    if claim.first_day and claim.last_day:
        yield ["DTM", "193", f"{claim.first_day:%Y%m%d}"]
        yield ["DTM", "194", f"{claim.last_day:%Y%m%d}"]
    yield from _name("SE", retailer.legal_name, retailer.address)
    yield from _name("BY", claim.account.legal_name, claim.account.address)
    for line in claim.lines:
        for reason, cents, quantity in _parts(line):
            yield from _detail(line, reason, sign * cents, quantity, digits)
    if claim.tax_cents:
        tax = sign * claim.tax_cents
        yield ["CDD", _OTHER, _flag(tax), "TAX", n2(tax, digits)]


def _parts(line: ClaimLine) -> Iterator[tuple[str, int, int]]:
    """What a line is for, by its reason: cents, and how many."""
    is_return = line.share_cents < 0
    parts = (
        (_RETURN if is_return else _ALLOWANCE, line.share_cents, line.redemptions),
        (_FEE, line.fee_cents, line.redemptions),
        (_OTHER, line.slot_cents, line.slots),
        (_CORRECTION, line.adjustment_cents, 0),
    )
    return (part for part in parts if part[1])


def _detail(
    line: ClaimLine, reason: str, cents: int, quantity: int, digits: int
) -> Iterator[Sequence[str]]:
    counted = [str(abs(quantity)), "EA"] if quantity else ["", ""]
    yield ["CDD", reason, _flag(cents), str(line.line), n2(cents, digits), "", "", *counted]
    if len(line.products) == 1:
        yield ["LIN", "", "UK", f"{line.products[0]:014d}"]
    yield ["N9", "PD", plain(line.deal_ref, 30), plain(line.title, 45)]
    if line.store_id:
        yield ["N9", "ST", plain(line.store_id, 30)]
    if line.late_of:
        yield ["N9", "IV", plain(line.late_of, 30)]


def _name(role: str, name: str, address: Address) -> Iterator[Sequence[str]]:
    yield ["N1", role, plain(name, 60)]
    yield ["N3", plain(" ".join(address.street.splitlines()), 55)]
    region = plain(address.region, 2) if len(address.region) == 2 else ""
    yield ["N4", plain(address.city, 30), region, plain(address.postcode, 15), address.country]


def _flag(cents: int) -> str:
    return _CREDIT if cents < 0 else _DEBIT

"""One entry of a camt.053 statement, as the receipts in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from xml.etree.ElementTree import Element

from service.engine.clearing.receipt import Booking, PaidPart, Receipt, real_reference
from service.engine.texts import clean
from service.errors import Problem
from service.files.clearing.bank_file import MOST_PROBLEMS, cents_of
from service.files.poslog.amounts import decimal

_RETURNED = frozenset({"RRTN", "RPCR", "PRCO", "UPCT"})
"""Sub-families of bank transaction codes for payments that came in and were taken back."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


_BEFORE_CHARGES = ("AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")
_AMOUNTS = ("Amt", *_BEFORE_CHARGES)


class Unread(Exception):
    """Why an entry cannot be read, and what to do."""

    def __init__(self, detail: str, remedy: str = "fetch the statement again") -> None:
        super().__init__(detail)
        self.detail, self.remedy = detail, remedy


class Booked(NamedTuple):
    """What an entry moved on the account, and the receipts in it."""

    amount_cents: int
    currency: str
    receipts: tuple[Receipt, ...]


def text_at(element: Element, path: str) -> str:
    """The cleaned text at a path below an element; empty where there is none."""
    found = element.find(path)
    return clean(found.text or "").strip() if found is not None else ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What all parts of an entry share."""

    account: str
    reference: str
    booked_on: date
    amount_cents: int
    currency: str
    is_reversal: bool
    number: int

    @property
    def booking(self) -> Booking:
        """What names the entry, whether a file lists its parts or not."""
        return Booking(self.number, self.amount_cents, self.reference)


class EntryReader:
    """Reads entries of one file; counts what is no receipt, and collects faults."""

    def __init__(self, name: str) -> None:
        self.problems: list[Problem] = []
        self.not_booked = self.paid_out = self.unsplit = self.reversals = 0
        self.entries = 0
        self._name = name

    def copy(self) -> "EntryReader":
        """A reader that has come as far, and goes on by itself."""
        made = EntryReader(self._name)
        made.take(self)
        return made

    def take(self, other: "EntryReader") -> None:
        """Go on from where another has come to."""
        self.problems = list(other.problems)
        self.not_booked, self.paid_out, self.unsplit = (
            other.not_booked, other.paid_out, other.unsplit,
        )  # fmt: skip
        self.reversals, self.entries = other.reversals, other.entries

    def fault(self, where: str, detail: str, remedy: str) -> None:
        """Note a fault of the file."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(f"{self._name}, {where}", detail, remedy))

    def read(self, entry: Element, account: str, *, inverted: bool = False) -> Booked:
        """The receipts of an entry. Raises Unread.

        By the standard an amount has the sign of its own indicator, also where it reverses another.
        With `inverted` a reversal has the indicator of what it reverses, as some banks write it.
        """
        self.entries += 1
        state = text_at(entry, "Sts/Cd") or text_at(entry, "Sts")
        is_reversal = text_at(entry, "RvslInd").lower() in {"true", "1"}
        self.reversals += is_reversal
        amount, currency = _signed(entry, entry)
        amount = -amount if inverted and is_reversal else amount
        if state != "BOOK":
            self.not_booked += 1
            return Booked(0, currency, ())
        head = _Entry(
            account=account,
            # NtryRef only numbers the entries of one statement.
            reference=text_at(entry, "AcctSvcrRef"),
            booked_on=_booked_on(entry),
            amount_cents=amount,
            currency=currency,
            is_reversal=is_reversal,
            number=self.entries,
        )
        details = entry.findall("NtryDtls/TxDtls")
        amounts = self._split(entry, head, details)
        if amounts is None:
            only = details[0] if len(details) == 1 else None
            parts = [_receipt(head, entry, only, _net(entry, only, head))]
        else:
            parts = [
                _receipt(head, entry, each, paid)
                for each, paid in zip(details, amounts, strict=True)
            ]
        receipts = tuple(each for each in parts if _came_in(each))
        self.paid_out += len(parts) - len(receipts)
        return Booked(amount, currency, receipts)

    def _split(self, entry: Element, head: _Entry, details: list[Element]) -> "list[_Paid] | None":
        """What each part of a collective booking came to; None where it stays one.

        Raises Unread where parts in the currency of the account do not come to the booking.
        """
        told = text_at(entry, "NtryDtls/Btch/NbOfTxs")
        if len(details) < 2:
            if told.isdigit() and int(told) > 1:
                self.unsplit += 1
            return None
        amounts = [_part_cents(each, head) for each in details]
        paid = [_Paid(cents, 0) for cents in amounts if cents is not None]
        if len(paid) < len(details):
            self.unsplit += 1
            return None
        over = sum(each.cents for each in paid) - head.amount_cents
        if over and over != _charges(entry, head.currency):
            raise Unread(
                f"its {len(details)} parts come to {over + head.amount_cents} minor units, the "
                f"booking to {head.amount_cents}"
            )
        # What the bank kept of them all is taken off the last, so that they sum to the booking.
        paid[-1] = _Paid(paid[-1].cents - over, over)
        return paid


class _Paid(NamedTuple):
    """What was booked of a payment, and what the bank kept of it, in minor units."""

    cents: int
    charges_cents: int


def _net(entry: Element, details: Element | None, head: _Entry) -> _Paid:
    """A booking of one payment; what the bank kept shows in the amount before charges."""
    booked = head.amount_cents
    if details is None or booked < 0:
        return _Paid(booked, 0)
    kept = _charges(details, head.currency) or _charges(entry, head.currency)
    before = _part_cents(details, head, _BEFORE_CHARGES)
    return _Paid(booked, kept if kept and before == booked + kept else 0)


def _came_in(receipt: Receipt) -> bool:
    """Whether a booking is a payment to the retailer, or takes one back."""
    return (receipt.amount_cents > 0 and not receipt.is_return) or (
        receipt.amount_cents < 0 and receipt.is_return
    )


def _signed(element: Element, signed_by: Element) -> tuple[int, str]:
    """An amount with its sign, and its currency. Raises Unread."""
    amount = element.find("Amt")
    currency = amount.get("Ccy", "") if amount is not None else ""
    text = clean(amount.text or "").strip() if amount is not None else ""
    cents = cents_of(decimal(text), currency)
    if cents is None:
        raise Unread(f"{text[:30]!r} {currency[:3]} is no amount of a currency of ISO 4217")
    side = text_at(signed_by, "CdtDbtInd")
    if side not in ("CRDT", "DBIT"):
        raise Unread(f"does not say whether it is a credit or a debit: {side[:20]!r}")
    return (cents if side == "CRDT" else -cents), currency


def _booked_on(entry: Element) -> date:
    for path in ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"):
        found = _DAY.match(text_at(entry, path))
        if found:
            try:
                return date.fromisoformat(found[0])
            except ValueError:
                break
    raise Unread("has no date of booking that can be read")


def _part_cents(details: Element, head: _Entry, paths: Sequence[str] = _AMOUNTS) -> int | None:
    """The amount of a part, signed; None where it is not said in the currency of the account."""
    side = text_at(details, "CdtDbtInd")
    sign = {"CRDT": 1, "DBIT": -1}.get(side, 1 if head.amount_cents >= 0 else -1)
    if head.is_reversal:
        # What one reversal undoes went one way; its parts are written like the booking.
        sign = 1 if head.amount_cents >= 0 else -1
    for path in paths:
        amount = details.find(path)
        if amount is not None and amount.get("Ccy", "") == head.currency:
            cents = cents_of(decimal(clean(amount.text or "").strip()), head.currency)
            return None if cents is None else sign * cents
    return None


def _charges(element: Element, currency: str) -> int:
    """What the bank kept, in minor units of a currency."""
    total = 0
    for each in (*element.findall("Chrgs"), *element.findall("Chrgs/Rcrd")):
        amount = each.find("Amt")
        if amount is not None and amount.get("Ccy", "") == currency:
            cents = cents_of(decimal(clean(amount.text or "").strip()), currency) or 0
            total += -cents if text_at(each, "CdtDbtInd") == "CRDT" else cents
    return max(total, 0)


def _receipt(head: _Entry, entry: Element, details: Element | None, paid: _Paid) -> Receipt:
    """A receipt of an entry, or of one part of it."""
    if details is None:
        return Receipt(
            account=head.account,
            reference=real_reference(head.reference),
            booked_on=head.booked_on,
            amount_cents=paid.cents,
            currency=head.currency,
            text=text_at(entry, "AddtlNtryInf"),
            is_return=_is_return(head, entry, None),
            booked=head.booking,
        )
    party = "Dbtr" if paid.cents >= 0 else "Cdtr"
    said = [text_at(each, ".") for each in details.findall("RmtInf/Ustrd")]
    said += [text_at(each, "CdtrRefInf/Ref") for each in details.findall("RmtInf/Strd")]
    said += [text_at(each, ".") for each in details.findall("RmtInf/Strd/RfrdDocInf/Nb")]
    said += [text_at(details, "AddtlTxInf"), text_at(entry, "AddtlNtryInf")]
    return Receipt(
        account=head.account,
        reference=_reference(head, details),
        booked_on=head.booked_on,
        amount_cents=paid.cents,
        currency=head.currency,
        payer=text_at(details, f"RltdPties/{party}/Pty/Nm")
        or text_at(details, f"RltdPties/{party}/Nm"),
        payer_account=text_at(details, f"RltdPties/{party}Acct/Id/IBAN")
        or text_at(details, f"RltdPties/{party}Acct/Id/Othr/Id"),
        text=" ".join(dict.fromkeys(filter(None, said))),
        end_to_end=real_reference(text_at(details, "Refs/EndToEndId")),
        parts=_named_parts(details, head.currency),
        is_return=_is_return(head, entry, details),
        booked=head.booking,
        return_reason=text_at(details, "RtrInf/Rsn/Cd") or text_at(details, "RtrInf/Rsn/Prtry"),
        charges_cents=paid.charges_cents,
    )


def _reference(head: _Entry, details: Element) -> str:
    """The bank's reference of a part: its own, or that of the booking and of the transaction."""
    own = real_reference(text_at(details, "Refs/AcctSvcrRef"))
    if own:
        return own
    known = (head.reference, text_at(details, "Refs/TxId"), text_at(details, "Refs/EndToEndId"))
    return "/".join(filter(None, map(real_reference, known)))


def _is_return(head: _Entry, entry: Element, details: Element | None) -> bool:
    code = text_at(entry, "BkTxCd/Domn/Fmly/SubFmlyCd")
    told = details is not None and details.find("RtrInf") is not None
    if details is not None:
        code = text_at(details, "BkTxCd/Domn/Fmly/SubFmlyCd") or code
    return head.is_reversal or told or code in _RETURNED


def _named_parts(details: Element, currency: str) -> tuple[PaidPart, ...]:
    """The documents that structured remittance information names, with what is paid of each."""
    parts = []
    for each in details.findall("RmtInf/Strd"):
        number = text_at(each, "RfrdDocInf/Nb")
        amounts = each.find("RfrdDocAmt")
        if not number or amounts is None:
            continue
        paid = cents_of(decimal(text_at(amounts, "RmtdAmt")), currency)
        if paid is None:
            continue
        is_credit = text_at(each, "RfrdDocInf/Tp/CdOrPrtry/Cd") == "CREN"
        kept = cents_of(decimal(text_at(amounts, "AdjstmntAmtAndRsn/Amt")), currency) or 0
        reason = text_at(amounts, "AdjstmntAmtAndRsn/Rsn")
        parts.append(PaidPart(number, -paid if is_credit else paid, kept, reason))
    return tuple(parts)

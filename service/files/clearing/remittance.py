"""Reads remittance advices: X12 820, what a payer says its payment is for."""

import re
from datetime import date
from pathlib import Path

from service.engine.clearing.receipt import Advice, PaidPart
from service.errors import Problem
from service.files.clearing.bank_file import cents_of, read_bytes, refuse
from service.files.clearing.x12 import Segment, TransactionSet, read_sets
from service.files.poslog.amounts import decimal

_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)|(\d\d)(\d\d)(\d\d)")


class _Unread(Exception):
    """What is wrong with a segment."""

    def __init__(self, segment: Segment, detail: str) -> None:
        super().__init__(detail)
        self.segment, self.detail = segment, detail


def read_remittances(path: Path, name: str, *, currency: str) -> tuple[Advice, ...]:
    """The advices of a file; `currency` is that of one which names none.

    BPR has the total, TRN the trace number, each RMR a claim's number and what is paid for it, and
    each ADX below it what was kept back and why; an ADX before the first RMR, or after an ENT, is
    of the whole. Raises InvalidInput where they do not come to the total, or there are none.
    """
    problems: list[Problem] = []
    advices: list[Advice] = []
    for each in read_sets(read_bytes(path, name), name):
        if each.kind != "820":
            detail = f"set {each.control} is a {each.kind[:10]}, no remittance advice (820)"
            problems.append(Problem(name, detail, "leave it out"))
            continue
        try:
            advices.append(_advice(each, currency))
        except _Unread as error:
            where = f"{name}, segment {error.segment.number} ({error.segment.name})"
            problems.append(Problem(where, error.detail, "ask the payer to send it again"))
    if not advices and not problems:
        problems.append(Problem(name, "has no transaction set", "fetch it again"))
    refuse(name, problems)
    return tuple(advices)


def _advice(found: TransactionSet, currency: str) -> Advice:
    start = next((each for each in found.segments if each.name == "BPR"), None)
    if start is None:
        first = found.segments[0] if found.segments else Segment("ST", (), 1)
        raise _Unread(first, f"set {found.control} has no BPR")
    currency = next((s.at(2) for s in found.segments if s.name == "CUR"), currency)
    total = _cents(start, 2, currency)
    if start.at(3) == "D":
        raise _Unread(start, "is a debit: the payer collects instead of paying")
    trace = next((s.at(2) for s in found.segments if s.name == "TRN"), "")
    payer = next((s.at(2) for s in found.segments if s.name == "N1" and s.at(1) == "PR"), "")
    parts, whole = _parts(found, currency)
    named = sum(part.paid_cents for part in parts)
    if parts and named - whole != total:
        raise _Unread(start, f"says {total} minor units, its parts come to {named - whole}")
    return Advice(
        trace=trace,
        paid_on=_day(start, found),
        total_cents=total,
        currency=currency,
        payer=payer or found.sender,
        parts=tuple(parts),
        deducted_cents=whole,
    )


def _parts(found: TransactionSet, currency: str) -> tuple[list[PaidPart], int]:
    """What is paid of each claim, and what was kept back of none of them."""
    parts: list[PaidPart] = []
    whole = 0
    is_of_claim = False
    for segment in found.segments:
        if segment.name == "ENT":
            is_of_claim = False
        elif segment.name == "RMR":
            if not segment.at(2):
                raise _Unread(segment, "names no document")
            if not segment.at(4):
                raise _Unread(segment, "does not say what is paid (RMR04)")
            parts.append(PaidPart(segment.at(2), _cents(segment, 4, currency)))
            is_of_claim = True
        elif segment.name == "ADX":
            kept = -_cents(segment, 1, currency)
            if not is_of_claim:
                whole += kept
                continue
            last = parts[-1]
            codes = " ".join(filter(None, (last.reason, segment.at(2))))
            parts[-1] = last._replace(deducted_cents=last.deducted_cents + kept, reason=codes)
    return parts, whole


def _cents(segment: Segment, place: int, currency: str) -> int:
    text = segment.at(place)
    cents = cents_of(decimal(text), currency)
    if cents is None:
        raise _Unread(segment, f"{text[:30]!r} is no amount of {currency[:3]}")
    return cents


def _day(start: Segment, found: TransactionSet) -> date:
    texts = [start.at(16), *(s.at(2) for s in found.segments if s.name == "DTM")]
    for text in texts:
        digits = _DAY.fullmatch(text)
        if digits:
            year, month, day = (int(each) for each in digits.groups() if each)
            try:
                return date(year + 2000 if year < 100 else year, month, day)
            except ValueError:
                continue
    raise _Unread(start, "has no date of payment")

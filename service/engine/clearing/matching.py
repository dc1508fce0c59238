"""Which claims a receipt pays: by their numbers and amounts, never by an amount alone.

Whatever is not clear stays in suspense with its reason, until a person decides. Nothing here knows
a database; what it answers always adds up to the receipt.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from service.engine.clearing.claim_numbers import ClaimNumbers
from service.engine.clearing.receipt import Advice, PaidPart, Receipt, real_reference


class Suspended(StrEnum):
    """Why money, or part of it, is in suspense."""

    NO_NUMBER = "no_number"
    AMOUNT_DIFFERS = "amount_differs"
    ALREADY_SETTLED = "already_settled"
    OTHER_CURRENCY = "other_currency"
    UNKNOWN_NUMBER = "unknown_number"
    PARTS_DIFFER = "parts_differ"
    OVERPAID = "overpaid"
    RETURN_UNKNOWN = "return_unknown"


class WrittenOff(StrEnum):
    """Why a difference was written off: agreed as small, or kept by a bank on the way."""

    TOLERANCE = "tolerance"
    BANK_CHARGES = "bank_charges"


class PayableClaim(NamedTuple):
    """A claim that was issued, and what is still open of it: negative for one in credit."""

    claim_id: int
    number: str
    currency: str
    open_cents: int
    tolerance_cents: int


class Application(NamedTuple):
    """What of a receipt settles a claim.

    `paid_cents` is money; `written_off_cents` a difference, positive where less was paid, negative
    where more; together they are what the claim gets smaller by.
    """

    claim_id: int
    paid_cents: int
    written_off_cents: int = 0
    reason: WrittenOff | None = None


class PaidBefore(NamedTuple):
    """A receipt that was booked before, with what it settled; `key` is its own."""

    key: int
    receipt: Receipt
    applications: tuple[Application, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What becomes of a receipt: what it settles, and what stays in suspense, why.

    Applications' money and `suspense_cents` add up to the receipt. `returns` is the key of the
    earlier receipt that it takes back; the applications are then those of that one, negative.
    """

    applications: tuple[Application, ...]
    suspense_cents: int
    reason: Suspended | None = None
    returns: int | None = None


class Matcher:
    """Matches receipts with claims; what one receipt settles is no longer open for the next.

    `open_cents` says what it takes for open of each claim, which a caller can compare.
    """

    def __init__(
        self,
        claims: Iterable[PayableClaim],
        *,
        advices: Iterable[Advice] = (),
        paid_before: Iterable[PaidBefore] = (),
    ) -> None:
        self._claims = {claim.number: claim for claim in claims}
        self._open = {claim.number: claim.open_cents for claim in self._claims.values()}
        self._by_id = {claim.claim_id: claim.number for claim in self._claims.values()}
        self._numbers = ClaimNumbers(self._claims)
        self._advices: dict[tuple[int, str], list[Advice]] = {}
        for advice in advices:
            self._advices.setdefault((advice.total_cents, advice.currency), []).append(advice)
        self._paid_before = list(paid_before)
        self._returned: set[int] = set()

    def open_cents(self, claim_id: int) -> int:
        """What is open of a claim after all that was matched so far."""
        return self._open[self._by_id[claim_id]]

    def match(self, receipt: Receipt, *, key: int = 0) -> Match:
        """What becomes of a receipt that is none of those paid before; `key` is its own."""
        found = self._take_back(receipt) if receipt.amount_cents < 0 else self._pay(receipt)
        if receipt.amount_cents > 0:
            self._paid_before.append(PaidBefore(key, receipt, found.applications))
        for application in found.applications:
            number = self._by_id.get(application.claim_id)
            if number is not None:
                settled = application.paid_cents + application.written_off_cents
                self._open[number] -= settled
        return found

    def _pay(self, receipt: Receipt) -> Match:
        parts = receipt.parts
        kept = 0
        if not parts and (advice := self._advice_of(receipt)) is not None:
            parts, kept = advice.parts, advice.deducted_cents
        if parts and sum(part.paid_cents for part in parts) - kept == receipt.amount_cents:
            return self._pay_parts(receipt, parts, kept)
        numbers = self._numbers.within(f"{receipt.text} {receipt.end_to_end}")
        if not numbers:
            return _suspend(receipt, Suspended.PARTS_DIFFER if parts else Suspended.NO_NUMBER)
        return self._pay_whole(receipt, numbers)

    def _advice_of(self, receipt: Receipt) -> Advice | None:
        """The one advice of that amount whose trace number the bank or the payer repeats."""
        words = f"{receipt.text} {receipt.reference} {receipt.end_to_end}"
        found = [
            advice
            for advice in self._advices.get((receipt.amount_cents, receipt.currency), ())
            if real_reference(advice.trace) and ClaimNumbers([advice.trace]).within(words)
        ]
        return found[0] if len(found) == 1 else None

    def _pay_whole(self, receipt: Receipt, numbers: Sequence[str]) -> Match:
        """The claims named, where they come to the amount; all of it in suspense otherwise."""
        claims = [self._claims[number] for number in numbers]
        if any(claim.currency != receipt.currency for claim in claims):
            return _suspend(receipt, Suspended.OTHER_CURRENCY)
        due = {claim.number: self._open[claim.number] for claim in claims}
        if not any(due.values()):
            return _suspend(receipt, Suspended.ALREADY_SETTLED)
        missing = sum(due.values()) - receipt.amount_cents
        reason = self._reason(receipt, claims, missing)
        if missing and reason is None:
            return _suspend(receipt, Suspended.AMOUNT_DIFFERS)
        applications = [
            Application(self._claims[number].claim_id, cents)
            for number, cents in due.items()
            if cents
        ]
        # A difference is of one claim: of that which is paid most.
        place = max(range(len(applications)), key=lambda each: applications[each].paid_cents)
        largest = applications[place]
        if missing:
            applications[place] = Application(
                largest.claim_id, largest.paid_cents - missing, missing, reason
            )
        return Match(tuple(applications), 0)

    def _reason(
        self, receipt: Receipt, claims: Sequence[PayableClaim], missing: int
    ) -> WrittenOff | None:
        """Why a difference may be written off; None where it may not."""
        if missing and missing == receipt.charges_cents:
            return WrittenOff.BANK_CHARGES
        if abs(missing) <= min(claim.tolerance_cents for claim in claims):
            return WrittenOff.TOLERANCE
        return None

    def _pay_parts(self, receipt: Receipt, parts: Sequence[PaidPart], kept: int) -> Match:
        """Each part to its claim, as far as that is open; the rest in suspense."""
        applications: list[Application] = []
        left = -kept
        reason: Suspended | None = None
        open_now = dict(self._open)
        for part in parts:
            number = self._numbers.exactly(part.claim_number)
            claim = self._claims[number] if number else None
            if number is None or claim is None or claim.currency != receipt.currency:
                left += part.paid_cents
                reason = Suspended.OTHER_CURRENCY if claim else Suspended.UNKNOWN_NUMBER
                continue
            applied = _apply_part(claim, part, open_now[number])
            if applied is None:
                left += part.paid_cents
                reason = Suspended.ALREADY_SETTLED
                continue
            open_now[number] -= applied.paid_cents + applied.written_off_cents
            applications.append(applied)
            over = part.paid_cents - applied.paid_cents
            left += over
            reason = Suspended.OVERPAID if over else reason
        if left and reason is None:
            reason = Suspended.PARTS_DIFFER
        return Match(tuple(applications), left, reason if left else None)

    def _take_back(self, receipt: Receipt) -> Match:
        """Undo what the returned receipt settled, where it is clear which one that was."""
        same = [
            each
            for each in self._paid_before
            if each.key not in self._returned
            and each.receipt.amount_cents == -receipt.amount_cents
            and each.receipt.currency == receipt.currency
            and each.receipt.account == receipt.account
            and each.receipt.booked_on <= receipt.booked_on
        ]
        found = [
            each
            for each in same
            if receipt.end_to_end and each.receipt.end_to_end == receipt.end_to_end
        ]
        if not found:
            named = {self._claims[number].claim_id for number in self._numbers.within(receipt.text)}
            found = [each for each in same if named & {part.claim_id for part in each.applications}]
        # What was set against a credit did not come in as money, and cannot go back as money.
        if len(found) != 1 or any(part.paid_cents < 0 for part in found[0].applications):
            return _suspend(receipt, Suspended.RETURN_UNKNOWN)
        (before,) = found
        self._returned.add(before.key)
        undone = tuple(
            each._replace(paid_cents=-each.paid_cents, written_off_cents=-each.written_off_cents)
            for each in before.applications
        )
        paid = sum(each.paid_cents for each in undone)
        return Match(undone, receipt.amount_cents - paid, returns=before.key)


def _apply_part(claim: PayableClaim, part: PaidPart, due: int) -> Application | None:
    """What a named part settles of a claim of which so much is due; None where nothing is."""
    if not due or (due > 0) != (part.paid_cents > 0):
        return None
    missing = due - part.paid_cents
    if missing and abs(missing) <= claim.tolerance_cents:
        return Application(claim.claim_id, part.paid_cents, missing, WrittenOff.TOLERANCE)
    if abs(part.paid_cents) > abs(due):
        return Application(claim.claim_id, due)
    return Application(claim.claim_id, part.paid_cents)


def _suspend(receipt: Receipt, reason: Suspended) -> Match:
    return Match((), receipt.amount_cents, reason)

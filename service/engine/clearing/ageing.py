"""How late what is owed is, by account, and whom to remind."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

REMIND_AFTER_DAYS = (7, 21, 35)
"""Days after the due day at which the first, the second and the last reminder are written."""
ANSWER_DAYS = 10
"""Days that a reminder gives."""


class Age(StrEnum):
    """How many days past its due day an amount is."""

    NOT_DUE = "not_due"
    UP_TO_30 = "up_to_30"
    UP_TO_60 = "up_to_60"
    UP_TO_90 = "up_to_90"
    OLDER = "older"


class OwedClaim(NamedTuple):
    """What is open of an issued claim; `disputed_cents` of it is in open disputes."""

    claim_id: int
    number: str
    account_id: int
    due_on: date
    open_cents: int
    disputed_cents: int = 0
    total_cents: int = 0

    @property
    def undisputed_cents(self) -> int:
        """What is due whatever comes of the disputes."""
        return self.open_cents - self.disputed_cents


@dataclass(frozen=True, slots=True)
class AccountAges:
    """What an account owes by age, in cents; `disputed_cents` of it is in dispute."""

    account_id: int
    by_age: Mapping[Age, int]
    disputed_cents: int

    @property
    def total_cents(self) -> int:
        """All that is open."""
        return sum(self.by_age.values())


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A reminder to write: the claims of one account that are past due, the oldest first."""

    account_id: int
    level: int
    claims: tuple[OwedClaim, ...]
    answer_by: date

    @property
    def open_cents(self) -> int:
        """What it asks for."""
        return sum(claim.undisputed_cents for claim in self.claims)


def age_of(due_on: date, as_of: date) -> Age:
    """How late something due on a day is; on that day itself it is not."""
    late = (as_of - due_on).days
    for age, most in (
        (Age.NOT_DUE, 0),
        (Age.UP_TO_30, 30),
        (Age.UP_TO_60, 60),
        (Age.UP_TO_90, 90),
    ):
        if late <= most:
            return age
    return Age.OLDER


def ages(claims: Iterable[OwedClaim], as_of: date) -> tuple[AccountAges, ...]:
    """What each account owes by age, in order of accounts; they sum to what is open."""
    sums: dict[int, dict[Age, int]] = {}
    disputed: dict[int, int] = {}
    for claim in claims:
        if not claim.open_cents:
            continue
        by_age = sums.setdefault(claim.account_id, dict.fromkeys(Age, 0))
        by_age[age_of(claim.due_on, as_of)] += claim.open_cents
        disputed[claim.account_id] = disputed.get(claim.account_id, 0) + claim.disputed_cents
    return tuple(AccountAges(each, sums[each], disputed[each]) for each in sorted(sums))


def due_reminders(
    claims: Sequence[OwedClaim], as_of: date, *, reminded: Mapping[int, int]
) -> tuple[DueReminder, ...]:
    """The reminders to write, at most one an account.

    `reminded` is the last level that each claim was in. A claim is reminded of when one more level
    is reached; an account's reminder then has all its claims that are late enough for the first,
    and the level of the one that is furthest on. Nobody is reminded of what is in dispute.
    """
    found = []
    by_account: dict[int, list[OwedClaim]] = {}
    for claim in claims:
        if claim.undisputed_cents > 0 and _level(claim, as_of):
            by_account.setdefault(claim.account_id, []).append(claim)
    for account_id, late in sorted(by_account.items()):
        steps = [
            reminded.get(claim.claim_id, 0) + 1
            for claim in late
            if _level(claim, as_of) > reminded.get(claim.claim_id, 0)
        ]
        if steps:
            late.sort(key=lambda claim: (claim.due_on, claim.number))
            answer_by = as_of + timedelta(days=ANSWER_DAYS)
            found.append(DueReminder(account_id, max(steps), tuple(late), answer_by))
    return tuple(found)


def _level(claim: OwedClaim, as_of: date) -> int:
    late = (as_of - claim.due_on).days
    return sum(1 for days in REMIND_AFTER_DAYS if late >= days)

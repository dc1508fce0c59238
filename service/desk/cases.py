"""Cases: a household asks why an offer did not come off, and the service desk answers.

A case is one line of a list in one sale; asking again changes nothing. An answer is words, and
goodwill where that is due; the household reads it on its page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.desk import goodwill, outcomes
from service.desk.goodwill import GoodwillReason, GoodwillWanted
from service.engine.redeem import RefusalReason
from service.engine.rights import Right
from service.engine.texts import clean
from service.errors import Conflict, Forbidden, InvalidInput, NotFound
from service.notice import Count
from service.settings import Settings
from service.store import audit, household_cases, lists
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.goodwill import Goodwill
from service.store.tables.household_case import CaseState, HouseholdCase

SUBJECT = "household_case"
"""What the audit trail calls it."""

MOST_ANSWER = 500
MOST_OPEN = 20
"""How many cases of one household may wait."""


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as the desk sees it: with the sale and all its lines."""

    case: HouseholdCase
    sale: outcomes.ReceiptOutcome


def ask(
    database: Database, household_id: int, *, sale: str, list_id: int, line: int, now: datetime
) -> None:
    """Ask why a line of a list took nothing off in a sale of the household.

    Raises NotFound for what was not refused to this household, Conflict for too many at once.
    """
    with database.read() as session:
        of_list = lists.get(session, list_id)
        refused = None
        if of_list is not None and of_list.household_id == household_id:
            refused = next(
                (
                    each.outcome
                    for each in outcomes.refusals_of(session, household_id)
                    if (each.redemption_id, each.outcome.list_code, each.outcome.list_line)
                    == (sale, of_list.code, line)
                ),
                None,
            )
    if refused is None or refused.reason == RefusalReason.NOT_IN_BASKET:
        raise NotFound("Nothing of this list was refused in this sale.")
    row = HouseholdCase(
        household_id=household_id, redemption_id=sale, list_id=list_id, list_line=line,
        reason=refused.reason, text=refused.text, state=CaseState.OPEN.value, asked_at=now,
        answer="", actor="",
    )  # fmt: skip
    with database.write() as session:
        if household_cases.count_open(session, household_id) >= MOST_OPEN:
            raise Conflict(
                "%(number)s questions wait already: they are answered first.",
                number=Count(MOST_OPEN),
            )
        household_cases.add(session, row)


def waiting(database: Database, *, limit: int = 50) -> Sequence[HouseholdCase]:
    """The cases that wait for an answer, the longest waiting first."""
    with database.read() as session:
        return household_cases.waiting(session, limit=limit)


def look(database: Database, number: int) -> CaseView:
    """One case. Raises NotFound."""
    with database.read() as session:
        case = _found(session, number)
    return CaseView(case, outcomes.explain_receipt(database, case.redemption_id))


def answer(
    database: Database,
    settings: Settings,
    number: int,
    text: str,
    *,
    amount_cents: int = 0,
    by: Actor,
    now: datetime,
) -> Goodwill | None:
    """Answer a case, with an amount of goodwill for its line if that is due; what was given.

    The amount is given once, however often the same answer is sent. Raises NotFound, Forbidden,
    InvalidInput, Conflict for a case that is answered, and what `goodwill.give` raises.
    """
    if by.person_id is None or not by.may(Right.EXPLAIN_REFUSALS):
        raise Forbidden("Cases are answered by people of the service desk.")
    text = clean(text).strip()
    if not text or len(text) > MOST_ANSWER:
        raise InvalidInput("An answer has 1 to %(number)s characters.", number=Count(MOST_ANSWER))
    with database.read() as session:
        case = _found(session, number)
    if case.state != CaseState.OPEN:
        raise Conflict("This case is answered already.")
    given = None
    if amount_cents:
        wanted = GoodwillWanted(
            request=f"case-{case.id}",
            amount_cents=amount_cents,
            reason=GoodwillReason.REFUSED_WRONGLY,
            list_id=case.list_id,
            list_line=case.list_line,
        )
        given = goodwill.give(database, settings, wanted, by=by, now=now)
    with database.write() as session:
        is_mine = household_cases.answer(
            session, number, text=text, goodwill_id=given.id if given else None,
            by=(by.person_id, by.name), at=now,
        )  # fmt: skip
        if not is_mine:
            raise Conflict("This case is answered already.")
        audit.add(session, by, "answer", SUBJECT, number, at=now)
    return given


def _found(session: Session, number: int) -> HouseholdCase:
    row = household_cases.get(session, number)
    if row is None:
        raise NotFound("There is no such case.")
    return row

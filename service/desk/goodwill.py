"""Goodwill: a person gives a household an amount that no supplier pays for.

It is for a sale, a list, or a line of a list. One person gives so much a day; above a limit
nothing is given until a second person approves it. What was given can be taken back. Each act can
be repeated: the second time changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from service.engine.ledger import EntryKind, Posting
from service.engine.ledger import give_goodwill as entries_of
from service.engine.rights import Right
from service.engine.texts import clean
from service.errors import Conflict, Forbidden, InvalidInput, NotFound
from service.notice import Cents, Count, Notice
from service.settings import Settings
from service.store import audit, ledger, lists, people, receipts
from service.store import goodwill as stored
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.goodwill import Goodwill, GoodwillState
from service.store.tables.redemption import Redemption, RedemptionState
from service.store.tables.shopping_list import ListState, ShoppingList

SUBJECT = "goodwill"
"""What the audit trail calls it."""

MOST_NOTE = 300
MOST_REQUEST = 64
_BUSY = Notice("Too many give goodwill at once; send the same again.")


class GoodwillReason(StrEnum):
    """Why it is given. `other` needs a note."""

    REFUSED_WRONGLY = "refused_wrongly"
    TILL_FAULT = "till_fault"
    OUT_OF_STOCK = "out_of_stock"
    MISPRINT = "misprint"
    WRONG_ADVICE = "wrong_advice"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class GoodwillWanted:
    """What somebody asks to give: for a sale or for a list, or a line of a list."""

    request: str
    amount_cents: int
    reason: GoodwillReason
    note: str = ""
    redemption_id: str | None = None
    list_id: int | None = None
    list_line: int | None = None

    @property
    def subject(self) -> str:
        """What nothing else may be given for at the same time."""
        what = f"sale:{self.redemption_id}" if self.redemption_id else f"list:{self.list_id}"
        return what if self.list_line is None else f"{what}:{self.list_line}"


def give(
    database: Database, settings: Settings, wanted: GoodwillWanted, *, by: Actor, now: datetime
) -> Goodwill:
    """Give an amount, or let it wait for a second person; the same request is given once.

    Raises InvalidInput, NotFound for an unknown sale or list, Forbidden for a person without the
    right, and Conflict: no person, beyond the day's limit, given already, or another request under
    this name.
    """
    wanted = _checked(wanted)
    person_id = _giver(by)

    def act(session: Session) -> Goodwill:
        # One at a time for each giver, so that the day's sum holds.
        people.lock(session, person_id)
        before = stored.by_request(session, wanted.request)
        if before is not None:
            return _same(before, wanted, person_id)
        row = _row(session, settings, wanted, by=by, person_id=person_id, now=now)
        _require_room(session, settings, row)
        held = stored.held_by(session, row.subject)
        if held is not None:
            raise Conflict(
                "Goodwill %(number)s is %(state)s for this already; take it back or decline it "
                "first.",
                number=held.id,
                state=GoodwillState(held.state),
            )
        stored.add(session, row)
        if row.state == GoodwillState.GIVEN:
            _post(session, row, at=now)
        _note(session, row, by, "give" if row.state == GoodwillState.GIVEN else "ask", at=now)
        session.expunge(row)
        return row

    try:
        return database.settle(act, busy=_BUSY)
    except IntegrityError as error:
        # Somebody else was first: with the same request, or for the same subject.
        with database.read() as session:
            before = stored.by_request(session, wanted.request)
        if before is None:
            raise Conflict("Goodwill was given for this meanwhile; look again.") from error
        return _same(before, wanted, person_id)


def approve(database: Database, number: int, *, by: Actor, now: datetime) -> Goodwill:
    """Give what waits, as a second person. Raises NotFound, Forbidden, Conflict."""
    return _decide(database, number, GoodwillState.GIVEN, by=by, now=now)


def decline(database: Database, number: int, *, by: Actor, now: datetime) -> Goodwill:
    """Give nothing of what waits; whoever asked may decline it too. Raises as `approve` does."""
    return _decide(database, number, GoodwillState.DECLINED, by=by, now=now)


def take_back(database: Database, number: int, *, by: Actor, now: datetime) -> Goodwill:
    """Void what was given: the ledger has the same amounts back. Raises as `approve` does."""
    _giver(by)

    def act(session: Session) -> Goodwill:
        row = _found(session, number)
        if row.state == GoodwillState.VOIDED:
            return _apart(session, row)
        moved = stored.move(
            session, number, source=GoodwillState.GIVEN, target=GoodwillState.VOIDED, voided_at=now
        )
        if not moved:
            raise Conflict(
                "Goodwill %(number)s is %(state)s: only what was given is taken back.",
                number=number,
                state=GoodwillState(row.state),
            )
        session.refresh(row)
        _post(session, row, at=now, back=True)
        _note(session, row, by, "take_back", at=now)
        return _apart(session, row)

    return database.settle(act, busy=_BUSY)


def show(
    database: Database,
    *,
    state: GoodwillState | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[Goodwill]:
    """What was asked for, the newest first."""
    with database.read() as session:
        return stored.page(session, state=state, before_id=before_id, limit=limit)


def left_today(database: Database, settings: Settings, person_id: int, *, now: datetime) -> int:
    """The cents that a person may still give today."""
    day = now.astimezone(ZoneInfo(settings.timezone)).date()
    with database.read() as session:
        given = stored.given_in_day(session, person_id, day)
    return max(0, settings.goodwill_day_cents - given)


def _decide(
    database: Database, number: int, target: GoodwillState, *, by: Actor, now: datetime
) -> Goodwill:
    person_id = _giver(by)

    def act(session: Session) -> Goodwill:
        row = _found(session, number)
        if row.state == target and row.second_person_id == person_id:
            return _apart(session, row)
        if target == GoodwillState.GIVEN and row.person_id == person_id:
            raise Conflict("Whoever asks for goodwill cannot approve it: a second person can.")
        moved = stored.move(
            session, number, source=GoodwillState.WAITING, target=target, second=(person_id, now)
        )
        if not moved:
            raise Conflict(
                "Goodwill %(number)s is %(state)s: it does not wait for anybody.",
                number=number,
                state=GoodwillState(row.state),
            )
        session.refresh(row)
        if target == GoodwillState.GIVEN:
            _post(session, row, at=now)
        _note(session, row, by, "approve" if target == GoodwillState.GIVEN else "decline", at=now)
        return _apart(session, row)

    return database.settle(act, busy=_BUSY)


def _checked(wanted: GoodwillWanted) -> GoodwillWanted:
    request, note = clean(wanted.request).strip(), clean(wanted.note).strip()
    if not request or len(request) > MOST_REQUEST:
        raise InvalidInput(
            "A request is named by 1 to %(number)s characters.", number=Count(MOST_REQUEST)
        )
    if len(note) > MOST_NOTE:
        raise InvalidInput(
            "The note is longer than %(number)s characters.", number=Count(MOST_NOTE)
        )
    if wanted.amount_cents <= 0:
        raise InvalidInput("The amount must be above zero.")
    if wanted.reason == GoodwillReason.OTHER and not note:
        raise InvalidInput("Say why in the note, or choose another reason.")
    if (wanted.redemption_id is None) == (wanted.list_id is None):
        raise InvalidInput("Name a receipt or a list, one of them.")
    if wanted.redemption_id is not None and wanted.list_line is not None:
        raise InvalidInput("A line is named with its list, not with a receipt.")
    return GoodwillWanted(
        request, wanted.amount_cents, wanted.reason, note,
        wanted.redemption_id, wanted.list_id, wanted.list_line,
    )  # fmt: skip


def _giver(by: Actor) -> int:
    if by.person_id is None:
        raise Conflict("Goodwill is given by a person: log in, or use a key of a person.")
    if not by.may(Right.GIVE_GOODWILL):
        raise Forbidden("This person may not give goodwill.")
    return by.person_id


def _row(
    session: Session,
    settings: Settings,
    wanted: GoodwillWanted,
    *,
    by: Actor,
    person_id: int,
    now: datetime,
) -> Goodwill:
    sale, of_list = _subject(session, wanted)
    owner = sale.household_id if sale is not None else of_list.household_id if of_list else None
    waits = wanted.amount_cents > settings.goodwill_alone_cents
    return Goodwill(
        request=wanted.request,
        subject=wanted.subject,
        state=(GoodwillState.WAITING if waits else GoodwillState.GIVEN).value,
        amount_cents=wanted.amount_cents,
        reason=wanted.reason.value,
        note=wanted.note,
        redemption_id=wanted.redemption_id,
        list_id=wanted.list_id,
        list_line=wanted.list_line,
        household_id=owner,
        store_id=sale.store_id if sale is not None else None,
        person_id=person_id,
        actor=by.name,
        asked_at=now,
        given_on=now.astimezone(ZoneInfo(settings.timezone)).date(),
    )


def _subject(
    session: Session, wanted: GoodwillWanted
) -> tuple[Redemption | None, ShoppingList | None]:
    """The sale or the list that is meant. Raises NotFound, Conflict for a sale that was voided."""
    if wanted.redemption_id is not None:
        sale = receipts.get(session, wanted.redemption_id)
        if sale is None or sale.state == RedemptionState.RETURNED:
            raise NotFound("There is no such receipt.")
        if sale.state == RedemptionState.VOIDED:
            raise Conflict("This sale was voided: it never happened.")
        return sale, None
    of_list = lists.get(session, wanted.list_id or 0)
    if of_list is None or of_list.state == ListState.DRAFT:
        raise NotFound("There is no such list.")
    known = {each.line for each in lists.lines_and_uses(session, of_list.id)}
    if wanted.list_line is not None and wanted.list_line not in known:
        raise NotFound(f"The list has no line {wanted.list_line}.")
    return None, of_list


def _require_room(session: Session, settings: Settings, row: Goodwill) -> None:
    given = stored.given_in_day(session, row.person_id, row.given_on)
    left = settings.goodwill_day_cents - given
    if row.amount_cents > left:
        raise Conflict(
            "One person gives at most %(most)s a day; %(left)s are left today.",
            most=Cents(settings.goodwill_day_cents),
            left=Cents(max(left, 0)),
        )


def _same(before: Goodwill, wanted: GoodwillWanted, person_id: int) -> Goodwill:
    """What a request gave before. Raises Conflict when it asked for something else."""
    is_same = (
        before.subject == wanted.subject
        and before.amount_cents == wanted.amount_cents
        and before.reason == wanted.reason
        and before.note == wanted.note
        and before.person_id == person_id
    )
    if not is_same:
        raise Conflict("Something else was asked for under the name of this request.")
    return before


def _found(session: Session, number: int) -> Goodwill:
    row = stored.get(session, number)
    if row is None:
        raise NotFound("There is no such goodwill.")
    return row


def _post(session: Session, row: Goodwill, *, at: datetime, back: bool = False) -> None:
    name = f"goodwill-{row.id}-void" if back else f"goodwill-{row.id}"
    kind = EntryKind.GOODWILL_VOID if back else EntryKind.GOODWILL
    cents = -row.amount_cents if back else row.amount_cents
    day = row.given_on if row.store_id is not None else None
    entries = tuple(entries_of(cents))
    ledger.post(session, Posting(name, kind, at, entries, row.store_id, day))


def _note(session: Session, row: Goodwill, by: Actor, act: str, *, at: datetime) -> None:
    detail = {"amount_cents": row.amount_cents, "reason": row.reason, "for": row.subject}
    audit.add(session, by, act, SUBJECT, row.id, at=at, detail=detail)


def _apart(session: Session, row: Goodwill) -> Goodwill:
    """A row that stays readable after its transaction."""
    session.flush()
    session.expunge(row)
    return row

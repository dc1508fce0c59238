"""Pin a deal to households, or ban it: decisions of people that every cycle and draft honours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from service.engine.allocate.value import CELLS
from service.engine.lifecycle import DealState
from service.engine.offers.overrides import OverrideAct
from service.engine.records import DealKind
from service.engine.texts import clean
from service.errors import Conflict, InvalidInput, NotFound, Problem
from service.notice import Count, Notice
from service.store import audit, households, overrides
from service.store.actor import SERVICE, Actor
from service.store.offers import states
from service.store.overrides import NamedOverride
from service.store.session import Database
from service.store.tables.offer import Offer
from service.store.tables.override import Override

SUBJECT = "override"
"""What the audit trail calls them."""
MOST_OPEN = 10_000
"""So many are open at once: more is a target of a deal, or a file of deals."""
MOST_REASON = 300
_BUSY = Notice("Somebody else pins or bans this deal right now; send the same again.")


@dataclass(frozen=True, slots=True)
class OverrideWanted:
    """What somebody asks for: an act on the deal of an offer (any revision), for whom, and why.

    For the household with the retailer's own number, for a cell, or for all where both are empty.
    """

    act: OverrideAct
    offer_id: int
    reason: str
    household: str = ""
    cell: str = ""


def make_override(
    database: Database, wanted: OverrideWanted, *, by: Actor, now: datetime
) -> NamedOverride:
    """Pin or ban a deal; what is issued already stays. The same again changes nothing.

    Raises NotFound for an unknown deal or household, InvalidInput for a faulty wish, and Conflict
    for a deal that has ended, or one that is pinned already where it is to be banned (or the
    reverse) for the same households.
    """
    reason = clean(wanted.reason).strip()
    problems = _problems(wanted, reason)
    if problems:
        raise InvalidInput("This cannot be done: %(fault)s", problems, fault=str(problems[0]))

    def write(session: Session) -> NamedOverride:
        # A cycle that issues the deal now comes before, or sees this.
        revisions = {each.id: each for each in states.lock_deal(session, wanted.offer_id)}
        if not revisions:
            raise NotFound("There is no such deal.")
        offer = revisions[wanted.offer_id]
        deal_id = offer.deal_id or offer.id
        household_id = _household_id(session, wanted.household)
        cell = wanted.cell or None
        before = overrides.held(session, deal_id, household_id=household_id, cell=cell)
        if before is not None:
            if before.act == wanted.act:
                return _one(session, before.id)
            raise Conflict(
                "Override %(number)s is a %(act)s of this deal for the same households: end it "
                "first.",
                number=before.id,
                act=str(before.act),
            )
        _require_open_deal(offer, wanted)
        if overrides.count_open(session) >= MOST_OPEN:
            raise Conflict(
                "%(most)s overrides are open, which is the most there may be: end some, or give "
                "the deal targets instead.",
                most=Count(MOST_OPEN),
            )
        number = overrides.add(
            session,
            Override(
                deal_id=deal_id,
                act=wanted.act,
                household_id=household_id,
                cell=cell,
                reason=reason,
                actor=by.name,
                person_id=by.person_id,
                made_at=now,
            ),
        )
        detail = {"deal": deal_id, "for": _whom(wanted), "reason": reason}
        audit.add(session, by, str(wanted.act), SUBJECT, number, at=now, detail=detail)
        return _one(session, number)

    try:
        return database.settle(write, busy=_BUSY)
    except IntegrityError as error:
        raise Conflict(_BUSY) from error


def end_override(database: Database, number: int, *, by: Actor, now: datetime) -> NamedOverride:
    """End a pin or a ban; ending it again changes nothing. Raises NotFound."""

    def write(session: Session) -> NamedOverride:
        _one(session, number)
        if overrides.end(session, number, by=by, at=now):
            audit.add(session, by, "end", SUBJECT, number, at=now)
        return _one(session, number)

    return database.settle(write, busy=_BUSY)


def end_pins_of_ended_deals(database: Database, *, now: datetime) -> int:
    """End the pins of deals that have ended, which the trail says; how many.

    Bans stay: a deal that comes back under its name is still banned.
    """

    def write(session: Session) -> int:
        ended = overrides.end_pins_of_ended(session, by=SERVICE, at=now)
        for number in ended:
            detail = {"reason": "the deal has ended"}
            audit.add(session, SERVICE, "end", SUBJECT, number, at=now, detail=detail)
        return len(ended)

    return database.settle(write, busy=_BUSY)


def one_override(database: Database, number: int) -> NamedOverride:
    """One, open or ended. Raises NotFound."""
    with database.read() as session:
        return _one(session, number)


def page_overrides(
    database: Database,
    *,
    deal: int | None = None,
    household: str = "",
    is_open: bool | None = None,
    before: int | None = None,
    limit: int,
) -> Sequence[NamedOverride]:
    """Pins and bans, the newest first, of a deal (any revision) or a household if one is named.

    Raises NotFound for an unknown deal or household.
    """
    with database.read() as session:
        deal_id = None
        if deal is not None:
            offer = session.get(Offer, deal)
            if offer is None:
                raise NotFound("There is no such deal.")
            deal_id = offer.deal_id or offer.id
        return overrides.named(
            session,
            deal_id=deal_id,
            household_id=_household_id(session, household),
            is_open=is_open,
            before=before,
            limit=limit,
        )


def _one(session: Session, number: int) -> NamedOverride:
    found = overrides.named(session, number=number)
    if not found:
        raise NotFound("There is no such pin or ban.")
    session.refresh(found[0].override)
    session.expunge(found[0].override)
    return found[0]


def _household_id(session: Session, ref: str) -> int | None:
    if not ref:
        return None
    found = households.by_ref(session, ref)
    if found is None:
        raise NotFound(f"There is no household {ref!r}.")
    return found.id


def _problems(wanted: OverrideWanted, reason: str) -> list[Problem]:
    problems = []
    if not reason or len(reason) > MOST_REASON:
        problems.append(
            Problem("#/reason", "says nothing, or too much", f"say why in 1 to {MOST_REASON} signs")
        )
    if wanted.household and wanted.cell:
        problems.append(
            Problem("#/cell", "a household and a cell are named", "name one of them, or neither")
        )
    if wanted.cell and wanted.cell not in CELLS:
        problems.append(Problem("#/cell", f"no cell is {wanted.cell!r}", ", ".join(CELLS)))
    return problems


def _require_open_deal(offer: Offer, wanted: OverrideWanted) -> None:
    if offer.state == DealState.ENDED:
        raise Conflict("This deal has ended: nobody gets it any more.")
    if wanted.cell and offer.kind == DealKind.PARTNER:
        fault = Problem("#/cell", "a partner's slot has no cells", "name a household, or nobody")
        raise InvalidInput("This cannot be done: %(fault)s", [fault], fault=str(fault))


def _whom(wanted: OverrideWanted) -> str:
    if wanted.household:
        return f"household {wanted.household}"
    return wanted.cell or "all"

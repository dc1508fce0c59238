"""Steer deals: check, send back, approve, stop, resume, raise a budget. Every act is recorded.

The id of any of its revisions identifies a deal. `engine.lifecycle.MOVES` lists what people may do;
`running`, `exhausted` and `ended` follow from dates and limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from sqlmodel import Session

from service.engine.lifecycle import PENDING, Act, DealState, next_state
from service.engine.reserve import OpenCopies, overspend_chance
from service.engine.rights import Right
from service.engine.texts import clean
from service.errors import Conflict, InvalidInput, NotFound
from service.notice import Cents, Notice
from service.settings import Settings
from service.store.actor import Actor
from service.store.offers import events, overview, states, stock
from service.store.session import Database
from service.store.tables.offer import Offer, OfferEvent

_BUSY = Notice("This deal is being changed by somebody else; ask again.")
_MOST_CENTS = 10**11


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the copies in circulation may still cost a deal's budget, in cents.

    `worst_cents` is the cost if every remaining use is made, `expected_cents` the cost that was
    expected at issue; `overspend_chance` is a bound on the chance that the budget is overspent,
    None without a budget.
    """

    open_copies: int
    expected_cents: int
    worst_cents: int
    overspend_chance: float | None


def check(database: Database, offer_id: int, *, by: Actor) -> DealState:
    """Confirm a draft. Raises NotFound, Conflict for a deal that is not a draft."""
    return _move_pending(database, offer_id, Act.CHECK, by=by)


def send_back(database: Database, offer_id: int, *, by: Actor, note: str = "") -> DealState:
    """Make a checked deal a draft again. Raises NotFound, Conflict for one that is not checked."""
    return _move_pending(database, offer_id, Act.SEND_BACK, by=by, note=note)


def approve(database: Database, settings: Settings, offer_id: int, *, by: Actor) -> DealState:
    """Approve a checked deal to run; it replaces the revision before it.

    A stopped deal stays stopped. Raises NotFound, and Conflict for a deal that is not checked, or
    where approval needs a second person and `by` is not one.
    """

    def act(session: Session) -> DealState:
        revisions = _lock_revisions(session, offer_id)
        offer = _pending_revision(revisions, offer_id)
        state = next_state(DealState(offer.state), Act.APPROVE)
        _require_second_person(session, settings, offer, by=by)
        live = [each for each in revisions if each.state not in (*PENDING, DealState.REPLACED)]
        stopped = [each.stopped_at for each in live if each.state == DealState.PAUSED]
        now = datetime.now(UTC)
        if stopped:
            state = DealState.PAUSED
            states.set_stopped(session, (offer,), at=stopped[-1])
        events.add(session, offer, Act.APPROVE, to_state=state, by=by, at=now)
        for each in live:
            events.add(session, each, Act.REPLACE, to_state=DealState.REPLACED, by=by, at=now)
        states.move(session, live, DealState.REPLACED)
        states.move(session, (offer,), state)
        stock.settle(session, at=now)
        session.refresh(offer)
        return DealState(offer.state)

    return database.settle(act, busy=_BUSY)


def stop(database: Database, offer_id: int, *, by: Actor, note: str = "") -> DealState:
    """Stop a deal at once: no copy is issued, and the till refuses those in circulation.

    This applies to every revision, including those on printed lists. Their copies keep their
    reservations until the lists end. A deal that is paused for want of stock can be stopped too,
    and waits for somebody to resume it then. Raises NotFound, Conflict for a deal that does not
    run.
    """

    def act(session: Session) -> DealState:
        revisions = _lock_revisions(session, offer_id)
        offer = _live_revision(revisions, offer_id)
        now = datetime.now(UTC)
        detail = {"note": clean(note)}
        if offer.state == DealState.PAUSED and offer.stopped_at is None:
            state = DealState.PAUSED
            events.add(session, offer, Act.STOP, to_state=state, by=by, at=now, detail=detail)
        else:
            state = _move(session, offer, Act.STOP, by=by, at=now, detail=detail)
        states.set_stopped(session, [r for r in revisions if r.stopped_at is None], at=now)
        return state

    return database.settle(act, busy=_BUSY)


def resume(
    database: Database,
    offer_id: int,
    *,
    by: Actor,
    new_copies_only: bool = False,
    note: str = "",
) -> DealState:
    """Resume a stopped deal. With `new_copies_only` the till still refuses copies of earlier
    revisions, whose print was wrong. What suppliers reported to be out of stock of it is no more.
    Raises NotFound, Conflict for a deal that is not stopped.
    """

    def act(session: Session) -> DealState:
        revisions = _lock_revisions(session, offer_id)
        offer = _live_revision(revisions, offer_id)
        now = datetime.now(UTC)
        detail = {"new_copies_only": new_copies_only, "note": clean(note)}
        state = _move(session, offer, Act.RESUME, by=by, at=now, detail=detail)
        states.set_stopped(session, (offer,) if new_copies_only else revisions, at=None)
        stock.end_on_deal(session, offer, at=now, by=by.name)
        stock.settle(session, at=now)
        return state

    return database.settle(act, busy=_BUSY)


def raise_budget(
    database: Database, settings: Settings, offer_id: int, cents: int, *, by: Actor
) -> DealState:
    """Raise the budget of a running deal; an exhausted one runs again.

    Raises NotFound, InvalidInput above `_MOST_CENTS`, and Conflict when the new budget is not
    higher, when the deal does not run, or where approval needs a second person and `by` is not one.
    """
    if cents > _MOST_CENTS:
        raise InvalidInput("A budget is at most %(most)s.", most=Cents(_MOST_CENTS))

    def act(session: Session) -> DealState:
        offer = _live_revision(_lock_revisions(session, offer_id), offer_id)
        before = offer.budget_cents
        next_state(DealState(offer.state), Act.RAISE_BUDGET)
        if before is None:
            raise Conflict("This deal has no budget that could be raised: it is without limit.")
        if cents <= before:
            raise Conflict(
                "The budget is %(budget)s and can only be raised. A lower one comes "
                "with a new revision of the deal.",
                budget=Cents(before),
            )
        _require_second_person(session, settings, offer, by=by)
        detail = {"from_cents": before, "to_cents": cents}
        state = _move(session, offer, Act.RAISE_BUDGET, by=by, at=datetime.now(UTC), detail=detail)
        states.set_budget(session, offer, cents)
        return state

    return database.settle(act, busy=_BUSY)


def follow_facts(database: Database, *, on: date) -> int:
    """Move every deal to the state that its dates and limits imply; returns how many moved.

    What was out of stock until the day `on`, or an earlier one, is offered again.
    """

    def act(session: Session) -> int:
        now = datetime.now(UTC)
        stock.end_those_over(session, on=on, at=now)
        moved = stock.settle(session, at=now)
        return moved + states.follow_facts(session, on=on, at=now)

    return database.settle(act, busy=_BUSY)


def show(
    database: Database, offer_id: int
) -> tuple[list[dict[str, Any]], Exposure, Sequence[tuple[int, OfferEvent]]]:
    """The current revisions of a deal, its exposure, and its audit trail as (revision, event).

    Raises NotFound.
    """
    with database.read() as session:
        current, trail = _current(session, offer_id)
        copies = overview.open_copies(session, [current[0]["offer_id"]])
    return current, exposure(current[0], copies), trail


def current_revisions(
    database: Database, offer_id: int
) -> tuple[list[dict[str, Any]], Sequence[tuple[int, OfferEvent]]]:
    """As `show`, without the exposure, for which every open copy is looked at. Raises NotFound."""
    with database.read() as session:
        return _current(session, offer_id)


def _current(
    session: Session, offer_id: int
) -> tuple[list[dict[str, Any]], Sequence[tuple[int, OfferEvent]]]:
    current = overview.deals(session, offer_id=offer_id).to_dicts()
    if not current:
        raise _unknown()
    return current, events.of_deal(session, offer_id)


def exposure(deal: dict[str, Any], copies: pl.DataFrame) -> Exposure:
    """What open copies may cost a deal; `deal` and `copies` as `store.offers.overview` gives them.

    A copy without an expectation at issue counts as certain to be used.
    """
    groups = [
        OpenCopies(
            copies=row["copies"],
            most_cents=row["uses_left"] * row["use_cents"],
            expected_cents=row["use_cents"]
            * (
                row["uses_left"]
                if row["expected_uses"] is None
                else min(row["expected_uses"], row["uses_left"])
            ),
        )
        for row in copies.iter_rows(named=True)
    ]
    budget = deal["budget_cents"]
    return Exposure(
        open_copies=sum(each.copies for each in groups),
        expected_cents=round(sum(each.copies * each.expected_cents for each in groups)),
        worst_cents=sum(each.copies * each.most_cents for each in groups),
        overspend_chance=None
        if budget is None
        else overspend_chance(groups, free_cents=budget - deal["spent_cents"]),
    )


def _move_pending(
    database: Database, offer_id: int, act: Act, *, by: Actor, note: str = ""
) -> DealState:
    def write(session: Session) -> DealState:
        offer = _pending_revision(_lock_revisions(session, offer_id), offer_id)
        detail = {"note": clean(note)} if note else {}
        return _move(session, offer, act, by=by, at=datetime.now(UTC), detail=detail)

    return database.settle(write, busy=_BUSY)


def _move(
    session: Session, offer: Offer, act: Act, *, by: Actor, at: datetime, detail: dict[str, Any]
) -> DealState:
    state = next_state(DealState(offer.state), act)
    events.add(session, offer, act, to_state=state, by=by, at=at, detail=detail)
    states.move(session, (offer,), state)
    return state


def _lock_revisions(session: Session, offer_id: int) -> Sequence[Offer]:
    revisions = states.lock_deal(session, offer_id)
    if not revisions:
        raise _unknown()
    return revisions


def _unknown() -> NotFound:
    return NotFound("There is no such deal.")


def _pending_revision(revisions: Sequence[Offer], offer_id: int) -> Offer:
    """The revision that waits for approval, else the one with this id."""
    return next(
        (each for each in revisions if each.state in PENDING), _find_revision(revisions, offer_id)
    )


def _live_revision(revisions: Sequence[Offer], offer_id: int) -> Offer:
    """The revision that runs or may run, else the one with this id."""
    waiting = (*PENDING, DealState.REPLACED)
    return next(
        (each for each in revisions if each.state not in waiting),
        _find_revision(revisions, offer_id),
    )


def _find_revision(revisions: Sequence[Offer], offer_id: int) -> Offer:
    return next(each for each in revisions if each.id == offer_id)


def _require_second_person(
    session: Session, settings: Settings, offer: Offer, *, by: Actor
) -> None:
    """Raises Conflict where approval needs two persons and `by` is not the second of them.

    The first is who loaded the revision or, where a machine did that, who checked it. The second
    is another person who may approve deals. Keys and command lines are the persons they are bound
    to; bound to nobody they are neither.
    """
    if not settings.deal_approval:
        return
    if by.person_id is None:
        raise Conflict(
            "A second person must approve this, and %(name)s is bound to nobody: log in, "
            "bind the key or the user of the machine to a person, or name one by "
            "LARDER_PERSON.",
            name=by.name,
        )
    if not by.may(Right.APPROVE_DEALS):
        raise Conflict(
            "%(name)s may not approve deals: that needs the role approver.", name=by.name
        )
    # Whoever a supplier has load its deals is none of the two.
    loader = events.person_behind(session, offer, Act.LOAD, of_retailer=True)
    first = loader or events.person_behind(session, offer, Act.CHECK)
    if first is None:
        raise Conflict(
            "No person loaded or checked this deal: one must check it, and another one approve. "
            "A deal that runs is loaded again as its next revision."
        )
    if first == by.person_id and loader:
        raise Conflict(
            "Who loaded a deal cannot approve it or raise its budget: another person must."
        )
    if first == by.person_id:
        raise Conflict(
            "Who checked a deal cannot approve it or raise its budget: another person must."
        )

"""Void: a whole transaction never happened."""

import uuid
from datetime import UTC, datetime

from sqlmodel import Session

from service.checkout import answer
from service.checkout.recognise import require_goods, require_store
from service.checkout.resettle import Cause, resettle
from service.checkout.returned_units import (
    Moved,
    moved,
    returned_units,
    stored_parts,
    without_corrections,
)
from service.checkout.void_return import undo_return
from service.engine.ledger import EntryKind, Posting, netted, release, reversed_entries
from service.engine.settle import take_back, units_left
from service.store import catalogue, ledger, work
from service.store.session import Database
from service.store.tables.redemption import Redemption, RedemptionState, TillVerb
from service.store.till import Reference, changes, offline

_BUSY = "This transaction is being written right now; send the void again."


def void(database: Database, reference: Reference, *, key_id: int | None) -> str:
    """Undo a transaction wholly, once; the answer as JSON, the same however often it is sent.

    A return is undone as `undo_return` says. Of a sale the list lines are open again, every account
    of the ledger is where it was, its basket leaves history, and the household's next list is
    written again. What was in dispute because of it may get its uses now. A transaction that is not
    known is noted as voided, so that a late copy of it cannot come into effect. Raises InvalidInput
    for an unknown store, Conflict for a sale whose goods are kept no more, and Busy when every
    attempt lost a race against other tills.
    """
    return database.settle(lambda session: undo(session, reference, key_id=key_id), busy=_BUSY)


def undo(session: Session, reference: Reference, *, key_id: int | None) -> str:
    """`void` within a unit of work."""
    redemption = changes.locked_redemption(session, reference)
    if redemption is None:
        return _void_unknown(session, reference, key_id=key_id)
    if redemption.void_answer is not None:
        return redemption.void_answer
    if redemption.state == RedemptionState.RETURNED:
        return undo_return(session, redemption, key_id=key_id)
    require_goods(redemption)
    now = datetime.now(UTC)
    used = changes.used_lines(session, redemption.id)
    undone = _undone(session, redemption, used)
    ledger.post(session, *_postings(session, redemption, used, now))
    changes.forget_sale(session, redemption)
    offline.end_disputes(session, redemption.id, at=now)
    cause = Cause(redemption.id, key_id, now)
    freed = [line for line in used if line.live]
    left = resettle(session, {(line.list_id, line.list_line) for line in freed}, cause=cause)
    text = answer.voided(
        redemption.id,
        total_cents=redemption.total_discount_cents,
        applied=undone,
        reopened=[line for line in freed if left.get((line.list_id, line.list_line), 1)],
    )
    redemption.void_answer = text
    session.add(redemption)
    changes.add_event(
        session,
        redemption.id,
        TillVerb.VOID,
        key_id=key_id,
        detail=answer.compact({"total_discount_cents": redemption.total_discount_cents}),
        at=now,
    )
    if redemption.household_id is not None:
        work.mark_due(session, redemption.household_id, at=now)
    return text


def _undone(session: Session, redemption: Redemption, used: list[changes.UsedLine]) -> list[Moved]:
    """The uses, points and cents of the sale that no return took back before."""
    parts = stored_parts(used)
    bought = without_corrections(changes.bought_lines(session, redemption), parts)
    left = []
    for use in used:
        returned = returned_units(use.id, parts=parts, bought=bought)
        for part in use.parts:
            gone = returned.get(part.line, set())
            left.append((use, take_back(part, units=units_left(part, gone), returned=gone)))
    found = moved(left, uses={use.id: use.uses for use in used if use.live})
    return [each for each in found if each.uses or each.points or each.amount_cents]


def _postings(
    session: Session, redemption: Redemption, used: list[changes.UsedLine], at: datetime
) -> list[Posting]:
    """What the sale and its returns moved, moved back in the store and on the day it was moved."""
    name = f"{redemption.id}-void"
    moved = ledger.sale_postings(session, redemption.id)
    postings = [
        Posting(name, EntryKind.VOID, at, netted(reversed_entries(entries)), *place)
        for place, entries in moved.items()
    ]
    # Where the list ended since, what the use had reserved is not wanted any more.
    ended = [line for line in used if not line.is_issued]
    entries = netted(each for line in ended for each in release(line.payer, line.reserved_cents))
    place = (redemption.store_id, redemption.business_date)
    return [*postings, Posting(name, EntryKind.VOID, at, entries, *place)]


def _void_unknown(session: Session, reference: Reference, *, key_id: int | None) -> str:
    require_store(is_known=catalogue.store_zone(session, reference.store_id) is not None)
    now = datetime.now(UTC)
    redemption_id = uuid.uuid4().hex
    text = answer.voided(redemption_id, total_cents=0, applied=(), reopened=())
    session.add(
        Redemption(
            id=redemption_id,
            **reference._asdict(),
            digest="",
            state=RedemptionState.VOIDED,
            total_discount_cents=0,
            answer="",
            redeemed_at=now,
            key_id=key_id,
            void_answer=text,
        )
    )
    session.flush()
    changes.add_event(session, redemption_id, TillVerb.VOID, key_id=key_id, detail="{}", at=now)
    return text

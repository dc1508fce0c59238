"""Void: a whole transaction never happened."""

import uuid
from datetime import UTC, datetime

from sqlmodel import Session

from service.checkout import answer
from service.checkout.resettle import Cause, resettle
from service.engine.reserve import released
from service.engine.settle import EntryKind
from service.errors import InvalidInput, Problem
from service.store import catalogue, ledger, work
from service.store.session import Database
from service.store.tables.redemption import Redemption, RedemptionState, TillVerb
from service.store.till import Reference, changes, claims

_BUSY = "This transaction is being written right now; send the void again."


def void(database: Database, reference: Reference, *, key_id: int | None) -> str:
    """Undo a transaction wholly, once; the answer as JSON, the same however often it is asked.

    Its list lines are open again, every account of the ledger is where it was, its basket leaves
    history, and the household's next list is written anew. What was in dispute because of it stands
    now. A transaction not heard of is noted as voided, so that a late copy of it cannot come into
    effect. Raises InvalidInput for an unknown store, and Busy when other tills never stop coming
    between.
    """
    return database.settle(lambda session: undo(session, reference, key_id=key_id), busy=_BUSY)


def undo(session: Session, reference: Reference, *, key_id: int | None) -> str:
    """`void` within a unit of work."""
    redemption = changes.locked_redemption(session, reference)
    if redemption is None:
        return _void_unheard(session, reference, key_id=key_id)
    if redemption.void_answer is not None:
        return redemption.void_answer
    now = datetime.now(UTC)
    used = changes.used_lines(session, redemption.id)
    entries = [
        _entry(redemption.id, account, offer_id, -cents, now)
        for account, offer_id, cents in changes.moved(session, redemption.id)
        if cents
    ]
    for line in used:
        if not line.is_issued:
            # The list ended since, so what the use had reserved is not wanted any more.
            entries += [
                _entry(redemption.id, each.account, each.offer_id, each.amount_cents, now)
                for each in released(line.offer_id, line.reserved_cents)
            ]
    ledger.post(session, entries)
    changes.forget_sale(session, redemption)
    claims.end_disputes(session, redemption.id, at=now)
    cause = Cause(redemption.id, key_id, now)
    freed = [line for line in used if line.live]
    left = resettle(session, {(line.list_id, line.list_line) for line in freed}, cause=cause)
    reopened = [
        {"list_code": line.list_code, "list_line": line.list_line}
        for line in freed
        if left.get((line.list_id, line.list_line), 1)
    ]
    text = answer.compact(
        {
            "redemption_id": redemption.id,
            "status": "voided",
            "total_discount_cents": redemption.total_discount_cents,
            "reopened": reopened,
        }
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


def _void_unheard(session: Session, reference: Reference, *, key_id: int | None) -> str:
    if catalogue.store_zone(session, reference.store_id) is None:
        raise InvalidInput(
            "The store is not known.",
            [Problem("#/transaction/store", "no key or basket has named this store yet")],
        )
    now = datetime.now(UTC)
    redemption_id = uuid.uuid4().hex
    text = answer.compact(
        {
            "redemption_id": redemption_id,
            "status": "voided",
            "total_discount_cents": 0,
            "reopened": [],
        }
    )
    session.add(
        Redemption(
            id=redemption_id,
            store_id=reference.store_id,
            terminal=reference.terminal,
            business_date=reference.business_date,
            number=reference.number,
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


def _entry(
    redemption_id: str, account: str, offer_id: int, cents: int, now: datetime
) -> dict[str, object]:
    return {
        "posting": f"{redemption_id}-void",
        "kind": EntryKind.VOID,
        "account": account,
        "offer_id": offer_id,
        "amount_cents": cents,
        "posted_at": now,
    }

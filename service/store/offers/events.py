"""The audit trail of deals: who did what to a revision, and when."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from service.engine.lifecycle import Act, DealState
from service.store.actor import Actor
from service.store.tables.offer import Offer, OfferEvent
from service.store.tables.person import PersonRow


def add(
    session: Session,
    offer: Offer,
    act: Act,
    *,
    to_state: DealState,
    by: Actor,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an event to the audit trail; `offer` is in its state before the event."""
    session.add(
        OfferEvent(
            offer_id=offer.id,
            act=act,
            from_state=offer.state,
            to_state=to_state,
            actor=by.name,
            person_id=by.person_id,
            detail=dict(detail or {}),
            happened_at=at,
        )
    )


def of_deal(session: Session, offer_id: int) -> Sequence[tuple[int, OfferEvent]]:
    """(revision, event) of a deal over all its revisions, oldest first."""
    deal = select(Offer.supplier_id, Offer.deal_ref).where(Offer.id == offer_id).subquery()
    statement = (
        select(Offer.revision, OfferEvent)
        .join(OfferEvent, col(Offer.id) == col(OfferEvent.offer_id))
        .join(
            deal,
            (col(Offer.supplier_id) == deal.c.supplier_id)
            & (col(Offer.deal_ref) == deal.c.deal_ref),
        )
        .order_by(col(OfferEvent.id))
    )
    return session.exec(statement).all()


def person_behind(
    session: Session, offer: Offer, act: Act, *, of_retailer: bool = False
) -> int | None:
    """The person who last did an act to a revision; None when nobody did, or no person.

    With `of_retailer` a supplier's person is no person.
    """
    newest = (
        select(OfferEvent.person_id)
        .where(OfferEvent.offer_id == offer.id, OfferEvent.act == act)
        .order_by(col(OfferEvent.id).desc())
    )
    if of_retailer:
        newest = newest.join(
            PersonRow, col(PersonRow.id) == col(OfferEvent.person_id), isouter=True
        ).where(col(PersonRow.account_id).is_(None))
    return session.exec(newest).first()

"""Queries on the states of deals, their stops, and their budgets."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from service.engine.lifecycle import ISSUABLE, Act, DealFacts, DealState, state_by_facts
from service.store.actor import SERVICE
from service.store.offers import events, overview
from service.store.tables.offer import Offer


def lock_deal(session: Session, offer_id: int) -> Sequence[Offer]:
    """Every revision of the deal of an offer, oldest first, locked until the transaction ends."""
    deal = select(Offer.supplier_id, Offer.deal_ref).where(Offer.id == offer_id)
    found = session.exec(deal).first()
    if found is None:
        return ()
    statement = (
        select(Offer)
        .where(Offer.supplier_id == found[0], Offer.deal_ref == found[1])
        .order_by(col(Offer.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(statement).all()


def move(session: Session, offers: Sequence[Offer], state: DealState) -> None:
    """Put revisions into a state."""
    ids = [each.id for each in offers]
    session.execute(update(Offer).where(col(Offer.id).in_(ids)).values(state=state))


def set_stopped(session: Session, offers: Sequence[Offer], *, at: datetime | None) -> None:
    """Stop revisions from a moment on, or resume them (None)."""
    ids = [each.id for each in offers]
    session.execute(update(Offer).where(col(Offer.id).in_(ids)).values(stopped_at=at))


def set_budget(session: Session, offer: Offer, cents: int) -> None:
    """Give a revision another budget."""
    session.execute(update(Offer).where(col(Offer.id) == offer.id).values(budget_cents=cents))


def lock(session: Session, offer_ids: Sequence[int]) -> dict[int, str]:
    """The states of some offers by id, locked in order of id until the transaction ends.

    Whoever issues copies, stops a deal or changes its budget locks the offers first, so that no
    two spend the same money.
    """
    statement = (
        select(Offer.id, Offer.state)
        .where(col(Offer.id).in_(offer_ids))
        .order_by(col(Offer.id))
        .with_for_update(key_share=True)
    )
    return dict(session.exec(statement).all())


def follow_facts(session: Session, *, on: date, at: datetime) -> int:
    """Put every deal into the state that follows from its dates and limits; how many changed.

    A deal is exhausted when its budget does not cover the most that a copy may cost. The state
    informs people only: a cycle decides by what is left of the budget.
    """
    found = overview.deals(session, states=(*ISSUABLE, DealState.PAUSED))
    moved = 0
    for row in found.iter_rows(named=True):
        budget, most = row["budget_cents"], row["circulation_max"]
        facts = DealFacts(
            mail_from=row["mail_from"],
            redeem_to=row["redeem_to"],
            copy_cents=row["use_cents"] * row["limit_per_household"],
            free_cents=None
            if budget is None
            else budget - row["reserved_cents"] - row["spent_cents"],
            free_copies=None if most is None else most - row["issued"],
        )
        before = DealState(row["state"])
        state = state_by_facts(before, facts, on=on)
        if state is before:
            continue
        offer = session.get_one(Offer, row["offer_id"])
        events.add(
            session, offer, Act.FACTS, to_state=state, by=SERVICE, at=at,
            detail={"on": on.isoformat()},
        )  # fmt: skip
        move(session, (offer,), state)
        moved += 1
    return moved

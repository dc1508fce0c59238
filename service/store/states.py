"""Queries on the life of deals: their states, their audit trail, and what they hold of budgets."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import text, update
from sqlmodel import Session, col, select

from service.engine.lifecycle import ISSUABLE, Act, DealFacts, DealState, state_by_facts
from service.engine.reserve import reservation_cents
from service.store.tables.offer import Offer, OfferEvent, Upload

STANDING = {
    "offer_id": pl.Int64,
    "supplier": pl.String,
    "deal_id": pl.String,
    "revision": pl.Int64,
    "state": pl.String,
    "title": pl.String,
    "mail_from": pl.Date,
    "mail_to": pl.Date,
    "redeem_to": pl.Date,
    "budget_cents": pl.Int64,
    "circulation_max": pl.Int64,
    "circulation_min": pl.Int64,
    "issued": pl.Int64,
    "reserved_cents": pl.Int64,
    "spent_cents": pl.Int64,
    "use_cents": pl.Int64,
    "limit_per_household": pl.Int64,
    "stopped": pl.Boolean,
    "uploaded_by": pl.String,
}
"""The columns of `standing`."""

BY_FACT = "larder"
"""Who is named in the audit trail where nobody did it but the facts."""

OPEN = {
    "offer_id": pl.Int64,
    "deal": pl.Int64,
    "uses_left": pl.Int64,
    "use_cents": pl.Int64,
    "expected_uses": pl.Float64,
    "copies": pl.Int64,
}
"""The columns of `open_copies`."""


def held(session: Session, offer_id: int) -> Sequence[Offer]:
    """Every revision of the deal of an offer, oldest first, held until the transaction ends."""
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
    """Stop revisions from a moment on, or let them go on (null)."""
    ids = [each.id for each in offers]
    session.execute(update(Offer).where(col(Offer.id).in_(ids)).values(stopped_at=at))


def set_budget(session: Session, offer: Offer, cents: int) -> None:
    """Give a revision another budget."""
    session.execute(update(Offer).where(col(Offer.id) == offer.id).values(budget_cents=cents))


def add_event(
    session: Session,
    offer: Offer,
    act: Act,
    *,
    to_state: DealState,
    actor: str,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Tell the audit trail; `offer` as it was before."""
    session.add(
        OfferEvent(
            offer_id=offer.id or 0,
            act=act,
            from_state=offer.state,
            to_state=to_state,
            actor=actor,
            detail=json.dumps(detail or {}, sort_keys=True),
            happened_at=at,
        )
    )


def events(session: Session, offer_id: int) -> Sequence[tuple[int, OfferEvent]]:
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


def uploader(session: Session, offer: Offer) -> str:
    """Who loaded a revision."""
    return session.exec(select(Upload.uploaded_by).where(Upload.id == offer.upload_id)).one()


def standing(
    session: Session,
    *,
    states: Sequence[DealState] = (),
    offer_id: int | None = None,
    after: int = 0,
    limit: int = 2**31,
) -> pl.DataFrame:
    """Every revision that is not replaced, by offer_id, with what it holds; see `STANDING`.

    `issued` copies, `reserved_cents` and `spent_cents` are those of all revisions of the deal;
    `use_cents` is the most one use may cost, at the dearest of its face values; of a partner's slot
    it is what a copy costs. Only those in `states`, of the deal of `offer_id`, or after an id, if
    given.
    """
    wanted = ["o.state <> 'replaced'", "o.id > :after"]
    if states:
        wanted.append("o.state IN (" + ", ".join(f"'{state}'" for state in states) + ")")
    if offer_id is not None:
        wanted.append(
            "EXISTS (SELECT 1 FROM offer x WHERE x.id = :offer"
            " AND x.supplier_id = o.supplier_id AND x.deal_ref = o.deal_ref)"
        )
    same = "r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref"
    money = (
        "(SELECT coalesce(sum(e.amount_cents), 0) FROM ledger_entry e"
        f" JOIN offer r ON r.id = e.offer_id WHERE {same} AND e.account ="
    )
    rows = session.execute(
        text(
            f"""WITH o AS (SELECT o.* FROM offer o WHERE {" AND ".join(wanted)}
                           ORDER BY o.id LIMIT :limit)
                SELECT o.id, s.name, o.deal_ref, o.revision, o.state, o.title, o.mail_from,
                       o.mail_to, o.redeem_to, o.budget_cents, o.circulation_max,
                       o.circulation_min,
                       (SELECT count(*) FROM offer r JOIN list_line l ON l.offer_id = r.id
                        JOIN shopping_list p ON p.id = l.list_id
                        WHERE {same} AND p.state IN ('issued', 'expired')),
                       {money} 'offer_reserved'), {money} 'offer_spent'),
                       o.face_value_cents, o.funding_share, o.funding_cap_cents,
                       o.handling_fee_cents, o.face_values, o.copy_fee_cents,
                       o.limit_per_household,
                       CASE WHEN o.stopped_at IS NULL THEN 0 ELSE 1 END, u.uploaded_by
                FROM o JOIN supplier s ON s.id = o.supplier_id
                JOIN upload u ON u.id = o.upload_id ORDER BY o.id"""
        ),
        {"after": after, "limit": limit} | ({} if offer_id is None else {"offer": offer_id}),
    )
    records = [
        (
            *row[:6],
            *(_day(each) for each in row[6:9]),
            *row[9:13],
            int(row[13]),
            int(row[14]),
            # A partner pays for the copy, and nothing for what is done with it.
            row[20]
            + reservation_cents(
                max(json.loads(row[19]) or [row[15]]),
                funding_share=row[16],
                funding_cap_cents=row[17],
                handling_fee_cents=row[18],
            ),
            row[21],
            bool(row[22]),
            row[23],
        )
        for row in rows
    ]
    return pl.DataFrame(records, schema=STANDING, orient="row")


def open_copies(session: Session, offer_ids: Sequence[int]) -> pl.DataFrame:
    """What may still be used of the deals of some offers, alike copies counted; see `OPEN`.

    `deal` is the offer asked for, `offer_id` the revision that is printed; `use_cents` the most
    one use may cost, `expected_uses` what was expected of a copy when it was issued (null where
    nothing was noted).
    """
    numbers = ", ".join(str(int(each)) for each in offer_ids) or "NULL"
    rows = session.execute(
        text(
            f"""SELECT r.id, o.id, l.uses - coalesce(u.used, 0), l.face_value_cents,
                       r.funding_share, r.funding_cap_cents, r.handling_fee_cents,
                       l.expected_uses, count(*)
                FROM offer o
                JOIN offer r ON r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref
                JOIN list_line l ON l.offer_id = r.id
                JOIN shopping_list s ON s.id = l.list_id AND s.state = 'issued'
                LEFT JOIN (SELECT list_id, list_line, sum(uses) AS used FROM redemption_line
                           WHERE live GROUP BY list_id, list_line) u
                       ON u.list_id = l.list_id AND u.list_line = l.line
                WHERE o.id IN ({numbers}) AND l.uses > coalesce(u.used, 0)
                GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 8"""
        )
    )
    records = [
        (
            revision,
            deal,
            int(left),
            reservation_cents(
                face, funding_share=share, funding_cap_cents=cap, handling_fee_cents=fee
            ),
            expected,
            copies,
        )
        for revision, deal, left, face, share, cap, fee, expected, copies in rows
    ]
    return pl.DataFrame(records, schema=OPEN, orient="row")


def hold(session: Session, offer_ids: Sequence[int]) -> dict[int, str]:
    """The states of some offers by id, held in order of id until the transaction ends.

    Who issues copies, stops a deal or changes its budget holds the offers first, so that no two
    count on the same money.
    """
    statement = (
        select(Offer.id, Offer.state)
        .where(col(Offer.id).in_(offer_ids))
        .order_by(col(Offer.id))
        .with_for_update(key_share=True)
    )
    return {key: state for key, state in session.exec(statement) if key is not None}


def follow_facts(session: Session, *, on: date, at: datetime) -> int:
    """Put every deal into the state that its dates and limits make it; how many moved.

    A deal is exhausted when the most that a copy may cost has no room in its budget. That is for
    people to read: a cycle goes by the room there is.
    """
    found = standing(session, states=(*ISSUABLE, DealState.PAUSED))
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
        add_event(
            session, offer, Act.FACTS, to_state=state, actor=BY_FACT, at=at,
            detail={"on": on.isoformat()},
        )  # fmt: skip
        move(session, (offer,), state)
        moved += 1
    return moved


def _day(value: Any) -> Any:
    """A date column of plain SQL: text on SQLite."""
    return value if not isinstance(value, str) else datetime.fromisoformat(value).date()

"""Queries on days of grace: how long after a sale a replay may come that its supplier pays."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import bindparam, text
from sqlmodel import Session

from service.store.bulk import day_value


def grace_days(session: Session, offer_ids: Collection[int], *, on: date) -> dict[int, int]:
    """The days of grace that the suppliers of offers agreed to for a day, by offer.

    Offers of which their supplier bears nothing, and those that no agreement covers, are left out.
    """
    rows = session.execute(
        text(
            """SELECT o.id, max(a.grace_days) FROM offer o JOIN supplier s ON s.id = o.supplier_id
               JOIN agreement a ON a.account_id = s.account_id
               WHERE o.id IN :offers AND (o.funding_share > 0 OR o.handling_fee_cents > 0)
                 AND a.valid_from <= :day AND a.valid_to >= :day
                 AND NOT EXISTS (SELECT 1 FROM agreement n WHERE n.account_id = a.account_id
                                   AND n.ref = a.ref AND n.revision > a.revision)
               GROUP BY o.id"""
        ).bindparams(bindparam("offers", expanding=True)),
        {"offers": sorted(offer_ids), "day": day_value(session, on)},
    )
    return {offer_id: int(days) for offer_id, days in rows}

"""Queries on what deals came to at the tills, over all their revisions."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Date, bindparam, text
from sqlmodel import Session

from service.store.offers.overview import USES_LEFT

BY_DAY = {"day": pl.Date, "uses": pl.Int64, "discount_cents": pl.Int64}
"""The columns of `uses_by_day`."""

SPENT = {"day": pl.Date, "cents": pl.Int64}
"""The columns of `spent_by_day`."""

BY_STORE = {"store": pl.String, "uses": pl.Int64, "discount_cents": pl.Int64}
"""The columns of `uses_by_store`."""

_USES = """FROM offer o JOIN offer r ON r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref
           JOIN redemption_line l ON l.offer_id = r.id AND l.live
           JOIN redemption t ON t.id = l.redemption_id
           WHERE o.id = :offer"""


@dataclass(frozen=True, slots=True)
class Holders:
    """Copies that can still be used, and the households that hold them."""

    copies: int
    households: int


def uses_by_day(session: Session, offer_id: int) -> pl.DataFrame:
    """The uses of a deal that count, by business day; see `BY_DAY`."""
    rows = session.execute(
        text(
            f"""SELECT t.business_date AS day, sum(l.uses), sum(l.amount_cents) {_USES}
                GROUP BY t.business_date ORDER BY t.business_date"""
        ).columns(day=Date()),
        {"offer": offer_id},
    )
    return pl.DataFrame([(day, int(n), int(c)) for day, n, c in rows], BY_DAY, orient="row")


def uses_by_store(session: Session, offer_id: int, *, most: int) -> pl.DataFrame:
    """The stores where a deal was used most; see `BY_STORE`."""
    rows = session.execute(
        text(
            f"""SELECT t.store_id, sum(l.uses) AS uses, sum(l.amount_cents) {_USES}
                GROUP BY t.store_id ORDER BY uses DESC, t.store_id LIMIT :most"""
        ),
        {"offer": offer_id, "most": most},
    )
    return pl.DataFrame([(name, int(n), int(c)) for name, n, c in rows], BY_STORE, orient="row")


def spent_by_day(session: Session, offer_id: int) -> pl.DataFrame:
    """What a deal's budget spent by business day of the sale, returns taken off; see `SPENT`."""
    rows = session.execute(
        text(
            """SELECT e.business_date AS day, sum(e.amount_cents)
               FROM offer o JOIN offer r
                 ON r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref
               JOIN ledger_entry e ON e.offer_id = r.id AND e.account = 'offer_spent'
               WHERE o.id = :offer AND e.business_date IS NOT NULL
               GROUP BY e.business_date ORDER BY e.business_date"""
        ).columns(day=Date()),
        {"offer": offer_id},
    )
    return pl.DataFrame([(day, int(cents)) for day, cents in rows], SPENT, orient="row")


def holders(session: Session, offer_ids: Sequence[int]) -> Holders:
    """Who holds copies of some deals that are not used up, on lists that are out."""
    copies, households = session.execute(
        text(
            f"""SELECT count(*), count(DISTINCT s.household_id)
               FROM offer o JOIN offer r
                 ON r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref
               JOIN list_line l ON l.offer_id = r.id
               JOIN shopping_list s ON s.id = l.list_id AND s.state = 'issued'
               WHERE o.id IN :offers AND {USES_LEFT} > 0"""
        ).bindparams(bindparam("offers", expanding=True)),
        {"offers": list(offer_ids)},
    ).one()
    return Holders(copies, households)

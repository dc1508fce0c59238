"""Queries on who holds copies of deals."""

from collections.abc import Sequence

from sqlalchemy import bindparam, text
from sqlmodel import Session

from service.store.offers.overview import USES_LEFT


def households(session: Session, offer_ids: Sequence[int], *, most_copies: int) -> int:
    """The households that hold copies of some deals on lists that are out, with uses left.

    Only so many copies are looked at: where there are more, at least so many households hold them.
    """
    found: int = session.execute(
        text(
            f"""SELECT count(DISTINCT household_id) FROM (
                   SELECT s.household_id FROM offer o JOIN offer r
                     ON r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref
                   JOIN list_line l ON l.offer_id = r.id
                   JOIN shopping_list s ON s.id = l.list_id AND s.state = 'issued'
                   WHERE o.id IN :offers AND {USES_LEFT} > 0 LIMIT :most) AS held"""
        ).bindparams(bindparam("offers", expanding=True)),
        {"offers": list(offer_ids), "most": most_copies},
    ).scalar_one()
    return found

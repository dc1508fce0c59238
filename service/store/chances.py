"""Queries on what a cycle tried: the copies of exposed households, and the chances they had."""

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

from service.engine.allocate.value import depth_band
from service.engine.codes import gtin_text
from service.store.offers.goods import counting, stage_counting

TRIED = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "cell": pl.String,
    "depth_percent": pl.Int64,
    "chance": pl.Float64,
    "is_picked": pl.Boolean,
}
"""The columns of `tried`."""


def tried(session: Session, cycle_id: int) -> pl.DataFrame:
    """What a cycle gave exposed households or might have given them, by household and offer.

    A copy printed whose chance is not kept has the chance 1. Empty where nothing was explored.
    """
    rows = session.execute(
        text(
            """SELECT household_id, offer_id, cell, depth_percent, chance,
                      CASE WHEN is_picked THEN 1 ELSE 0 END AS picked
               FROM cycle_chance WHERE cycle_id = :cycle
               UNION ALL
               SELECT g.household_id, g.offer_id, g.cell, g.depth_percent, 1.0, 1
               FROM cycle_pick g
               WHERE g.cycle_id = :cycle AND g.arm = 'exposed' AND g.is_given
                 AND EXISTS (SELECT 1 FROM cycle_chance e WHERE e.cycle_id = :cycle)
                 AND NOT EXISTS (SELECT 1 FROM cycle_chance h
                                 WHERE h.cycle_id = g.cycle_id AND h.offer_id = g.offer_id
                                   AND h.household_id = g.household_id)
               ORDER BY household_id, offer_id"""
        ),
        {"cycle": cycle_id},
    )
    return pl.DataFrame(
        [(*keys, bool(picked)) for *keys, picked in rows], schema=TRIED, orient="row"
    )


def printed(session: Session, cycle_id: int) -> pl.DataFrame:
    """The copies on a cycle's lists with a product of each deal, by household's ref and offer.

    Columns: ref, offer_id, deal_ref, cell, depth, expected_gain, is_picked (by the rule), gtin
    (text) and price_cents of the deal's cheapest product with a price; deals without one are left
    out.
    """
    stage_counting(
        session,
        f"""SELECT DISTINCT l.offer_id FROM shopping_list s JOIN list_line l ON l.list_id = s.id
            WHERE s.cycle_id = {int(cycle_id)} AND l.cell IS NOT NULL""",
    )
    rows = session.execute(
        text(
            """SELECT h.ref, l.offer_id, o.deal_ref, l.cell, l.expected_gain,
                      max(g.depth_percent) AS percent, count(g.offer_id) AS picked,
                      min(p.gtin) AS gtin, p.price_cents
               FROM shopping_list s JOIN list_line l ON l.list_id = s.id
               JOIN household h ON h.id = s.household_id JOIN offer o ON o.id = l.offer_id
               JOIN staged_goods x ON x.offer_id = l.offer_id
               JOIN product p ON p.gtin = x.gtin
               LEFT JOIN cycle_pick g ON g.cycle_id = s.cycle_id AND g.offer_id = l.offer_id
                   AND g.household_id = s.household_id
               WHERE s.cycle_id = :cycle AND l.cell IS NOT NULL AND p.price_cents =
                   (SELECT min(q.price_cents) FROM product q JOIN staged_goods y ON y.gtin = q.gtin
                    WHERE y.offer_id = l.offer_id)
               GROUP BY h.ref, l.offer_id, o.deal_ref, l.cell, l.expected_gain, p.price_cents
               ORDER BY h.ref, l.offer_id"""
        ),
        {"cycle": cycle_id},
    )
    schema = {
        "ref": pl.String,
        "offer_id": pl.Int64,
        "deal_ref": pl.String,
        "cell": pl.String,
        "expected_gain": pl.Float64,
        "depth": pl.String,
        "is_picked": pl.Boolean,
        "gtin": pl.String,
        "price_cents": pl.Int64,
    }
    records = [
        (*keys, depth_band(percent), picked > 0, gtin_text(gtin), price)
        for *keys, percent, picked, gtin, price in rows
    ]
    return pl.DataFrame(records, schema=schema, orient="row")


def deal_goods(session: Session, cycle_id: int) -> pl.DataFrame:
    """The products of a cycle's deals as a till sends them: offer_id, gtin (text)."""
    offers = f"SELECT offer_id FROM cycle_offer WHERE cycle_id = {int(cycle_id)}"
    rows = session.execute(text(f"SELECT offer_id, gtin FROM ({counting(offers)}) g ORDER BY 1, 2"))
    schema = {"offer_id": pl.Int64, "gtin": pl.String}
    return pl.DataFrame([(offer, gtin_text(gtin)) for offer, gtin in rows], schema, orient="row")

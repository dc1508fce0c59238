"""Queries on the products that count for offers."""

from collections.abc import Collection, Sequence
from typing import Any

import polars as pl
from sqlalchemy import bindparam, text
from sqlmodel import Session

from service.store.bulk import stage
from service.store.offers.goods import STAGED, counted_among, counting, fitted_since, stage_goods

_COPIES = text(
    """SELECT l.list_id, l.line, l.offer_id, s.written_at,
              EXISTS (SELECT 1 FROM offer_rule r WHERE r.offer_id = l.offer_id) AS has_rule
       FROM list_line l JOIN shopping_list s ON s.id = l.list_id
       WHERE l.list_id IN :lists AND l.offer_id IS NOT NULL"""
).bindparams(bindparam("lists", expanding=True))
_NAMED = text(
    """SELECT offer_id, description FROM (
           SELECT offer_id, description,
                  row_number() OVER (PARTITION BY offer_id ORDER BY description) AS place
           FROM (SELECT DISTINCT p.offer_id, q.description
                 FROM offer_product p JOIN product q ON q.gtin = p.gtin
                 WHERE p.offer_id IN :offers) d) o
       WHERE place <= :limit ORDER BY offer_id, description"""
).bindparams(bindparam("offers", expanding=True))


def items_of(
    session: Session, offer_ids: Sequence[int], *, item_ids: Sequence[int] | None = None
) -> pl.DataFrame:
    """The items of some offers' products, or those among `item_ids`: offer_id, item_id."""
    return _members(session, "q.item_id", offer_ids, item_ids)


def products_of(
    session: Session, offer_ids: Sequence[int], *, gtins: Sequence[int] | None = None
) -> pl.DataFrame:
    """The products of some offers, or those among `gtins`: offer_id, gtin."""
    return _members(session, "q.gtin", offer_ids, gtins)


def costs_of(session: Session, offer_ids: Sequence[int]) -> pl.DataFrame:
    """Price and cost of what some offers are on: offer_id, price_cents, cost_cents.

    A row a product of the first set, null where not known. Empty in a shop that knows no costs.
    """
    schema = {"offer_id": pl.Int64, "price_cents": pl.Int64, "cost_cents": pl.Int64}
    known = session.execute(
        text("SELECT gtin FROM product WHERE cost_cents IS NOT NULL ORDER BY gtin LIMIT 1")
    )
    if known.first() is None:
        return pl.DataFrame(schema=schema)
    stage_goods(session, offer_ids)
    rows = session.execute(
        text(
            """SELECT p.offer_id, q.price_cents, q.cost_cents FROM staged_goods p
               JOIN product q ON q.gtin = p.gtin
               WHERE p.set_number = 0 ORDER BY p.offer_id, q.gtin"""
        )
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def counting_for(
    session: Session, lines: Collection[tuple[int, int]], *, limit: int
) -> dict[tuple[int, int], Sequence[str]]:
    """The names of products that count for lines of lists, by list and line.

    In order, at most `limit` each; what is no offer is left out. They are those that count now, and
    those that did since the list was issued.
    """
    if not lines:
        return {}
    copies = [
        row
        for row in session.execute(_COPIES, {"lists": sorted({list_id for list_id, _ in lines})})
        if (row.list_id, row.line) in lines
    ]
    stored = sorted({row.offer_id for row in copies if not row.has_rule})
    named: dict[int, list[str]] = {}
    if stored:
        for offer_id, name in session.execute(_NAMED, {"offers": stored, "limit": limit}):
            named.setdefault(offer_id, []).append(name)
    return {
        (row.list_id, row.line): _named_by_rule(session, row.offer_id, row.written_at, limit=limit)
        if row.has_rule
        else named.get(row.offer_id, [])
        for row in copies
    }


def _named_by_rule(session: Session, offer_id: int, since: Any, *, limit: int) -> Sequence[str]:
    own = f"SELECT CAST({int(offer_id)} AS bigint) AS offer_id"
    rows = session.execute(
        text(
            f"""SELECT DISTINCT q.description
                FROM (SELECT gtin FROM ({counting(own)}) c
                      UNION SELECT gtin FROM ({fitted_since(":offer", ":since")}) e) p
                JOIN product q ON q.gtin = p.gtin ORDER BY q.description LIMIT :limit"""
        ),
        {"offer": offer_id, "limit": limit, "since": since},
    )
    return [name for (name,) in rows]


def goods_of(session: Session, offer_ids: Sequence[int]) -> pl.DataFrame:
    """What the products of some offers have in common, of those with one product set.

    Columns: offer_id, varieties (products that differ in their description), and product, size and
    shelf_cents, null where the products differ in it or it is not known of all.
    """
    stage_goods(session, offer_ids)
    rows = session.execute(
        text(
            """SELECT p.offer_id, count(DISTINCT q.description),
                      min(q.description), max(q.description),
                      min(q.package_size), max(q.package_size),
                      min(q.price_cents), max(q.price_cents), count(*) - count(q.price_cents)
               FROM staged_goods p JOIN product q ON q.gtin = p.gtin
               GROUP BY p.offer_id HAVING max(p.set_number) = 0 ORDER BY p.offer_id"""
        )
    )
    schema = {
        "offer_id": pl.Int64,
        "varieties": pl.Int64,
        "product": pl.String,
        "size": pl.String,
        "shelf_cents": pl.Int64,
    }
    common = [
        (
            offer_id,
            varieties,
            least if least == most else None,
            (smallest or None) if smallest == largest else None,
            cheapest if cheapest == dearest and not unpriced else None,
        )
        for offer_id, varieties, least, most, smallest, largest, cheapest, dearest, unpriced in rows
    ]
    return pl.DataFrame(common, schema=schema, orient="row")


def _members(
    session: Session, column: str, offer_ids: Sequence[int], chosen: Sequence[int] | None
) -> pl.DataFrame:
    name = column.removeprefix("q.")
    stage(session, "staged_offer", pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}))
    counted = counting()
    if chosen is not None:
        # Of a few products their deals are looked up, and not all that deals are for.
        stage(session, "staged_key", pl.DataFrame({"key": chosen}, {"key": pl.Int64}))
        among = f"""SELECT {column.replace("q.item_id", "q.gtin")} AS id FROM staged_key k
                    JOIN product q ON {column} = k.key"""
        counted = counted_among(among, STAGED)
    rows = session.execute(
        text(
            f"""SELECT DISTINCT p.offer_id, {column} FROM ({counted}) p
                JOIN product q ON q.gtin = p.gtin ORDER BY p.offer_id, {column}"""
        )
    )
    schema = {"offer_id": pl.Int64, name: pl.Int64}
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")

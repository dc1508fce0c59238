"""How the catalogue spells brands, items and categories, and what products were before."""

from datetime import datetime

import polars as pl
from sqlalchemy import bindparam, text
from sqlmodel import Session

from service.store.bulk import stage
from service.store.tables.types import UtcMoment

NAMES = {"kind": pl.String, "name": pl.String, "number": pl.Int64}
"""The columns of `without_key`."""

# Each kind is looked up in the index of its spellings; the catalogue has few against its products.
_WITHOUT_KEY = """SELECT 'brand', b.name, NULL FROM (SELECT DISTINCT brand AS name FROM product
        WHERE {some}) b
    WHERE NOT EXISTS (SELECT 1 FROM goods_name n WHERE n.kind = 'brand' AND n.name = b.name)
    UNION ALL SELECT 'item', i.name, i.id FROM item i
    WHERE NOT EXISTS (SELECT 1 FROM goods_name n WHERE n.kind = 'item' AND n.name = i.name)
    UNION ALL SELECT 'category', c.name, c.id FROM category c
    WHERE NOT EXISTS (SELECT 1 FROM goods_name n WHERE n.kind = 'category' AND n.name = c.name)
    ORDER BY 1, 2"""
_BRANDED = """INSERT INTO brand_product (name_id, gtin)
    SELECT n.id, p.gtin FROM product p JOIN goods_name n ON n.kind = 'brand' AND n.name = p.brand
    WHERE {some} AND NOT EXISTS (SELECT 1 FROM brand_product b
                                 WHERE b.gtin = p.gtin AND b.name_id = n.id)
    ON CONFLICT DO NOTHING"""
_STAGED = "gtin IN (SELECT gtin FROM staged_product)"
_MOVED = """INSERT INTO product_before (gtin, brand, item_id, category_id, until)
    SELECT p.gtin, p.brand, p.item_id, p.category_id, :at
    FROM staged_product s JOIN product p ON p.gtin = s.gtin
    LEFT JOIN item i ON i.name = s.item LEFT JOIN category c ON c.name = s.category
    WHERE EXISTS (SELECT 1 FROM offer_rule)
      AND (coalesce(i.id, 0) <> p.item_id OR coalesce(c.id, 0) <> p.category_id
           OR (:brands AND s.brand <> p.brand))"""


def without_key(session: Session, *, staged: bool) -> pl.DataFrame:
    """The names that have no plain form yet; see `NAMES`.

    Those of brands are looked for in the whole catalogue, or with `staged` among `staged_product`.
    """
    rows = session.execute(text(_WITHOUT_KEY.format(some=_STAGED if staged else "true")))
    return pl.DataFrame([tuple(row) for row in rows], schema=NAMES, orient="row")


def add(session: Session, named: pl.DataFrame, *, staged: bool) -> None:
    """Add names (`NAMES`, and key), and put the products of brands where their brand finds them."""
    if named.height:
        stage(session, "staged_name", named)
        session.execute(
            text(
                """INSERT INTO goods_name (kind, name, number, key)
                   SELECT kind, name, number, key FROM staged_name WHERE true
                   ON CONFLICT DO NOTHING"""
            )
        )
    some = f"p.{_STAGED}" if staged else "true"
    session.execute(text(_BRANDED.format(some=some)))


def keep_moved(session: Session, *, at: datetime, brands: bool) -> None:
    """Keep what the products of `staged_product` were until now, of those it puts elsewhere.

    It does not change a brand without `brands`. Where no deal has a rule, nothing is kept.
    """
    session.execute(
        text(_MOVED).bindparams(bindparam("at", at, type_=UtcMoment())), {"brands": brands}
    )

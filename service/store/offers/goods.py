"""Which products count for offers: those that are stored, and those that fit a rule now."""

import sqlite3
from collections.abc import Sequence
from typing import cast

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

from service.store.bulk import append, is_sqlite, stage
from service.store.temporary import Temporary, empty_table

RULES = {
    "digest": pl.String,
    "lead": pl.String,
    "kinds": pl.Int64,
    "excludes": pl.Boolean,
}
"""The columns of a rule."""
NAMES = {"rule": pl.Int64, "kind": pl.String, "key": pl.String, "is_excluded": pl.Boolean}
"""The columns of the names of rules; `rule` is its place among them."""

_OF = {"item": "n.number = q.item_id", "category": "n.number = q.category_id",
       "brand": "n.name = q.brand"}  # fmt: skip
_OWN = " OR ".join(f"n.kind = '{kind}' AND {same}" for kind, same in _OF.items())
_EXCLUDED = f"""u.excludes AND (
        EXISTS (SELECT 1 FROM goods_rule_name x
                JOIN goods_name n ON n.kind = x.kind AND n.key = x.key
                WHERE x.rule_id = u.id AND x.is_excluded AND ({_OWN}))
        OR EXISTS (SELECT 1 FROM goods_rule_name x WHERE x.rule_id = u.id AND x.kind = 'gtin'
                   AND x.key = CAST(q.gtin AS text)))"""
_FITS = f"""q.restriction = '' AND (u.kinds = 1 OR u.kinds - 1 = (
        SELECT count(*) FROM goods_rule_name x
        JOIN goods_name n ON n.kind = x.kind AND n.key = x.key
        WHERE x.rule_id = u.id AND NOT x.is_excluded AND x.kind <> u.lead AND ({_OWN})))
    AND NOT ({_EXCLUDED})"""
# The order of tables is the one they are read in on SQLite, which has no statistics.
_TABLES = {
    "item": ("goods_rule u", "goods_rule_name t", "goods_name n", "product q"),
    "brand": ("goods_rule u", "goods_rule_name t", "goods_name n", "brand_product b", "product q"),
}
_TABLES["category"] = _TABLES["item"]


def fitting(*, rules: str = "", products: str = "") -> str:
    """SQL for what fits rules now: rule_id, gtin, each once.

    Of the rules that one query names (`id`), or of the products that another does (`id`), which
    are then looked up from those.
    """
    return " UNION ALL ".join(_fitting_by(kind, rules, products) for kind in _OF)


def _fitting_by(kind: str, rules: str, products: str) -> str:
    ordered = _TABLES[kind]
    chosen, by = (rules, "u.id") if rules else (products, "q.gtin")
    tables = ordered if rules else ordered[::-1]
    brand = "AND b.name_id = n.id AND b.gtin = q.gtin" if kind == "brand" else ""
    return f"""SELECT u.id AS rule_id, q.gtin AS gtin
        FROM ({chosen}) c CROSS JOIN {" CROSS JOIN ".join(tables)}
        WHERE {by} = c.id AND u.lead = '{kind}' AND t.rule_id = u.id AND t.kind = '{kind}'
          AND NOT t.is_excluded AND n.kind = '{kind}' AND n.key = t.key AND {_OF[kind]} {brand}
          AND {_FITS}"""


_RULES_OF = """SELECT DISTINCT r.rule_id AS id FROM ({offers}) s CROSS JOIN offer_rule r
    WHERE r.offer_id = s.offer_id"""
_STORED = """SELECT 1 FROM offer_product e
    WHERE e.offer_id = r.offer_id AND e.set_number = r.set_number AND e.gtin = g.gtin"""
STAGED = "SELECT offer_id FROM staged_offer"


def counting(offers: str = STAGED) -> str:
    """SQL for what counts for the offers of a query: offer_id, set_number, gtin, each once."""
    # What fits a rule is found once, however many offers have it.
    return f"""WITH g AS MATERIALIZED ({fitting(rules=_RULES_OF.format(offers=offers))})
        SELECT p.offer_id, p.set_number, p.gtin FROM ({offers}) s CROSS JOIN offer_product p
        WHERE p.offer_id = s.offer_id
        UNION ALL SELECT r.offer_id, r.set_number, g.gtin
        FROM ({offers}) s CROSS JOIN offer_rule r CROSS JOIN g
        WHERE r.offer_id = s.offer_id AND g.rule_id = r.rule_id AND NOT EXISTS ({_STORED})"""


def counted_among(products: str, offers: str = "") -> str:
    """SQL for which products of a query (`id`) count for offers: offer_id, set_number, gtin.

    Each once; for the offers of a query or for all.
    """
    some = f"AND {{of}}.offer_id IN ({offers})" if offers else ""
    return f"""WITH g AS MATERIALIZED ({fitting(products=products)})
        SELECT p.offer_id, p.set_number, p.gtin FROM ({products}) c
        CROSS JOIN offer_product p WHERE p.gtin = c.id {some.format(of="p")}
        UNION ALL SELECT r.offer_id, r.set_number, g.gtin
        FROM g CROSS JOIN offer_rule r
        WHERE r.rule_id = g.rule_id {some.format(of="r")} AND NOT EXISTS ({_STORED})"""


def fitted_since(offer: str, since: str) -> str:
    """SQL for what fitted the rules of one offer at some moment from `since` on, and no more.

    Columns: set_number, gtin. Both arguments are SQL; so what a copy counts that was issued then.
    """
    was = """(SELECT m.gtin, m.brand, m.item_id, m.category_id, m.until, w.restriction
        FROM product_before m JOIN product w ON w.gtin = m.gtin) q"""
    named = f"""SELECT count(*) FROM goods_rule_name x
        JOIN goods_name n ON n.kind = x.kind AND n.key = x.key
        WHERE x.rule_id = u.id AND NOT x.is_excluded AND ({_OWN})"""
    return f"""SELECT r.set_number, q.gtin FROM offer_rule r JOIN goods_rule u ON u.id = r.rule_id
        CROSS JOIN {was}
        WHERE r.offer_id = {offer} AND q.until >= {since} AND q.restriction = ''
          AND u.kinds = ({named}) AND NOT ({_EXCLUDED})"""


_COUNTED = Temporary("offer_id INTEGER, set_number INTEGER, gtin INTEGER", "offer_id, gtin")


def stage_goods(session: Session, offer_ids: Sequence[int]) -> None:
    """Make the temporary table `staged_goods` of what counts for some offers now.

    Its columns are those of `counting`, by offer and product. It makes `staged_offer` too.
    """
    stage(session, "staged_offer", pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}))
    stage_counting(session, STAGED)


def stage_counting(session: Session, offers: str) -> None:
    """The same for the offers of a query without parameters."""
    if is_sqlite(session):
        pooled = session.connection().connection
        connection = cast("sqlite3.Connection", pooled.driver_connection)
        empty_table(connection, pooled.info, "staged_goods", _COUNTED)
        connection.execute(f"INSERT INTO staged_goods {counting(offers)}")
        return
    for statement in (
        "DROP TABLE IF EXISTS staged_goods",
        f"CREATE TEMP TABLE staged_goods ON COMMIT DROP AS {counting(offers)}",
        "CREATE INDEX ix_staged_goods ON staged_goods (offer_id, gtin)",
        "ANALYZE staged_goods",
    ):
        session.execute(text(statement))


def add_rules(session: Session, rules: pl.DataFrame, names: pl.DataFrame) -> pl.Series:
    """The ids of some rules (`RULES`, by place) with their names (`NAMES`); new ones are added."""
    if rules.is_empty():
        return pl.Series("rule_id", [], pl.Int64)
    stage(session, "staged_rule", rules.with_row_index("place").cast({"place": pl.Int64}))
    known = "SELECT s.place, u.id FROM staged_rule s JOIN goods_rule u ON u.digest = s.digest"
    before = {place for place, _ in session.execute(text(known))}
    session.execute(
        text(
            """INSERT INTO goods_rule (digest, lead, kinds, excludes)
               SELECT digest, lead, kinds, excludes FROM staged_rule WHERE true ORDER BY place
               ON CONFLICT (digest) DO NOTHING"""
        )
    )
    ids = dict(tuple(row) for row in session.execute(text(known)))
    new = names.filter(~pl.col("rule").is_in([*before]))
    if new.height:
        own = pl.col("rule").replace_strict(ids, return_dtype=pl.Int64).alias("rule_id")
        stage(session, "staged_rule_name", new.select(own, "kind", "key", "is_excluded"))
        session.execute(
            text(
                """INSERT INTO goods_rule_name (rule_id, kind, key, is_excluded)
                   SELECT rule_id, kind, key, is_excluded FROM staged_rule_name WHERE true
                   ON CONFLICT DO NOTHING"""
            )
        )
    return pl.Series("rule_id", [ids[place] for place in range(rules.height)], pl.Int64)


def add_offer_rules(session: Session, offer_rules: pl.DataFrame) -> None:
    """Give new offers the rules of their sets: offer_id, set_number, rule_id."""
    append(session, "offer_rule", offer_rules)

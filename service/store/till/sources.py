"""Where the columns of what is looked up come from, the same on both databases.

Of a presented line, `l` is its list line and `o` its offer; `r` are all the uses that its household
made of the deal, on whatever list. Of a named product, `p` is the offer's and `q` the catalogue's.
"""

DEAL = "coalesce(o.deal_id, o.id)"
"""The deal of an offer: its first revision."""

LINE_SOURCES = {
    "list_id": "l.list_id",
    "line": "l.line",
    "offer_id": "l.offer_id",
    "text": "l.text",
    "uses": "l.uses",
    "deal_id": DEAL,
    "deal_limit": "o.limit_per_household",
    "reserved_cents": "l.reserved_cents",
    # The terms it was printed under, if they are its own.
    "terms": "coalesce(l.terms, o.terms)",
    "supplier_id": "o.supplier_id",
    "funding_share": "o.funding_share",
    "handling_fee_cents": "o.handling_fee_cents",
    "face_value_cents": "l.face_value_cents",
    "funding_cap_cents": "o.funding_cap_cents",
    "parties": "o.parties",
}

_OF_LINE = "r.list_id = l.list_id AND r.list_line = l.line"
USE_SOURCES = {
    "used": f"coalesce(sum(r.uses) FILTER (WHERE r.live AND {_OF_LINE}), 0)",
    "last_use": f"coalesce(max(r.use_number + r.uses - 1) FILTER (WHERE {_OF_LINE}), 0)",
    "deal_used": "coalesce(sum(r.uses) FILTER (WHERE r.live), 0)",
    "last_deal_use": "coalesce(max(r.deal_use + r.uses - 1), 0)",
}

PRODUCT_SOURCES = {
    "offer_id": "p.offer_id",
    "set_number": "p.set_number",
    "gtin": "p.gtin",
    "excluded": "q.restriction <> ''",
}
EXCLUSION_SOURCES = {**PRODUCT_SOURCES, "excluded": "true"}

KEYED = (
    " UNION ALL ".join(
        f"""SELECT t.gtin, t.restriction, t.until, n.kind, n.key
        FROM traits t CROSS JOIN goods_name n WHERE n.kind = '{kind}' AND {same}"""
        for kind, same in (
            ("brand", "n.name = t.brand"),
            ("item", "n.number = t.item_id"),
            ("category", "n.number = t.category_id"),
        )
    )
    + " UNION ALL SELECT gtin, restriction, until, 'gtin', CAST(gtin AS text) FROM traits"
)
"""What rules may name of `traits`: what products are and, until a moment, were."""

FITTING = """SELECT o.offer_id, r.set_number, k.gtin,
        k.restriction <> '' OR max(CASE WHEN x.is_excluded THEN 1 ELSE 0 END) = 1 AS excluded
    FROM offered o CROSS JOIN offer_rule r CROSS JOIN goods_rule u CROSS JOIN goods_rule_name x
    CROSS JOIN keyed k
    WHERE r.offer_id = o.offer_id AND u.id = r.rule_id AND x.rule_id = r.rule_id
      AND k.kind = x.kind AND k.key = x.key AND (k.until IS NULL OR k.until >= o.since)
    GROUP BY o.offer_id, r.set_number, u.kinds, k.gtin, k.until, k.restriction
    HAVING sum(CASE WHEN x.is_excluded THEN 0 ELSE 1 END) = u.kinds"""
"""The products that fit the rules of offers (`offered`: offer_id, since), by what they are named.

A product fits by what it is, and by what it was when the oldest copy that is shown was issued
(`since`) or at any time after.
"""

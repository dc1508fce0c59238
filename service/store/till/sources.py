"""Where the columns of a presented line come from, the same on both databases.

`l` is its list line, `o` its offer. How often it was used is counted differently on each.
"""

LINE_SOURCES = {
    "list_id": "l.list_id",
    "line": "l.line",
    "offer_id": "l.offer_id",
    "text": "l.text",
    "uses": "l.uses",
    "reserved_cents": "l.reserved_cents",
    # The terms it was printed under, if they are its own.
    "terms": "coalesce(l.terms, o.terms)",
    "supplier_id": "o.supplier_id",
    "funding_share": "o.funding_share",
    "handling_fee_cents": "o.handling_fee_cents",
    "face_value_cents": "l.face_value_cents",
    "funding_cap_cents": "o.funding_cap_cents",
}

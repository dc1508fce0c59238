"""The till on SQLite: one writer at a time, so what was looked up stands until it is written.

Each statement takes all its rows as one JSON parameter, so their number never depends on the
basket.
"""

import sqlite3
from datetime import date
from typing import Any

from pydantic_core import to_json

from service.store.tables.types import epoch_micros
from service.store.till.steps import Effect, Look, PresentedLine, PresentedList, Prior, Seen

_STORE_AND_PRIOR = """SELECT EXISTS (SELECT 1 FROM store WHERE id = ?1),
        r.id, r.digest, r.answer, r.state
    FROM (SELECT 1) LEFT JOIN redemption r
    ON r.store_id = ?1 AND r.terminal = ?2 AND r.business_date = ?3 AND r.number = ?4"""
_WHO = """SELECT i.digest, i.household_id FROM json_each(?) p CROSS JOIN identity i
    ON i.kind = p.value ->> 0 AND i.digest = p.value ->> 1"""
_LISTS = """SELECT id, code, household_id, state, valid_from, valid_to, reopenings
    FROM shopping_list WHERE code IN (SELECT value FROM json_each(:codes)) AND state <> 'draft'
    UNION
    SELECT id, code, household_id, state, valid_from, valid_to, reopenings FROM shopping_list
    WHERE household_id IN (SELECT value FROM json_each(:households)) AND state = 'issued'
      AND valid_from <= :day AND valid_to >= :day
    ORDER BY id"""
_LINES = """SELECT l.list_id, l.line, l.offer_id, l.text, l.uses,
           coalesce(sum(r.uses) FILTER (WHERE r.live), 0),
           coalesce(max(r.use_number + r.uses - 1), 0), l.reserved_cents,
           coalesce(l.terms, o.terms), o.supplier_id,
           o.funding_share, o.handling_fee_cents, l.face_value_cents, o.funding_cap_cents,
           o.stopped_at
    FROM json_each(?) s CROSS JOIN list_line l ON l.list_id = s.value
    CROSS JOIN offer o ON o.id = l.offer_id
    LEFT JOIN redemption_line r ON r.list_id = l.list_id AND r.list_line = l.line
    WHERE l.kind = 'offer' GROUP BY l.list_id, l.line ORDER BY l.list_id, l.line"""
_PRODUCTS = """SELECT offer_id, set_number, gtin FROM offer_product
    WHERE gtin IN (SELECT value FROM json_each(?))
      AND offer_id IN (SELECT value FROM json_each(?))
      AND NOT EXISTS (SELECT 1 FROM product p WHERE p.gtin = offer_product.gtin
                      AND p.restriction <> '')"""

_BASKET = """INSERT INTO basket (store_id, terminal, business_date, number, household_id,
                                 purchased_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (store_id, terminal, business_date, number)
    DO UPDATE SET household_id = coalesce(excluded.household_id, household_id) RETURNING id"""
_BASKET_LINES = """INSERT INTO basket_line (basket_id, line, gtin, quantity_milli, unit,
                                            amount_cents)
    SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
    FROM json_each(?) WHERE true
    ON CONFLICT (basket_id, line) DO UPDATE SET amount_cents = excluded.amount_cents"""
_REDEMPTION = """INSERT INTO redemption (id, store_id, terminal, business_date, number, digest,
        state, basket_id, household_id, total_discount_cents, answer, redeemed_at, key_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_USES = """INSERT INTO redemption_line (redemption_id, list_id, list_line, use_number, uses, live,
        offer_id, units, amount_cents, supplier_cents, retailer_cents,
        reserved_cents, parts)
    SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
           value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11
    FROM json_each(?)"""
_REFUSALS = """INSERT INTO refusal (redemption_id, list_line, offer_id, reason, detail)
    SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)"""
_ENTRIES = """INSERT INTO ledger_entry (posting, kind, posted_at, account, offer_id, amount_cents)
    SELECT ?, 'redemption', ?, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)"""
_DUE = """INSERT INTO due (household_id, marked_at) SELECT ?1, ?2 WHERE ?1 IS NOT NULL
    ON CONFLICT (household_id) DO UPDATE SET marked_at = excluded.marked_at, claimed_until = NULL"""


def look(connection: sqlite3.Connection, wanted: Look) -> Seen:
    """Look up everything, inside the caller's transaction."""
    store, terminal, day, number = wanted.reference
    on = day.isoformat()
    run = connection.execute
    known, *found_prior = run(_STORE_AND_PRIOR, (store, terminal, on, number)).fetchone()
    households = dict(run(_WHO, (_json(wanted.identities),)).fetchall())
    found = {
        "codes": _json(wanted.codes),
        "households": _json([*households.values()]),
        "day": on,
    }
    lists = tuple(
        PresentedList(
            key, code, household, state, date.fromisoformat(first), date.fromisoformat(last), again
        )
        for key, code, household, state, first, last, again in run(_LISTS, found)
    )
    lines = tuple(
        [PresentedLine(*row) for row in run(_LINES, (_json([each.id for each in lists]),))]
    )
    offers = _json([*{line.offer_id for line in lines}])
    products = tuple(run(_PRODUCTS, (_json(wanted.gtins), offers)).fetchall())
    prior = Prior(*found_prior) if found_prior[0] else None
    return Seen(bool(known), prior, households, lists, lines, products)


def write(connection: sqlite3.Connection, effect: Effect) -> bool:
    """Write an effect, inside the transaction that looked; always true."""
    store, terminal, day, number = effect.reference
    named = (store, terminal, day.isoformat(), number)
    now = epoch_micros(effect.now)
    run = connection.execute
    basket = (*named, effect.household_id, epoch_micros(effect.purchased_at))
    (basket_id,) = run(_BASKET, basket).fetchall()[0]
    run(_BASKET_LINES, (basket_id, _json(effect.basket_lines)))
    redemption = (
        effect.redemption_id,
        *named,
        effect.digest,
        effect.state,
        basket_id,
        effect.household_id,
        effect.total_discount_cents,
        effect.answer,
        now,
        effect.key_id,
    )
    run(_REDEMPTION, redemption)
    run(_USES, (effect.redemption_id, _json(effect.uses)))
    run(_REFUSALS, (effect.redemption_id, _json(effect.refusals)))
    run(_ENTRIES, (effect.redemption_id, now, _json(effect.entries)))
    run(_DUE, (effect.household_id, now))
    return True


def _json(rows: Any) -> str:
    return to_json(rows).decode()

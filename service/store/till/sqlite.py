"""The till on SQLite: one writer at a time, so what was looked up stays true until the write.

Each statement takes all its rows as one JSON parameter, so their number never depends on the
basket.
"""

import sqlite3
from collections.abc import Iterable

from service.engine.ledger import Entry, EntryKind
from service.store.tables.types import epoch_micros
from service.store.till.rows import (
    from_array,
    holders,
    json_of,
    json_writer,
    names,
    reader,
    selected,
    sqlite_values,
)
from service.store.till.sources import (
    DEAL,
    EXCLUSION_SOURCES,
    FITTING,
    KEYED,
    LINE_SOURCES,
    PRODUCT_SOURCES,
    USE_SOURCES,
)
from service.store.till.steps import (
    BoughtRow,
    DraftLine,
    Effect,
    GuessBy,
    Guesses,
    Identity,
    Look,
    NamedProduct,
    PresentedLine,
    PresentedList,
    Prior,
    RedemptionRow,
    RefusalRow,
    Seen,
    UseRow,
    with_fitting,
)

_STORE_AND_PRIOR = f"""SELECT EXISTS (SELECT 1 FROM store WHERE id = :store_id),
        coalesce(max(key_full, store_full), key_full, store_full), {names(Prior, of="r")}
    FROM (SELECT
        (SELECT guessed_at FROM guess WHERE kind = :kind AND key_id = :key_id
           AND guessed_at > :since AND guessed_at < :until
         ORDER BY guessed_at DESC LIMIT 1 OFFSET :key_spare) AS key_full,
        (SELECT guessed_at FROM guess WHERE kind = :kind AND store_id = :at_store
           AND guessed_at > :since AND guessed_at < :until
         ORDER BY guessed_at DESC LIMIT 1 OFFSET :store_spare)
            AS store_full)
    LEFT JOIN redemption r ON r.store_id = :store_id AND r.terminal = :terminal
        AND r.business_date = :business_date AND r.number = :number"""
_WHO = """SELECT i.digest, i.household_id FROM json_each(?) p CROSS JOIN identity i
    ON i.kind = p.value ->> 0 AND i.digest = p.value ->> 1"""
_LISTS = f"""SELECT {names(PresentedList)}
    FROM shopping_list WHERE code IN (SELECT value FROM json_each(:codes)) AND state <> 'draft'
    UNION
    SELECT {names(PresentedList)} FROM shopping_list
    WHERE household_id IN (SELECT value FROM json_each(:households)) AND state = 'issued'
      AND valid_from <= :day AND valid_to >= :day
    ORDER BY id"""
_LINE_SOURCES = {**LINE_SOURCES, **USE_SOURCES, "stopped_at": "o.stopped_at"}
_LINES = f"""SELECT {selected(PresentedLine, _LINE_SOURCES)}
    FROM json_each(?) p CROSS JOIN list_line l ON l.list_id = p.value ->> 0
    CROSS JOIN offer o ON o.id = l.offer_id
    LEFT JOIN redemption_line r ON r.household_id = p.value ->> 1 AND r.deal_id = {DEAL}
    WHERE l.kind = 'offer' GROUP BY l.list_id, l.line ORDER BY l.list_id, l.line"""
_HAS_RULE = -1
"""In place of the number of a set: more may count for the offer than the products it names."""
_PRODUCTS = f"""SELECT {selected(NamedProduct, PRODUCT_SOURCES)}
    FROM offer_product p CROSS JOIN product q ON q.gtin = p.gtin
    WHERE p.gtin IN (SELECT value FROM json_each(?1))
      AND p.offer_id IN (SELECT value FROM json_each(?2))
    UNION ALL SELECT {selected(NamedProduct, EXCLUSION_SOURCES)} FROM offer_exclusion p
    WHERE p.gtin IN (SELECT value FROM json_each(?1))
      AND p.offer_id IN (SELECT value FROM json_each(?2))
    UNION ALL SELECT o.value, {_HAS_RULE}, 0, 0 FROM json_each(?2) o
    CROSS JOIN offer_rule r WHERE r.offer_id = o.value"""
_NOW = 2**63 - 1
"""Later than any moment: nothing was something else since then."""
_FITTING = f"""WITH traits AS (
        SELECT q.gtin, q.restriction, NULL AS until, q.brand, q.item_id, q.category_id
        FROM json_each(:gtins) b CROSS JOIN product q WHERE q.gtin = b.value
        UNION ALL SELECT q.gtin, q.restriction, m.until, m.brand, m.item_id, m.category_id
        FROM json_each(:gtins) b CROSS JOIN product_before m CROSS JOIN product q
        WHERE m.gtin = b.value AND q.gtin = b.value
    ), keyed AS MATERIALIZED ({KEYED}), offered AS (
        SELECT offer_id, min(since) AS since FROM (
            SELECT l.offer_id, s.written_at AS since
            FROM json_each(:lists) p CROSS JOIN shopping_list s CROSS JOIN list_line l
            WHERE s.id = p.value AND l.list_id = s.id AND l.kind = 'offer'
            UNION ALL SELECT value, {_NOW} FROM json_each(:drafted)) AS shown GROUP BY offer_id
    ) {FITTING}"""
_DRAFTS = """SELECT d.household_id, l.line, l.kind, l.text,
           (SELECT r.offer_id FROM offer_rule r WHERE r.offer_id = l.offer_id LIMIT 1)
    FROM json_each(:households) h
    CROSS JOIN shopping_list d ON d.household_id = h.value AND d.state = 'draft'
    CROSS JOIN list_line l ON l.list_id = d.id AND l.kind <> 'partner'
    WHERE (l.item_id IS NULL OR l.item_id NOT IN (
               SELECT item_id FROM product
               WHERE gtin IN (SELECT value FROM json_each(:bought)) AND item_id IS NOT NULL))
      AND (l.offer_id IS NULL OR NOT EXISTS (
               SELECT 1 FROM json_each(:bought) b CROSS JOIN offer_product p
               ON p.gtin = b.value AND p.offer_id = l.offer_id))
    ORDER BY d.household_id, l.line"""

_BASKET = """INSERT INTO basket (store_id, terminal, business_date, number, household_id,
                                 purchased_at)
    VALUES (:store_id, :terminal, :business_date, :number, :household_id, :purchased_at)
    ON CONFLICT (store_id, terminal, business_date, number)
    DO UPDATE SET household_id = coalesce(excluded.household_id, household_id), sealed = false
    RETURNING id"""
_BOUGHT = f"""INSERT INTO basket_line (basket_id, {names(BoughtRow)})
    SELECT ?, {from_array(BoughtRow)} FROM json_each(?) WHERE true
    ON CONFLICT (basket_id, line) DO UPDATE SET amount_cents = excluded.amount_cents"""
_REDEMPTION = f"""INSERT INTO redemption ({names(RedemptionRow)}, basket_id)
    VALUES ({holders(RedemptionRow)}, :basket_id)"""
_USES = f"""INSERT INTO redemption_line (redemption_id, {names(UseRow)})
    SELECT ?, {from_array(UseRow)} FROM json_each(?)"""
_REFUSALS = f"""INSERT INTO refusal (redemption_id, {names(RefusalRow)})
    SELECT ?, {from_array(RefusalRow)} FROM json_each(?)"""
_ENTRIES = f"""INSERT INTO ledger_entry (posting, kind, posted_at, store_id, business_date,
                                         {names(Entry)})
    SELECT :id, '{EntryKind.REDEMPTION}', :redeemed_at, :store_id, :business_date,
           {from_array(Entry)} FROM json_each(:entries)"""
_MOVED = """UPDATE OR IGNORE identity SET digest = ?, key_mark = ?
    WHERE kind = ? AND digest = ?"""
_DUE = """INSERT INTO due (household_id, marked_at)
    SELECT :household_id, :redeemed_at WHERE :household_id IS NOT NULL
    ON CONFLICT (household_id) DO UPDATE SET marked_at = excluded.marked_at, claimed_until = NULL"""

_FRESH = """FROM json_each(:digests) AS given
    WHERE NOT EXISTS (SELECT 1 FROM guess
                      WHERE key_id = :key_id AND kind = :kind AND store_id = :store_id
                        AND terminal = :terminal AND digest = given.value
                        AND guessed_at > :again_since)"""
_ROOM = f"""SELECT n = 0 OR (
        n + (SELECT count(*) FROM guess WHERE kind = :kind AND key_id = :key_id
             AND guessed_at > :since AND guessed_at < :until) <= :key_most
        AND n + (SELECT count(*) FROM guess WHERE kind = :kind AND store_id = :store_id
             AND guessed_at > :since AND guessed_at < :until) <= :store_most)
    FROM (SELECT count(*) AS n {_FRESH})"""
_GUESS = f"""INSERT INTO guess ({names(GuessBy)}, digest) SELECT {holders(GuessBy)}, value {_FRESH}
    ON CONFLICT (key_id, kind, store_id, terminal, digest)
    DO UPDATE SET guessed_at = excluded.guessed_at"""

_read_list = reader(PresentedList)
_identities = json_writer(Identity)
_bought, _uses, _refusals, _entries = (
    json_writer(row) for row in (BoughtRow, UseRow, RefusalRow, Entry)
)


AT_ONCE = 1_500
"""GTINs of a basket times offers of its lists, up to which reading what counts takes some 3 ms."""


def look_at_once(connection: sqlite3.Connection, wanted: Look) -> Seen | None:
    """What `look` finds, or None where finding it may take long."""
    return _look(connection, wanted, most=AT_ONCE)


def look(connection: sqlite3.Connection, wanted: Look) -> Seen:
    """Look up everything, inside the caller's transaction."""
    seen = _look(connection, wanted, most=None)
    assert seen is not None, "there is no bound"
    return seen


def _look(connection: sqlite3.Connection, wanted: Look, *, most: int | None) -> Seen | None:
    reference = sqlite_values(wanted.reference)
    run = connection.execute
    asked = reference | sqlite_values(wanted.watch)
    known, full_since, *found_prior = run(_STORE_AND_PRIOR, asked).fetchone()
    households = dict(run(_WHO, (_identities([*wanted.identities]),)).fetchall())
    found = {
        "codes": json_of([*wanted.codes]),
        "households": json_of([*households.values()]),
        "day": reference["business_date"],
    }
    lists = tuple([_read_list(row) for row in run(_LISTS, found)])
    listed = json_of([(each.id, each.household_id) for each in lists])
    lines = tuple(map(PresentedLine._make, run(_LINES, (listed,))))
    offers = [*{line.offer_id for line in lines}]
    if most is not None and len(wanted.gtins) * len(offers) > most:
        return None
    named = run(_PRODUCTS, (json_of([*wanted.gtins]), json_of(offers)))
    products = tuple(map(NamedProduct._make, named))
    prior = Prior(*found_prior) if found_prior[0] else None
    known_as = {*households.values(), *(each.household_id for each in lists)}
    whose = {"households": json_of([*known_as]), "bought": json_of([*wanted.bought])}
    drafts = tuple(map(DraftLine._make, run(_DRAFTS, whose)))
    has_rule = [each for each in products if each.set_number == _HAS_RULE]
    if has_rule:
        products = tuple([each for each in products if each.set_number != _HAS_RULE])
    seen = Seen(bool(known), prior, households, lists, lines, products, full_since, drafts)
    next_offers = {line.offer_id for line in drafts if line.offer_id is not None}
    if not (has_rule or next_offers):
        return seen
    return with_fitting(seen, wanted, _fitting(connection, wanted, lists, next_offers))


def _fitting(
    connection: sqlite3.Connection,
    wanted: Look,
    lists: Iterable[PresentedList],
    next_offers: Iterable[int],
) -> list[NamedProduct]:
    """What of the basket fits the rules of the offers of lists and drafts."""
    asked = {
        "gtins": json_of([*wanted.gtins]),
        "lists": json_of([each.id for each in lists]),
        "drafted": json_of([*next_offers]),
    }
    return [*map(NamedProduct._make, connection.execute(_FITTING, asked))]


def write(connection: sqlite3.Connection, effect: Effect) -> bool:
    """Write an effect, inside the transaction that looked; always true."""
    redemption = sqlite_values(effect.redemption)
    redemption["purchased_at"] = epoch_micros(effect.purchased_at)
    redemption["entries"] = _entries(effect.entries)
    redemption_id = effect.redemption.id
    run = connection.execute
    (redemption["basket_id"],) = run(_BASKET, redemption).fetchall()[0]
    run(_BOUGHT, (redemption["basket_id"], _bought(effect.bought)))
    run(_REDEMPTION, redemption)
    run(_USES, (redemption_id, _uses(effect.uses)))
    run(_REFUSALS, (redemption_id, _refusals(effect.refusals)))
    run(_ENTRIES, redemption)
    run(_DUE, redemption)
    for each in effect.moved:
        run(_MOVED, (each.newer, each.key_mark, each.kind, each.older))
    return True


def guess(connection: sqlite3.Connection, guesses: Guesses) -> bool:
    """Count guesses, inside a writer's transaction; whether there was room."""
    given = sqlite_values(guesses.by) | sqlite_values(guesses.limits)
    given["digests"] = json_of([*guesses.digests])
    (is_left,) = connection.execute(_ROOM, given).fetchone()
    if is_left or guesses.limits.is_kept:
        connection.execute(_GUESS, given)
    return bool(is_left)

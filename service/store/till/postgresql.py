"""The till on PostgreSQL: one statement to look, one to write, each a transaction of its own.

The write is optimistic. It holds the lists it uses and gives up when since the look one ended, uses
of it were given back, or a deal it uses was stopped; a use made in between meets the unique index
on live uses of the line, or the one on the household's uses of the deal, and the same transaction
sent twice the unique index on references. Either way nothing of it is written.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic_core import from_json

from service.engine.ledger import Entry, EntryKind
from service.store.till.rows import (
    Parameters,
    array_of,
    array_writer,
    names,
    reader,
    selected,
)
from service.store.till.sources import (
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
    GuessLimits,
    HeldList,
    Identity,
    Look,
    MovedIdentity,
    NamedProduct,
    PresentedLine,
    PresentedList,
    Prior,
    RedemptionRow,
    Reference,
    RefusalRow,
    Seen,
    UseRow,
    Watch,
    with_fitting,
)

_LINE_SOURCES = {
    **LINE_SOURCES,
    "stopped_at": "(extract(epoch FROM o.stopped_at) * 1000000)::bigint",
}
_PRINTED = ", ".join([f"{source} AS {name}" for name, source in _LINE_SOURCES.items()])
_USES = ", ".join([f"{source} AS {name}" for name, source in USE_SOURCES.items()])
_LIST = names(PresentedList)


def _look_statement() -> str:
    # The uses of deals are read once a household, however many lines it has.
    # `OFFSET 0` keeps each lateral part a search of its own, one list or household after the other.
    # Left to itself the planner joins the tables whole where it has no statistics of them yet, as
    # after a bulk load: with millions of lists that is seconds for every basket.
    given = Parameters()
    reference = given.scalars(Reference)
    identities = given.arrays(Identity)
    codes, gtins, bought = given.array(str), given.array(int), given.array(int)
    watch = given.scalars(Watch)
    return f"""
WITH who AS (
    SELECT i.digest, i.household_id
    FROM {identities.rows} AS p ({names(Identity)})
    JOIN identity i ON i.kind = p.kind AND i.digest = p.digest
), lists AS (
    SELECT {_LIST} FROM shopping_list WHERE code = ANY ({codes}) AND state <> 'draft'
    UNION
    SELECT s.* FROM who CROSS JOIN LATERAL (
        SELECT {_LIST} FROM shopping_list
        WHERE household_id = who.household_id AND state = 'issued'
          AND valid_from <= {reference.business_date} AND valid_to >= {reference.business_date}
        OFFSET 0
    ) s
), printed AS (
    SELECT s.household_id, {_PRINTED}
    FROM lists s CROSS JOIN LATERAL (
        SELECT * FROM list_line WHERE list_id = s.id AND kind = 'offer' OFFSET 0
    ) l
    JOIN offer o ON o.id = l.offer_id
), used AS MATERIALIZED (
    SELECT u.* FROM (
        SELECT household_id, array_agg(deal_id) AS deals FROM printed GROUP BY household_id
    ) h CROSS JOIN LATERAL (
        SELECT household_id, deal_id, list_id, list_line, live, uses, use_number, deal_use
        FROM redemption_line
        WHERE household_id = h.household_id AND deal_id = ANY (h.deals) OFFSET 0
    ) u
), lines AS (
    SELECT {names(PresentedLine)} FROM printed l CROSS JOIN LATERAL (
        SELECT {_USES} FROM used r
        WHERE r.household_id = l.household_id AND r.deal_id = l.deal_id
    ) u
), named AS (
    SELECT {selected(NamedProduct, PRODUCT_SOURCES)}
    FROM offer_product p JOIN product q ON q.gtin = p.gtin
    WHERE p.offer_id IN (SELECT offer_id FROM lines) AND p.gtin = ANY ({gtins})
    UNION ALL SELECT {selected(NamedProduct, EXCLUSION_SOURCES)} FROM offer_exclusion p
    WHERE p.offer_id IN (SELECT offer_id FROM lines) AND p.gtin = ANY ({gtins})
), drafts AS (
    SELECT h.household_id, l.line, l.kind, l.text,
           (SELECT offer_id FROM offer_rule r WHERE r.offer_id = l.offer_id LIMIT 1) AS offer_id
    FROM (SELECT household_id FROM who UNION SELECT household_id FROM lists) h
    CROSS JOIN LATERAL (
        SELECT id FROM shopping_list
        WHERE household_id = h.household_id AND state = 'draft' OFFSET 0
    ) s
    CROSS JOIN LATERAL (
        SELECT * FROM list_line WHERE list_id = s.id AND kind <> 'partner' OFFSET 0
    ) l
    WHERE (l.item_id IS NULL OR l.item_id <> ALL (ARRAY(
              SELECT item_id FROM product WHERE gtin = ANY ({bought}) AND item_id IS NOT NULL)))
      AND NOT EXISTS (SELECT FROM offer_product p
                      WHERE p.offer_id = l.offer_id AND p.gtin = ANY ({bought}) OFFSET 0)
), ruled AS (
    SELECT offer_id, (SELECT written_at FROM shopping_list WHERE id = l.list_id) AS since
    FROM lines l
    WHERE EXISTS (SELECT FROM offer_rule r WHERE r.offer_id = l.offer_id OFFSET 0)
    UNION ALL SELECT offer_id, NULL FROM drafts WHERE offer_id IS NOT NULL
)
SELECT EXISTS (SELECT FROM store WHERE id = {reference.store_id}),
    (SELECT json_build_array({names(Prior)})::text FROM redemption
     WHERE store_id = {reference.store_id} AND terminal = {reference.terminal}
       AND business_date = {reference.business_date} AND number = {reference.number}),
    (SELECT json_agg(json_build_array(digest, household_id))::text FROM who),
    (SELECT json_agg(json_build_array({_LIST}) ORDER BY id)::text FROM lists),
    (SELECT json_agg(json_build_array({names(PresentedLine)}) ORDER BY list_id, line)::text
     FROM lines),
    (SELECT json_agg(json_build_array({names(NamedProduct)}))::text FROM named),
    (extract(epoch FROM greatest(
        (SELECT guessed_at FROM guess WHERE kind = {watch.kind} AND key_id = {watch.key_id}
           AND guessed_at > {watch.since} AND guessed_at < {watch.until}
         ORDER BY guessed_at DESC LIMIT 1 OFFSET {watch.key_spare}),
        (SELECT guessed_at FROM guess WHERE kind = {watch.kind} AND store_id = {watch.at_store}
           AND guessed_at > {watch.since} AND guessed_at < {watch.until}
         ORDER BY guessed_at DESC LIMIT 1 OFFSET {watch.store_spare}))) * 1000000)::bigint,
    (SELECT json_agg(json_build_array({names(DraftLine)}) ORDER BY household_id, line)::text
     FROM drafts),
    (SELECT json_agg(json_build_array(offer_id, since))::text FROM ruled)
"""


class _Moment(NamedTuple):
    """When the basket was bought."""

    purchased_at: datetime


def _write_statement() -> str:
    given = Parameters()
    sale, moment = given.scalars(RedemptionRow), given.scalars(_Moment)
    bought, held = given.arrays(BoughtRow), given.arrays(HeldList)
    uses, refusals, entries, moved = (
        given.arrays(row) for row in (UseRow, RefusalRow, Entry, MovedIdentity)
    )
    return f"""
WITH held AS (
    SELECT id FROM shopping_list WHERE id = ANY ({held.id}) AND state <> 'voided'
      AND reopenings = ({held.reopenings})[array_position({held.id}, id)]
    ORDER BY id FOR NO KEY UPDATE
), bought AS (
    INSERT INTO basket (store_id, terminal, business_date, number, household_id, purchased_at)
    SELECT {sale.store_id}, {sale.terminal}, {sale.business_date}, {sale.number},
           {sale.household_id}, {moment.purchased_at}
    WHERE (SELECT count(*) FROM held) = cardinality({held.id})
      AND NOT EXISTS (SELECT FROM offer
                      WHERE stopped_at IS NOT NULL AND id = ANY ({uses.offer_id}))
    ON CONFLICT (store_id, terminal, business_date, number)
    DO UPDATE SET household_id = coalesce(excluded.household_id, basket.household_id),
                  sealed = false
    RETURNING id
), bought_lines AS (
    INSERT INTO basket_line (basket_id, {names(BoughtRow)})
    SELECT b.id, x.* FROM bought b, {bought.rows} AS x
    ON CONFLICT (basket_id, line) DO UPDATE SET amount_cents = excluded.amount_cents
), redeemed AS (
    INSERT INTO redemption ({names(RedemptionRow)}, basket_id)
    SELECT {sale.all}, b.id FROM bought b RETURNING id
), uses AS (
    INSERT INTO redemption_line (redemption_id, {names(UseRow)})
    SELECT r.id, x.* FROM redeemed r, {uses.rows} AS x
), refused AS (
    INSERT INTO refusal (redemption_id, {names(RefusalRow)})
    SELECT r.id, x.* FROM redeemed r, {refusals.rows} AS x
), posted AS (
    INSERT INTO ledger_entry (posting, kind, posted_at, store_id, business_date, {names(Entry)})
    SELECT r.id, '{EntryKind.REDEMPTION}', {sale.redeemed_at}, {sale.store_id},
           {sale.business_date}, x.* FROM redeemed r, {entries.rows} AS x
), moved AS (
    UPDATE identity SET digest = x.newer, key_mark = x.key_mark
    FROM {moved.rows} AS x ({names(MovedIdentity)})
    WHERE identity.kind = x.kind AND identity.digest = x.older
      AND EXISTS (SELECT FROM redeemed)
      AND NOT EXISTS (SELECT FROM identity i WHERE i.kind = x.kind AND i.digest = x.newer)
), marked AS (
    INSERT INTO due (household_id, marked_at)
    SELECT {sale.household_id}, {sale.redeemed_at} FROM redeemed
    WHERE {sale.household_id} IS NOT NULL
    ON CONFLICT (household_id) DO UPDATE SET marked_at = excluded.marked_at, claimed_until = NULL
)
SELECT count(*) FROM redeemed"""


def _guess_statement() -> str:
    given = Parameters()
    by, limits, digests = given.scalars(GuessBy), given.scalars(GuessLimits), given.array(str)
    return f"""
WITH fresh AS (
    SELECT digest FROM unnest({digests}) AS given (digest)
    WHERE NOT EXISTS (SELECT FROM guess
                      WHERE key_id = {by.key_id} AND kind = {by.kind} AND store_id = {by.store_id}
                        AND terminal = {by.terminal} AND guess.digest = given.digest
                        AND guessed_at > {limits.again_since})
), room AS (
    SELECT n = 0 OR (
        n + (SELECT count(*) FROM guess WHERE kind = {by.kind} AND key_id = {by.key_id}
             AND guessed_at > {limits.since} AND guessed_at < {limits.until})
             <= {limits.key_most}
        AND n + (SELECT count(*) FROM guess WHERE kind = {by.kind} AND store_id = {by.store_id}
             AND guessed_at > {limits.since} AND guessed_at < {limits.until})
             <= {limits.store_most}) AS is_left
    FROM (SELECT count(*) AS n FROM fresh) AS counted
), written AS (
    INSERT INTO guess ({names(GuessBy)}, digest)
    SELECT {by.all}, digest FROM fresh WHERE {limits.is_kept} OR (SELECT is_left FROM room)
    ON CONFLICT (key_id, kind, store_id, terminal, digest)
    DO UPDATE SET guessed_at = excluded.guessed_at
)
SELECT is_left FROM room"""


LOOK = _look_statement()
FIT = f"""
WITH offered AS MATERIALIZED (
    SELECT (e ->> 0)::bigint AS offer_id, min((e ->> 1)::timestamptz) AS since
    FROM json_array_elements($1::text::json) e GROUP BY 1
), traits AS (
    SELECT gtin, restriction, NULL::timestamptz AS until, brand, item_id, category_id
    FROM product WHERE gtin = ANY ($2::text::bigint[])
    UNION ALL SELECT gtin, q.restriction, m.until, m.brand, m.item_id, m.category_id
    FROM product_before m JOIN product q USING (gtin) WHERE gtin = ANY ($2::text::bigint[])
), keyed AS MATERIALIZED ({KEYED})
SELECT json_agg(json_build_array({names(NamedProduct)}))::text FROM ({FITTING}) AS fitting"""
"""What of a basket fits the rules of the offers that `LOOK` found: it has its parameters."""
WRITE = _write_statement()
GUESS = _guess_statement()
# Whoever counts guesses of a key or a store waits for whoever is at it, and sees what that one
# counted: a statement does not see what was committed after its own start, so the wait is one of
# its own. Keys come first, so that nobody waits in a circle.
GUESS_LOCK = """SELECT pg_advisory_xact_lock(hashtextextended('guess key ' || $1::text, 0)),
       pg_advisory_xact_lock(hashtextextended('guess store ' || $2::text, 0))"""

_codes, _gtins = array_of(str), array_of(int)
_identities = array_writer(Identity)
_bought, _held, _uses, _refusals, _entries, _moved = (
    array_writer(row) for row in (BoughtRow, HeldList, UseRow, RefusalRow, Entry, MovedIdentity)
)
_read_list = reader(PresentedList)


def look_parameters(look: Look) -> list[Any]:
    """The parameters of `LOOK`."""
    return [
        *look.reference,
        *_identities([*look.identities]),
        _codes([*look.codes]),
        _gtins([*look.gtins]),
        _gtins([*look.bought]),
        *look.watch,
    ]


def length(row: Sequence[Any]) -> int:
    """The characters in the one row of `LOOK`."""
    return sum([len(each) for each in row if type(each) is str])


def fit_parameters(look: Look, row: Sequence[Any]) -> list[Any] | None:
    """The parameters of `FIT` after `LOOK` found its row; None where no offer has a rule."""
    return [row[-1], _gtins([*look.gtins])] if row[-1] and look.gtins else None


def seen(row: Sequence[Any], look: Look | None = None, fit: str | None = None) -> Seen:
    """The one row of `LOOK`, read, with what `FIT` found for the same look."""
    store_known, prior, who, lists, lines, products, full_since_micros, drafts, _ = row
    found = Seen(
        store_known=store_known,
        prior=Prior(*from_json(prior)) if prior else None,
        households=dict(from_json(who)) if who else {},
        lists=tuple([_read_list(each) for each in from_json(lists)]) if lists else (),
        lines=tuple(map(PresentedLine._make, from_json(lines))) if lines else (),
        products=tuple(map(NamedProduct._make, from_json(products))) if products else (),
        full_since_micros=full_since_micros,
        drafts=tuple(map(DraftLine._make, from_json(drafts))) if drafts else (),
    )
    if look is None or not fit:
        return found
    return with_fitting(found, look, map(NamedProduct._make, from_json(fit)))


def write_parameters(effect: Effect) -> list[Any]:
    """The parameters of `WRITE`, which gives 1, or 0 to look again."""
    return [
        *effect.redemption,
        effect.purchased_at,
        *_bought(effect.bought),
        *_held(effect.held),
        *_uses(effect.uses),
        *_refusals(effect.refusals),
        *_entries(effect.entries),
        *_moved(effect.moved),
    ]


def guess_parameters(guesses: Guesses) -> list[Any]:
    """The parameters of `GUESS`, which says whether there was room."""
    return [*guesses.by, *guesses.limits, _codes(guesses.digests)]


def lock_parameters(guesses: Guesses) -> list[Any]:
    """The parameters of `GUESS_LOCK`, which comes before `GUESS` in its transaction."""
    return [str(guesses.by.key_id), guesses.by.store_id]

"""The till on PostgreSQL: one statement to look, one to write, each a transaction of its own.

The write is optimistic. It holds the lists it uses and gives up when since the look one ended, uses
of it were given back, or a deal it uses was stopped; a use made in between meets the unique index
on live uses, and the same transaction sent twice the unique index on references. Either way nothing
of it is written.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic_core import from_json, to_json

from service.store.till.steps import Effect, Look, PresentedLine, PresentedList, Prior, Seen

# `OFFSET 0` keeps each lateral part a search of its own, one list or household after the other.
# Left to itself the planner joins the tables whole where it has no statistics of them yet, as after
# a bulk load: with millions of lists that is seconds for every basket.
LOOK = """
WITH who AS (
    SELECT i.digest, i.household_id
    FROM unnest($5::text::text[], $6::text::text[]) AS p (kind, digest)
    JOIN identity i ON i.kind = p.kind AND i.digest = p.digest
), lists AS (
    SELECT id, code, household_id, state, valid_from, valid_to, reopenings FROM shopping_list
    WHERE code = ANY ($7::text::text[]) AND state <> 'draft'
    UNION
    SELECT s.* FROM who CROSS JOIN LATERAL (
        SELECT id, code, household_id, state, valid_from, valid_to, reopenings FROM shopping_list
        WHERE household_id = who.household_id AND state = 'issued'
          AND valid_from <= $3::date AND valid_to >= $3::date OFFSET 0
    ) s
), used AS (
    SELECT u.* FROM lists s CROSS JOIN LATERAL (
        SELECT r.list_id, r.list_line, sum(r.uses) FILTER (WHERE r.live) AS used,
               max(r.use_number + r.uses - 1) AS last_use
        FROM redemption_line r WHERE r.list_id = s.id GROUP BY r.list_id, r.list_line OFFSET 0
    ) u
), lines AS (
    SELECT l.list_id, l.line, l.offer_id, l.text, l.uses, coalesce(u.used, 0) AS used,
           coalesce(u.last_use, 0) AS last_use, l.reserved_cents,
           coalesce(l.terms, o.terms) AS terms, o.supplier_id,
           o.funding_share, o.handling_fee_cents, l.face_value_cents, o.funding_cap_cents,
           (extract(epoch FROM o.stopped_at) * 1000000)::bigint AS stopped_at
    FROM lists s CROSS JOIN LATERAL (
        SELECT * FROM list_line WHERE list_id = s.id AND kind = 'offer' OFFSET 0
    ) l
    JOIN offer o ON o.id = l.offer_id
    LEFT JOIN used u ON u.list_id = l.list_id AND u.list_line = l.line
)
SELECT EXISTS (SELECT FROM store WHERE id = $1::text),
    (SELECT json_build_array(id, digest, answer, state)::text FROM redemption
     WHERE store_id = $1::text AND terminal = $2::text AND business_date = $3::date
       AND number = $4::text),
    (SELECT json_agg(json_build_array(digest, household_id))::text FROM who),
    (SELECT json_agg(json_build_array(id, code, household_id, state, valid_from, valid_to,
                                      reopenings) ORDER BY id)::text FROM lists),
    (SELECT json_agg(json_build_array(list_id, line, offer_id, text, uses, used, last_use,
                                      reserved_cents, terms, supplier_id, funding_share,
                                      handling_fee_cents, face_value_cents, funding_cap_cents,
                                      stopped_at) ORDER BY list_id, line)::text
     FROM lines),
    (SELECT json_agg(json_build_array(p.offer_id, p.set_number, p.gtin))::text
     FROM offer_product p JOIN product q ON q.gtin = p.gtin AND q.restriction = ''
     WHERE p.offer_id IN (SELECT offer_id FROM lines) AND p.gtin = ANY ($8::text::bigint[]))
"""

WRITE = """
WITH held AS (
    SELECT id FROM shopping_list WHERE id = ANY ($14::text::bigint[]) AND state <> 'voided'
      AND reopenings = ($39::text::int[])[array_position($14::text::bigint[], id)]
    ORDER BY id FOR NO KEY UPDATE
), bought AS (
    INSERT INTO basket (store_id, terminal, business_date, number, household_id, purchased_at)
    SELECT $2::text, $3::text, $4::date, $5::text, $6::bigint, $7::timestamptz
    WHERE (SELECT count(*) FROM held) = cardinality($14::text::bigint[])
      AND NOT EXISTS (SELECT FROM offer
                      WHERE stopped_at IS NOT NULL AND id = ANY ($25::text::bigint[]))
    ON CONFLICT (store_id, terminal, business_date, number)
    DO UPDATE SET household_id = coalesce(excluded.household_id, basket.household_id)
    RETURNING id
), bought_lines AS (
    INSERT INTO basket_line (basket_id, line, gtin, quantity_milli, unit, amount_cents)
    SELECT b.id, x.* FROM bought b,
        unnest($15::text::int[], $16::text::bigint[], $17::text::bigint[], $18::text::text[],
               $19::text::bigint[]) AS x
    ON CONFLICT (basket_id, line) DO UPDATE SET amount_cents = excluded.amount_cents
), redeemed AS (
    INSERT INTO redemption (id, store_id, terminal, business_date, number, digest, state,
                            basket_id, household_id, total_discount_cents, answer, redeemed_at,
                            key_id)
    SELECT $1::text, $2::text, $3::text, $4::date, $5::text, $8::text, $9::text, b.id, $6::bigint,
           $10::bigint, $11::text, $12::timestamptz, $13::bigint
    FROM bought b RETURNING id
), uses AS (
    INSERT INTO redemption_line (redemption_id, list_id, list_line, use_number, uses, live,
                                 offer_id, units, amount_cents, supplier_cents, retailer_cents,
                                 reserved_cents, parts)
    SELECT r.id, x.* FROM redeemed r,
        unnest($20::text::bigint[], $21::text::int[], $22::text::int[], $23::text::int[],
               $24::text::bool[], $25::text::bigint[], $26::text::int[], $27::text::bigint[],
               $28::text::bigint[], $29::text::bigint[], $30::text::bigint[],
               $31::text::text[]) AS x
), refused AS (
    INSERT INTO refusal (redemption_id, list_line, offer_id, reason, detail)
    SELECT r.id, x.* FROM redeemed r,
        unnest($32::text::int[], $33::text::bigint[], $34::text::text[], $35::text::text[]) AS x
), posted AS (
    INSERT INTO ledger_entry (posting, kind, account, offer_id, amount_cents, posted_at)
    SELECT r.id, 'redemption', x.*, $12::timestamptz FROM redeemed r,
        unnest($36::text::text[], $37::text::bigint[], $38::text::bigint[]) AS x
), marked AS (
    INSERT INTO due (household_id, marked_at)
    SELECT $6::bigint, $12::timestamptz FROM redeemed WHERE $6::bigint IS NOT NULL
    ON CONFLICT (household_id) DO UPDATE SET marked_at = excluded.marked_at, claimed_until = NULL
)
SELECT count(*) FROM redeemed"""


def look_parameters(look: Look) -> list[Any]:
    """The parameters of `LOOK`."""
    return [
        *look.reference,
        _texts([kind for kind, _ in look.identities]),
        _texts([digest for _, digest in look.identities]),
        _texts(look.codes),
        _numbers(look.gtins),
    ]


def seen(row: Sequence[Any]) -> Seen:
    """The one row of `LOOK`, read."""
    store_known, prior, who, lists, lines, products = row
    return Seen(
        store_known=store_known,
        prior=Prior(*from_json(prior)) if prior else None,
        households=dict(from_json(who)) if who else {},
        lists=tuple(
            PresentedList(
                key,
                code,
                household,
                state,
                date.fromisoformat(first),
                date.fromisoformat(last),
                reopenings,
            )
            for key, code, household, state, first, last, reopenings in from_json(lists)
        )
        if lists
        else (),
        lines=tuple([PresentedLine(*line) for line in from_json(lines)]) if lines else (),
        products=tuple(from_json(products)) if products else (),
    )


def write_parameters(effect: Effect) -> list[Any]:
    """The parameters of `WRITE`, which gives 1, or 0 to look again."""
    return [
        effect.redemption_id,
        *effect.reference,
        effect.household_id,
        effect.purchased_at,
        effect.digest,
        effect.state,
        effect.total_discount_cents,
        effect.answer,
        effect.now,
        effect.key_id,
        _numbers([key for key, _ in effect.held]),
        *_columns(effect.basket_lines, "nnntn"),
        *_columns(effect.uses, "nnnnnnnnnnnt"),
        *_columns(effect.refusals, "nntt"),
        *_columns(effect.entries, "tnn"),
        _numbers([reopenings for _, reopenings in effect.held]),
    ]


def _columns(rows: Sequence[tuple[Any, ...]], kinds: str) -> list[str]:
    """Rows as an array per column; a kind is `n` for numbers and truths, `t` for texts."""
    if not rows:
        return ["{}"] * len(kinds)
    columns = zip(*rows, strict=True)
    return [
        _numbers(column) if kind == "n" else _texts(column)
        for kind, column in zip(kinds, columns, strict=True)
    ]


# An array goes as PostgreSQL writes one in text: asyncpg asks of every element of a list whether it
# is a list itself, which cost more than all the rest of sending it.
def _numbers(column: Sequence[int | bool | None]) -> str:
    return f"{{{to_json(column).decode()[1:-1]}}}"


def _texts(column: Sequence[str]) -> str:
    if not column:
        return "{}"
    joined = "".join(column)
    if '"' in joined or "\\" in joined:
        column = [text.replace("\\", "\\\\").replace('"', '\\"') for text in column]
    return '{"' + '","'.join(column) + '"}'

"""Queries on the events behind a claim's lines."""

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, text
from sqlmodel import Session

from service.engine.clearing.evidence import ClaimedEvent, Given
from service.engine.ledger import EntryKind
from service.store import history

_AT_ONCE = 500
_VOID = "-void"
_EVENTS = """SELECT c.line, e.posting, e.kind, e.offer_id, e.business_date, e.store_id,
        sum(e.amount_cents) AS share,
        sum(CASE WHEN e.account = 'supplier_receivable' THEN e.discount_cents ELSE 0 END)
    FROM (SELECT entry_id, line FROM claim_entry WHERE claim_id = :claim AND line > 0
          UNION ALL SELECT entry_id, line FROM cancelled_claim_entry
          WHERE claim_id = :claim AND line > 0) c
    JOIN ledger_entry e ON e.id = c.entry_id
    WHERE e.business_date IS NOT NULL
    GROUP BY c.line, e.posting, e.kind, e.offer_id, e.business_date, e.store_id
    ORDER BY c.line, e.posting, e.kind"""
_RETURNS = "SELECT id, redemption_id FROM till_return WHERE id IN :names"
_PARTS = """SELECT redemption_id, offer_id, parts FROM redemption_line
    WHERE redemption_id IN :names ORDER BY id"""
_GOODS = """SELECT r.id, l.line, l.gtin FROM redemption r
    JOIN {lines} l ON l.basket_id = r.basket_id WHERE r.id IN :names"""
_BASKETS = "SELECT basket_id FROM redemption WHERE basket_id IS NOT NULL AND id IN :names"
_RETURNED = "SELECT return_id, line, gtin, units FROM till_return_line WHERE return_id IN :names"
_ONLY = """SELECT offer_id, min(gtin) FROM offer_product WHERE offer_id IN :names
    AND offer_id NOT IN (SELECT offer_id FROM offer_rule)
    GROUP BY offer_id HAVING count(DISTINCT gtin) = 1"""


class _Event(NamedTuple):
    """An event as the ledger names it."""

    line: int
    posting: str
    kind: str
    offer_id: int
    business_date: Any
    store_id: str
    share_cents: int
    discount_cents: int


def events_of(session: Session, claim_id: int) -> Iterator[ClaimedEvent]:
    """The events behind the lines of a claim, as far as they were at a till.

    Goods are known from the basket, else from the return, else where a deal has one product, and
    no rule by which it may have others.
    """
    events = [_Event(*row) for row in session.execute(text(_EVENTS), {"claim": claim_id})]
    named = {event.posting.removesuffix(_VOID) for event in events}
    sale_of = dict(_rows(session, _RETURNS, named))
    sales = {sale_of.get(name, name) for name in named}
    parts: dict[tuple[str, int], list[Any]] = {}
    for sale, offer_id, written in _rows(session, _PARTS, sales):
        parts.setdefault((sale, offer_id), []).extend(json.loads(written))
    lines = history.of_baskets(session, [key for (key,) in _rows(session, _BASKETS, sales)])
    found = _rows(session, _GOODS.format(lines=lines), sales)
    goods = {(sale, line): gtin for sale, line, gtin in found}
    returned: dict[str, dict[int, tuple[int | None, list[int]]]] = {}
    for name, line, gtin, units in _rows(session, _RETURNED, sale_of.keys() & named):
        returned.setdefault(name, {})[line] = (gtin, json.loads(units or "[]"))
    only = dict(_rows(session, _ONLY, {event.offer_id for event in events}))
    for event in events:
        name = event.posting.removesuffix(_VOID)
        sale = sale_of.get(name, name)
        given = [
            Given(
                _gtin(goods.get((sale, line)), returned.get(name, {}).get(line), only, event),
                *_counted(supplier, retailer, returned.get(name), line),
            )
            for line, supplier, retailer, *_ in parts.get((sale, event.offer_id), ())
        ]
        yield ClaimedEvent(
            line=event.line,
            name=f"{event.posting}/{event.kind}",
            business_date=date.fromisoformat(str(event.business_date)),
            store_id=event.store_id,
            discount_cents=int(event.discount_cents),
            share_cents=int(event.share_cents),
            given=tuple(
                each._replace(units=0) if event.kind == EntryKind.RESETTLEMENT else each
                for each in given
                if each.units
            ),
        )


def _counted(
    supplier: Sequence[int],
    retailer: Sequence[int],
    returned: dict[int, tuple[int | None, list[int]]] | None,
    line: int,
) -> tuple[int, int]:
    """How many units of a basket line an event is about, and the discount on them."""
    units = range(len(supplier))
    if returned is not None:
        units_back = returned.get(line, (None, []))[1]
        return len(units_back), sum(
            supplier[unit] + retailer[unit] for unit in units_back if unit in units
        )
    return len(units), sum(supplier) + sum(retailer)


def _gtin(
    bought: int | None,
    back: tuple[int | None, list[int]] | None,
    only: dict[int, int],
    event: _Event,
) -> int:
    known = bought or (back[0] if back else None) or only.get(event.offer_id)
    return known or 0


def _rows(session: Session, statement: str, names: Collection[Any]) -> Iterator[Any]:
    """The rows for some names, so many at a time."""
    prepared = text(statement).bindparams(bindparam("names", expanding=True))
    ordered = sorted(names)
    for first in range(0, len(ordered), _AT_ONCE):
        yield from session.execute(prepared, {"names": ordered[first : first + _AT_ONCE]}).all()

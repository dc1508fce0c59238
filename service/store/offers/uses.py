"""Queries on what deals came to by business day and store: pages by deal, day and store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Date, bindparam, text
from sqlmodel import Session

_FEW, _MANY = 4, 256
"""Deals are looked at so many at a time; first few, for a page may be full of one deal."""


class UsesPlace(NamedTuple):
    """Where a row is in the order of all."""

    number: int
    day: date
    store: str


class Uses(NamedTuple):
    """What a deal came to in a store on a business day, over all its revisions.

    `number` is its first revision's. `uses` and the cents of `discount`, `supplier` and `retailer`
    are of the uses that count; `spent_cents` is what its budget spent, with fees, returns taken
    off on the day of the return.
    """

    number: int
    supplier: str
    deal_id: str
    day: date
    store: str
    uses: int
    discount_cents: int
    supplier_cents: int
    retailer_cents: int
    spent_cents: int

    @property
    def place(self) -> UsesPlace:
        """Where the row is."""
        return UsesPlace(self.number, self.day, self.store)


@dataclass(frozen=True, slots=True)
class UsesFilter:
    """Which rows; what is None does not matter. `number` is that of any revision of a deal."""

    number: int | None = None
    supplier: str | None = None
    first_day: date | None = None
    last_day: date | None = None


_CHOSEN = {
    "number": """o.id = (SELECT coalesce(x.deal_id, x.id) FROM offer x WHERE x.id = :number)""",
    "supplier": "o.supplier_id IN (SELECT id FROM supplier WHERE name = :supplier)",
}
_DAYS = {"first_day": "day >= :first_day", "last_day": "day <= :last_day"}
_REVISIONS = """offer o JOIN offer r
    ON r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref"""
_ROWS = f"""SELECT number, s.name, deal_ref, day, store, sum(uses), sum(discount_cents),
                   sum(supplier_cents), sum(retailer_cents), sum(spent_cents)
            FROM (SELECT o.id AS number, o.supplier_id, o.deal_ref, t.business_date AS day,
                         t.store_id AS store, l.uses, l.amount_cents AS discount_cents,
                         l.supplier_cents, l.retailer_cents, 0 AS spent_cents
                  FROM {_REVISIONS}
                  JOIN redemption_line l ON l.offer_id = r.id AND l.live
                  JOIN redemption t ON t.id = l.redemption_id
                  WHERE o.id IN :numbers
                  UNION ALL
                  SELECT o.id, o.supplier_id, o.deal_ref, e.business_date, e.store_id,
                         0, 0, 0, 0, e.amount_cents
                  FROM {_REVISIONS}
                  JOIN ledger_entry e ON e.offer_id = r.id AND e.account = 'offer_spent'
                       AND e.business_date IS NOT NULL AND e.store_id IS NOT NULL
                  WHERE o.id IN :numbers) AS parts
            JOIN supplier s ON s.id = supplier_id
            WHERE {{wanted}}
            GROUP BY number, s.name, deal_ref, day, store
            HAVING sum(uses) <> 0 OR sum(spent_cents) <> 0
            ORDER BY number, day, store LIMIT :limit"""


def page(
    session: Session, chosen: UsesFilter, *, after: UsesPlace | None, limit: int
) -> Sequence[Uses]:
    """At most so many rows after a place, by deal, business day and store."""
    found: list[Uses] = []
    first, few = after.number if after is not None else 0, _FEW
    while len(found) < limit:
        numbers = _deals(session, chosen, first=first, most=few)
        if not numbers:
            break
        found += _rows(session, chosen, numbers, after=after, limit=limit - len(found))
        first, few = numbers[-1] + 1, min(4 * few, _MANY)
    return found


def _deals(session: Session, chosen: UsesFilter, *, first: int, most: int) -> Sequence[int]:
    """The next deals of which anything was ever used."""
    wanted = [sql for name, sql in _CHOSEN.items() if getattr(chosen, name) is not None]
    rows = session.execute(
        text(
            f"""SELECT o.id FROM offer o
                WHERE {" AND ".join(["o.deal_id IS NULL", "o.id >= :first", *wanted])}
                  AND EXISTS (SELECT 1 FROM offer r JOIN redemption_line l ON l.offer_id = r.id
                              WHERE r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref)
                ORDER BY o.id LIMIT :most"""
        ),
        {"first": first, "most": most} | _values(chosen, _CHOSEN),
    )
    return [number for (number,) in rows]


def _rows(
    session: Session,
    chosen: UsesFilter,
    numbers: Sequence[int],
    *,
    after: UsesPlace | None,
    limit: int,
) -> list[Uses]:
    values = _values(chosen, _DAYS)
    wanted = [sql for name, sql in _DAYS.items() if name in values]
    if after is not None and after.number == numbers[0]:
        wanted.append(
            "(number > :after_number OR day > :after_day OR (day = :after_day AND store > :store))"
        )
        values |= {"after_number": after.number, "after_day": after.day, "store": after.store}
    # Days are typed, as SQLite stores them as text.
    days = [bindparam(name, type_=Date()) for name in values if name.endswith("day")]
    statement = text(_ROWS.format(wanted=" AND ".join(wanted) or "1 = 1"))
    rows = session.execute(
        statement.bindparams(bindparam("numbers", expanding=True), *days).columns(day=Date()),
        {"numbers": numbers, "limit": limit, **values},
    )
    return [Uses(*row[:5], *map(int, row[5:])) for row in rows]


def _values(chosen: UsesFilter, names: dict[str, str]) -> dict[str, Any]:
    found = {name: getattr(chosen, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}

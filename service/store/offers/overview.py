"""Queries on the reserved and spent budgets of deals, and what open copies may still cost."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Boolean, Date, TextClause, bindparam, text
from sqlalchemy.types import TypeEngine
from sqlmodel import Session

from service.engine.lifecycle import DealState
from service.engine.reserve import reservation_cents
from service.store.offers import kept
from service.store.offers.goods import counted_among, stage_goods
from service.store.searching import containing, pattern
from service.store.sum_rows import DEAL
from service.store.tables.types import Json

DEALS = {
    "offer_id": pl.Int64,
    "supplier": pl.String,
    "deal_id": pl.String,
    "revision": pl.Int64,
    "state": pl.String,
    "title": pl.String,
    "mail_from": pl.Date,
    "mail_to": pl.Date,
    "redeem_to": pl.Date,
    "budget_cents": pl.Int64,
    "circulation_max": pl.Int64,
    "circulation_min": pl.Int64,
    "issued": pl.Int64,
    "reserved_cents": pl.Int64,
    "spent_cents": pl.Int64,
    "use_cents": pl.Int64,
    "limit_per_household": pl.Int64,
    "stopped": pl.Boolean,
    "uploaded_by": pl.String,
}
"""The columns of `deals`."""

OPEN = {
    "offer_id": pl.Int64,
    "deal": pl.Int64,
    "uses_left": pl.Int64,
    "use_cents": pl.Int64,
    "expected_uses": pl.Float64,
    "copies": pl.Int64,
}
"""The columns of `open_copies`."""


@dataclass(frozen=True, slots=True)
class DealFilter:
    """Which deals; each field that is filled in must match. `numbers` are those of offers,
    `supplier_ids` those of suppliers.

    `supplier` and `category` are names, `text` stands in the title or the deal's id, `target` is
    one value of its targets, `benefit` its kind, `worth_from_cents` and `worth_to_cents` bound the
    face value; on `mailed_on` and `redeemed_on` it may be issued and redeemed. `left_below_percent`
    is for deals that may be issued and have less than that left of their budget;
    `behind_guarantee` for those that may be issued and have fewer copies out than were promised, or
    for all others (False).
    """

    states: Sequence[DealState] = ()
    supplier: str = ""
    deal_id: str = ""
    upload: int | None = None
    category: str = ""
    gtin: int | None = None
    text: str = ""
    benefit: str = ""
    target: str = ""
    worth_from_cents: int | None = None
    worth_to_cents: int | None = None
    mailed_on: date | None = None
    redeemed_on: date | None = None
    left_below_percent: int | None = None
    behind_guarantee: bool | None = None
    numbers: Sequence[int] | None = None
    supplier_ids: Sequence[int] | None = None

    def conditions(self) -> Mapping[str, str]:
        """The conditions in SQL that apply, by the parameter that each has."""
        return {name: sql for name, sql in _CONDITIONS.items() if self.values()[name] is not None}

    def values(self) -> Mapping[str, Any]:
        """The parameters; None for what does not matter."""
        return {
            "supplier": self.supplier or None,
            "deal_id": self.deal_id or None,
            "upload": self.upload,
            "category": self.category or None,
            "gtin": self.gtin,
            "text": pattern(self.text) if self.text else None,
            "benefit": f'%"kind":"{self.benefit}"%' if self.benefit else None,
            "target": self.target or None,
            "worth_from": self.worth_from_cents,
            "worth_to": self.worth_to_cents,
            "mailed_on": self.mailed_on,
            "redeemed_on": self.redeemed_on,
            "left_below": self.left_below_percent,
            "behind_guarantee": self.behind_guarantee,
        }


USES_LEFT = """l.uses - coalesce((SELECT sum(u.uses) FROM redemption_line u
    WHERE u.list_id = l.list_id AND u.list_line = l.line AND u.live), 0)"""
"""The uses that are left of a `list_line l`: looked up for it, whatever else was redeemed."""

_RESERVED = "CAST(coalesce(k.reserved_cents, 0) + coalesce(n.reserved_cents, 0) AS bigint)"
_SPENT = "CAST(coalesce(k.spent_cents, 0) + coalesce(n.spent_cents, 0) AS bigint)"
COMMITTED = f"{_RESERVED} + {_SPENT}"
"""What is committed of an offer's budget, by the sums `k` of its deal and what came after, `n`."""
SHORT = f"({COMMITTED}) * 100 > o.budget_cents * (100 - :left_below)"
"""Whether less than so many per cent are left of an `offer o`'s budget."""
MAY_BE_ISSUED = "o.state IN ('approved', 'running', 'exhausted')"
SHORT_DEALS = f"""SELECT o.id FROM offer o LEFT JOIN deal_total k ON k.deal_id = {DEAL}
    LEFT JOIN ({kept.AFTER}) n ON n.deal_id = {DEAL} WHERE {MAY_BE_ISSUED} AND {SHORT}"""
"""The offers that may be issued with less than so many per cent left of their deal's budget."""
BEHIND = f"""offer o WHERE o.circulation_min IS NOT NULL AND {MAY_BE_ISSUED}
    AND o.circulation_min > (SELECT coalesce(sum(c.copies), 0) FROM deal_copies c
                             WHERE c.deal_id = {DEAL})"""
"""The offers that may be issued and have fewer copies out than were promised."""
_SOUGHT = "SELECT gtin AS id FROM product WHERE gtin = :gtin"
_CONDITIONS = {
    "supplier": "o.supplier_id IN (SELECT id FROM supplier WHERE name = :supplier)",
    "deal_id": "o.deal_ref = :deal_id",
    "upload": "o.upload_id = :upload",
    "category": "o.category_id IN (SELECT id FROM category WHERE name = :category)",
    "gtin": f"o.id IN (SELECT g.offer_id FROM ({counted_among(_SOUGHT)}) g)",
    "text": "o.search_text LIKE :text ESCAPE '\\'",
    "benefit": "o.terms LIKE :benefit",
    "target": "(o.targets LIKE :target ESCAPE '\\' OR o.targets LIKE :target_escaped ESCAPE '\\')",
    "worth_from": "o.face_value_cents >= :worth_from",
    "worth_to": "o.face_value_cents <= :worth_to",
    "mailed_on": "o.mail_from <= :mailed_on AND o.mail_to >= :mailed_on",
    "redeemed_on": "o.redeem_from <= :redeemed_on AND o.redeem_to >= :redeemed_on",
    # Looked up once too, or it would be for each deal of a page in order.
    "left_below": f"o.id IN (WITH short AS MATERIALIZED ({SHORT_DEALS}) SELECT id FROM short)",
    # Looked up once, and not for each deal: only a few were promised a circulation.
    "behind_guarantee": f"(o.id IN (SELECT o.id FROM {BEHIND})) = :behind_guarantee",
}

SHOWN: dict[str, Any] = {
    "offer_id": pl.Int64, "kind": pl.String, "category": pl.String, "products": pl.Int64,
    "product": pl.String, "terms": pl.String, "value_text": pl.String, "targets": pl.String,
    "face_value_cents": pl.Int64, "redeem_from": pl.Date,
}  # fmt: skip
"""The columns of `shown`."""

_DEALS = f"""WITH o AS (SELECT o.* FROM offer o WHERE {{wanted}} ORDER BY o.id LIMIT :limit),
         circulation AS (SELECT c.deal_id, sum(c.copies) AS copies FROM deal_copies c
                 WHERE c.deal_id IN (SELECT {DEAL} FROM o) GROUP BY c.deal_id)
    SELECT o.id AS offer_id, s.name AS supplier, o.deal_ref AS deal_id, o.revision, o.state,
           o.title, o.mail_from, o.mail_to, o.redeem_to, o.budget_cents, o.circulation_max,
           o.circulation_min,
           CAST(coalesce(c.copies, 0) AS bigint) AS issued,
           {_RESERVED} AS reserved_cents, {_SPENT} AS spent_cents,
           o.limit_per_household, o.stopped_at IS NOT NULL AS stopped, u.uploaded_by,
           o.face_values, o.face_value_cents, o.funding_share, o.funding_cap_cents,
           o.handling_fee_cents, o.copy_fee_cents
    FROM o JOIN supplier s ON s.id = o.supplier_id
    JOIN upload u ON u.id = o.upload_id
    LEFT JOIN circulation c ON c.deal_id = {DEAL}
    LEFT JOIN deal_total k ON k.deal_id = {DEAL}
    LEFT JOIN ({kept.AFTER}) n ON n.deal_id = {DEAL}
    ORDER BY o.id"""
_TYPES: dict[str, TypeEngine[Any]] = {
    "mail_from": Date(),
    "mail_to": Date(),
    "redeem_to": Date(),
    "stopped": Boolean(),
    "face_values": Json(list[int]),
}
"""Columns that SQLite stores in another way: days are text there, and true is 1."""


ALL_DEALS = DealFilter()


def deals(
    session: Session,
    *,
    states: Sequence[DealState] = (),
    chosen: DealFilter = ALL_DEALS,
    offer_id: int | None = None,
    offer_ids: Sequence[int] | None = None,
    after: int = 0,
    limit: int = 2**31,
) -> pl.DataFrame:
    """Every revision that is not replaced, by offer_id, with its figures; see `DEALS`.

    `issued` copies, `reserved_cents` and `spent_cents` are those of all revisions of the deal;
    `use_cents` is the most one use may cost, at the highest of its face values; for a partner's
    slot it is the cost of a copy. `states`, `chosen`, `offer_id` (its deal), `offer_ids` and
    `after` (an id) select some.
    """
    wanted = [wanted_by(chosen, states), "o.id > :after"]
    if offer_ids is not None:
        wanted.append(_among(offer_ids))
    if offer_id is not None:
        wanted.append(
            "EXISTS (SELECT 1 FROM offer x WHERE x.id = :offer"
            " AND x.supplier_id = o.supplier_id AND x.deal_ref = o.deal_ref)"
        )
    statement = bind(_DEALS.format(wanted=" AND ".join(wanted)), chosen).columns(**_TYPES)
    given = {"after": after, "limit": limit} | ({} if offer_id is None else {"offer": offer_id})
    rows = kept.at_one_moment(
        session,
        lambda mark: session.execute(statement, given | kept.values(mark)).mappings().all(),
    )
    records = [{**row, "use_cents": _use_cents(row)} for row in rows]
    return pl.DataFrame(records, schema=DEALS)


def wanted_by(chosen: DealFilter, states: Sequence[DealState] = ()) -> str:
    """The conditions of a filter on `offer o` in SQL; no revision that was replaced matches."""
    wanted = ["o.state <> 'replaced'", *chosen.conditions().values()]
    states = states or chosen.states
    if states:
        wanted.append("o.state IN (" + ", ".join(f"'{state}'" for state in states) + ")")
    if chosen.numbers is not None:
        wanted.append(_among(chosen.numbers))
    if chosen.supplier_ids is not None:
        wanted.append(_among(chosen.supplier_ids, "o.supplier_id"))
    return " AND ".join(wanted)


def bind(sql: str, chosen: DealFilter) -> TextClause:
    """The statement with the parameters of a filter; days are typed, as SQLite stores them as text.

    Targets are stored as JSON, by one writer with letters outside ASCII and by one without.
    """
    values = {name: chosen.values()[name] for name in chosen.conditions()}
    if "target" in values:
        target = values["target"]
        values["target"] = containing(json.dumps(target, ensure_ascii=False))
        values["target_escaped"] = containing(json.dumps(target))
    return text(sql).bindparams(
        *(
            bindparam(name, value, type_=Date() if isinstance(value, date) else None)
            for name, value in values.items()
        )
    )


def _among(numbers: Sequence[int], column: str = "o.id") -> str:
    return f"{column} IN ({', '.join(str(int(each)) for each in numbers) or 'NULL'})"


def shown(session: Session, offer_ids: Sequence[int]) -> pl.DataFrame:
    """What people want to see of some offers beside their figures; see `SHOWN`.

    `products` counts the products of the first set, of which `product` is one; `terms` and
    `targets` are JSON.
    """
    stage_goods(session, offer_ids)
    rows = session.execute(
        text(
            """SELECT o.id, o.kind, c.name, count(q.gtin), min(q.description), o.terms,
                      o.value_text, o.targets, o.face_value_cents, o.redeem_from AS redeem_from
               FROM staged_offer s JOIN offer o ON o.id = s.offer_id
               JOIN category c ON c.id = o.category_id
               LEFT JOIN staged_goods p ON p.offer_id = o.id AND p.set_number = 0
               LEFT JOIN product q ON q.gtin = p.gtin
               GROUP BY o.id, c.name ORDER BY o.id"""
        ).columns(redeem_from=Date())
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=SHOWN, orient="row")


def _use_cents(row: Mapping[Any, Any]) -> int:
    # A partner pays for the copy, and nothing for its uses.
    reserved = reservation_cents(
        max(row["face_values"] or [row["face_value_cents"]]),
        funding_share=row["funding_share"],
        funding_cap_cents=row["funding_cap_cents"],
        handling_fee_cents=row["handling_fee_cents"],
    )
    copy_fee_cents: int = row["copy_fee_cents"]
    return copy_fee_cents + reserved


def open_copies(session: Session, offer_ids: Sequence[int]) -> pl.DataFrame:
    """The uses that are left of the deals of some offers, equal copies counted; see `OPEN`.

    `deal` is the requested offer, `offer_id` the revision that is printed; `use_cents` the most
    one use may cost, `expected_uses` the uses expected of a copy when it was issued (null where
    none were stored).
    """
    numbers = ", ".join(str(int(each)) for each in offer_ids) or "NULL"
    rows = session.execute(
        text(
            f"""SELECT offer_id, deal, uses_left, face_value_cents, funding_share,
                       funding_cap_cents, handling_fee_cents, expected_uses, count(*)
                FROM (SELECT r.id AS offer_id, o.id AS deal, {USES_LEFT} AS uses_left,
                             l.face_value_cents, r.funding_share, r.funding_cap_cents,
                             r.handling_fee_cents, l.expected_uses
                      FROM offer o
                      JOIN offer r ON r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref
                      JOIN list_line l ON l.offer_id = r.id
                      JOIN shopping_list s ON s.id = l.list_id AND s.state = 'issued'
                      WHERE o.id IN ({numbers})) AS copies
                WHERE uses_left > 0
                GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 8"""
        )
    )
    records = [
        (
            revision,
            deal,
            int(left),
            reservation_cents(
                face, funding_share=share, funding_cap_cents=cap, handling_fee_cents=fee
            ),
            expected,
            copies,
        )
        for revision, deal, left, face, share, cap, fee, expected, copies in rows
    ]
    return pl.DataFrame(records, schema=OPEN, orient="row")

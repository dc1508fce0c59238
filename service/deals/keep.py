"""Deals against what stands: which are new, which are revised, and how they are stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

import polars as pl
from sqlmodel import Session

from service.deals.meaning import PARTNER_CATEGORY, Deal
from service.engine.lifecycle import PENDING, entering
from service.store import deals as store
from service.store.deals import Standing

_TYPES: dict[str, Any] = {
    "place": pl.Int64, "supplier_id": pl.Int64, "deal_ref": pl.String, "revision": pl.Int64,
    "state": pl.String, "upload_id": pl.Int64, "digest": pl.String, "title": pl.String,
    "category_id": pl.Int64, "terms": pl.String, "private_label": pl.Boolean,
    "price_cents": pl.Int64, "face_value_cents": pl.Int64, "limit_per_household": pl.Int64,
    "funding_share": pl.Int64, "control_share": pl.Int64, "handling_fee_cents": pl.Int64,
    "budget_cents": pl.Int64, "circulation_max": pl.Int64, "circulation_min": pl.Int64,
    "mail_from": pl.Date, "mail_to": pl.Date, "redeem_from": pl.Date, "redeem_to": pl.Date,
    "legal": pl.String, "kind": pl.String, "funding_cap_cents": pl.Int64,
    "copy_fee_cents": pl.Int64, "value_text": pl.String, "texts": pl.String,
    "face_values": pl.String, "targets": pl.String, "given": pl.String, "follows": pl.Int64,
    "actor": pl.String, "detail": pl.String, "happened_at": pl.Datetime("us", "UTC"),
}  # fmt: skip


Stands: TypeAlias = Mapping[tuple[int, str], Sequence[Standing]]
"""Revisions that were not replaced, oldest first, by supplier and the deal's own name."""


class Change(StrEnum):
    """What a row does to a deal."""

    ADDED = "added"
    REVISED = "revised"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Act:
    """Who loads, when, and under which upload; whether a second person must approve."""

    upload_id: int
    actor: str
    at: datetime
    with_approval: bool


def standing(session: Session) -> Stands:
    """The revisions of each deal that were not replaced."""
    found: dict[tuple[int, str], list[Standing]] = {}
    for each in store.standing(session):
        found.setdefault((each.supplier_id, each.deal_ref), []).append(each)
    return found


def change(deal: Deal, revisions: Sequence[Standing]) -> Change:
    """What a deal is to the newest of its revisions.

    It is revised when its terms changed, and when its products did: their price, their category,
    or whose brand they are.
    """
    if not revisions:
        return Change.ADDED
    newest, now = revisions[-1], deal.columns
    same = (
        newest.digest == now["digest"]
        and newest.price_cents == now["price_cents"]
        and newest.private_label == now["private_label"]
        and now["category_id"] in (newest.category_id, None)
    )
    return Change.UNCHANGED if same else Change.REVISED


def keep(
    session: Session,
    deals: Sequence[Deal],
    stands: Stands,
    act: Act,
) -> None:
    """Store added and revised deals, in the caller's transaction.

    A revision takes the place of the earlier ones at once; with approval it waits as a draft, and
    only takes the place of a draft that waited before it.
    """
    new = sorted({deal.supplier for deal in deals if deal.supplier_id is None})
    suppliers = store.ensure_suppliers(session, new) if new else {}
    slots = None
    if any(deal.columns["category_id"] is None for deal in deals):
        slots = store.ensure_category(session, PARTNER_CATEGORY)
    rows: list[dict[str, Any]] = []
    replaced: list[int] = []
    for place, deal in enumerate(deals):
        supplier_id = suppliers[deal.supplier] if deal.supplier_id is None else deal.supplier_id
        earlier = stands.get((supplier_id, deal.columns["deal_ref"]), ())
        newest = earlier[-1] if earlier else None
        gone = [each.id for each in earlier if not act.with_approval or each.state in PENDING]
        replaced.extend(gone)
        rows.append(
            {
                **deal.columns,
                "place": place,
                "supplier_id": supplier_id,
                "category_id": deal.columns["category_id"] or slots,
                "revision": newest.revision + 1 if newest else 1,
                "state": str(
                    entering(newest.state if newest else None, with_approval=act.with_approval)
                ),
                "upload_id": act.upload_id,
                "follows": newest.id if newest else None,
                "actor": act.actor,
                "detail": json.dumps({"upload_id": act.upload_id}),
                "happened_at": act.at,
            }
        )
    if replaced:
        store.replace(session, _replaced(replaced, act))
    if rows:
        store.add(session, pl.DataFrame(rows, schema=_TYPES, orient="row"), _members(deals))


def _replaced(offer_ids: list[int], act: Act) -> pl.DataFrame:
    return pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}).with_columns(
        pl.lit(act.actor).alias("actor"),
        pl.lit(json.dumps({"upload_id": act.upload_id})).alias("detail"),
        pl.lit(act.at, pl.Datetime("us", "UTC")).alias("happened_at"),
    )


def _members(deals: Sequence[Deal]) -> pl.DataFrame:
    """place, set_number, gtin."""
    sets = [
        (place, number, members)
        for place, deal in enumerate(deals)
        for number, members in enumerate(deal.members)
    ]
    schema: dict[str, Any] = {
        "place": pl.Int64,
        "set_number": pl.Int64,
        "gtin": pl.List(pl.Int64),
    }
    return pl.DataFrame(sets, schema=schema, orient="row").explode("gtin")

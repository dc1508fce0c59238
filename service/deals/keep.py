"""Deals against what stands: which are new, which are revised, and how they are stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from sqlmodel import Session

from service.deals.meaning import PARTNER_CATEGORY, Deal
from service.engine.lifecycle import PENDING, entering
from service.store import deals as store
from service.store.deals import Standing

_AS_UNDERSTOOD: dict[str, Any] = {
    "deal_ref": pl.String, "title": pl.String, "category_id": pl.Int64, "terms": pl.String,
    "private_label": pl.Boolean,
    "price_cents": pl.Int64, "face_value_cents": pl.Int64, "limit_per_household": pl.Int64,
    "funding_share": pl.Int64, "control_share": pl.Int64, "handling_fee_cents": pl.Int64,
    "budget_cents": pl.Int64, "circulation_max": pl.Int64, "circulation_min": pl.Int64,
    "mail_from": pl.Date, "mail_to": pl.Date, "redeem_from": pl.Date, "redeem_to": pl.Date,
    "legal": pl.String, "kind": pl.String, "funding_cap_cents": pl.Int64,
    "copy_fee_cents": pl.Int64, "value_text": pl.String, "texts": pl.String,
    "face_values": pl.String, "targets": pl.String,
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
        newest.digest == deal.digest
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
    ids = [suppliers[d.supplier] if d.supplier_id is None else d.supplier_id for d in deals]
    earlier = [
        stands.get((key, deal.columns["deal_ref"]), ())
        for key, deal in zip(ids, deals, strict=True)
    ]
    replaced = [
        each.id
        for revisions in earlier
        for each in revisions
        if not act.with_approval or each.state in PENDING
    ]
    if replaced:
        store.replace(session, _replaced(replaced, act))
    if deals:
        frame = _frame(deals, slots).hstack(_standing_of(ids, earlier, act))
        store.add(session, frame, _members(deals))


def _frame(deals: Sequence[Deal], slots: int | None) -> pl.DataFrame:
    """What the deals say, one row each; `slots` is the category of those without goods."""
    columns = [
        pl.Series(name, [deal.columns[name] for deal in deals], kind)
        for name, kind in _AS_UNDERSTOOD.items()
    ]
    return pl.DataFrame(columns).with_columns(
        pl.int_range(len(deals), dtype=pl.Int64).alias("place"),
        pl.col("category_id").fill_null(pl.lit(slots, pl.Int64)),
        pl.Series("digest", [deal.digest for deal in deals], pl.String),
        pl.Series("given", [deal.given for deal in deals], pl.String),
    )


def _standing_of(
    suppliers: Sequence[int], earlier: Sequence[Sequence[Standing]], act: Act
) -> pl.DataFrame:
    """Where deals stand: whose, which revision, in which state, and what the trail says of it."""
    newest = [revisions[-1] if revisions else None for revisions in earlier]
    states = [
        str(entering(each.state if each else None, with_approval=act.with_approval))
        for each in newest
    ]
    return pl.DataFrame(
        [
            pl.Series("supplier_id", suppliers, pl.Int64),
            pl.Series("revision", [each.revision + 1 if each else 1 for each in newest], pl.Int64),
            pl.Series("state", states, pl.String),
            pl.Series("follows", [each.id if each else None for each in newest], pl.Int64),
        ]
    ).with_columns(
        pl.lit(act.upload_id, pl.Int64).alias("upload_id"),
        pl.lit(act.actor).alias("actor"),
        pl.lit(json.dumps({"upload_id": act.upload_id})).alias("detail"),
        pl.lit(act.at, pl.Datetime("us", "UTC")).alias("happened_at"),
    )


def _replaced(offer_ids: list[int], act: Act) -> pl.DataFrame:
    return pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}).with_columns(
        pl.lit(act.actor).alias("actor"),
        pl.lit(json.dumps({"upload_id": act.upload_id})).alias("detail"),
        pl.lit(act.at, pl.Datetime("us", "UTC")).alias("happened_at"),
    )


def _members(deals: Sequence[Deal]) -> pl.DataFrame:
    """place, set_number, gtin, in this order."""
    sets = [
        (place, number, members)
        for place, deal in enumerate(deals)
        for number, members in enumerate(deal.members)
    ]
    sizes = [len(members) for _, _, members in sets]
    return pl.DataFrame(
        {
            "place": np.repeat(np.array([each[0] for each in sets], np.int64), sizes),
            "set_number": np.repeat(np.array([each[1] for each in sets], np.int64), sizes),
            "gtin": np.fromiter(
                chain.from_iterable(each[2] for each in sets), np.int64, sum(sizes)
            ),
        }
    )

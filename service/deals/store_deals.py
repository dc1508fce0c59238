"""Stores deals: finds which are new and which are revised, and writes their revisions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import polars as pl
from sqlmodel import Session

from service.deals.agreed import with_parties
from service.deals.goods_rules import Kept, Rule, as_frames
from service.deals.interpreted import OFFER_COLUMNS, InterpretedDeals
from service.deals.partners import PARTNER_CATEGORY
from service.deals.product_sets import members_of
from service.engine.lifecycle import PENDING, DealState, initial_state
from service.files.goods_names import name_goods
from service.files.report import Progress, silent
from service.store import catalogue
from service.store.actor import Actor
from service.store.offers import revisions

_DEAL = ["supplier_id", "deal_ref"]


class Change(StrEnum):
    """What a row does to a deal."""

    ADDED = "added"
    REVISED = "revised"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class LoadContext:
    """Who loads deals, when, and in which upload; whether a second person must approve."""

    upload_id: int
    by: Actor
    at: datetime
    with_approval: bool


def find_changes(deals: pl.DataFrame, current: pl.DataFrame) -> pl.Series:
    """Compare each deal with its newest revision in `current`: a `Change` per deal.

    A deal is revised when its terms changed or its products did: their price, their category, or
    whether they are private label.
    """
    newest = current.unique(_DEAL, keep="last", maintain_order=True)
    both = deals.join(newest, on=_DEAL, how="left", suffix="_before", maintain_order="left")
    same = (
        (pl.col("digest") == pl.col("digest_before"))
        & (pl.col("price_cents") == pl.col("price_cents_before"))
        & (pl.col("private_label") == pl.col("private_label_before"))
        # A partner's slot has no category before it is stored.
        & (
            pl.col("category_id").is_null()
            | (pl.col("category_id") == pl.col("category_id_before"))
        )
    )
    return both.select(
        pl.when(pl.col("offer_id").is_null()).then(pl.lit(str(Change.ADDED)))
        .when(same).then(pl.lit(str(Change.UNCHANGED)))
        .otherwise(pl.lit(str(Change.REVISED))).alias("change")
    ).to_series()  # fmt: skip


def store_deals(
    session: Session,
    deals: InterpretedDeals,
    current: pl.DataFrame,
    context: LoadContext,
    *,
    progress: Progress = silent,
) -> None:
    """Store added and revised deals, in the caller's transaction.

    A revision replaces the earlier ones at once. With approval it waits as a draft, and replaces
    only a draft or a checked revision that waited before it.
    """
    if deals.frame.is_empty():
        return
    frame = with_parties(session, _with_ids(session, deals.with_rows_as_read()))
    earlier = current.join(frame, on=_DEAL, how="semi", maintain_order="left")
    replaced = earlier
    if context.with_approval:
        replaced = earlier.filter(pl.col("state").is_in([str(state) for state in PENDING]))
    if replaced.height:
        revisions.replace(session, replaced.select("offer_id", *_event_columns(context)))
    newest = earlier.unique(_DEAL, keep="last", maintain_order=True).select(
        *_DEAL, "revision", "state", pl.col("offer_id").alias("follows")
    )
    stored = (
        frame.join(newest, on=_DEAL, how="left", maintain_order="left")
        .with_columns(
            pl.int_range(pl.len(), dtype=pl.Int64).alias("place"),
            pl.col("revision").fill_null(0) + 1,
            pl.col("state").replace_strict(_initial_states(context), return_dtype=pl.String),
            pl.lit(context.upload_id, pl.Int64).alias("upload_id"),
            *_event_columns(context),
        )
    )  # fmt: skip
    kept = _kept_of(stored, deals.kept)
    if kept.rules.height:
        name_goods(session)
    revisions.add(session, stored.select(_STORED), kept, progress=progress)


_STORED = [
    "place", *OFFER_COLUMNS, "digest", "given", "supplier_id", "revision", "state", "follows",
    "upload_id", "parties", "actor", "person_id", "detail", "happened_at",
]  # fmt: skip


def _with_ids(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """Deals with the ids of new suppliers, and the category of partners' slots."""
    new = frame.filter(pl.col("supplier_id").is_null())["supplier"].unique().sort().to_list()
    if new:
        ids = catalogue.ensure_suppliers(session, new)
        new_id = pl.col("supplier").replace_strict(ids, default=None, return_dtype=pl.Int64)
        frame = frame.with_columns(pl.coalesce("supplier_id", new_id))
    if frame["category_id"].null_count():
        slots = catalogue.ensure_category(session, PARTNER_CATEGORY)
        frame = frame.with_columns(pl.col("category_id").fill_null(slots))
    return frame


def _initial_states(context: LoadContext) -> Mapping[str | None, str]:
    """The initial state of a revision, by the state of the one it follows."""
    known = (None, *DealState)
    return {
        each: str(initial_state(each, with_approval=context.with_approval)) for each in known
    }  # fmt: skip


def _event_columns(context: LoadContext) -> tuple[pl.Expr, ...]:
    return (
        pl.lit(context.by.name).alias("actor"),
        pl.lit(context.by.person_id, pl.Int64).alias("person_id"),
        pl.lit(json.dumps({"upload_id": context.upload_id})).alias("detail"),
        pl.lit(context.at, pl.Datetime("us", "UTC")).alias("happened_at"),
    )


def _kept_of(deals: pl.DataFrame, kept: Sequence[Kept]) -> revisions.KeptGoods:
    """What is stored of the sets of each deal, by its place."""
    of_place = deals.select("place", "kept").drop_nulls()
    used = of_place["kept"].unique().sort().to_list()
    rules: dict[Rule, int] = {}
    by_kept = [
        (place, number, rules.setdefault(rule, len(rules)))
        for place in used
        for number, rule in enumerate((kept[place].first_rule, kept[place].second_rule))
        if rule is not None
    ]
    own = {"kept": pl.Int64, "set_number": pl.Int64, "rule": pl.Int64}
    named = of_place.join(pl.DataFrame(by_kept, own, orient="row"), on="kept", how="inner")
    rows, names = as_frames([*rules])
    counted = [(each, (kept[each].first, kept[each].second)) for each in used]
    excluded = [(each, (kept[each].first_excluded, kept[each].second_excluded)) for each in used]
    return revisions.KeptGoods(
        counted=_sets_of(of_place, counted),
        excluded=_sets_of(of_place, excluded),
        rules=rows,
        names=names,
        named=named.select("place", "set_number", "rule").sort("place", "set_number"),
    )


def _sets_of(
    of_place: pl.DataFrame, found: Sequence[tuple[int, tuple[tuple[int, ...], tuple[int, ...]]]]
) -> revisions.Sets:
    """The sets with products of each deal by its place, and the products of each set once."""
    sets: dict[tuple[int, ...], int] = {}
    placed = [
        (place, number, sets.setdefault(members, len(sets)))
        for place, both in found
        for number, members in enumerate(both)
        if members
    ]
    schema = {"kept": pl.Int64, "set_number": pl.Int64, "set": pl.Int64}
    named = of_place.join(pl.DataFrame(placed, schema, orient="row"), on="kept", how="inner")
    return (
        named.select("place", "set_number", "set").sort("place", "set_number"),
        members_of([*sets], range(len(sets))),
    )

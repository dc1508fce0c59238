"""Deals against what stands: which are new, which are revised, and how they are stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import polars as pl
from sqlmodel import Session

from service.deals.goods import members_of
from service.deals.partners import PARTNER_CATEGORY
from service.deals.understood import AS_UNDERSTOOD, Deals
from service.engine.lifecycle import PENDING, DealState, initial_state
from service.files.report import Progress, silent
from service.store import catalogue
from service.store.offers import revisions

_DEAL = ["supplier_id", "deal_ref"]


class Change(StrEnum):
    """What a row does to a deal."""

    ADDED = "added"
    REVISED = "revised"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Load:
    """Who loads, when, and under which upload; whether a second person must approve."""

    upload_id: int
    actor: str
    at: datetime
    with_approval: bool


def changes(deals: pl.DataFrame, standing: pl.DataFrame) -> pl.Series:
    """What each deal is to the newest of its revisions in `standing` (those that are current).

    It is revised when its terms changed, and when its products did: their price, their category,
    or whose brand they are.
    """
    newest = standing.unique(_DEAL, keep="last", maintain_order=True)
    both = deals.join(newest, on=_DEAL, how="left", suffix="_before", maintain_order="left")
    same = (
        (pl.col("digest") == pl.col("digest_before"))
        & (pl.col("price_cents") == pl.col("price_cents_before"))
        & (pl.col("private_label") == pl.col("private_label_before"))
        # A partner's slot has no category of its own.
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


def keep(
    session: Session,
    deals: Deals,
    standing: pl.DataFrame,
    load: Load,
    *,
    progress: Progress = silent,
) -> None:
    """Store added and revised deals, in the caller's transaction.

    A revision takes the place of the earlier ones at once; with approval it waits as a draft, and
    only takes the place of a draft that waited before it.
    """
    if deals.frame.is_empty():
        return
    frame = _named(session, deals.with_given())
    earlier = standing.join(frame, on=_DEAL, how="semi", maintain_order="left")
    replaced = earlier
    if load.with_approval:
        replaced = earlier.filter(pl.col("state").is_in([str(state) for state in PENDING]))
    if replaced.height:
        revisions.replace(session, replaced.select("offer_id", *_trail(load)))
    newest = earlier.unique(_DEAL, keep="last", maintain_order=True).select(
        *_DEAL, "revision", "state", pl.col("offer_id").alias("follows")
    )
    fresh = (
        frame.join(newest, on=_DEAL, how="left", maintain_order="left")
        .with_columns(
            pl.int_range(pl.len(), dtype=pl.Int64).alias("place"),
            pl.col("revision").fill_null(0) + 1,
            pl.col("state").replace_strict(_entered(load), return_dtype=pl.String),
            pl.lit(load.upload_id, pl.Int64).alias("upload_id"),
            *_trail(load),
        )
    )  # fmt: skip
    counted = _sets(fresh, deals.sets, ("first_set", "second_set"))
    excluded = _sets(fresh, deals.exclusions, ("first_excluded", "second_excluded"))
    revisions.add(session, fresh.select(_STORED), (counted, excluded), progress=progress)


_STORED = [
    "place", *AS_UNDERSTOOD, "digest", "given", "supplier_id", "revision", "state", "follows",
    "upload_id", "actor", "detail", "happened_at",
]  # fmt: skip


def _named(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """Deals with the ids of suppliers not known before, and the category of partners' slots."""
    new = frame.filter(pl.col("supplier_id").is_null())["supplier"].unique().sort().to_list()
    if new:
        ids = catalogue.ensure_suppliers(session, new)
        own = pl.col("supplier").replace_strict(ids, default=None, return_dtype=pl.Int64)
        frame = frame.with_columns(pl.coalesce("supplier_id", own))
    if frame["category_id"].null_count():
        slots = catalogue.ensure_category(session, PARTNER_CATEGORY)
        frame = frame.with_columns(pl.col("category_id").fill_null(slots))
    return frame


def _entered(load: Load) -> Mapping[str | None, str]:
    """The state a revision begins in, by the state of the one it follows."""
    known = (None, *DealState)
    return {
        each: str(initial_state(each, with_approval=load.with_approval)) for each in known
    }  # fmt: skip


def _trail(load: Load) -> tuple[pl.Expr, ...]:
    return (
        pl.lit(load.actor).alias("actor"),
        pl.lit(json.dumps({"upload_id": load.upload_id})).alias("detail"),
        pl.lit(load.at, pl.Datetime("us", "UTC")).alias("happened_at"),
    )


def _sets(
    fresh: pl.DataFrame, sets: Sequence[tuple[int, ...]], columns: tuple[str, str]
) -> revisions.Sets:
    """The sets of each deal that these columns name, places in `sets`, and their products."""
    named = pl.concat(
        fresh.select("place", pl.lit(number, pl.Int64).alias("set_number"), pl.col(of).alias("set"))
        for number, of in enumerate(columns)
    ).drop_nulls("set").sort("place", "set_number")  # fmt: skip
    return named, members_of(sets, named["set"].unique().sort())

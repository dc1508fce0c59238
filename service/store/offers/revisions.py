"""Queries on the revisions of deals: the current ones, new ones, the history of a deal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import polars as pl
from sqlalchemy import and_, func, text
from sqlmodel import Session, col, select

from service.engine.lifecycle import Act
from service.store.bulk import append, next_ids, stage
from service.store.offers import goods
from service.store.searching import search_text
from service.store.tables.catalogue import Supplier
from service.store.tables.offer import Offer, OfferEvent, Upload
from service.store.tables.types import UtcMoment

_COLUMNS = (
    "supplier_id", "deal_ref", "revision", "state", "upload_id", "digest", "title", "category_id",
    "terms", "private_label", "price_cents", "face_value_cents", "limit_per_household",
    "funding_share", "control_share", "handling_fee_cents", "budget_cents", "circulation_max",
    "circulation_min", "mail_from", "mail_to", "redeem_from", "redeem_to", "legal", "kind",
    "funding_cap_cents", "copy_fee_cents", "value_text", "texts", "face_values", "targets", "given",
    "parties", "search_text",
)  # fmt: skip


Progress = Callable[[str, int, int], None]
Sets: TypeAlias = tuple[pl.DataFrame, pl.DataFrame]
"""Which sets of products deals have (place, set_number, set), and their products (set, gtin)."""


class KeptGoods(NamedTuple):
    """What is stored of the goods of new revisions, by the place of their rows.

    The sets of products that count and of those that are excluded; the rules (see
    `goods.RULES` and `goods.NAMES`), and which sets have one: place, set_number, rule.
    """

    counted: Sets
    excluded: Sets
    rules: pl.DataFrame
    names: pl.DataFrame
    named: pl.DataFrame


_SETS_AT_ONCE = 10_000
_STOPPED_AS_BEFORE = """UPDATE offer
    SET stopped_at = (SELECT e.stopped_at FROM staged_follower s JOIN offer e ON e.id = s.follows
                      WHERE s.id = offer.id)
    WHERE id IN (SELECT s.id FROM staged_follower s JOIN offer e ON e.id = s.follows
                 WHERE e.stopped_at IS NOT NULL)"""

_DEAL_AS_BEFORE = """UPDATE offer
    SET deal_id = (SELECT coalesce(e.deal_id, e.id) FROM staged_follower s
                   JOIN offer e ON e.id = s.follows WHERE s.id = offer.id)
    WHERE id IN (SELECT id FROM staged_follower)"""

CURRENT: dict[str, Any] = {
    "offer_id": pl.Int64, "supplier_id": pl.Int64, "deal_ref": pl.String, "revision": pl.Int64,
    "state": pl.String, "digest": pl.String, "category_id": pl.Int64, "private_label": pl.Boolean,
    "price_cents": pl.Int64,
}  # fmt: skip
"""The columns of `current`."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a deal: who loaded it, when and from which file; `given` is the row."""

    revision: int
    state: str
    loaded_at: datetime
    loaded_by: str
    file: str
    given: dict[str, Any]


def current(session: Session) -> pl.DataFrame:
    """Every revision that was not replaced, the older of a deal first; see `CURRENT`."""
    rows = session.execute(
        text(
            """SELECT id, supplier_id, deal_ref, revision, state, digest, category_id,
                      private_label, price_cents
               FROM offer WHERE state <> 'replaced' ORDER BY supplier_id, deal_ref, revision"""
        )
    ).all()
    columns = zip(*rows, strict=True) if rows else iter([()] * len(CURRENT))
    # Booleans are numbers on SQLite.
    return pl.DataFrame(
        [
            pl.Series(name, list(map(bool, cells)) if kind is pl.Boolean else list(cells), kind)
            for (name, kind), cells in zip(CURRENT.items(), columns, strict=True)
        ]
    )


def add(
    session: Session,
    offers: pl.DataFrame,
    kept: KeptGoods,
    *,
    progress: Progress,
) -> None:
    """Add revisions with their products, and the event of each in the audit trail.

    `offers`: the columns of an offer; `follows`, the id of an earlier revision of the same deal,
    whose stop it inherits, or null; `actor`, `person_id`, `detail` and `happened_at` of the event;
    `place`, the number of the row.
    """
    named = zip(offers["title"], offers["deal_ref"], strict=True)
    placed = offers.with_columns(
        next_ids(session, "offer", offers.height).alias("id"),
        pl.col("state").alias("to_state"),
        pl.Series("search_text", [search_text(*each) for each in named], pl.String),
    )
    append(session, "offer", placed.select("id", *_COLUMNS))
    follows = placed.drop_nulls("follows").select("id", "follows")
    if follows.height:
        stage(session, "staged_follower", follows)
        session.execute(text(_STOPPED_AS_BEFORE))
        session.execute(text(_DEAL_AS_BEFORE))
    loaded = placed.select(
        pl.col("id").alias("offer_id"),
        pl.lit(str(Act.LOAD)).alias("act"),
        pl.lit("").alias("from_state"),
        "to_state", "actor", "person_id", "detail", "happened_at",
    )  # fmt: skip
    append(session, "offer_event", loaded)
    ids = placed.select("place", pl.col("id").alias("offer_id"))
    _add_products(session, "offer_product", kept.counted, ids, progress=progress)
    _add_products(session, "offer_exclusion", kept.excluded, ids, progress=lambda *_: None)
    rule_ids = goods.add_rules(session, kept.rules, kept.names)
    ruled = kept.named.join(ids, on="place", maintain_order="left")
    ruled = ruled.with_columns(rule_ids.gather(ruled["rule"]).alias("rule_id"))
    goods.add_offer_rules(session, ruled.select("offer_id", "set_number", "rule_id"))


def _add_products(
    session: Session, table: str, sets: Sets, ids: pl.DataFrame, *, progress: Progress
) -> None:
    named, members = sets
    owned = named.join(ids, on="place").select("offer_id", "set_number", "set").sort("offer_id")
    for first in range(0, owned.height, _SETS_AT_ONCE):
        progress("deals", first, owned.height)
        some = owned.slice(first, _SETS_AT_ONCE)
        stage(session, "staged_set", some)
        own = members.join(some, on="set", how="semi").sort("gtin", "set")
        stage(session, "staged_member", own)
        session.execute(
            text(
                f"""INSERT INTO {table} (offer_id, set_number, gtin)
                    SELECT s.offer_id, s.set_number, m.gtin
                    FROM staged_member m CROSS JOIN staged_set s WHERE s."set" = m."set" """
            )
        )
    progress("deals", owned.height, owned.height)


def replace(session: Session, replaced: pl.DataFrame) -> None:
    """Put revisions into the state `replaced`; printed lists still refer to them.

    `replaced`: offer_id, actor, person_id, detail, happened_at.
    """
    stage(session, "staged_replaced", replaced)
    session.execute(
        text(
            """INSERT INTO offer_event (offer_id, act, from_state, to_state, actor, person_id,
                                        detail, happened_at)
               SELECT o.id, 'replace', o.state, 'replaced', s.actor, s.person_id, s.detail,
                      s.happened_at
               FROM staged_replaced s JOIN offer o ON o.id = s.offer_id ORDER BY o.id"""
        )
    )
    session.execute(
        text(
            """UPDATE offer SET state = 'replaced'
               WHERE id IN (SELECT offer_id FROM staged_replaced)"""
        )
    )


def of_deal(session: Session, supplier: str, deal_ref: str) -> list[Revision]:
    """The revisions of a deal, oldest first."""
    statement = (
        select(  # type: ignore[call-overload]
            Offer.revision,
            Offer.state,
            func.coalesce(OfferEvent.happened_at, Upload.uploaded_at, type_=UtcMoment),
            func.coalesce(OfferEvent.actor, Upload.uploaded_by),
            Upload.name,
            Offer.given,
        )
        .join(Upload, col(Upload.id) == col(Offer.upload_id))
        .join(Supplier, col(Supplier.id) == col(Offer.supplier_id))
        .outerjoin(
            OfferEvent,
            and_(col(OfferEvent.offer_id) == col(Offer.id), col(OfferEvent.act) == Act.LOAD),
        )
        .where(Supplier.name == supplier, Offer.deal_ref == deal_ref)
        .order_by(col(Offer.revision))
    )
    return [Revision(*row) for row in session.execute(statement)]

"""Queries on the sums of programmes: which cycles wait, what was counted, what its deals cost."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlalchemy import BindParameter, bindparam, delete, text
from sqlmodel import Session, col, select

from service.store.bulk import append
from service.store.tables.cycle import Cycle
from service.store.tables.programme import ProgrammeSum, ProgrammeWindow

TIER, CATEGORY, REGION, CELL = "tier", "category", "region", "cell"


def waiting(session: Session, *, started_before: date) -> Sequence[Cycle]:
    """Cycles whose lists became valid before a day and whose programme is not final, oldest first.

    None that was withdrawn, or is older than the picks.
    """
    statement = (
        select(Cycle)
        .outerjoin(ProgrammeWindow, col(ProgrammeWindow.cycle_id) == col(Cycle.id))
        .where(
            col(Cycle.valid_from) < started_before,
            col(Cycle.withdrawn_at).is_(None),
            col(ProgrammeWindow.final).is_not(True),
        )
        .order_by(col(Cycle.as_of))
    )
    return session.exec(statement).all()


def tiers(session: Session, cycle_id: int) -> pl.DataFrame:
    """household_id, arm and tier (empty for none) of a cycle's households that are compared."""
    rows = session.execute(
        text(
            """SELECT household_id, arm, coalesce(tier, '') FROM cycle_household
               WHERE cycle_id = :cycle AND arm <> 'general' ORDER BY household_id"""
        ),
        {"cycle": cycle_id},
    )
    schema = {"household_id": pl.Int64, "arm": pl.String, "tier": pl.String}
    return pl.DataFrame([tuple(row) for row in rows], schema, orient="row")


def own_brand(session: Session, cycle_id: int) -> list[int]:
    """The offers of the store's own brand that a cycle picked."""
    rows = session.execute(
        text(
            """SELECT id FROM offer WHERE private_label
               AND id IN (SELECT offer_id FROM cycle_pick WHERE cycle_id = :cycle)"""
        ),
        {"cycle": cycle_id},
    )
    return [int(offer) for (offer,) in rows]


def replace(session: Session, window: ProgrammeWindow, sums: pl.DataFrame) -> None:
    """Keep what was counted of a cycle; it replaces what was before.

    `sums` has the columns of `ProgrammeSum` except the cycle's.
    """
    for table in (ProgrammeSum, ProgrammeWindow):
        session.execute(delete(table).where(col(table.cycle_id) == window.cycle_id))
    session.add(window)
    session.flush()
    rows = sums.with_columns(
        pl.lit(window.cycle_id, pl.Int64).alias("cycle_id"),
        pl.Series("sums", [json.dumps(each) for each in sums["sums"].to_list()], pl.String),
    )
    append(session, ProgrammeSum.__tablename__, rows)


def windows(session: Session, *, first: date, last: date) -> list[tuple[Cycle, ProgrammeWindow]]:
    """The counted cycles whose lists became valid in a period, oldest first."""
    statement = (
        select(Cycle, ProgrammeWindow)
        .join(ProgrammeWindow, col(ProgrammeWindow.cycle_id) == col(Cycle.id))
        .where(
            col(Cycle.valid_from) >= first,
            col(Cycle.valid_from) <= last,
            col(Cycle.withdrawn_at).is_(None),
        )
        .order_by(col(Cycle.as_of))
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def sums(session: Session, cycle_ids: Sequence[int]) -> list[ProgrammeSum]:
    """The sums of some cycles, in order."""
    keys = (ProgrammeSum.part, ProgrammeSum.name, ProgrammeSum.arm, ProgrammeSum.cycle_id)
    statement = select(ProgrammeSum).where(col(ProgrammeSum.cycle_id).in_(cycle_ids))
    return list(session.exec(statement.order_by(*keys)))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Cost:
    """What the lists of some cycles cost: uses that count, and who bears what came off.

    `fee_cents` are the suppliers' handling fees, `mailed` the lists that had a letter.
    """

    copies: int
    uses: int
    supplier_cents: int
    retailer_cents: int
    fee_cents: int
    mailed: int


def cost(session: Session, cycle_ids: Sequence[int]) -> Cost:
    """What the copies of some cycles came to so far."""
    ids = {"cycles": list(cycle_ids)}
    chosen: BindParameter[int] = bindparam("cycles", expanding=True)
    uses = session.execute(
        text(
            """SELECT coalesce(sum(r.uses), 0), coalesce(sum(r.supplier_cents), 0),
                      coalesce(sum(r.retailer_cents), 0),
                      coalesce(sum(r.uses * o.handling_fee_cents), 0)
               FROM shopping_list s JOIN redemption_line r ON r.list_id = s.id AND r.live
               JOIN offer o ON o.id = r.offer_id WHERE s.cycle_id IN :cycles"""
        ).bindparams(chosen),
        ids,
    ).one()
    copies = session.execute(
        text(
            "SELECT coalesce(sum(copies), 0) FROM cycle_offer WHERE cycle_id IN :cycles"
        ).bindparams(chosen),
        ids,
    ).scalar_one()
    mailed = session.execute(
        text(
            """SELECT coalesce(sum(b.pieces), 0) FROM batch b
               WHERE b.cycle_id IN :cycles AND b.state = 'ready'"""
        ).bindparams(chosen),
        ids,
    ).scalar_one()
    made, supplier_cents, retailer_cents, fee_cents = (int(each) for each in uses)
    return Cost(
        copies=int(copies),
        uses=made,
        supplier_cents=supplier_cents,
        retailer_cents=retailer_cents,
        fee_cents=fee_cents,
        mailed=int(mailed),
    )


def category_names(session: Session) -> dict[int, str]:
    """The names of the categories by number."""
    rows = session.execute(text("SELECT id, name FROM category"))
    return {int(number): name for number, name in rows}

"""Queries on the items of lists that follow from no purchase of their household."""

import polars as pl
from sqlmodel import Session, col, select

from service.engine.general import ITEMS
from service.store.bulk import append
from service.store.tables.cycle import CycleGeneral


def add(session: Session, cycle_id: int, items: pl.DataFrame) -> None:
    """Keep the items of a cycle, in the columns of `general.ITEMS`."""
    of_cycle = pl.lit(cycle_id, pl.Int64).alias("cycle_id")
    append(session, "cycle_general", items.with_columns(of_cycle))


def of_cycle(session: Session, cycle_id: int | None) -> pl.DataFrame:
    """The items of a cycle, the likeliest first: `general.ITEMS`. Empty without a cycle."""
    rows = session.exec(
        select(CycleGeneral.item_id, CycleGeneral.p_purchase)
        .where(CycleGeneral.cycle_id == cycle_id)
        .order_by(col(CycleGeneral.p_purchase).desc(), col(CycleGeneral.item_id))
    ).all()
    return pl.DataFrame(list(rows), schema=ITEMS, orient="row")

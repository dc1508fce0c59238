"""What picked households paid in the year before, counted for a cycle that did not keep it."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
from sqlmodel import Session

from service.cycle.inputs import read_purchases
from service.engine.lift.before import BEFORE_DAYS, Before, paid_before
from service.settings import Settings
from service.store import outcomes as stored


def with_days(purchases: pl.DataFrame) -> pl.DataFrame:
    """Purchases with the day of each where the stores are."""
    return purchases.with_columns(pl.col("purchased_at").dt.date().alias("day"))


def before_validity(
    session: Session, settings: Settings, pairs: pl.DataFrame, *, valid_from: date
) -> Before:
    """What the households of `pairs` paid before their lists were valid, from the baskets."""
    start = valid_from - timedelta(days=BEFORE_DAYS)
    lines = with_days(read_purchases(session, settings, since=start, before=valid_from))
    return paid_before(pairs, lines, stored.goods(session, offers_of(pairs)), day=valid_from)


def offers_of(pairs: pl.DataFrame) -> Sequence[int]:
    """The deals of some pairs, in order."""
    found: list[int] = pairs["offer_id"].unique().sort().to_list()
    return found

"""What an explanation of a household's offers begins with: what it has, and what copies cost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl
from sqlmodel import Session

from service.cycle.forecast import stored_model
from service.cycle.general import General, choose_lists, general_of, score_lists
from service.cycle.inputs import Inputs, read_inputs, read_purchases
from service.cycle.last_prices import LastPrices, last_prices
from service.engine.offers import Arm, candidates
from service.engine.offers.credit import within_credit
from service.engine.offers.room import room
from service.engine.offers.running import no_uses
from service.engine.offers.why import Why
from service.engine.predict import Model, default_model
from service.errors import NotFound
from service.settings import Settings
from service.store import copies, cycles, households
from service.store.clearing import agreements
from service.store.offers import issuable
from service.store.tables.cycle import Cycle


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a household as of a day.

    `cycle` is the newest up to the day. `on_list` are the offers of the list that the household got
    in a cycle of that very day, see `store.copies.of_household`. `room` is what is left of the
    deals today, `used` are those that the household has used up. Of one that agreed to no profile
    there are no purchases: it is `general`.
    """

    household_id: int
    cycle: Cycle | None
    arm: str | None
    worth: Mapping[str, Any]
    purchases: pl.DataFrame
    inputs: Inputs
    model: Model
    last: LastPrices
    on_list: pl.DataFrame | None
    room: pl.DataFrame
    used: pl.DataFrame
    general: General


def read_known(session: Session, settings: Settings, ref: str, *, as_of: date) -> Known:
    """Read it.

    Raises NotFound for an unknown household or one that has bought nothing, Conflict for one that
    gets no list because it agreed to no profile.
    """
    household = households.by_ref(session, ref)
    if household is None:
        raise NotFound(f"There is no household {ref!r}.")
    general = general_of(session, settings, household.id, ref, as_of=as_of) or General()
    mine = [] if general.household_ids else [household.id]
    cycle = cycles.newest(session, until=as_of)
    seen = cycles.household_worth(session, cycle.id if cycle else None, mine)
    purchases = read_purchases(session, settings, before=as_of, household_ids=mine)
    if purchases.is_empty() and not general.household_ids:
        raise NotFound(f"Household {ref!r} has bought nothing before {as_of}.")
    asked = [purchases.select(general.selection().columns), general.selection()]
    inputs = read_inputs(session, settings, as_of=as_of, bought=pl.concat(asked)).with_tiers(seen)
    on_list = None
    if cycle is not None and cycle.as_of == as_of:
        on_list = copies.of_household(session, cycle.id, household.id)
    running = inputs.running
    spent = running.used.join(
        running.offers.select("offer_id", "limit_per_household"), on="offer_id"
    ).filter(pl.col("used") >= pl.col("limit_per_household"))
    return Known(
        household_id=household.id,
        cycle=cycle,
        arm=cycles.arm_of(session, cycle.id, household.id) if cycle else None,
        worth=seen.row(0, named=True) if seen.height else {},
        purchases=purchases,
        inputs=inputs,
        model=_model(session, settings, as_of=as_of),
        last=last_prices(session, settings, cycle, mine, seen, as_of=as_of).beside(
            general.limits(settings)
        ),
        on_list=on_list,
        room=within_credit(
            room(running.offers, issuable.committed(session)),
            running.offers,
            agreements.credit(session, on=as_of),
        ),
        general=general,
        used=spent if on_list is None else spent.join(on_list, on="offer_id", how="anti"),
    )


def _model(session: Session, settings: Settings, *, as_of: date) -> Model:
    stored = stored_model(session, as_of=as_of)
    return stored or default_model(as_of=as_of, horizon_days=settings.forecast_days)


def considered(read: Known, purchases: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """The candidates of the households of some purchases, as if nobody had used a deal yet.

    Of those of the household itself, whether it bought anything or is general.
    """
    scores = _scores(read, purchases, settings)
    running = replace(read.inputs.running, used=no_uses())
    if purchases is read.purchases and read.general.household_ids:
        inputs = replace(read.inputs, running=running)
        return read.general.candidates(
            scores, inputs, bounds=read.last.bounds, by=read.last.by, purchases=purchases
        )
    return candidates(
        purchases,
        scores,
        running,
        as_of=read.inputs.as_of,
        bounds=read.last.bounds,
        by=read.last.by,
    )


def _scores(read: Known, purchases: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    general = read.general if purchases is read.purchases else General()
    return score_lists(
        purchases, general, read.model, read.inputs, horizon_days=settings.forecast_days
    )


def offers_held(read: Known, settings: Settings) -> dict[int, tuple[int, int]]:
    """The offers on the list, with line and face value: those issued, or what would be chosen."""
    if read.on_list is not None:
        rows = read.on_list.iter_rows()
        return {offer_id: (line, face) for offer_id, line, face in rows}
    if read.arm == Arm.HOLDOUT:
        return {}
    chosen = choose_lists(
        read.last,
        read.purchases,
        read.general,
        _scores(read, read.purchases, settings),
        read.inputs,
    ).sort("value_cents", "offer_id", descending=[True, False])
    rows = chosen.select("offer_id", "face_value_cents").iter_rows()
    return {offer_id: (line, face) for line, (offer_id, face) in enumerate(rows, start=1)}


def priced(read: Known, pairs: pl.DataFrame, held: Mapping[int, tuple[int, int]]) -> pl.DataFrame:
    """The household's candidates with prices, and `gone` where no copy is left for it.

    An offer that the cycle gave away whole has left no price, and counts as if it were free.
    """
    no_copy = pl.col("circulation_max") < 1
    no_money = pl.col("budget_cents") < pl.col("cost_cents")
    unpriced = pl.col("budget_price").is_null()
    joined = (
        pairs.join(read.last.prices, on="offer_id", how="left", maintain_order="left")
        .join(
            read.room.select("offer_id", "budget_cents", "circulation_max"),
            on="offer_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.when(no_copy).then(pl.lit(Why.COPIES))
            .when(no_money).then(pl.lit(Why.BUDGET))
            .when(unpriced).then(pl.lit(Why.NEW))
            .alias("gone")
        )
    )  # fmt: skip
    # A promise is kept by the copies there are: another one earns nothing by it.
    kept = ~pl.col("offer_id").is_in(list(held)) & (pl.col("circulation_price_cents") < 0)
    return joined.with_columns(
        pl.col("budget_price").fill_null(0.0),
        pl.when(kept | unpriced)
        .then(0.0)
        .otherwise("circulation_price_cents")
        .alias("circulation_price_cents"),
        (~unpriced).alias("has_price"),
    ).drop("budget_cents", "circulation_max")

"""Queries on cycles, their results, and fitted forecasts."""

from collections.abc import Sequence
from datetime import date

import polars as pl
from sqlalchemy import text
from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select

from service.store.bulk import append, stage
from service.store.tables.cycle import Cycle, CycleHousehold, CyclePrice, Forecast


def get(session: Session, cycle_id: int) -> Cycle | None:
    """One cycle."""
    return session.get(Cycle, cycle_id)


def as_of(session: Session, day: date) -> Cycle | None:
    """The cycle of a date."""
    return session.exec(select(Cycle).where(Cycle.as_of == day)).first()


def lock(session: Session, cycle_id: int) -> Cycle | None:
    """One cycle, locked until the transaction ends."""
    statement = select(Cycle).where(Cycle.id == cycle_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).first()


def postings(cycle: Cycle) -> tuple[str, str]:
    """The names of the postings of a cycle's revision: of its copies, and of partners' slots."""
    revision = f"-r{cycle.revision}" if cycle.revision > 1 else ""
    return f"cycle-{cycle.id}{revision}", f"slots-{cycle.id}{revision}"


def forget_results(session: Session, cycle_id: int) -> None:
    """Delete what a cycle came to: what it issued, prices, arms, picks, whom it left out."""
    for table in (
        "cycle_offer", "cycle_supplier", "cycle_price", "cycle_household", "cycle_pick",
        "cycle_cap", "cycle_chance", "cycle_general", "cycle_left_out", "outcome_sum",
        "outcome_window",
        "programme_sum", "programme_window",
    ):  # fmt: skip
        session.execute(text(f"DELETE FROM {table} WHERE cycle_id = :cycle"), {"cycle": cycle_id})


def newest(session: Session, *, until: date | None = None) -> Cycle | None:
    """The cycle with the latest date, or the latest up to a day; no withdrawn one."""
    statement = (
        select(Cycle)
        .where(col(Cycle.withdrawn_at).is_(None))
        .order_by(col(Cycle.as_of).desc())
        .limit(1)
    )
    if until is not None:
        statement = statement.where(col(Cycle.as_of) <= until)
    return session.exec(statement).first()


def count_before(session: Session, day: date) -> int:
    """How many cycles are of an earlier date; withdrawn ones aside."""
    statement = select(func.count()).where(
        col(Cycle.as_of) < day, col(Cycle.withdrawn_at).is_(None)
    )
    return session.exec(statement).one()


def page(
    session: Session, *, after: int | None = None, before: int | None = None, limit: int
) -> Sequence[Cycle]:
    """Cycles, newest first, from below an id; with `before` the ones just above that id."""
    statement = select(Cycle).limit(limit)
    if before is not None:
        rising = statement.where(col(Cycle.id) > before).order_by(col(Cycle.id))
        return session.exec(rising).all()[::-1]
    if after is not None:
        statement = statement.where(col(Cycle.id) < after)
    return session.exec(statement.order_by(col(Cycle.id).desc())).all()


def add(session: Session, cycle: Cycle) -> int:
    """Write a cycle; its id. Two cycles of one date collide."""
    session.add(cycle)
    session.flush()
    return cycle.id


def add_prices(session: Session, cycle_id: int, prices: pl.DataFrame) -> None:
    """Store the shadow prices: offer_id, budget_price, circulation_price_cents."""
    stage(
        session, "staged_price", prices.with_columns(pl.lit(cycle_id, pl.Int64).alias("cycle_id"))
    )
    session.execute(
        text(
            """INSERT INTO cycle_price (cycle_id, offer_id, budget_price, circulation_price_cents)
               SELECT cycle_id, offer_id, budget_price, circulation_price_cents FROM staged_price"""
        )
    )


def prices(session: Session, cycle_id: int | None) -> pl.DataFrame:
    """The shadow prices of a cycle: offer_id, budget_price, circulation_price_cents.

    Empty where `cycle_id` is None.
    """
    rows = session.exec(
        select(CyclePrice.offer_id, CyclePrice.budget_price, CyclePrice.circulation_price_cents)
        .where(CyclePrice.cycle_id == cycle_id)
        .order_by(col(CyclePrice.offer_id))
    ).all()
    schema = {
        "offer_id": pl.Int64,
        "budget_price": pl.Float64,
        "circulation_price_cents": pl.Float64,
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def add_arms(session: Session, cycle_id: int, arms: pl.DataFrame) -> None:
    """Keep who was exposed and who held out, in the columns of `CycleHousehold`."""
    append(
        session, "cycle_household", arms.with_columns(pl.lit(cycle_id, pl.Int64).alias("cycle_id"))
    )


def add_picks(session: Session, cycle_id: int, picked: pl.DataFrame) -> None:
    """Keep what the rule picked: household_id, offer_id, arm, cell, weight, is_given, and so on."""
    append(session, "cycle_pick", picked.with_columns(pl.lit(cycle_id, pl.Int64).alias("cycle_id")))


def add_caps(session: Session, cycle_id: int, caps: pl.DataFrame) -> None:
    """Keep the most that a household's money counts for, in the columns of `CycleCap`."""
    append(session, "cycle_cap", caps.with_columns(pl.lit(cycle_id, pl.Int64).alias("cycle_id")))


def add_chances(session: Session, cycle_id: int, chances: pl.DataFrame) -> None:
    """Keep where a household might have chosen otherwise, in the columns of `CycleChance`."""
    append(
        session, "cycle_chance", chances.with_columns(pl.lit(cycle_id, pl.Int64).alias("cycle_id"))
    )


def add_left_out(session: Session, cycle_id: int, left_out: pl.DataFrame) -> None:
    """Keep whose letters cannot be printed: household_id, reason, detail."""
    stage(
        session,
        "staged_left_out",
        left_out.select(
            pl.lit(cycle_id, pl.Int64).alias("cycle_id"), "household_id", "reason", "detail"
        ),
    )
    session.execute(
        text(
            """INSERT INTO cycle_left_out (cycle_id, household_id, reason, detail)
               SELECT cycle_id, household_id, reason, detail FROM staged_left_out"""
        )
    )


def left_out(session: Session, cycle_id: int) -> pl.DataFrame:
    """Who got no list because it cannot be printed, in the columns of `publish.choice.Choice`.

    `household_id` is the retailer's own number; the columns of pieces are empty.
    """
    rows = session.execute(
        text(
            """SELECT h.ref, '', o.reason, '', '', o.detail FROM cycle_left_out o
               JOIN household h ON h.id = o.household_id WHERE o.cycle_id = :cycle
               ORDER BY o.household_id"""
        ),
        {"cycle": cycle_id},
    )
    schema = ("household_id", "piece_id", "reason", "duplicate_of", "duplicate_piece", "detail")
    return pl.DataFrame(
        [tuple(row) for row in rows], dict.fromkeys(schema, pl.String), orient="row"
    )


def left_out_by_reason(session: Session, cycle_id: int) -> list[tuple[str, int]]:
    """How many households a cycle left out for each reason, the most first."""
    rows = session.execute(
        text(
            """SELECT reason, count(*) FROM cycle_left_out WHERE cycle_id = :cycle
               GROUP BY reason ORDER BY count(*) DESC, reason"""
        ),
        {"cycle": cycle_id},
    )
    return [(reason, int(count)) for reason, count in rows]


def held_out(session: Session, cycle_id: int) -> list[int]:
    """The households that a cycle held out."""
    statement = select(CycleHousehold.household_id).where(
        CycleHousehold.cycle_id == cycle_id, CycleHousehold.arm == "holdout"
    )
    return list(session.exec(statement).all())


def count_general(session: Session, cycle_id: int) -> int:
    """How many households of a cycle got a list that follows from nothing they bought."""
    statement = select(func.count()).where(
        CycleHousehold.cycle_id == cycle_id, CycleHousehold.arm == "general"
    )
    return session.exec(statement).one()


def household_worth(
    session: Session, cycle_id: int | None, household_ids: Sequence[int] | None = None
) -> pl.DataFrame:
    """The worth of all or some households in a cycle: household_id, worth_decile, tier.

    Households that are not in it are left out; empty where `cycle_id` is None.
    """
    statement = (
        select(CycleHousehold.household_id, CycleHousehold.worth_decile, CycleHousehold.tier)
        .where(CycleHousehold.cycle_id == cycle_id)
        .order_by(col(CycleHousehold.household_id))
    )
    if household_ids is not None:
        statement = statement.where(col(CycleHousehold.household_id).in_(household_ids))
    schema = {"household_id": pl.Int64, "worth_decile": pl.Int64, "tier": pl.String}
    return pl.DataFrame([tuple(row) for row in session.exec(statement)], schema, orient="row")


def arm_of(session: Session, cycle_id: int, household_id: int) -> str | None:
    """Whether a household of a cycle was exposed or held out; None for one that got no list."""
    statement = select(CycleHousehold.arm).where(
        CycleHousehold.cycle_id == cycle_id, CycleHousehold.household_id == household_id
    )
    return session.exec(statement).first()


def forecast_for(session: Session, day: date) -> Forecast | None:
    """The newest model that has seen nothing from `day` on; its text is read when it is used."""
    statement = (
        select(Forecast)
        .where(col(Forecast.as_of) <= day)
        .order_by(col(Forecast.as_of).desc())
        .limit(1)
        .options(defer(col(Forecast.model)))  # type: ignore[arg-type]
    )
    return session.exec(statement).first()


def save_forecast(session: Session, forecast: Forecast) -> None:
    """Store a model; it replaces an earlier one of the same date."""
    earlier = session.exec(select(Forecast).where(Forecast.as_of == forecast.as_of)).first()
    if earlier is not None:
        earlier.model, earlier.fitted_at = forecast.model, forecast.fitted_at
        session.add(earlier)
    else:
        session.add(forecast)
    session.flush()

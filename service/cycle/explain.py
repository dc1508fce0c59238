"""Why a household's list looks as it does: its own table of items."""

from datetime import date

import polars as pl
from sqlmodel import Session

from service.cycle.forecast import stored_model
from service.cycle.general import General, general_of
from service.cycle.inputs import read_purchases
from service.engine.predict import default_model, explain
from service.errors import NotFound
from service.settings import Settings
from service.store import catalogue, households, lists
from service.store.session import Database


def explain_household(
    database: Database, settings: Settings, ref: str, *, as_of: date
) -> pl.DataFrame:
    """Every item a household has bought before a date, the likeliest first.

    Columns: item, then those of `engine.predict.explain`. Scored by the newest model that has seen
    nothing from the date on, or the shipped one. Of one that agreed to no profile nothing is read:
    its table has what many households buy, with neither dates nor times. Raises NotFound for an
    unknown household or one that has bought nothing, Conflict for one that gets no list because it
    agreed to no profile.
    """
    with database.read() as session:
        found = households.by_ref(session, ref)
        if found is None:
            raise NotFound(f"There is no household {ref!r}.")
        general = general_of(session, settings, found.id, ref, as_of=as_of)
        if general is not None:
            return _general_table(session, general)
        bought = read_purchases(session, settings, before=as_of, household_ids=[found.id])
        if bought.is_empty():
            raise NotFound(f"Household {ref!r} has bought nothing before {as_of}.")
        return explain_bought(session, settings, bought, as_of=as_of)


def explain_bought(
    session: Session, settings: Settings, bought: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """The same of one household's purchases before a date, as `read_purchases` gives them."""
    horizon = settings.forecast_days
    # Whatever its age: without one every purchase would be as likely on any day.
    stored = stored_model(session, as_of=as_of, any_age=True)
    model = stored or default_model(as_of=as_of, horizon_days=horizon)
    table = explain(model, bought, as_of=as_of, horizon_days=horizon)
    items = catalogue.item_names(session, table["item_id"].to_list())
    return table.join(items, on="item_id", maintain_order="left")


def _general_table(session: Session, general: General) -> pl.DataFrame:
    days = ("expected_on", "early_50_on", "late_50_on", "early_80_on", "late_80_on",
            "last_bought_on")  # fmt: skip
    intervals = ("interval_days", "interval_low_days", "interval_high_days")
    names = catalogue.item_names(session, general.items["item_id"].to_list())
    return general.items.with_columns(
        pl.lit(general.household_ids[0], pl.Int64).alias("household_id"),
        *(pl.lit(None, pl.Date).alias(name) for name in days),
        *(pl.lit(None, pl.Float64).alias(name) for name in intervals),
        pl.lit(0, pl.Int64).alias("times"),
        pl.lit("bought by many households").alias("reason"),
    ).join(names, on="item_id", maintain_order="left")


def explain_list(database: Database, ref: str) -> list[tuple[int, str, str]]:
    """Why each line of a household's newest list is there: (line, text, reason), by line.

    Empty for a household without a list. Raises NotFound for an unknown household.
    """
    with database.read() as session:
        found = households.by_ref(session, ref)
        if found is None:
            raise NotFound(f"There is no household {ref!r}.")
        theirs = lists.of_household(session, found.id)
        return lists.reasons(session, theirs[0].id) if theirs else []

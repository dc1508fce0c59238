"""What the stages of a cycle stand on: the catalogue, the offers and the model of a date."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from sqlmodel import Session

from service.cycle.aims import no_homes, read_homes
from service.engine.predict import Model, fit, fit_base
from service.engine.records import DealKind
from service.engine.redeem import Terms, parse_terms
from service.errors import Conflict, InvalidInput
from service.files.spill import Spiller
from service.settings import Settings
from service.store import baskets, catalogue, cycles, offers
from service.store.session import Database
from service.store.tables.cycle import Forecast

# A model older than this is fitted again for a cycle.
FORECAST_DAYS = 7
# The purchases of so many households are read at a time.
READ_TOGETHER = 10_000


def no_items() -> pl.DataFrame:
    """The items of a shop that proposes none."""
    return pl.DataFrame(schema={"item_id": pl.Int64, "item": pl.String, "department": pl.String})


@dataclass(frozen=True, slots=True)
class Basis:
    """Frames that every household shares.

    `catalogue` is a row a product, `offers` a row an offer that may be mailed, `offer_items` and
    `members` the items and products that count for each, `terms` each offer's terms; a partner's
    slot has none. `items` are those that a list may propose to whom never bought them, see
    `catalogue.discoverable`. `homes` says of households what offers ask for, see `aims.read_homes`.
    """

    as_of: date
    valid_from: date
    valid_to: date
    catalogue: pl.DataFrame
    offers: pl.DataFrame
    offer_items: pl.DataFrame
    members: pl.DataFrame
    terms: dict[int, Terms]
    items: pl.DataFrame = field(default_factory=no_items)
    homes: pl.DataFrame = field(default_factory=no_homes)


def midnight(day: date, settings: Settings) -> datetime:
    """The first moment of a day where the stores are."""
    return datetime.combine(day, datetime.min.time(), ZoneInfo(settings.timezone))


def local_date(moment: datetime, settings: Settings) -> date:
    """The day of a moment where the stores are."""
    return moment.astimezone(ZoneInfo(settings.timezone)).date()


def read_basis(
    session: Session, settings: Settings, *, as_of: date, bought: pl.DataFrame | None = None
) -> Basis:
    """The shared frames for lists that are valid from a date.

    With `bought` (purchases of a few households) they are cut to the products and items in it.
    """
    valid_to = as_of + timedelta(days=settings.validity_days - 1)
    running = offers.running(session, on=as_of, redeemable_to=valid_to)
    offer_ids = running["offer_id"].to_list()
    household_ids = None if bought is None else bought["household_id"].unique().to_list()
    gtins = None if bought is None else bought["gtin"].unique().to_list()
    item_ids = None if bought is None else bought["item_id"].unique().to_list()
    return Basis(
        as_of=as_of,
        valid_from=as_of,
        valid_to=valid_to,
        catalogue=catalogue.products(session, gtins=gtins),
        offers=running,
        offer_items=offers.items_of(session, offer_ids, item_ids=item_ids),
        members=offers.products_of(session, offer_ids, gtins=gtins),
        terms={
            offer_id: parse_terms(terms)
            for offer_id, terms, kind in running.select("offer_id", "terms", "kind").iter_rows()
            if kind == DealKind.PRODUCT
        },
        items=catalogue.discoverable(session) if settings.discoveries_per_list else no_items(),
        homes=read_homes(session, settings, running, as_of=as_of, household_ids=household_ids),
    )


def read_purchases(
    session: Session,
    settings: Settings,
    *,
    before: date,
    household_ids: list[int] | None = None,
) -> pl.DataFrame:
    """What was bought before a date, with `purchased_at` on the stores' own clock."""
    bought = baskets.purchases(
        session, before=midnight(before, settings), household_ids=household_ids
    )
    local: Any = pl.col("purchased_at").dt.convert_time_zone(settings.timezone)
    return bought.with_columns(local.dt.replace_time_zone(None))


def stored_model(session: Session, *, as_of: date, any_age: bool = False) -> Model | None:
    """The newest model that has seen nothing from a date on, unless it is too old.

    One that another version of Larder left, which this one cannot read, counts as none.
    """
    found = cycles.forecast_for(session, as_of)
    if found is None:
        return None
    if not any_age and found.as_of < as_of - timedelta(days=FORECAST_DAYS):
        return None
    try:
        return _model(found.model)
    except InvalidInput:
        return None


@lru_cache(maxsize=2)
def _model(text: str) -> Model:
    """A model that many households ask for is read once."""
    return Model.from_json(text)


def refresh_forecast(database: Database, settings: Settings, *, as_of: date) -> Model:
    """Fit the forecast on everything bought before a date, and keep it.

    The purchases of some households after others are in memory, the rest waits in the runs' folder.
    Raises Conflict when nothing was bought.
    """
    settings.runs_folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="forecast-", dir=settings.runs_folder) as folder:
        spiller = Spiller(Path(folder), as_of)
        with database.read() as session:
            ids = baskets.buyers(session, before=midnight(as_of, settings))
            for start in range(0, len(ids), READ_TOGETHER):
                some = ids[start : start + READ_TOGETHER]
                spiller.add(read_purchases(session, settings, before=as_of, household_ids=some))
        if not spiller.rows:
            raise _nothing_bought(as_of)
        model = fit_base(spiller.base(), as_of=as_of, horizon_days=settings.horizon_days)
    _keep(database, model)
    return model


def fit_and_keep(
    database: Database, settings: Settings, purchases: pl.DataFrame, *, as_of: date
) -> Model:
    """Fit the forecast on these purchases, and keep it under its date."""
    if purchases.is_empty():
        raise _nothing_bought(as_of)
    model = fit(purchases, as_of=as_of, horizon_days=settings.horizon_days)
    _keep(database, model)
    return model


def _keep(database: Database, model: Model) -> None:
    kept = Forecast(as_of=model.as_of, fitted_at=datetime.now(UTC), model=model.to_json())
    with database.write() as session:
        cycles.keep_forecast(session, kept)


def _nothing_bought(as_of: date) -> Conflict:
    return Conflict(f"No household has bought anything before {as_of}. Load baskets first.")

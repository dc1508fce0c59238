"""What the stages of a cycle read: purchases, the catalogue, and the offers of a date."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from sqlmodel import Session

from service.cycle.heard import Heard, read_heard
from service.engine.offers import RunningOffers
from service.engine.offers.margins import with_margins
from service.engine.offers.targeting import (
    CURRENT_WEEKS,
    targeted_households,
    targets_of,
    with_tiers,
)
from service.engine.records import DealKind
from service.engine.redeem import Terms, parse_terms
from service.engine.said import Said
from service.settings import Settings
from service.store import baskets, catalogue, households, overrides
from service.store.offers import issuable, products


def no_items() -> pl.DataFrame:
    """The items of a shop that proposes none."""
    return pl.DataFrame(schema={"item_id": pl.Int64, "item": pl.String, "department": pl.String})


@dataclass(frozen=True, slots=True)
class Inputs:
    """What every household shares, as of a date.

    `catalogue` is a row a product, `running` the offers that may be mailed, `terms` each offer's
    terms; a partner's slot has none. `items` are those that a list may propose to whom never bought
    them, see `catalogue.discoverable`. Lists are with the households `lead_days` after `as_of`;
    who has one earlier may use it. `said` is what they say.
    """

    as_of: date
    valid_from: date
    valid_to: date
    catalogue: pl.DataFrame
    running: RunningOffers
    terms: dict[int, Terms]
    items: pl.DataFrame = field(default_factory=no_items)
    lead_days: int = 0
    said: Said = field(default_factory=Said)

    def with_tiers(self, tiers: pl.DataFrame) -> "Inputs":
        """The inputs with what households are worth: `tiers` has household_id, tier."""
        households = with_tiers(self.running.households, tiers)
        return replace(self, running=replace(self.running, households=households))


def midnight(day: date, settings: Settings) -> datetime:
    """The first moment of a day where the stores are."""
    return datetime.combine(day, datetime.min.time(), ZoneInfo(settings.timezone))


def local_date(moment: datetime, settings: Settings) -> date:
    """The day of a moment where the stores are."""
    return moment.astimezone(ZoneInfo(settings.timezone)).date()


def read_inputs(
    session: Session, settings: Settings, *, as_of: date, bought: pl.DataFrame | None = None
) -> Inputs:
    """The shared frames for lists that are valid from a date.

    With `bought` (purchases of a few households) they are cut to the products and items in it.
    """
    valid_to = settings.last_day(as_of)
    found = issuable.running(session, on=as_of, redeemable_to=valid_to)
    gtins = None if bought is None else bought["gtin"].unique().to_list()
    heard = read_heard(session, settings, found["offer_id"].to_list(), bought=bought)
    items = catalogue.discoverable(session) if settings.discoveries_per_list else no_items()
    is_asked = settings.without_profile == "general" or not heard.said.homes.is_empty()
    if items.is_empty() and is_asked:
        items = catalogue.discoverable(session)
    return Inputs(
        as_of=as_of,
        valid_from=as_of,
        valid_to=valid_to,
        lead_days=settings.mail_lead_days,
        catalogue=catalogue.products(session, gtins=gtins),
        running=_running(session, settings, found, heard, as_of=as_of, bought=bought),
        said=heard.said,
        terms={
            offer_id: parse_terms(terms)
            for offer_id, terms, kind in found.select("offer_id", "terms", "kind").iter_rows()
            if kind == DealKind.PRODUCT
        },
        items=items,
    )


def _running(
    session: Session,
    settings: Settings,
    found: pl.DataFrame,
    heard: Heard,
    *,
    as_of: date,
    bought: pl.DataFrame | None,
) -> RunningOffers:
    """The offers found with what counts for them, or what of it was bought.

    The margin of an offer rests on all its products, whoever bought which.
    """

    def chosen(column: str) -> list[int] | None:
        return None if bought is None else bought[column].unique().to_list()

    offer_ids = found["offer_id"].to_list()
    item_ids = chosen("item_id")
    if item_ids is not None:
        item_ids += heard.said.homes["item_id"].unique().to_list()
    items = products.items_of(session, offer_ids, item_ids=item_ids)
    decided = overrides.of_offers(session, offer_ids, household_ids=chosen("household_id"))
    # What is pinned or wanted is given to whoever buys none of it too.
    given = (items["offer_id"], decided["offer_id"], heard.preferred["offer_id"])
    valued = pl.concat(given).unique().to_list()
    costs = products.costs_of(session, valued)
    return RunningOffers(
        offers=with_margins(found, costs, margin_percent=settings.margin_percent),
        items=items,
        products=products.products_of(session, offer_ids, gtins=chosen("gtin")),
        households=_read_targeted(
            session, settings, found, as_of=as_of, household_ids=chosen("household_id")
        ),
        used=issuable.used(session, offer_ids, household_ids=chosen("household_id")),
        overrides=heard.with_bans(decided, items, as_of=as_of),
        asked=heard.asked(),
    )


def read_running(
    session: Session, settings: Settings, days: Sequence[date]
) -> tuple[dict[date, RunningOffers], Said]:
    """The offers of several days, by day, as `read_inputs` has those of one, and what is said."""
    found = {
        day: issuable.running(session, on=day, redeemable_to=settings.last_day(day)) for day in days
    }
    offer_ids = sorted({each for offers in found.values() for each in offers["offer_id"]})
    items = products.items_of(session, offer_ids)
    members = products.products_of(session, offer_ids)
    costs = products.costs_of(session, items["offer_id"].unique().to_list())
    used = issuable.used(session, offer_ids)
    decided = overrides.of_offers(session, offer_ids)
    heard = read_heard(session, settings, offer_ids)
    running = {
        day: RunningOffers(
            offers=with_margins(offers, costs, margin_percent=settings.margin_percent),
            items=items.join(offers, on="offer_id", how="semi", maintain_order="left"),
            products=members.join(offers, on="offer_id", how="semi", maintain_order="left"),
            households=_read_targeted(session, settings, offers, as_of=day, household_ids=None),
            used=used,
            overrides=heard.with_bans(decided, items, as_of=day).join(
                offers, on="offer_id", how="semi", maintain_order="left"
            ),
            asked=heard.asked(),
        )
        for day, offers in found.items()
    }
    return running, heard.said


def _read_targeted(
    session: Session,
    settings: Settings,
    found: pl.DataFrame,
    *,
    as_of: date,
    household_ids: list[int] | None,
) -> pl.DataFrame:
    """Where households live and mostly shop, as far as an offer asks: no tier yet.

    A household's store is where most of its baskets of the last weeks were, ties to the lower.
    """
    wanted = set(targets_of(found)["target"])
    regions, stores = None, None
    if "regions" in wanted:
        regions = households.regions(session, household_ids)
    if "stores" in wanted:
        stores = baskets.usual_stores(
            session,
            since=midnight(as_of - timedelta(weeks=CURRENT_WEEKS), settings),
            before=midnight(as_of, settings),
            household_ids=household_ids,
        )
    return targeted_households(regions=regions, stores=stores)


def read_purchases(
    session: Session,
    settings: Settings,
    *,
    before: date,
    since: date | None = None,
    household_ids: list[int] | None = None,
) -> pl.DataFrame:
    """What was bought before a date, with `purchased_at` on the stores' own clock."""
    bought = baskets.purchases(
        session,
        before=midnight(before, settings),
        since=None if since is None else midnight(since, settings),
        household_ids=household_ids,
    )
    return bought.with_columns(_local_clock(settings))


def read_unnamed_spend(
    session: Session,
    settings: Settings,
    *,
    as_of: date,
    household_ids: list[int] | None = None,
) -> pl.DataFrame:
    """What was paid for goods without a GTIN in the weeks that eligibility looks back on.

    Columns: household_id, purchased_at (on the stores' own clock), amount_cents.
    """
    since = as_of - timedelta(weeks=settings.weekly_spend_weeks)
    spent = baskets.unnamed_spend(
        session,
        since=midnight(since, settings),
        before=midnight(as_of, settings),
        household_ids=household_ids,
    )
    return spent.with_columns(_local_clock(settings))


def _local_clock(settings: Settings) -> pl.Expr:
    local: Any = pl.col("purchased_at").dt.convert_time_zone(settings.timezone)
    clock: pl.Expr = local.dt.replace_time_zone(None)
    return clock

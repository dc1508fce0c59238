"""What households said, read for the stages: of items, brands, deals, and of themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlmodel import Session

from service.engine.offers.asked import Asked
from service.engine.offers.overrides import OverrideAct
from service.engine.said import Said
from service.engine.wishes import WishAct, unwanted_offers
from service.settings import Settings
from service.store import answers, diets, wishes


@dataclass(frozen=True, slots=True)
class Heard:
    """What some households said.

    `of_offers` is what they say of some offers' deals and brands (household_id, offer_id, act),
    `brands` which kind of brand they say they take (`asked.BRANDS`).
    """

    said: Said
    of_offers: pl.DataFrame
    brands: pl.DataFrame

    @property
    def preferred(self) -> pl.DataFrame:
        """The offers that households want: household_id, offer_id."""
        return self._of(WishAct.PREFER)

    def asked(self) -> Asked:
        """What bears on their offers beside bans."""
        return Asked(self.preferred, self.said.needs.unsuited_offers(), self.brands)

    def with_bans(self, decided: pl.DataFrame, items: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
        """What people decided, and what households want no copy of: bans, which beat every pin."""
        unwanted = unwanted_offers(self.said.of_items(), items, as_of=as_of)
        bans = pl.concat([self._of(WishAct.NEVER), unwanted]).unique().sort(unwanted.columns)
        return pl.concat(
            [
                decided,
                bans.select(
                    # No override has such a number.
                    pl.lit(-1, pl.Int64).alias("override_id"),
                    "offer_id",
                    pl.lit(OverrideAct.BAN.value).alias("act"),
                    "household_id",
                    pl.lit(None, pl.String).alias("cell"),
                ),
            ]
        )

    def _of(self, act: WishAct) -> pl.DataFrame:
        return self.of_offers.filter(pl.col("act") == act).select("household_id", "offer_id")


def read_heard(
    session: Session,
    settings: Settings,
    offer_ids: Sequence[int],
    *,
    bought: pl.DataFrame | None = None,
) -> Heard:
    """What all households say, or with `bought` (purchases of a few) those; `offer_ids` are the
    offers that it may be of.
    """
    some = None if bought is None else bought["household_id"].unique().to_list()
    gtins = None if bought is None else bought["gtin"].unique().to_list()
    said = wishes.read(session, some)
    of_self = Said(wishes=said.items)
    if answers.any_answers(session, some):
        of_self = Said(
            wishes=said.items,
            homes=answers.homes(session, settings.home_categories, some),
            paces=answers.changed_paces(session, some),
            needs=diets.read_needs_of(session, offer_ids, household_ids=some, gtins=gtins),
        )
    return Heard(
        of_self, wishes.of_offers(session, said, offer_ids), wishes.of_categories(session, said)
    )

"""The offers that may be mailed, as frames that every household shares."""

from dataclasses import dataclass, field

import polars as pl

from service.engine.offers.asked import Asked
from service.engine.offers.overrides import no_overrides
from service.engine.offers.targeting import no_households

USED = {"household_id": pl.Int64, "offer_id": pl.Int64, "used": pl.Int64}


def no_uses() -> pl.DataFrame:
    """Where nobody has used anything."""
    return pl.DataFrame(schema=USED)


@dataclass(frozen=True, slots=True)
class RunningOffers:
    """The offers that may be mailed on a date.

    `offers` is a row an offer, with `margin_cents` (see `margins`). `items` (offer_id, item_id) and
    `products` (offer_id, gtin) are what counts for each; a partner's slot has none. `households`
    says of households what offers ask for, see `targeting.HOUSEHOLDS`; `used` (see `USED`) how
    often they have used the deals; `overrides` (see `overrides.OVERRIDES`) what people pinned and
    banned; `asked` what households ask for, and what does not suit them.
    """

    offers: pl.DataFrame
    items: pl.DataFrame
    products: pl.DataFrame
    households: pl.DataFrame = field(default_factory=no_households)
    used: pl.DataFrame = field(default_factory=no_uses)
    overrides: pl.DataFrame = field(default_factory=no_overrides)
    asked: Asked = field(default_factory=Asked)

"""The benefits, one per file, and the list of them."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias, get_args

from pydantic import Field

from service.engine.redeem.benefits.amount_off import AmountOff
from service.engine.redeem.benefits.bundle_price import BundlePrice
from service.engine.redeem.benefits.buy_get import BuyGet
from service.engine.redeem.benefits.covers import Covers
from service.engine.redeem.benefits.fixed_price import FixedPrice
from service.engine.redeem.benefits.free_item import FreeItem
from service.engine.redeem.benefits.mechanic import Mechanic
from service.engine.redeem.benefits.percent_off import PercentOff
from service.engine.redeem.benefits.points import Points

Benefit: TypeAlias = AmountOff | PercentOff | FixedPrice | BundlePrice | BuyGet | FreeItem | Points
StoredBenefit: TypeAlias = Annotated[Benefit, Field(discriminator="kind")]
"""A benefit as it is read from stored terms."""

BENEFITS: Mapping[str, type[Benefit]] = {
    get_args(each.__annotations__["kind"])[0]: each for each in get_args(Benefit)
}
"""Every kind by its name, in the order of the form; the only list of kinds in the code."""

__all__ = [
    "BENEFITS",
    "AmountOff",
    "Benefit",
    "BundlePrice",
    "BuyGet",
    "Covers",
    "FixedPrice",
    "FreeItem",
    "Mechanic",
    "PercentOff",
    "Points",
    "StoredBenefit",
]

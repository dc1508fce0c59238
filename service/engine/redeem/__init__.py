"""The rule engine of the till: it applies the open lines of a household's lists to a basket.

Pure: the same basket and lines give the same settlement in any order.
"""

from service.engine.redeem.benefits import (
    BENEFITS,
    AmountOff,
    Benefit,
    BundlePrice,
    BuyGet,
    Covers,
    FixedPrice,
    FreeItem,
    PercentOff,
    Points,
)
from service.engine.redeem.condition import Condition, Need
from service.engine.redeem.contender import OpenLine
from service.engine.redeem.heavy import is_heavy
from service.engine.redeem.outcome import (
    Applied,
    Discount,
    Refusal,
    RefusalReason,
    Settlement,
    Share,
    Shown,
)
from service.engine.redeem.priced import with_offer
from service.engine.redeem.rules import settle_basket
from service.engine.redeem.terms import Terms, parse_terms
from service.engine.redeem.units import BasketLine
from service.engine.redeem.wording import Wording, has_wording, wording_of

__all__ = [
    "BENEFITS",
    "AmountOff",
    "Applied",
    "BasketLine",
    "Benefit",
    "BundlePrice",
    "BuyGet",
    "Condition",
    "Covers",
    "Discount",
    "FixedPrice",
    "FreeItem",
    "Need",
    "OpenLine",
    "PercentOff",
    "Points",
    "Refusal",
    "RefusalReason",
    "Settlement",
    "Share",
    "Shown",
    "Terms",
    "Wording",
    "has_wording",
    "is_heavy",
    "parse_terms",
    "settle_basket",
    "with_offer",
    "wording_of",
]

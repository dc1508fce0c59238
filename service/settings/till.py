"""The till: returns, cards, codes of goods, and guessing."""

import re
from typing import Literal

from pydantic import Field, field_validator

from service.settings.group import Group


class TillSettings(Group):
    """The till."""

    return_reopens: Literal["never", "when_whole"] = Field(
        default="when_whole",
        description="Whether a list line can be used again once all it discounted is returned",
    )
    return_spread: Literal["over_all", "as_discounted"] = Field(
        default="over_all",
        description="Over what an offer's discount is spread for returns: all units that it took, "
        "bought ones too, or those it was taken off",
    )
    offline_liability: Literal["retailer", "supplier"] = Field(
        default="retailer",
        description="Who bears a line honoured offline that would have been refused",
    )
    card_pattern: str = Field(
        default="",
        description="Regular expression of loyalty cards that are no GSRN of 18 digits",
    )
    variable_measure: str = Field(
        default="",
        description="Where goods' codes hold a price or weight: presets or masks, by semicolons",
    )
    bare_upc_e: bool = Field(
        default=False, description="Whether eight bare digits that are a UPC-E are taken for one"
    )
    units: str = Field(
        default="", description="More names of units, by semicolons: `CS=each; PFD=lb`"
    )
    unnamed_goods_count: bool = Field(
        default=False,
        description="Whether lines without a GTIN count towards the minimum spend of offers",
    )
    unknown_codes_per_minute: int = Field(
        default=60,
        ge=1,
        description="Unknown codes, cards and phones one key may present; its store five times it",
    )
    waiting_redemptions_per_minute: int = Field(
        default=30,
        ge=0,
        description="Redemptions of known codes that a key may make while it waits for having "
        "presented too many unknown ones; its store five times it",
    )

    @field_validator("card_pattern")
    @classmethod
    def _readable_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return value

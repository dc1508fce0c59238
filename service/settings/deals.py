"""Deals and goodwill: who approves, what is reserved, and how files are read."""

import codecs
from typing import Literal

from pydantic import Field, field_validator

from service.settings.group import Group


class DealSettings(Group):
    """Deals and goodwill."""

    deal_approval: bool = Field(
        default=False, description="Whether a deal runs only after another person approved it"
    )
    goodwill_alone_cents: int = Field(
        default=1_000,
        ge=0,
        description="Goodwill above so many minor units waits for a second person",
    )
    goodwill_day_cents: int = Field(
        default=10_000,
        ge=0,
        description="What one person may give as goodwill in a day, in minor units",
    )
    budget_mode: Literal["worst", "expected"] = Field(
        default="worst",
        description="What a copy reserves of a budget: all it can cost, or what is expected of it",
    )
    expected_safety: float = Field(
        default=1.5, ge=1, le=10, description="In the mode expected: reserve so many times that"
    )
    response_weeks: int = Field(
        default=26, ge=1, description="Weeks of ended cycles that the response is learned from"
    )

    deals_encoding: str = Field(
        default="cp1252", description="Encoding of text files of deals that are not Unicode"
    )
    deals_dates: Literal["ask", "day_first", "month_first"] = Field(
        default="ask",
        description="What comes first in dates of deals like 03/04/2026; `ask` refuses to guess",
    )

    @field_validator("deals_encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError(f"no encoding is called {value}") from None

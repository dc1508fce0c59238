"""What a letter carries besides offers and reminders: a recipe, a tip, hours, a partner's words.

A picture is named by the SHA-256 of its prepared bytes, in hexadecimal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Pictogram(StrEnum):
    """What is drawn for goods without a picture."""

    GENERIC = "generic"
    PRODUCE = "produce"
    BAKERY = "bakery"
    DAIRY = "dairy"
    MEAT = "meat"
    FISH = "fish"
    DELI = "deli"
    FROZEN = "frozen"
    PANTRY = "pantry"
    SNACKS = "snacks"
    SWEETS = "sweets"
    DRINKS = "drinks"
    COFFEE = "coffee"
    BABY = "baby"
    PET = "pet"
    HOUSEHOLD = "household"
    CARE = "care"
    HEALTH = "health"
    FLOWERS = "flowers"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class RecipeItem:
    """One item of a recipe, with its quantity as printed.

    `bought` tells that the household buys it; `offer_line` is the line of this list that has an
    offer on it, None if none has.
    """

    text: str
    bought: bool = False
    offer_line: int | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe; `minutes` and `serves` are 0 where it does not say."""

    key: str
    title: str
    items: tuple[RecipeItem, ...]
    steps: tuple[str, ...]
    picture: str | None = None
    minutes: int = 0
    serves: int = 0


@dataclass(frozen=True, slots=True)
class Tip:
    """A short text worth keeping, on food or the household."""

    key: str
    title: str
    text: str
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When the household's store is open: a line as printed for each span of days."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartnerSlot:
    """What the partner says whose slot is the offer on `offer_line`, which no till knows."""

    title: str
    text: str
    offer_line: int
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What one letter carries besides offers and reminders; each part may be missing."""

    recipe: Recipe | None = None
    tip: Tip | None = None
    hours: OpeningHours | None = None
    partner: PartnerSlot | None = None


def content_from(raw: Mapping[str, Any]) -> Content:
    """Read the content of a document from its JSON."""
    recipe, tip, hours, partner = (raw.get(name) for name in ("recipe", "tip", "hours", "partner"))
    return Content(
        recipe=None if recipe is None else _recipe_from(recipe),
        tip=None if tip is None else Tip(**tip),
        hours=None if hours is None else OpeningHours(hours["title"], tuple(hours["lines"])),
        partner=None if partner is None else PartnerSlot(**partner),
    )


def _recipe_from(raw: Mapping[str, Any]) -> Recipe:
    items = tuple(RecipeItem(**item) for item in raw["items"])
    return Recipe(**{**raw, "items": items, "steps": tuple(raw["steps"])})

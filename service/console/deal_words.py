"""What the columns of a deal are called for people, and what a change of each does to copies."""

import re

from babel import Locale, UnknownLocaleError

from service.console.routes import household_words
from service.pages.languages import Language, mark

FIELDS = {
    "deal_id": mark("Deal number"),
    "supplier": mark("Who pays"),
    "kind": mark("Kind"),
    "title": mark("Title"),
    "eligible_gtins": mark("Products that count"),
    "eligible_items": mark("Items that count"),
    "eligible_categories": mark("Categories that count"),
    "eligible_brands": mark("Brands that count"),
    "excluded_gtins": mark("Products that do not count"),
    "excluded_items": mark("Items that do not count"),
    "excluded_categories": mark("Categories that do not count"),
    "excluded_brands": mark("Brands that do not count"),
    "with_gtins": mark("Products to buy as well"),
    "with_items": mark("Items to buy as well"),
    "with_quantity": mark("How many of them as well"),
    "benefit": mark("What comes off"),
    "value": mark("How much"),
    "get_quantity": mark("How many are got"),
    "benefit_cap": mark("At most off at once"),
    "covers": mark("Which units it reaches"),
    "min_quantity": mark("Quantity to buy"),
    "unit": mark("Unit"),
    "min_spend": mark("Spend at least"),
    "uses_per_basket": mark("Uses in one basket"),
    "face_value": mark("Printed worth"),
    "funding_share_percent": mark("Supplier's share (%)"),
    "funding_cap": mark("Supplier bears at most"),
    "handling_fee": mark("Fee for each use"),
    "copy_fee": mark("Fee for each copy"),
    "value_text": mark("Printed in place of a discount"),
    "budget": mark("Budget"),
    "circulation_max": mark("Copies at most"),
    "circulation_min": mark("Copies promised"),
    "mail_from": mark("Mailed from"),
    "mail_to": mark("Mailed until"),
    "redeem_from": mark("Redeemed from"),
    "redeem_to": mark("Redeemed until"),
    "limit_per_household": mark("Uses for each household"),
    "target_cells": mark("Only these buyers of the category"),
    "target_tiers": mark("Only these tiers"),
    "target_regions": mark("Only these regions"),
    "target_stores": mark("Only these stores"),
    "target_buyers": mark("Only new, lapsed or current buyers"),
    "control_share_percent": mark("Control share (%)"),
    "legal_text": mark("Small print"),
}
"""What a column is called; those for one cell or one language follow from these."""

FOR_ALL_COPIES = {
    "budget": mark("Counts for all copies: what those in circulation reserve or spent is in it."),
    "circulation_max": mark("Copies in circulation are counted in it."),
    "circulation_min": mark("Copies in circulation are counted in it."),
}
"""Columns whose change reaches copies in circulation; all others are only for new lists."""

COUNTED_TOGETHER = {
    "limit_per_household": mark(
        "Copies in circulation keep the limit they were printed with; their uses count in it."
    ),
}
"""Columns that are only for new lists, and yet count what is done with earlier copies."""

_OF_CELL = re.compile(r"face_value_(\w+?)_(light|medium|heavy)")
_OF_LANGUAGE = re.compile(r"(title|legal_text)_(\w+)")


def field(language: Language, name: str) -> str:
    """What a column is called."""
    if name in FIELDS:
        return language.text(FIELDS[name])
    if found := _OF_CELL.fullmatch(name):
        brand, usage = found.groups()
        of = household_words.cell(language, brand, usage)
        return f"{language.text(FIELDS['face_value'])}: {of}"
    if found := _OF_LANGUAGE.fullmatch(name):
        return f"{language.text(FIELDS[found[1]])}: {tongue(language, found[2])}"
    return name


def effect(language: Language, name: str) -> str:
    """What a change of a column does to copies in circulation."""
    said = FOR_ALL_COPIES.get(name) or COUNTED_TOGETHER.get(name) or mark("Only for new lists.")
    return language.text(said)


def cell(language: Language, name: str) -> str:
    """A cell of a category; those who get a partner's slot are in none."""
    brand, _, usage = name.rpartition("_")
    return household_words.cell(language, brand, usage) if brand else language.text("In no cell")


def tongue(language: Language, tag: str) -> str:
    """What a language is called."""
    try:
        name = Locale.parse(tag.replace("_", "-"), sep="-").get_display_name(language.tag)
    except (UnknownLocaleError, ValueError):
        return tag
    return name or tag

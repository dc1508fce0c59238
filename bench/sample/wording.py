"""Readable English for the data's upper-case, abbreviated product types and package sizes.

`item_names.csv` beside this file gives the names that no rule gets right; the rest comes from
expanding abbreviations word by word.
"""

import csv
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources

_TABLES: dict[str, dict[str, str]] = tomllib.loads(
    resources.files(__package__).joinpath("wording.toml").read_text("utf-8")
)
_WORDS = _TABLES["words"]
_SMALL = {"AND", "OF", "IN", "WITH", "THE", "TO", "FOR", "BY", "ON"}

_BY_CATEGORY = _TABLES["by_category"]
_CATEGORY_NAMES = _TABLES["categories"]
_DEPARTMENT_NAMES = _TABLES["departments"]
_ALCOHOL = re.compile(r"^(BEERS/ALES|LIQUOR|.* WINE)$")
_TOBACCO = re.compile(r"^(CIGARETTES|TOBACCO OTHER|CIGARS)$")
_DISCREET = re.compile(r"^(FAMILY PLANNING|ADULT INCONTINENCE|LAXATIVES|SMOKING CESSATIONS)$")

_SIZE = re.compile(
    r"^(?:L\s+)?(?P<first>\.?\d+(?:\.\d+)?)(?:\s*(?P<pack>PK)?/(?P<second>\.?\d+(?:\.\d+)?))?\s*"
    r"(?P<unit>OZ|LB|CT|ML|L|GA|GAL|QT|PT|PK|DZ|SQ FT|LOAD|PC)$"
)
_UNITS = {"GA": "gal", "DZ": "dozen", "SQ FT": "sq ft", "PK": "pack", "LOAD": "loads"}
_COUNT_MAX = 1000
_CASE_OUNCES = 200
_CASES = {"LB": 6, "CT": 10}
_WEIGHED = {"PRODUCE", "MEAT", "DELI", "SEAFOOD", "FLORAL", "SALAD BAR", "PASTRY"}


def _curated() -> dict[str, str]:
    text = resources.files(__package__).joinpath("item_names.csv").read_text("utf-8")
    return {row["product_type"]: row["item"] for row in csv.DictReader(text.splitlines())}


CURATED = _curated()


def plain(text: str) -> str:
    """Upper-case abbreviations as title-case words; parentheses and their content are dropped."""
    text = re.sub(r"\([^)]*\)?", " ", text).replace("&", " AND ").replace("/", " AND ")
    text = text.replace("'", "").replace(" S ", "S ")
    words = re.findall(r"\d+(?:\.\d+)?%?|[A-Z][A-Z0-9]*", text.upper())
    spoken = [_WORDS.get(word, word.lower() if word in _SMALL else word.title()) for word in words]
    kept = [word for word in spoken if word]
    while kept and kept[-1] in ("and", "with", "With"):
        kept.pop()
    sentence = " ".join(kept)
    return sentence[:1].upper() + sentence[1:]


def item_names(types: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Product type -> item, all different, from (product type, category) pairs.

    Types whose readable names coincide are told apart by their category, then by a number.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for kind, category in sorted(types, key=lambda pair: (pair[0] not in CURATED, pair)):
        name = CURATED.get(kind) or plain(kind) or category_name(category)
        if name in taken:
            name = f"{name} ({category_name(category)})"
        numbered, number = name, 2
        while numbered in taken:
            numbered, number = f"{name} {number}", number + 1
        names[kind] = numbered
        taken.add(numbered)
    return names


def item_name(kind: str, category: str, names: Mapping[str, str]) -> str:
    """The item of a product type in a category; `names` as `item_names` gives them.

    A type that says nothing without its category, such as PREMIUM, is an item in each.
    """
    of_category = _BY_CATEGORY.get(kind)
    if of_category is None:
        return names[kind]
    return of_category.format(category_name(category)).replace("Other Other ", "Other ")


def category_name(category: str) -> str:
    """The readable name of a product category."""
    return _CATEGORY_NAMES.get(category) or plain(category)


def department_name(department: str) -> str:
    """The readable name of a department."""
    return _DEPARTMENT_NAMES.get(department) or plain(department)


def restriction(category: str) -> str | None:
    """`alcohol`, `tobacco` (no coupon may touch them), `discreet` (not for a mailed list), None."""
    kinds = {"alcohol": _ALCOHOL, "tobacco": _TOBACCO, "discreet": _DISCREET}
    return next((name for name, pattern in kinds.items() if pattern.match(category)), None)


def package_size(text: str | None, department: str) -> str | None:
    """A consumer's package size ("12 oz", "4 x 4 oz"), None for what is a case or unreadable."""
    match = _SIZE.match(text.strip()) if text else None
    if match is None:
        return None
    first, unit = float(match["first"]), match["unit"]
    if not 0 < first <= _COUNT_MAX or (unit == "OZ" and first > _CASE_OUNCES):
        return None
    if department in _WEIGHED and first >= _CASES.get(unit, math.inf):
        return None
    shown = _UNITS.get(unit, unit.lower())
    if match["second"]:
        return f"{first:g} x {float(match['second']):g} {shown}"
    return f"{first:g} {shown}"

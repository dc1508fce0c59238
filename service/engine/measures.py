"""Units of measure by the names that tills, files and scales give them."""

from collections.abc import Mapping

# UN/ECE Recommendation 20 codes and what tills write in their place.
_NAMES = {
    "each": ("", "1", "C62", "EA", "EACH", "H87", "NAR", "NMB", "PC", "PCE", "PCS", "PIECE",
             "PIECES", "ST", "STK", "UN", "UNIT", "UNITS"),
    "kg": ("KG", "KGM", "KGS", "KILO"),
    "g": ("G", "GM", "GR", "GRM", "GRAM"),
    "lb": ("LB", "LBR", "LBS"),
    "oz": ("OZ", "ONZ"),
    "l": ("L", "LT", "LTR", "LITRE", "LITER"),
    "ml": ("ML", "MLT"),
}  # fmt: skip
UNITS = tuple(_NAMES)
"""What goods can be counted or weighed in."""

_UNIT_OF = {name: unit for unit, names in _NAMES.items() for name in names}
_PLAIN = frozenset(UNITS)
MAX_LENGTH = 16
"""Characters that are kept of a unit nobody knows."""


def unit_of(text: str, others: Mapping[str, str]) -> str | None:
    """The unit that a name stands for, None for one nobody knows.

    Capitals, blanks around it and a code list before a colon do not matter. `others` are the
    names a retailer adds, in capitals.
    """
    if text in _PLAIN and not others:
        return text
    name = text.rpartition(":")[2].strip().upper()
    return others.get(name) or _UNIT_OF.get(name)


def parse_units(text: str) -> dict[str, str]:
    """More names of units, as `CS=each; PFD=lb`. Raises ValueError for what is none."""
    found = {}
    for part in text.split(";"):
        name, equals, unit = (each.strip() for each in part.partition("="))
        if not part.strip():
            continue
        if not equals or not name or unit not in _PLAIN:
            raise ValueError(f"{part.strip()!r} is not NAME=UNIT with one of {', '.join(UNITS)}")
        found[name.upper()] = unit
    return found

"""What a till scanned or typed for goods, as the key of a product.

Source: GS1 General Specifications, section 2.1.12 (variable measure in stores: prefixes 02 and 20
to 29), section 5.2.2 (UPC-E), section 5.4.3 (symbology identifiers), AI (01).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from service.engine import codes

MAX_CODE = 256
"""Characters that are kept of a code that names no product."""

_BALTIC = ("23IIIIIIWWWWC", "24IIIIIIWWWWC", "25IIIIIIWWWWC")
PRESETS: dict[str, tuple[str, ...]] = {
    "us": ("02IIIIIVPPPPC",),
    "ca": ("02IIIIIVPPPPC",),
    "gb": ("20IIIIIVPPPPC",),
    "de": ("22IIIIVPPPPPC", "23IIIIVPPPPPC", "25IIIIVPPPPPC", "26IIIIVPPPPPC",
           "28IIIIVWWWWWC", "29IIIIVWWWWWC"),
    "dk": ("21IIIIPPPPPPC", "22IIIIPPPPPPC", "23IIIIPPPPPPC", "24IIIIPPPPPPC",
           "26IIIIWWWWWWC", "27IIIIIWWWWWC", "28IIIIWWWWWWC"),
    **dict.fromkeys(("se", "no"), ("20IIIIIIPPPPC", "21IIIIIIPPPPC", "22IIIIIIPPPPC", *_BALTIC)),
    **dict.fromkeys(("fi", "ee", "lv", "lt"), _BALTIC),
    "ean4": ("2?IIIIVPPPPPC",),
    "ean5": ("2?IIIIIPPPPPC",),
    "ean6": ("2?IIIIIIPPPPC",),
}  # fmt: skip
"""Masks by name: by country where its numbering body has one for all, or by the item's digits."""

_MASK = re.compile("(?=.{13}$)[0-9?I]+[VPW]+C")
_UPC_E_LENGTHS = (6, 7, 8)
_SYMBOL = re.compile(r"^\](E|C|e|d|Q|J|X|I|A)([0-9])")
# GS1-128, DataBar, GS1 DataMatrix, GS1 QR and GS1 DotCode carry element strings.
_ELEMENT_SYMBOLS = ("C1", "e0", "d2", "Q3", "J1")
_ELEMENTS = re.compile(r"^(?:\(01\)|01)([0-9]{14})")
_BRACKETED = re.compile(r"\(01\)([0-9]{14})")
_LINK = re.compile(r"^https?://[^/?#\s]+/(?:[^?#\s]*/)?01/([0-9]{8,14})(?:[/?#].*)?$", re.I)
_BETWEEN = re.compile(r"[ \t\r\n\u00a0-]+")
_UNKEPT = re.compile("[\x00\ud800-\udfff]")


class Scanned(NamedTuple):
    """The key of a product, 0 without one; `code` is what came where the key does not say it."""

    gtin: int
    code: str = ""


class Mask(NamedTuple):
    """A variable-measure code: which 13 digits it begins like, and where its item ends."""

    pattern: re.Pattern[str]
    item_digits: int


def parse_masks(text: str) -> tuple[Mask, ...]:
    """Masks or names of presets, parted by blanks, commas or semicolons.

    A mask has 13 characters: digits and `?` (any digit), `I` for the item, then `V` for a check
    digit of the value, `P` or `W` for the price or weight, and `C`, the check digit. Raises
    ValueError for another one.
    """
    found = []
    for name in re.split(r"[\s,;]+", text.strip()):
        for mask in PRESETS.get(name.lower(), (name.upper(),)) if name else ():
            if not _MASK.fullmatch(mask):
                known = ", ".join(PRESETS)
                raise ValueError(f"{name!r} is neither a mask of 13 characters nor one of {known}")
            item = mask.rstrip("VPWC")
            found.append(Mask(re.compile(re.sub("[?I]", "[0-9]", item)), len(item)))
    return tuple(found)


class GoodsReader:
    """Reads codes of goods; `masks` say where a price or weight is in them.

    With `bare_upc_e` eight digits that are a UPC-E are taken for one and not for a GTIN-8.
    """

    __slots__ = ("_bare_upc_e", "_masks", "_takes_numbers")

    def __init__(self, masks: Sequence[Mask] = (), *, bare_upc_e: bool = False) -> None:
        self._masks = tuple(masks)
        self._bare_upc_e = bare_upc_e
        self._takes_numbers = not (self._masks or bare_upc_e)

    def read(self, text: str) -> Scanned:
        """What the till sold; never fails, and looks at no check digit."""
        is_plain = len(text) <= codes.GTIN_DIGITS and text.isascii() and text.isdigit()
        came = key = int(text) if is_plain else _odd_key(text)
        if is_plain and key and self._takes_numbers:
            return Scanned(key)
        if is_plain and self._bare_upc_e and codes.PLU_MAX < came < 10**8:
            key = upc_a(f"{came:08d}") or came
        if self._masks:
            key = self._without_value(key)
        if is_plain and key == came and key:
            return Scanned(key)
        return Scanned(key, _UNKEPT.sub("\ufffd", text)[:MAX_CODE])

    def catalogued(self, text: str) -> int:
        """The key of a product in a file. Raises InvalidInput as `codes.gtin` does."""
        text = text.strip()
        if not (text.isascii() and text.isdigit()):
            key = _odd_key(text)
            text = codes.gtin_text(key) if key else text
        if self._bare_upc_e and len(text) == codes.GTIN_LENGTHS[0] and (full := upc_a(text)):
            return self._without_value(full)
        return self._without_value(codes.gtin(text))

    def _without_value(self, key: int) -> int:
        digits = f"{key:013d}"
        for mask in self._masks:
            if len(digits) == codes.GCN_DIGITS and mask.pattern.match(digits):
                item = digits[: mask.item_digits].ljust(12, "0")
                return int(item) * 10 + codes.check_digit(item)
        return key


PLAIN = GoodsReader()
"""Without masks: every number is its own product."""


def upc_a(digits: str) -> int | None:
    """The key of a UPC-E of 8 digits, of 7 without its check digit, or of 6 without a system.

    None when it is none: another number system than 0 or 1, or a wrong check digit.
    """
    given = digits[7:]
    system, body = ("0", digits) if len(digits) == _UPC_E_LENGTHS[0] else (digits[0], digits[1:7])
    if system not in "01":
        return None
    last = body[5]
    if last in "012":
        eleven = f"{system}{body[:2]}{last}0000{body[2:5]}"
    elif last == "3":
        eleven = f"{system}{body[:3]}00000{body[3:5]}"
    elif last == "4":
        eleven = f"{system}{body[:4]}00000{body[4]}"
    else:
        eleven = f"{system}{body[:5]}0000{last}"
    check = codes.check_digit(eleven)
    if given and int(given) != check:
        return None
    return int(eleven) * 10 + check or None


def _odd_key(text: str) -> int:
    """The key in what is more than digits, or more of them than a GTIN has; 0 without one."""
    text = text.strip()
    if link := _LINK.match(text):
        return int(link[1])
    symbol = _SYMBOL.match(text)
    data = codes.data_of(text)
    if symbol and symbol[1] == "E":
        return _retail_key(data, is_short=symbol[2] == "4")
    carries_elements = symbol is not None and symbol[1] + symbol[2] in _ELEMENT_SYMBOLS
    if data.startswith("(01)") or carries_elements:
        found = _ELEMENTS.match(data) or _BRACKETED.search(data)
        return int(found[1]) if found else 0
    digits = _BETWEEN.sub("", data)
    is_number = len(digits) <= codes.GTIN_DIGITS and digits.isascii() and digits.isdigit()
    return int(digits) if is_number else 0


def _retail_key(data: str, *, is_short: bool) -> int:
    """The key in the data of an EAN or UPC symbol: `]E4` is an EAN-8, `]E3` has an add-on."""
    if not (data.isascii() and data.isdigit()):
        return 0
    if not is_short and len(data) in _UPC_E_LENGTHS:
        return upc_a(data) or int(data)
    if is_short or len(data) <= codes.GTIN_DIGITS:
        return int(data) if len(data) <= codes.GTIN_DIGITS else 0
    return int(data[:13])

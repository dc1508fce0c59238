"""Printed and scanned identifiers: check digits, coupon numbers, list codes, GTINs.

Source: GS1 General Specifications, section 7.9 (check digit), AI (255) for the Global Coupon
Number, section 5.4.3 for the symbology identifiers a scanner puts before its data.
"""

import re
from dataclasses import dataclass

from service.errors import InvalidInput

AI_COUPON = "255"
GCN_DIGITS = 13
SERIAL_DIGITS = 12
LIST_CODE_DIGITS = len(AI_COUPON) + GCN_DIGITS + SERIAL_DIGITS

GTIN_LENGTHS = (8, 12, 13, 14)
GTIN_DIGITS = 14
PLU_LENGTHS = (4, 5)
PLU_MAX = 99_999

# What a scanner may put before a GS1 element string: a symbology identifier and function
# characters, sent as ASCII 29 or, if the scanner is badly configured, as a word in brackets.
_PREFIX = re.compile(r"^(?:\][A-Za-z][0-9])?(?:\x1d|<GS>|<FNC1>)*", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:\x1d|<GS>|<FNC1>)+$", re.IGNORECASE)
_DIGITAL_LINK = re.compile(r"^https?://[^/?#\s]+/(?:[^?#\s]*/)?255/([0-9]+)/?(?:[?#].*)?$", re.I)


@dataclass(frozen=True, slots=True)
class ListCode:
    """The parts of a printed list code: a coupon number of 13 digits and a serial of 12."""

    gcn: str
    serial: str

    def __str__(self) -> str:
        """The 28 digits as stored, and as encoded in the symbol without function characters."""
        return f"{AI_COUPON}{self.gcn}{self.serial}"


def check_digit(digits: str) -> int:
    """The GS1 modulo-10 check digit of `digits`: weights 3 and 1 alternate from the right."""
    _require_digits(digits)
    total = sum(map(int, digits[-1::-2])) * 3 + sum(map(int, digits[-2::-2]))
    return -total % 10


def gcn(prefix12: str) -> str:
    """The 13-digit Global Coupon Number of a 12-digit company prefix and coupon reference.

    Raises InvalidInput if `prefix12` is not 12 digits.
    """
    if len(prefix12) != GCN_DIGITS - 1:
        raise InvalidInput(f"a coupon number starts from 12 digits, not {len(prefix12)}")
    return f"{prefix12}{check_digit(prefix12)}"


def list_code(gcn13: str, serial12: str) -> str:
    """The 28 digits of a list code: AI 255, the coupon number, the serial of the list.

    Raises InvalidInput for a wrong number of digits or a wrong check digit.
    """
    _require_gcn(gcn13)
    _require_digits(serial12)
    if len(serial12) != SERIAL_DIGITS:
        raise InvalidInput(f"a list's serial has 12 digits, not {len(serial12)}")
    return f"{AI_COUPON}{gcn13}{serial12}"


def parse_list_code(text: str) -> ListCode:
    """Read a list code from a scanner or a keyboard.

    Besides the 28 digits it accepts a symbology identifier in front (`]C1`, `]Q3`, ...), function
    characters before and after (ASCII 29, `<GS>`, `<FNC1>`), parentheses around the AI, spaces
    anywhere, and a GS1 Digital Link address with `/255/`. Raises `InvalidInput`, whose text never
    repeats the code, so that codes stay out of logs.
    """
    text = text.strip(" \t\r\n")
    link = _DIGITAL_LINK.match(text)
    if link:
        digits = AI_COUPON + link.group(1)
    else:
        digits = data_of(text).replace(" ", "")
        if digits.startswith(f"({AI_COUPON})"):
            digits = AI_COUPON + digits[len(AI_COUPON) + 2 :]
    _require_digits(digits)
    if len(digits) != LIST_CODE_DIGITS:
        raise InvalidInput(f"a list code has {LIST_CODE_DIGITS} digits, not {len(digits)}")
    if not digits.startswith(AI_COUPON):
        raise InvalidInput(f"a list code starts with {AI_COUPON}")
    number = digits[len(AI_COUPON) : -SERIAL_DIGITS]
    _require_gcn(number)
    return ListCode(gcn=number, serial=digits[-SERIAL_DIGITS:])


def gtin(text: str) -> int:
    """The product key of a scanned or typed number.

    It accepts a GTIN-8, -12, -13 or -14 with a correct check digit, or the PLU of loose produce (4
    or 5 digits). Leading zeros do not matter: a UPC and its EAN-13 form give the same key. A number
    of 8 or more digits whose value is as small as a PLU is refused, so that the two cannot be
    confused. Raises InvalidInput.
    """
    text = text.strip()
    _require_digits(text)
    key = int(text)
    if key == 0:
        raise InvalidInput("a product number is not zero")
    if len(text) in PLU_LENGTHS:
        return key
    if len(text) not in GTIN_LENGTHS:
        raise InvalidInput(f"a product number has 8, 12, 13 or 14 digits (4 or 5), not {len(text)}")
    if key <= PLU_MAX:
        raise InvalidInput("a PLU is written with 4 or 5 digits, not filled up with zeros")
    expected = check_digit(text[:-1])
    if int(text[-1]) != expected:
        raise InvalidInput(f"the check digit is {text[-1]} and should be {expected}")
    return key


def gtin_text(key: int) -> str:
    """A product key as text: 4 or 5 digits for a PLU, else the shortest of 8, 13 and 14."""
    if not 0 < key < 10**14:
        raise InvalidInput("a product key has between 1 and 14 digits")
    if key <= PLU_MAX:
        return f"{key:04d}"
    if key < 10**8:
        return f"{key:08d}"
    return f"{key:013d}"


def data_of(text: str) -> str:
    """What a scanner read, without symbology identifier and function characters around it."""
    return _SUFFIX.sub("", _PREFIX.sub("", text.strip(" \t\r\n")))


def _require_digits(text: str) -> None:
    if not (text.isascii() and text.isdigit()):
        raise InvalidInput("a code consists of the digits 0 to 9")


def _require_gcn(gcn13: str) -> None:
    _require_digits(gcn13)
    if len(gcn13) != GCN_DIGITS:
        raise InvalidInput(f"a coupon number has {GCN_DIGITS} digits, not {len(gcn13)}")
    expected = check_digit(gcn13[:-1])
    if int(gcn13[-1]) != expected:
        raise InvalidInput(f"the coupon number's check digit should be {expected}")

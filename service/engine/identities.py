"""Cards and phones as they are written, printed and scanned: one form for each, and its others.

Source: GS1 General Specifications, AI (8018) for the number of a service relation (GSRN); for
phones Google's libphonenumber.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from service.engine import codes

AI_CARD = "8018"
_GSRN_DIGITS = 18
_UPC_DIGITS = 12
_NOT_CARD = re.compile("[^0-9A-Za-z]")
_NOT_PHONE = re.compile("[^0-9]")
_LINK = re.compile(r"^https?://[^/?#\s]+/(?:[^?#\s]*/)?8018/([0-9]{18})(?:[/?#].*)?$", re.I)
_BRACKETED = re.compile(r"\(8018\)\s*([0-9]{18})")
_BETWEEN = re.compile("\x1d|<GS>|<FNC1>", re.IGNORECASE)
_MOST_CHARACTERS = 64
_POSSIBLE = phonenumbers.ValidationResult.IS_POSSIBLE
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+")
_NOTHING = frozenset(
    ("", "NA", "NAN", "NONE", "NULL", "NIL", "NO", "NOTAVAILABLE", "NOTAPPLICABLE", "UNKNOWN",
     "TBD", "TBA", "X", "XX", "XXX", "XXXX", "DIV0", "REF", "VALUE", "KEINE", "KEIN", "UNBEKANNT",
     "AUCUN", "INCONNU", "NINGUNO", "DESCONOCIDO")
)  # fmt: skip
_PLACEHOLDER = "is a placeholder, not a number"
_FEWEST_ALIKE = 4
_FEWEST_COUNTED = 5
_COUNTED = "01234567890123456789"
# A spreadsheet keeps so many digits of a number.
_EXACT_DIGITS = 15


EMAIL = r'[^@\s<>,;:()\[\]"]{1,64}@[^@\s<>,;:()\[\]"]{1,189}'
"""What an e-mail address is, as a regular expression: whether it exists, only a message tells."""


class Form(NamedTuple):
    """A way to write an identity, without marks.

    `moves`: whoever is known by it may be known by the first form instead from now on. A number
    that could be another country's stays.
    """

    text: str
    moves: bool


def forms(kind: str, value: str, *, country: str) -> tuple[Form, ...]:
    """The forms of a card or phone: the one to store first, then those that may be stored.

    `country` (ISO 3166) is that of phone numbers that name none; empty for none. The last form is
    the value without its marks; a value that reads as nothing else has this one only.
    """
    if kind == "phone":
        plain = _NOT_PHONE.sub("", value)
        others = _phone_forms(value, plain, country) if plain else []
    else:
        plain = _NOT_CARD.sub("", value).upper()
        others = _card_forms(value, plain)
    found = {form.text: form for form in reversed([*others, Form(plain, moves=True)])}
    in_order = dict.fromkeys([form.text for form in others] + [plain])
    if kind == "phone" and plain in found and others and plain != others[0].text:
        found[plain] = Form(plain, moves=not _is_international(plain))
    return tuple([found[text] for text in in_order])


def _card_forms(value: str, plain: str) -> list[Form]:
    value = value.strip()
    if link := _LINK.match(value):
        return _gsrn_forms(link[1])
    data = codes.data_of(value)
    if found := _BRACKETED.match(data):
        return _gsrn_forms(found[1])
    first = _NOT_CARD.sub("", _BETWEEN.split(data)[0]).upper()
    if not first.isdigit():
        # Without an identifier the marks in it are marks that people write.
        whole = _NOT_CARD.sub("", data).upper()
        return [Form(whole, moves=True)] if whole else []
    if len(first) == _GSRN_DIGITS + len(AI_CARD) and first.startswith(AI_CARD):
        number = first[len(AI_CARD) :]
        if _has_check_digit(number):
            return _gsrn_forms(number)
    if len(first) == _GSRN_DIGITS:
        return _gsrn_forms(first)
    if len(first) == _UPC_DIGITS + 1 and first[0] == "0" and _has_check_digit(first):
        first = first[1:]
    if len(first) == _UPC_DIGITS and _has_check_digit(first):
        return [Form(first, moves=True), Form(f"0{first}", moves=True)]
    return [Form(first, moves=True)] if first == plain or data != value else []


def _gsrn_forms(number: str) -> list[Form]:
    return [Form(number, moves=True), Form(AI_CARD + number, moves=True)]


def _has_check_digit(digits: str) -> bool:
    return codes.check_digit(digits[:-1]) == int(digits[-1])


def _phone_forms(value: str, plain: str, country: str) -> list[Form]:
    number = _phone(value[:_MOST_CHARACTERS], plain, country)
    if number is None:
        return []
    national = phonenumbers.national_significant_number(number)
    whole = f"{number.country_code}{national}"
    found = [Form(whole, moves=True), Form(f"00{whole}", moves=True)]
    if country and number.country_code == _calling_code(country):
        dialled = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        for text in dict.fromkeys((_NOT_PHONE.sub("", dialled), national)):
            found.append(Form(text, moves=not _is_international(text)))
    return found


def _phone(value: str, plain: str, country: str) -> PhoneNumber | None:
    """The number: with its country code after + or 00, or else of the country."""
    if value.lstrip().startswith(("+", "\uff0b", "tel:+")):
        return _parsed(value, None)
    if plain.startswith("00") and (number := _parsed(f"+{plain[2:]}", None)):
        return number
    abroad = _parsed(f"+{plain}", None)
    if abroad and country and plain.startswith(str(_calling_code(country))):
        # Its own country's code without the mark before it.
        return abroad if phonenumbers.is_valid_number(abroad) else _parsed(value, country)
    number = _parsed(value, country) if country else None
    if number and phonenumbers.is_valid_number(number):
        return number
    if abroad and (number is None or phonenumbers.is_valid_number(abroad)):
        return abroad
    return number


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _is_international(digits: str) -> bool:
    if digits.startswith("0"):
        return False
    number = _parsed(f"+{digits}", None)
    return number is not None and phonenumbers.is_valid_number(number)


@lru_cache(maxsize=16)
def _calling_code(country: str) -> int:
    return phonenumbers.country_code_for_region(country)


def is_placeholder(value: str) -> bool:
    """Whether a cell says that there is no number: `n/a`, `-`, zeros, one digit over and over."""
    bare = _NOT_CARD.sub("", value).upper()
    digits = bare if bare.isdigit() else ""
    return (
        bare in _NOTHING
        or (len(digits) >= _FEWEST_ALIKE and len(set(digits)) == 1)
        or (len(digits) >= _FEWEST_COUNTED and (digits in _COUNTED or digits in _COUNTED[::-1]))
    )


def is_scientific(value: str) -> bool:
    """Whether a spreadsheet cut a number short, as in `9.52E+17`."""
    return bool(_SCIENTIFIC.fullmatch(value.strip()))


def card_fault(value: str, found: Sequence[Form], pattern: re.Pattern[str] | None) -> str:
    """What is wrong with a card whose forms these are; empty if it is right.

    A card is a GSRN of 18 digits with a right check digit, or matches `pattern`.
    """
    if detail := _no_number(value):
        return detail
    card = found[0].text
    if pattern is not None and (pattern.fullmatch(card) or pattern.fullmatch(value.strip())):
        return ""
    if len(card) != _GSRN_DIGITS or not card.isdigit():
        return "is no card number of 18 digits, nor does it match LARDER_CARD_PATTERN"
    if _has_check_digit(card):
        return ""
    if is_rounded(card):
        return "has lost its last digits in a spreadsheet"
    return "is a card number with a wrong check digit"


def is_rounded(card: str) -> bool:
    """Whether a number ends as one that a spreadsheet rounded to 15 digits."""
    return len(card) > _EXACT_DIGITS and not card[_EXACT_DIGITS:].strip("0")


def phone_fault(value: str, *, country: str) -> str:
    """What is wrong with a phone number; empty if it is one of E.164 or of `country`."""
    if detail := _no_number(value):
        return detail
    number = _phone(value[:_MOST_CHARACTERS], _NOT_PHONE.sub("", value), country)
    if number is None or phonenumbers.is_possible_number_with_reason(number) != _POSSIBLE:
        return "is no telephone number" + ("" if country else " with its country code")
    if is_placeholder(phonenumbers.national_significant_number(number)):
        return _PLACEHOLDER
    return ""


def names_country(value: str) -> bool:
    """Whether a phone number is written with its country's code."""
    return value.lstrip().startswith(("+", "\uff0b", "tel:+", "00"))


def _no_number(value: str) -> str:
    if is_scientific(value):
        return "was cut short by a spreadsheet"
    return _PLACEHOLDER if is_placeholder(value) else ""


def require_country(text: str) -> str:
    """A country that phones have, in capitals; empty for none. Raises ValueError for another."""
    country = text.strip().upper()
    if country and country not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"no country is called {text}")
    return country

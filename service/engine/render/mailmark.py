"""The 4-state Mailmark of the Royal Mail: barcode C of 66 bars and barcode L of 78.

22 or 26 characters say format, version, class, supply chain, item, and the destination's postcode
with its delivery point (Royal Mail Mailmark barcode C, and L, encoding and decoding instructions).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from service.engine.records import Address
from service.engine.render.four_state import Geometry

_SERVED = frozenset({"GB", "JE", "GG", "IM"})
_FORMAT_LETTER, _VERSION = "1", "1"
_ANY_DELIVERY_POINT = "9Z"
"""The delivery point of an address whose own one is not known."""
_ABROAD = "XY11"
_POSTCODE_LENGTH = 9
_ITEMS = 10**8

_INWARD_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"
_CLASSES = "0123456789ABCDE"
_ALPHABETS = {"A": _LETTERS, "L": _INWARD_LETTERS, "N": _DIGITS}
_POSTCODE_FORMS = ("ANANLLNL", "AANNLLNL", "AANNNLLNL", "AANANLLNL", "ANNLLNL", "ANNNLLNL")
"""Postcodes with a delivery point: letters, inward letters, digits. They are numbered in turn."""

_CODEWORD_BITS = 6


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a barcode is built.

    `few` code words hold up to 30 numbers, each of `many` up to 32, and `checks` follow. `places`
    are where the code words stand, in groups of three bars.
    """

    chain_digits: int
    few: int
    many: int
    checks: int
    places: Sequence[int]


_KINDS: Mapping[str, _Kind] = {
    "c": _Kind(
        chain_digits=2, few=9, many=7, checks=6,
        places=(3, 5, 7, 11, 13, 14, 16, 17, 19, 0, 1, 2, 4, 6, 8, 9, 10, 12, 15, 18, 20, 21),
    ),
    "l": _Kind(
        chain_digits=6, few=11, many=8, checks=7,
        places=(
            2, 5, 7, 8, 13, 14, 15, 16, 21, 22, 23, 0, 1, 3, 4, 6, 9, 10, 11, 12, 17, 18, 19, 20,
            24, 25,
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mailmark:
    """The barcode of one supply chain, `kind` "c" or "l"; the chain has 2 or 6 digits."""

    kind: str
    mail_class: str
    supply_chain_id: str

    @property
    def geometry(self) -> Geometry:
        """A bar every 1.2 mm or a bit less, and 2 mm clear around the barcode."""
        groups = len(_KINDS[self.kind].places)
        return Geometry(
            count=3 * groups, pitches=(28, 26), bar=12, tracker=30, reach=44, side=2.0, edge=2.0
        )

    @property
    def serials(self) -> int:
        """Items have eight digits."""
        return _ITEMS

    def content(self, address: Address, serial: int) -> str:
        """Empty for an address outside the Royal Mail's, or without a postcode of its forms."""
        postcode = "".join(address.postcode.upper().split())
        destination = f"{postcode}{_ANY_DELIVERY_POINT}".ljust(_POSTCODE_LENGTH)
        if address.country not in _SERVED or _form_of(destination.rstrip()) is None:
            return ""
        item = f"{serial % _ITEMS:08d}"
        start = f"{_FORMAT_LETTER}{_VERSION}{self.mail_class}"
        return f"{start}{self.supply_chain_id}{item}{destination}"

    def bars(self, content: str) -> str:
        """The bars of its 22 or 26 characters."""
        return encode(content)


def encode(content: str) -> str:
    """The 66 or 78 bars of 22 or 26 characters. Raises ValueError for no such content."""
    kind = next((each for each in _KINDS.values() if len(each.places) == len(content)), None)
    if kind is None or not _is_content(content):
        raise ValueError(f"{content!r} is no content of a 4-state Mailmark")
    numbers = _data_numbers(_number(content, kind), kind)
    numbers += _check_numbers(numbers, kind.checks)
    groups = [0] * len(kind.places)
    for at, (place, number) in enumerate(zip(kind.places, numbers, strict=True)):
        groups[place] = _with_parity(0 if at < kind.few else 1)[number]
    return "".join(
        _state(group, bit, mirrored=place % 2 == 1)
        for place, group in enumerate(groups)
        for bit in (2, 1, 0)
    )


def _is_content(content: str) -> bool:
    destination = content[-_POSTCODE_LENGTH:].rstrip()
    start = re.fullmatch(r"[0-4][1-4][0-9A-E][0-9]+", content[:-_POSTCODE_LENGTH])
    return bool(start) and (destination == _ABROAD or _form_of(destination) is not None)


def _form_of(destination: str) -> int | None:
    """The number of the form that a postcode with its delivery point has; None for another."""
    for number, form in enumerate(_POSTCODE_FORMS):
        if len(form) == len(destination) and all(
            letter in _ALPHABETS[kind] for letter, kind in zip(destination, form, strict=True)
        ):
            return number
    return None


def _number(content: str, kind: _Kind) -> int:
    """All fields as one number."""
    letters, digits = content[:3], content[3:-_POSTCODE_LENGTH]
    chain, item = digits[: kind.chain_digits], digits[kind.chain_digits :]
    number = _destination_number(content[-_POSTCODE_LENGTH:].rstrip())
    number = number * _ITEMS + int(item)
    number = number * int(10**kind.chain_digits) + int(chain)
    number = number * len(_CLASSES) + _CLASSES.index(letters[2])
    return (number * 5 + int(letters[0])) * 4 + int(letters[1]) - 1


def _destination_number(destination: str) -> int:
    """0 for abroad, then the postcodes of each form in turn."""
    if destination == _ABROAD:
        return 0
    form = _form_of(destination)
    assert form is not None
    value = 0
    for letter, alphabet in zip(destination, _POSTCODE_FORMS[form], strict=True):
        value = value * len(_ALPHABETS[alphabet]) + _ALPHABETS[alphabet].index(letter)
    return 1 + sum(map(_size_of, _POSTCODE_FORMS[:form])) + value


def _size_of(form: str) -> int:
    size = 1
    for alphabet in form:
        size *= len(_ALPHABETS[alphabet])
    return size


def _data_numbers(number: int, kind: _Kind) -> list[int]:
    """The number in digits of base 30 and, the least ones, of base 32."""
    digits = []
    for base, count in ((32, kind.many), (30, kind.few)):
        for _ in range(count):
            number, digit = divmod(number, base)
            digits.append(digit)
    return digits[::-1]


def _check_numbers(numbers: Sequence[int], count: int) -> list[int]:
    """Reed-Solomon check numbers over 32 numbers, by the roots a, a^2 and so on."""
    generator = [1]
    for power in range(1, count + 1):
        root = _POWERS[power]
        generator = [
            _multiply(each, root) ^ after
            for each, after in zip([0, *generator], [*generator, 0], strict=True)
        ]
    rest = [0] * count
    for number in numbers:
        factor = number ^ rest[0]
        rest = [
            _multiply(factor, weight) ^ each
            for weight, each in zip(generator[1:], [*rest[1:], 0], strict=True)
        ]
    return rest


def _powers() -> tuple[int, ...]:
    """The powers of a, a root of x^5 + x^2 + 1."""
    powers = [1]
    while len(powers) < 31:
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0x25 if doubled & 32 else doubled)
    return tuple(powers)


_POWERS = _powers()
_LOGARITHMS = {power: place for place, power in enumerate(_POWERS)}


def _multiply(one: int, other: int) -> int:
    if not one or not other:
        return 0
    return _POWERS[(_LOGARITHMS[one] + _LOGARITHMS[other]) % len(_POWERS)]


@cache
def _with_parity(parity: int) -> tuple[int, ...]:
    """Groups of six bits with an even or odd number of ones; not 0 and not 63, which have no edge.

    They are in rising order.
    """
    return tuple(
        group
        for group in range(2**_CODEWORD_BITS)
        if group.bit_count() % 2 == parity and group not in (0, 2**_CODEWORD_BITS - 1)
    )


def _state(group: int, bit: int, *, mirrored: bool) -> str:
    """The state of one of a group's three bars: its high bits reach up, in every second down."""
    high, low = group >> (bit + 3) & 1, group >> bit & 1
    up, down = (low, high) if mirrored else (high, low)
    return "TDAF"[2 * up + down]

"""The Intelligent Mail barcode of the United States Postal Service (USPS-B-3200).

65 bars carry a tracking code of 20 digits and a routing code of 0, 5, 9 or 11, with a check
sequence of 11 bits spread over ten characters of 13 bits.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import itemgetter

from service.engine.records import Address
from service.engine.render.four_state import Geometry

_SERVED = frozenset({"US", "PR", "VI", "GU", "AS", "MP", "FM", "MH", "PW"})
_CONTENT = re.compile(r"[0-9][0-4][0-9]{18}(?:[0-9]{5}(?:[0-9]{4}(?:[0-9]{2})?)?)?")
_TRACKING_DIGITS = 20
_SHORTER_ROUTINGS = {0: 0, 5: 1, 9: 1 + 10**5, 11: 1 + 10**5 + 10**9}
"""What is added to a routing code of each length: how many codes are shorter."""
_POLYNOMIAL, _PRESET = 0xF35, 0x7FF
_MESSAGE_BITS, _WHOLE_BYTES_BITS = 102, 96
_CHARACTER_BITS = 13
_FULL_CHARACTER = 2**_CHARACTER_BITS - 1
_FIVES, _TWOS = 1287, 78
_BASE = _FIVES + _TWOS
_FIRST, _LAST = 659, 636

_BARS = """
E3/H2 A0/B10 C8/J12 G11/F5 D1/I9 F12/A1 B8/C5 J11/E4 I10/G3 H6/D9 B4/F11 C12/I5 A2/J10
G7/H1 E9/D6 I6/A3 C7/G4 J9/B1 F2/H10 D8/E0 A4/G2 B0/I11 D12/J8 H7/C6 E10/F1 G9/B12
I0/H3 J7/F8 C10/E6 A5/D4 F7/I4 B9/H11 J6/G0 E8/A6 D2/C1 I12/F9 G1/E11 H4/J5 B2/D3
C0/A7 E1/B3 D5/G10 J4/I7 F6/C11 H12/A8 I1/E2 D0/F10 A9/J3 C4/G5 B7/H8 E5/F0 A10/C3
J2/G12 B6/D11 H9/I8 A11/F4 C2/B5 E12/J1 G6/I3 D7/H0 H5/E7 B11/A12 J0/C9 F3/G8 I2/D10
"""
"""Of each bar the bit by which it reaches up and that by which it reaches down: characters A to J,
bits from the least one on (USPS-B-3200, the table from bars to characters)."""


_Choice = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class IntelligentMail:
    """The barcode of one mailer: what stays the same on all of its letters.

    A mailer id has 6 digits and leaves 9 for the serial, or it has 9 and leaves 6.
    """

    barcode_id: str
    service_type: str
    mailer_id: str

    @property
    def geometry(self) -> Geometry:
        """21 or 23 bars an inch; what stays clear is what the DMM (202) asks in windows."""
        return Geometry(
            count=65, pitches=(28, 26), bar=12, tracker=26, reach=26, side=3.175, edge=0.72
        )

    @property
    def serials(self) -> int:
        """What the digits hold that the mailer id leaves."""
        return int(10 ** (15 - len(self.mailer_id)))

    def content(self, address: Address, serial: int) -> str:
        """Tracking code and ZIP; empty for an address that has no ZIP of 5 or 9 digits."""
        routing = address.postcode.replace("-", "").replace(" ", "")
        if address.country not in _SERVED or not re.fullmatch(r"[0-9]{5}(?:[0-9]{4})?", routing):
            return ""
        number = str(serial % self.serials).zfill(15 - len(self.mailer_id))
        return f"{self.barcode_id}{self.service_type}{self.mailer_id}{number}{routing}"

    def bars(self, content: str) -> str:
        """The bars of a tracking code of 20 digits and the routing code after it."""
        return encode(content)


def encode(content: str) -> str:
    """The 65 bars of a tracking code and a routing code. Raises ValueError for no such content."""
    if not _CONTENT.fullmatch(content):
        raise ValueError(f"{content!r} is no tracking code with a routing code of 0, 5, 9 or 11")
    message = _number(content[:_TRACKING_DIGITS], content[_TRACKING_DIGITS:])
    check = _check_sequence(message)
    bits = "".join([f"{each:0{_CHARACTER_BITS}b}" for each in _characters(message, check)])
    up, down = _bar_bits()
    return "".join(map(_STATES.__getitem__, zip(up(bits), down(bits), strict=True)))


_STATES = {("0", "0"): "T", ("1", "0"): "A", ("0", "1"): "D", ("1", "1"): "F"}


def _number(tracking: str, routing: str) -> int:
    """Both codes as one number; the second digit of the tracking code counts to 4 only."""
    number = int(routing or "0") + _SHORTER_ROUTINGS[len(routing)]
    number = (number * 10 + int(tracking[0])) * 5 + int(tracking[1])
    return int(number * 10**18 + int(tracking[2:]))


def _check_sequence(message: int) -> int:
    """The remainder of the message by the polynomial, the most significant bit first.

    The bits before whole bytes are taken one by one.
    """
    check = _shift(_PRESET, message >> _WHOLE_BYTES_BITS, _MESSAGE_BITS - _WHOLE_BYTES_BITS)
    table = _check_table()
    for byte in (message & 2**_WHOLE_BYTES_BITS - 1).to_bytes(_WHOLE_BYTES_BITS // 8, "big"):
        check = table[check >> 3 ^ byte] ^ (check << 8 & _PRESET)
    return check


def _shift(check: int, bits: int, count: int) -> int:
    """The check sequence after that many more bits."""
    for place in reversed(range(count)):
        out = check >> 10 ^ (bits >> place & 1)
        check = check << 1 & _PRESET ^ (_POLYNOMIAL & _PRESET if out else 0)
    return check


@cache
def _check_table() -> tuple[int, ...]:
    """What each byte adds to the check sequence."""
    return tuple(_shift(0, byte, 8) for byte in range(256))


def _characters(message: int, check: int) -> list[int]:
    """Ten characters: code words of the message, some of them inverted by the check sequence."""
    message, word = divmod(message, _LAST)
    words = [2 * word]
    for _ in range(8):
        message, word = divmod(message, _BASE)
        words.append(word)
    words.append(message + (_FIRST if check >> 10 else 0))
    table = _character_table()
    return [
        table[word] ^ (_FULL_CHARACTER if check >> place & 1 else 0)
        for place, word in enumerate(reversed(words))
    ]


@cache
def _character_table() -> tuple[int, ...]:
    """All characters with five bits, then all with two; each before its mirror image."""
    return (*_with_bits(5), *_with_bits(2))


def _with_bits(count: int) -> list[int]:
    """Pairs of a character and its mirror image in rising order; symmetric ones last, falling."""
    pairs: list[int] = []
    symmetric: list[int] = []
    for character in range(2**_CHARACTER_BITS):
        if character.bit_count() != count:
            continue
        mirrored = int(f"{character:0{_CHARACTER_BITS}b}"[::-1], 2)
        if mirrored == character:
            symmetric.append(character)
        elif mirrored > character:
            pairs += (character, mirrored)
    return pairs + symmetric[::-1]


@cache
def _bar_bits() -> tuple[_Choice, _Choice]:
    """Take from all bits, character by character, those that reach up and those that reach down."""
    halves = zip(*(bar.split("/") for bar in _BARS.split()), strict=True)
    up, down = (itemgetter(*map(_place, bits)) for bits in halves)
    return up, down


def _place(bit: str) -> int:
    """Where a bit such as `C8` stands when characters are written in binary digits."""
    character, number = ord(bit[0]) - ord("A"), int(bit[1:])
    return _CHARACTER_BITS * (character + 1) - 1 - number

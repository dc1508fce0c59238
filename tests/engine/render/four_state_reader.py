"""Reads postal barcodes from pixels, and what they say from their bars, by the specifications.

Nothing here comes from the encoders: the bars' places are those of USPS-B-3200, appendix D,
table IV (the reverse of the one that the encoder has), and checks are evaluated.
"""

from itertools import combinations
from typing import Any

import numpy as np

_LEAST_BARS = 60


def read_bars(image: Any) -> str:
    """The states of the only row of evenly spaced bars on a grey page, from its pixels."""
    dark = image.reshape(image.shape[0], image.shape[1]) < 128
    rows = [row for row in range(dark.shape[0]) if len(_bars_of(dark[row])[0])]
    assert rows, "there is no row of bars"
    assert rows == list(range(rows[0], rows[-1] + 1)), "there is more than one row of bars"
    starts, ends = _bars_of(dark[(rows[0] + rows[-1]) // 2])
    reach = (rows[-1] - rows[0] + 1) / 2
    states = ""
    for middle in (starts + ends) // 2:
        up, down = rows[0], rows[-1]
        while dark[up - 1, middle]:
            up -= 1
        while dark[down + 1, middle]:
            down += 1
        states += "TDAF"[2 * (rows[0] - up > reach) + (down - rows[-1] > reach)]
    return states


def _runs(row: Any) -> tuple[Any, Any]:
    """Where dark runs of a row of pixels start and end."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], row, [False])).astype(np.int8)))
    return edges[::2], edges[1::2]


def _bars_of(row: Any) -> tuple[Any, Any]:
    """The runs of a row that stand evenly and are as wide as each other, if they are many."""
    starts, ends = _runs(row)
    none = starts[:0], ends[:0]
    if len(starts) < _LEAST_BARS:
        return none
    pitches, widths = np.diff(starts + ends) / 2, ends - starts
    is_next = (np.abs(pitches - np.median(pitches)) <= 1.5) & (np.abs(np.diff(widths)) <= 2)
    firsts, lasts = _runs(is_next)
    if not len(firsts):
        return none
    longest = int(np.argmax(lasts - firsts))
    bars = slice(firsts[longest], lasts[longest] + 1)
    return (starts[bars], ends[bars]) if lasts[longest] - firsts[longest] >= _LEAST_BARS else none


_TABLE_IV = (
    67, 6, 78, 16, 86, 95, 34, 40, 45, 113, 117, 121, 62, 87, 18, 104, 41, 76, 57, 119, 115, 72, 97,
    2, 127, 26, 105, 35, 122, 52, 114, 7, 24, 82, 68, 63, 94, 44, 77, 112, 70, 100, 39, 30, 107,
    15, 125, 85, 10, 65, 54, 88, 20, 106, 46, 66, 8, 116, 29, 61, 99, 80, 90, 37, 123, 51, 25, 84,
    129, 56, 4, 109, 96, 28, 36, 47, 11, 71, 33, 102, 21, 9, 17, 49, 124, 79, 64, 91, 42, 69, 53,
    60, 14, 1, 27, 103, 126, 75, 89, 50, 120, 19, 32, 110, 92, 111, 130, 59, 31, 12, 81, 43, 55,
    5, 74, 22, 101, 128, 58, 118, 48, 108, 38, 98, 93, 23, 83, 13, 73, 3,
)  # fmt: skip
"""Of each bit of the ten characters the half of a bar: 1 to 65 reach down, from 66 on up."""


def decode_intelligent_mail(bars: str) -> str:
    """The digits of 65 bars; raises AssertionError where the check sequence does not hold."""
    halves = [state in "DF" for state in bars] + [state in "AF" for state in bars]
    characters = [
        sum(halves[_TABLE_IV[13 * place + bit] - 1] << bit for bit in range(13))
        for place in range(10)
    ]
    check, words = 0, []
    for place, character in enumerate(characters):
        if character.bit_count() in (8, 11):
            character ^= 0x1FFF
            check |= 1 << place
        words.append(_WORDS[character])
    if words[0] >= 659:
        words[0] -= 659
        check |= 1 << 10
    assert words[9] % 2 == 0
    message = words[0]
    for word in words[1:9]:
        message = message * 1365 + word
    message = message * 636 + words[9] // 2
    assert _remainder(message) == check, "the check sequence does not hold"
    digits = ""
    for base in (10,) * 18 + (5, 10):
        message, digit = divmod(message, base)
        digits = f"{digit}{digits}"
    for length in (11, 9, 5):
        shorter = sum(10**each for each in (0, 5, 9) if each < length)
        if message >= shorter:
            return f"{digits}{message - shorter:0{length}d}"
    return digits


def _remainder(message: int) -> int:
    """By division: a register that begins with ones is the message with its first 11 bits inverted.

    The polynomial has degree 11.
    """
    rest = (message ^ 0x7FF << 91) << 11
    while rest.bit_length() > 11:
        rest ^= 0xF35 << (rest.bit_length() - 12)
    return rest


def _words() -> dict[int, int]:
    """The code word of each character: mirror images side by side, symmetric ones last."""
    words: dict[int, int] = {}
    for count, first, last in ((5, 0, 1286), (2, 1287, 1364)):
        for character in sorted(
            sum(1 << bit for bit in bits) for bits in combinations(range(13), count)
        ):
            mirrored = sum(1 << (12 - bit) for bit in range(13) if character >> bit & 1)
            if character == mirrored:
                words[character] = last
                last -= 1
            elif character not in words:
                words[character], words[mirrored] = first, first + 1
                first += 2
    return words


_WORDS = _words()


_EVEN = tuple(n for n in range(1, 63) if n.bit_count() % 2 == 0)
_ODD = tuple(n for n in range(1, 63) if n.bit_count() % 2)
_EXTENDERS = {
    66: (9, 6, (3, 5, 7, 11, 13, 14, 16, 17, 19, 0, 1, 2, 4, 6, 8, 9, 10, 12, 15, 18, 20, 21)),
    78: (
        11, 7, (2, 5, 7, 8, 13, 14, 15, 16, 21, 22, 23, 0, 1, 3, 4, 6, 9, 10, 11, 12, 17, 18, 19,
                20, 24, 25),
    ),
}  # fmt: skip
_FORMS = ("ANANLLNL", "AANNLLNL", "AANNNLLNL", "AANANLLNL", "ANNLLNL", "ANNNLLNL")
_ALPHABETS = {"A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "L": "ABDEFGHJLNPQRSTUWXYZ", "N": "0123456789"}


def decode_mailmark(bars: str) -> str:
    """The characters of 66 or 78 bars; raises AssertionError where a check does not hold."""
    few, checks, places = _EXTENDERS[len(bars)]
    numbers = []
    for at, place in enumerate(places):
        up = "".join("1" if state in "AF" else "0" for state in bars[3 * place : 3 * place + 3])
        down = "".join("1" if state in "DF" else "0" for state in bars[3 * place : 3 * place + 3])
        group = int(down + up if place % 2 else up + down, 2)
        numbers.append((_EVEN if at < few else _ODD).index(group))
    for power in range(1, checks + 1):
        assert _evaluate(numbers, power) == 0, f"check {power} does not hold"
    value = 0
    for at, number in enumerate(numbers[:-checks]):
        value = value * (30 if at < few else 32) + number
    value, version = divmod(value, 4)
    value, form = divmod(value, 5)
    value, mail_class = divmod(value, 15)
    value, chain = divmod(value, 100 if few == 9 else 10**6)
    destination, item = divmod(value, 10**8)
    return (
        f"{form}{version + 1}{mail_class:X}{chain:0{2 if few == 9 else 6}d}{item:08d}"
        f"{_postcode(destination):9}"
    )


def _postcode(number: int) -> str:
    if number == 0:
        return "XY11"
    number -= 1
    for form in _FORMS:
        size = 1
        for kind in form:
            size *= len(_ALPHABETS[kind])
        if number < size:
            text = ""
            for kind in reversed(form):
                number, letter = divmod(number, len(_ALPHABETS[kind]))
                text = _ALPHABETS[kind][letter] + text
            return text
        number -= size
    raise AssertionError("no postcode has this number")


def _evaluate(numbers: list[int], power: int) -> int:
    """The polynomial of the numbers at a^power, over 32 numbers, a being a root of x^5+x^2+1."""
    root = 1
    for _ in range(power):
        root = _times(root, 2)
    value = 0
    for number in numbers:
        value = _times(value, root) ^ number
    return value


def _times(one: int, other: int) -> int:
    product = 0
    for bit in range(5):
        if other >> bit & 1:
            product ^= one << bit
    for bit in (8, 7, 6, 5):
        if product >> bit & 1:
            product ^= 0b100101 << (bit - 5)
    return product

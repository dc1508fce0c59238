"""GTINs as spreadsheets leave them: without their leading zeros, or as 1.23E+11."""

import re
from decimal import Decimal
from functools import lru_cache

from service.engine import codes
from service.errors import InvalidInput
from service.files.cell import Cell

_BETWEEN = re.compile(r"[;,|/\n\r\t]+")
_DIGITS = re.compile("[0-9]+")
_TIDY = re.compile("[0-9]+(?:[;,|] ?[0-9]+)*+")
_BLANKS = re.compile(r"[\s\u00a0\u202f\u200b-]+")
_FLOAT = re.compile(r"^(\d+)(?:[.,](\d+))?[eE]\+?(\d{1,3})$")
_WHOLE = re.compile(r"^(\d+)[.,]0+$")
_AS_TEXT = "format the column as text and type the numbers again"


def read_gtins(text: str) -> Cell:
    """Read the GTINs of a cell, in order, each with a valid check digit.

    Leading zeros that a spreadsheet dropped change neither the number nor its check digit, so a
    shorter number with a valid one is accepted, with a note. Digits lost to 1.23E+11 are refused.
    """
    found: list[int] = []
    notes: list[str] = []
    for cell in map(read_gtin, _words(text)):
        if cell.detail:
            return cell
        found.append(cell.value)
        if cell.note:
            notes.append(cell.note)
    return Cell(tuple(found), "", "", "; ".join(notes[:3]))


class GtinReader:
    """Reads cells as `read_gtins` does; remembers GTINs that were written as plain digits."""

    def __init__(self) -> None:
        self._plain: dict[str, int] = {}

    def read(self, text: str) -> Cell:
        """Read the GTINs of a cell."""
        words = text.split(";")
        plain = self._plain
        try:
            return Cell(tuple([plain[word] for word in words]))
        except KeyError:
            cell = read_gtins(text)
        if not cell.detail and not cell.note and len(cell.value) == len(words):
            plain.update(
                (word, value)
                for word, value in zip(words, cell.value, strict=True)
                if word.isascii() and word.isdigit()
            )
        return cell


def _words(text: str) -> list[str]:
    if _TIDY.fullmatch(text):
        return _DIGITS.findall(text)
    # The comma of 1,23E+11 does not separate GTINs.
    whole = re.sub(r"(\d),(\d+[eE])", r"\1.\2", text)
    parts = (part.strip().strip("'\"") for part in _BETWEEN.split(whole))
    return [word for part in parts for word in _numbers_in(part)]


def _numbers_in(part: str) -> list[str]:
    """A part is one number written in groups, or several with blanks between."""
    joined = _BLANKS.sub("", part)
    if not joined:
        return []
    words = part.split()
    if len(words) > 1 and all(len(_BLANKS.sub("", word)) >= 8 for word in words):
        return words
    return [joined]


@lru_cache(maxsize=1 << 17)
def read_gtin(word: str) -> Cell:
    """Read one GTIN or PLU as its number."""
    digits = word
    if spread := _FLOAT.match(word):
        whole, rest, power = spread[1], spread[2] or "", int(spread[3])
        if power > len(rest) or power > 20:
            detail = f"{word!r} has lost its last digits"
            return Cell(None, detail, _AS_TEXT)
        digits = str(int(Decimal(f"{whole}.{rest or 0}").scaleb(power)))
    elif plain := _WHOLE.match(word):
        digits = plain[1]
    if not (digits.isascii() and digits.isdigit()):
        return Cell(None, f"{word[:30]!r} is not a GTIN", "write digits, with ; between")
    if 5 < len(digits) < 14 and len(digits) not in codes.GTIN_LENGTHS:
        return _with_zeros(word, digits)
    try:
        return Cell(codes.gtin(digits))
    except InvalidInput as error:
        return Cell(None, f"{word[:30]!r} is not a GTIN: {error.detail}", "look it up again")


def _with_zeros(word: str, digits: str) -> Cell:
    length = next(each for each in codes.GTIN_LENGTHS if each > len(digits))
    padded = digits.zfill(length)
    try:
        value = codes.gtin(padded)
    except InvalidInput:
        detail = f"{word[:30]!r} has {len(digits)} digits, and is no GTIN without its leading zeros"
        return Cell(None, detail, _AS_TEXT)
    return Cell(value, note=f"{word} lost its leading zeros and was read as {padded}")

"""The machine-readable symbol of a list, as black modules on a grid.

The 28 digits of a list code are encoded in one of five symbologies: GS1-128 and Code 128 with the
character table of python-barcode, the others by zxing-cpp. A symbol is drawn as rectangles; the
origin is its lower left corner, and a module is one unit wide. The bars of a linear symbol are one
unit high.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from operator import getitem, mul
from typing import NamedTuple

import numpy as np
import zxingcpp
from barcode.charsets import code128

from service.engine.codes import (
    AI_COUPON,
    LIST_CODE_DIGITS,
    SERIAL_DIGITS,
    check_digit,
    parse_list_code,
)
from service.errors import InvalidInput, Problem

DOT_PT = 72 / 600
"""One printer dot at 600 dpi, in points. An even number of dots is whole at 300 dpi too."""


class SymbolProfile(StrEnum):
    """The kind of symbol that encodes the list code."""

    GS1_128 = "gs1_128"
    CODE128 = "code128"
    EAN13 = "ean13"
    QR = "qr"
    DATABAR_EXPANDED = "databar_expanded"


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a symbology is drawn.

    `dots` is the width of a module in dots at 600 dpi. `quiet` is the quiet zones before and after,
    in modules. `matrix` is True for a two-dimensional symbol.
    """

    dots: int
    quiet: tuple[int, int]
    matrix: bool


GEOMETRY = {
    SymbolProfile.GS1_128: Geometry(dots=8, quiet=(10, 10), matrix=False),
    SymbolProfile.CODE128: Geometry(dots=8, quiet=(10, 10), matrix=False),
    SymbolProfile.EAN13: Geometry(dots=8, quiet=(11, 7), matrix=False),
    SymbolProfile.QR: Geometry(dots=14, quiet=(4, 4), matrix=True),
    SymbolProfile.DATABAR_EXPANDED: Geometry(dots=8, quiet=(1, 1), matrix=False),
}
"""Quiet zones as in GS1 General Specifications 5.4.2 (GS1-128), 5.2.3.4 (EAN-13) and ISO 18004
(QR). DataBar needs none, but with one module nothing touches it. 8 dots are 0.339 mm."""


class Symbol(NamedTuple):
    """A symbol of `width` x `height` modules, without quiet zones.

    `data` is what a scanner reads, `human` the text below the symbol. `shared` draws the modules
    that are the same in many symbols, `own` the others.
    """

    data: str
    human: str
    width: int
    height: int
    shared: bytes
    own: bytes

    @property
    def ops(self) -> bytes:
        """Operators that draw all modules."""
        return b"%b %b" % (self.shared, self.own) if self.shared else self.own


def make_symbol(list_code: str, profile: SymbolProfile, *, resolver: str) -> Symbol:
    """Encode a list code. `resolver` is the address that the Digital Link in a QR code starts with.

    `ean13` encodes only the 12-digit serial and its check digit. Raises InvalidInput for a serial
    that does not start with 2, the range of in-store numbers.
    """
    digits = _digits(list_code)
    human = f"({AI_COUPON}){digits[len(AI_COUPON) :]}"
    if profile is SymbolProfile.GS1_128:
        return _code128(digits, fnc1=True, human=human)
    if profile is SymbolProfile.CODE128:
        return _code128(digits, fnc1=False, human=digits)
    if profile is SymbolProfile.EAN13:
        serial = digits[-SERIAL_DIGITS:]
        if not serial.startswith("2"):
            raise InvalidInput(
                "an EAN-13 symbol needs a serial in the in-store range",
                [Problem("symbol", "the serial does not start with 2", "use gs1_128")],
            )
        data = f"{serial}{check_digit(serial)}"
        return _write_with_zxing(data, zxingcpp.BarcodeFormat.EAN13, human=data, data=data)
    if profile is SymbolProfile.QR:
        link = f"{resolver.rstrip('/')}/{AI_COUPON}/{digits[len(AI_COUPON) :]}"
        return _write_with_zxing(link, zxingcpp.BarcodeFormat.QRCode, human=human, data=link)
    return _write_with_zxing(human, zxingcpp.BarcodeFormat.DataBarExp, human=human, data=digits)


def _digits(list_code: str) -> str:
    """The 28 digits of a code. The part that all codes of a retailer share is checked once."""
    serial = list_code[-SERIAL_DIGITS:]
    if len(list_code) == LIST_CODE_DIGITS and serial.isascii() and serial.isdigit():
        _check(list_code[:-SERIAL_DIGITS])
        return list_code
    return str(parse_list_code(list_code))


@lru_cache(maxsize=64)
def _check(start: str) -> None:
    parse_list_code(f"{start}{'0' * SERIAL_DIGITS}")


def _code128(digits: str, *, fnc1: bool, human: str) -> Symbol:
    """Encode an even number of digits in code set C; `fnc1` makes it a GS1-128 symbol."""
    shared_part = _shared_part(digits[:-SERIAL_DIGITS], fnc1)
    values = [*map(int, map(digits.__getitem__, _SERIAL_PAIRS))]
    total = shared_part.total + sum(map(mul, values, shared_part.places))
    values.append(total % 103)
    own = b" ".join(map(getitem, shared_part.tables, values))
    return Symbol(digits, human, shared_part.width, 1, shared_part.ops, own)


class _SharedPart(NamedTuple):
    """What all codes of one coupon number share.

    `ops` draw the bars before the serial and after the check character. `total` is the check sum up
    to the serial. `places` are the positions of the serial's characters and the check character;
    `tables` has, for each of these, the bars of every character. `width` is in modules.
    """

    ops: bytes
    total: int
    places: Sequence[int]
    tables: Sequence[Sequence[bytes]]
    width: int


@lru_cache(maxsize=64)
def _shared_part(digits: str, fnc1: bool) -> _SharedPart:
    values = [_START, _FNC1] if fnc1 else [_START]
    values += [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    places = range(len(values), len(values) + len(_SERIAL_PAIRS) + 1)
    end = _CHARACTER * places.stop
    bars = [_characters(place)[value] for place, value in enumerate(values)]
    bars.append(_rectangles(_STOP, x=end, y=0))
    return _SharedPart(
        ops=b" ".join(bars),
        total=_START + sum(map(mul, values, range(len(values)))),
        places=places,
        tables=tuple(map(_characters, places)),
        width=end + len(_STOP),
    )


_START = code128.START_CODES["C"]
_FNC1 = code128.C["\xf1"]
_STOP = code128.STOP + "11"
_CHARACTER = 11
_SERIAL_PAIRS = tuple(
    slice(at, at + 2) for at in range(LIST_CODE_DIGITS - SERIAL_DIGITS, LIST_CODE_DIGITS, 2)
)


@cache
def _characters(place: int) -> tuple[bytes, ...]:
    """The bars of every character at this position."""
    return tuple(_rectangles(modules, x=_CHARACTER * place, y=0) for modules in code128.CODES)


def _write_with_zxing(
    content: str, kind: zxingcpp.BarcodeFormat, *, human: str, data: str
) -> Symbol:
    """Encode with zxing-cpp. A linear symbol is the first row of the picture it returns."""
    made = zxingcpp.create_barcode(content, kind)
    image = np.array(zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False))
    dark = image < 128
    rows = dark if kind == zxingcpp.BarcodeFormat.QRCode else dark[:1]
    ops = [
        _rectangles("".join("1" if module else "0" for module in row), x=0, y=len(rows) - place)
        for place, row in enumerate(rows, 1)
    ]
    return Symbol(data, human, dark.shape[1], len(rows), b"", b" ".join(ops))


def _rectangles(modules: str, *, x: int, y: int) -> bytes:
    """One rectangle for each run of black modules."""
    ops: list[bytes] = []
    at = 0
    while (at := modules.find("1", at)) >= 0:
        end = modules.find("0", at)
        end = len(modules) if end < 0 else end
        ops.append(b"%d %d %d 1 re" % (x + at, y, end - at))
        at = end
    return b" ".join(ops)

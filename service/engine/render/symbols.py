"""The machine-readable symbol of a list, as black modules on a grid.

The 28 digits of a list code go into one of five symbologies. GS1-128 and Code 128 are built
from python-barcode's character table, the others by zxing-cpp's writer. A pattern is a tuple of
rows of black runs, in modules; a linear symbol has one row.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import zxingcpp
from barcode.charsets import code128

from service.engine.codes import AI_COUPON, check_digit, parse_list_code
from service.errors import InvalidInput, Problem

DOT_PT = 72 / 600
"""One printer dot at 600 dpi. Even numbers of dots are whole dots at 300 dpi too."""


class SymbolProfile(StrEnum):
    """Which symbol carries the list code."""

    GS1_128 = "gs1_128"
    CODE128 = "code128"
    EAN13 = "ean13"
    QR = "qr"
    DATABAR_EXPANDED = "databar_expanded"


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a symbology is drawn: module in dots at 600 dpi, quiet zones in modules, rows square."""

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
"""Quiet zones after GS1 General Specifications 5.4.2 (GS1-128), 5.2.3.4 (EAN-13) and ISO 18004
(QR). DataBar needs none; one module keeps print from touching it. 8 dots are 0.339 mm."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol without its quiet zones. `rows` holds (first module, modules) runs of black."""

    data: str
    human: str
    width: int
    rows: tuple[tuple[tuple[int, int], ...], ...]


def symbol(list_code: str, profile: SymbolProfile, *, resolver: str) -> Symbol:
    """Encode a list code. `resolver` is the address that a QR Digital Link starts with.

    `ean13` carries the 12-digit serial and its check digit alone, and refuses a serial outside
    the in-store number range 20 to 29.
    """
    code = parse_list_code(list_code)
    digits = f"{AI_COUPON}{code.gcn}{code.serial}"
    human = f"({AI_COUPON}){code.gcn}{code.serial}"
    if profile is SymbolProfile.GS1_128:
        return _linear(_code128(digits, fnc1=True), data=digits, human=human)
    if profile is SymbolProfile.CODE128:
        return _linear(_code128(digits, fnc1=False), data=digits, human=digits)
    if profile is SymbolProfile.EAN13:
        if not code.serial.startswith("2"):
            raise InvalidInput(
                "an EAN-13 symbol needs a serial in the in-store range",
                [Problem("symbol", "the serial does not start with 2", "use gs1_128")],
            )
        data = f"{code.serial}{check_digit(code.serial)}"
        return _written(data, zxingcpp.BarcodeFormat.EAN13, human=data, data=data, rows=1)
    if profile is SymbolProfile.QR:
        link = f"{resolver.rstrip('/')}/{AI_COUPON}/{code.gcn}{code.serial}"
        return _written(link, zxingcpp.BarcodeFormat.QRCode, human=human, data=link, rows=0)
    return _written(human, zxingcpp.BarcodeFormat.DataBarExp, human=human, data=digits, rows=1)


def _code128(digits: str, *, fnc1: bool) -> str:
    """Code set C throughout (an even number of digits), FNC1 after the start for GS1-128."""
    values = [code128.START_CODES["C"]]
    if fnc1:
        values.append(code128.C["\xf1"])
    values += [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    pattern = [code128.CODES[value] for value in (*values, check)]
    return "".join((*pattern, code128.STOP, "11"))


def _linear(modules: str, *, data: str, human: str) -> Symbol:
    return Symbol(data=data, human=human, width=len(modules), rows=(_runs(modules),))


def _runs(modules: str) -> tuple[tuple[int, int], ...]:
    runs: list[tuple[int, int]] = []
    at = 0
    for space in modules.replace("01", "0 1").split(" "):
        black = space.count("1")
        runs.append((at, black))
        at += len(space)
    return tuple(runs)


def _written(
    content: str, kind: zxingcpp.BarcodeFormat, *, human: str, data: str, rows: int
) -> Symbol:
    made = zxingcpp.create_barcode(content, kind)
    image = np.array(zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False))
    dark = image < 128
    lines = dark[:1] if rows == 1 else dark
    patterns = ["".join("1" if module else "0" for module in line) for line in lines]
    return Symbol(
        data=data,
        human=human,
        width=dark.shape[1],
        rows=tuple(_matrix_runs(pattern) for pattern in patterns),
    )


def _matrix_runs(modules: str) -> tuple[tuple[int, int], ...]:
    runs: list[tuple[int, int]] = []
    at = 0
    while (at := modules.find("1", at)) >= 0:
        end = modules.find("0", at)
        end = len(modules) if end < 0 else end
        runs.append((at, end - at))
        at = end
    return tuple(runs)

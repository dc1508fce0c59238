"""The till's code as a picture of the page: a GS1-128 symbol, as on letters."""

import re
from dataclasses import dataclass

from service.engine.render.symbols import GEOMETRY, SymbolProfile, make_symbol

_BAR = re.compile(rb"(\d+) \d+ (\d+) 1 re")
_HEIGHT = 40


@dataclass(frozen=True, slots=True)
class DrawnSymbol:
    """The path of an SVG picture of `width` x `height` modules, and the text below it."""

    path: str
    width: int
    height: int
    text: str


def drawn(list_code: str) -> DrawnSymbol:
    """The symbol of a list code, with its quiet zones."""
    profile = SymbolProfile.GS1_128
    symbol = make_symbol(list_code, profile, resolver="")
    before, after = GEOMETRY[profile].quiet
    bars = [(int(x) + before, int(width)) for x, width in _BAR.findall(symbol.ops)]
    path = "".join(f"M{x} 0h{width}v{_HEIGHT}h-{width}z" for x, width in bars)
    return DrawnSymbol(path, symbol.width + before + after, _HEIGHT, symbol.human)

"""Layout records: what stands where on a sheet, read from plain data.

Positions in the data are millimetres from the top left corner of the page. Everything here keeps
millimetres; the painter turns them into points. `templates/layout.schema.json` describes the
data; `layout_from` reads it and names the element and the key at fault.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.engine.render.phrases import Stationery
from service.engine.render.symbols import SymbolProfile
from service.errors import InvalidInput, Problem

SHEETS_PT = {"a4": (595.2, 841.92), "letter": (612.0, 792.0)}
"""Widths and heights in whole printer dots: A4 is 2480 x 3508 dots at 300 dpi."""
MM = 72 / 25.4
_VARIABLE = re.compile(r"\{(t:)?([a-z_]+)\}")
_ALIGNS = ("left", "right", "centre")


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """How text looks. `chain` lists font names, the later ones for what the first lack."""

    name: str
    chain: tuple[str, ...]
    size_pt: float
    shrink_pt: float
    leading: float
    colour: bytes
    tracking_em: float
    upper: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a template: literal text, a variable, or a phrase of the list's language."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class TextBox:
    """A text of at most `lines` lines. `below` puts it under another text of the same cell.

    `flow` text is meant to wrap (a paragraph): it wraps first and shrinks only then. Other text
    shrinks first, then wraps. `anchor` bottom makes `y` the bottom of the last line.
    """

    id: str
    page: int
    x: float
    y: float
    w: float
    style: Style
    template: tuple[Part, ...]
    lines: int = 1
    align: str = "left"
    flow: bool = False
    role: str = "P"
    below: str = ""
    gap: float = 0.0
    when: str = ""
    """Drawn only when this variable is not empty."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A filled rectangle, or with `stroke_pt` an outlined one: hairlines, bands, tick boxes."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    colour: bytes
    stroke_pt: float = 0.0
    when: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AddressBox:
    """The address block, set upwards from the bottom so that short addresses stand low."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    style: Style


@dataclass(frozen=True, slots=True, eq=False)
class SymbolBox:
    """The room for the symbol with its quiet zones, and the text under it."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    style: Style
    align: str = "left"


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """The parts of one repeated row, positioned from its top left corner."""

    texts: tuple[TextBox, ...]
    rules: tuple[Rule, ...]
    pad: float
    """Space under the lowest text before the next row."""


@dataclass(frozen=True, slots=True, eq=False)
class OfferGrid:
    """Offers in rows of `columns`, read across; rows grow to `row_max` when there is room."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    columns: int
    gutter: float
    row_max: float
    cell: Cell


@dataclass(frozen=True, slots=True, eq=False)
class ShoppingList:
    """Lines grouped by department, down `columns` balanced columns."""

    id: str
    page: int
    x: float
    y: float
    w: float
    h: float
    columns: int
    gutter: float
    department_gap: float
    header: Cell
    reminder: Cell
    offer: Cell | None


Element = TextBox | Rule | AddressBox | SymbolBox | OfferGrid | ShoppingList


@dataclass(frozen=True, slots=True)
class Window:
    """An envelope with a window and the insert that slides in it, in mm.

    The insert may lie anywhere between the left and right, and between the bottom and top of the
    envelope. `panel_top` and `panel_bottom` are the folded panel's edges on the page.
    """

    name: str
    sheet: str
    envelope_w: float
    envelope_h: float
    left: float
    bottom: float
    w: float
    h: float
    panel_top: float
    panel_bottom: float
    insert_w: float
    insert_h: float
    folds: tuple[float, ...]

    def always(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 on the page, from the top left: what shows wherever the insert lies."""
        play_x, play_y = self.envelope_w - self.insert_w, self.envelope_h - self.insert_h
        return (
            self.left,
            self.panel_bottom - (self.bottom + self.h - play_y),
            self.left + self.w - play_x,
            self.panel_bottom - self.bottom,
        )

    def ever(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 on the page, from the top left: what may show in some position."""
        play_x, play_y = self.envelope_w - self.insert_w, self.envelope_h - self.insert_h
        return (
            self.left - play_x,
            self.panel_bottom - (self.bottom + self.h),
            self.left + self.w,
            self.panel_bottom - (self.bottom - play_y),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One list design on one sheet size, ready to be painted."""

    name: str
    title: str
    sheet: str
    pages: int
    duplex: bool
    safe_mm: float
    window: Window | None
    symbol: SymbolProfile
    elements: tuple[Element, ...]
    fonts: tuple[str, ...]
    samples: Mapping[str, Any]
    stationery: Stationery

    @property
    def size_pt(self) -> tuple[float, float]:
        """Width and height of the page in points."""
        return SHEETS_PT[self.sheet]

    @property
    def sheets(self) -> int:
        """Sheets of paper that one piece takes."""
        return -(-self.pages // 2) if self.duplex else self.pages


class _Reader:
    """Takes keys out of one object and complains about what is missing, odd or left over."""

    def __init__(self, data: Mapping[str, Any], where: str) -> None:
        self._left = dict(data)
        self._where = where

    def text(self, key: str, default: str | None = None) -> str:
        return str(self._take(key, str, default))

    def number(self, key: str, default: float | None = None) -> float:
        return float(self._take(key, (int, float), default))

    def whole(self, key: str, default: int | None = None) -> int:
        return int(self._take(key, int, default))

    def flag(self, key: str, default: bool = False) -> bool:
        return bool(self._take(key, bool, default))

    def any(self, key: str, default: Any = None) -> Any:
        return self._take(key, object, default)

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise _wrong(f"{self._where}.{key}", f"is {value!r}", f"use {', '.join(allowed)}")
        return value

    def end(self) -> None:
        if self._left:
            keys = ", ".join(sorted(self._left))
            raise _wrong(self._where, f"has unknown keys: {keys}", "see layout.schema.json")

    def _take(self, key: str, kind: Any, default: Any) -> Any:
        value = self._left.pop(key, default)
        if value is None:
            raise _wrong(f"{self._where}.{key}", "is missing", "see layout.schema.json")
        if not isinstance(value, kind):
            raise _wrong(f"{self._where}.{key}", f"is {value!r}", "see layout.schema.json")
        return value


def _wrong(where: str, detail: str, remedy: str = "") -> InvalidInput:
    problem = Problem(where=where, detail=detail, remedy=remedy)
    return InvalidInput(f"layout: {problem}", [problem])


def layout_from(
    data: Mapping[str, Any], *, windows: Mapping[str, Window], stationery: Stationery
) -> Layout:
    """Read a layout (already merged with the one it extends). Raises `InvalidInput`."""
    top = _Reader(data, str(data.get("name", "layout")))
    top.text("schema")
    colours = {name: _colour(value) for name, value in top.any("colours").items()}
    fonts: dict[str, tuple[str, ...]] = {
        name: tuple(chain) for name, chain in top.any("fonts").items()
    }
    styles = {
        name: _style(name, value, fonts=fonts, colours=colours)
        for name, value in top.any("styles").items()
    }
    kit = _Kit(styles=styles, colours=colours)
    window = top.text("window", "")
    if window and window not in windows:
        raise _wrong("window", f"{window!r} is unknown", f"use {', '.join(sorted(windows))}")
    layout = Layout(
        name=top.text("name"),
        title=top.text("title"),
        sheet=top.choice("sheet", tuple(SHEETS_PT), "a4"),
        pages=top.whole("pages"),
        duplex=top.flag("duplex"),
        safe_mm=top.number("safe_mm", 5),
        window=windows[window] if window else None,
        symbol=SymbolProfile(top.choice("symbol", tuple(SymbolProfile), "gs1_128")),
        elements=tuple(kit.element(item) for item in top.any("elements")),
        fonts=tuple(dict.fromkeys(font for chain in fonts.values() for font in chain)),
        samples=top.any("samples", {}),
        stationery=stationery,
    )
    top.end()
    lacking = sorted(set(layout.fonts) - stationery.faces.keys())
    if lacking:
        raise _wrong("fonts", f"{', '.join(lacking)} not found", "see templates/fonts")
    return layout


def _colour(text: str) -> bytes:
    """A `#rrggbb` colour as a fill operator; greys stay one ink."""
    if not re.fullmatch(r"#[0-9a-f]{6}", text):
        raise _wrong("colours", f"{text!r} is no colour", "write #rrggbb")
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    if red == green == blue:
        return b"%.3g g" % red
    return b"%.3g %.3g %.3g rg" % (red, green, blue)


def _style(
    name: str,
    data: Mapping[str, Any],
    *,
    fonts: Mapping[str, tuple[str, ...]],
    colours: Mapping[str, bytes],
) -> Style:
    read = _Reader(data, f"styles.{name}")
    size = read.number("size_pt")
    style = Style(
        name=name,
        chain=fonts[read.choice("font", tuple(fonts), "")],
        size_pt=size,
        shrink_pt=read.number("shrink_pt", size),
        leading=read.number("leading", 1.2),
        colour=colours[read.choice("colour", tuple(colours), "ink")],
        tracking_em=read.number("tracking_em", 0.0),
        upper=read.flag("upper"),
    )
    read.end()
    return style


@dataclass(frozen=True, slots=True)
class _Kit:
    """What elements refer to by name."""

    styles: Mapping[str, Style]
    colours: Mapping[str, bytes]

    def element(self, data: Mapping[str, Any]) -> Element:
        name = str(data.get("id", "?"))
        read = _Reader(data, name)
        read.text("id")
        kind = read.choice("kind", ("text", "rule", "address", "symbol", "offers", "list"), "")
        made: Element
        if kind == "text":
            made = self._text(read, name)
        elif kind == "rule":
            made = self._rule(read, name)
        elif kind == "address":
            made = AddressBox(name, **_place(read), style=self._style(read))
        elif kind == "symbol":
            align = read.choice("align", _ALIGNS, "left")
            made = SymbolBox(name, **_place(read), style=self._style(read), align=align)
        elif kind == "offers":
            made = OfferGrid(
                name,
                **_place(read),
                columns=read.whole("columns"),
                gutter=read.number("gutter", 0),
                row_max=read.number("row_max"),
                cell=self._cell(read.any("cell"), f"{name}.cell"),
            )
        else:
            offer = read.any("offer", {})
            made = ShoppingList(
                name,
                **_place(read),
                columns=read.whole("columns"),
                gutter=read.number("gutter", 0),
                department_gap=read.number("department_gap"),
                header=self._cell(read.any("header"), f"{name}.header"),
                reminder=self._cell(read.any("reminder"), f"{name}.reminder"),
                offer=self._cell(offer, f"{name}.offer") if offer else None,
            )
        read.end()
        return made

    def _cell(self, data: Mapping[str, Any], where: str) -> Cell:
        read = _Reader(data, where)
        texts: list[TextBox] = []
        rules: list[Rule] = []
        for item in read.any("parts"):
            name = f"{where}.{item.get('id', '?')}"
            part = _Reader(item, name)
            part.text("id")
            if part.choice("kind", ("text", "rule"), "text") == "text":
                texts.append(self._text(part, name))
            else:
                rules.append(self._rule(part, name))
            part.end()
        cell = Cell(texts=tuple(texts), rules=tuple(rules), pad=read.number("pad", 0))
        read.end()
        return cell

    def _style(self, read: _Reader) -> Style:
        return self.styles[read.choice("style", tuple(self.styles), "")]

    def _text(self, read: _Reader, name: str) -> TextBox:
        return TextBox(
            id=name,
            page=read.whole("page", 1),
            x=read.number("x"),
            y=read.number("y", 0),
            w=read.number("w"),
            style=self._style(read),
            template=_template(read.text("text")),
            lines=read.whole("lines", 1),
            align=read.choice("align", _ALIGNS, "left"),
            flow=read.flag("flow"),
            role=read.choice("role", ("P", "H1", "H2", "H3", "Artifact"), "P"),
            below=read.text("below", ""),
            gap=read.number("gap", 0),
            when=read.text("when", ""),
        )

    def _rule(self, read: _Reader, name: str) -> Rule:
        return Rule(
            id=name,
            page=read.whole("page", 1),
            x=read.number("x"),
            y=read.number("y"),
            w=read.number("w"),
            h=read.number("h"),
            colour=self.colours[read.choice("colour", tuple(self.colours), "ink")],
            stroke_pt=read.number("stroke_pt", 0),
            when=read.text("when", ""),
        )


def _place(read: _Reader) -> dict[str, Any]:
    return {
        "page": read.whole("page", 1),
        "x": read.number("x"),
        "y": read.number("y"),
        "w": read.number("w"),
        "h": read.number("h"),
    }


def _template(text: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        if found.start() > at:
            parts.append(Part("literal", text[at : found.start()]))
        parts.append(Part("phrase" if found.group(1) else "variable", found.group(2)))
        at = found.end()
    if at < len(text):
        parts.append(Part("literal", text[at:]))
    return tuple(parts)

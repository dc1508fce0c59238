"""Reads a layout from plain data and says which element and key is at fault.

`templates/layout.schema.json` describes the same data for editors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.engine.render.layout import (
    SHEETS_PT,
    AddressBox,
    Cell,
    Element,
    Layout,
    OfferGrid,
    Part,
    PieceMark,
    Rule,
    ShoppingList,
    Style,
    SymbolBox,
    TextBox,
    Window,
)
from service.engine.render.phrases import Stationery
from service.engine.render.symbols import SymbolProfile
from service.errors import InvalidInput, Problem

_VARIABLE = re.compile(r"\{(t:)?([a-z_]+)\}")
_ALIGNS = ("left", "right", "centre")
_KINDS = ("text", "rule", "address", "symbol", "piece_mark", "offers", "list")
_MARK_PARTS = (("variable", "piece_id"), ("variable", "seq"))


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
        kern=read.flag("kern", True),
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
        kind = read.choice("kind", _KINDS, "")
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
        elif kind == "piece_mark":
            template = _template(read.text("text", "{piece_id}"))
            for part in template:
                if part.kind != "literal" and (part.kind, part.value) not in _MARK_PARTS:
                    raise _wrong(f"{name}.text", f"has {part.value}", "use piece_id or seq")
            made = PieceMark(name, **_place(read), template=template)
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
            offer, blank = read.any("offer", {}), read.any("blank", {})
            made = ShoppingList(
                name,
                **_place(read),
                columns=read.whole("columns"),
                gutter=read.number("gutter", 0),
                department_gap=read.number("department_gap"),
                header=self._cell(read.any("header"), f"{name}.header"),
                reminder=self._cell(read.any("reminder"), f"{name}.reminder"),
                offer=self._cell(offer, f"{name}.offer") if offer else None,
                blank=self._cell(blank, f"{name}.blank") if blank else None,
                blanks=read.whole("blanks", 0),
                over=read.whole("over", 1),
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
            name=name.rsplit(".", 1)[-1],
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

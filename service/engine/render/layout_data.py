"""Build a layout from plain data, with errors that name the element and the key."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, assert_never

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.engine.render.inks import SCREEN, Inks, Rgb, rgb_of
from service.engine.render.layout import (
    AddressBox,
    Element,
    Layout,
    LayoutCell,
    OfferGrid,
    PieceMark,
    PostalBarcodeBox,
    Rule,
    ShoppingListBox,
    Style,
    SymbolBox,
    TemplatePart,
    TextBox,
    Window,
)
from service.engine.render.layout_fields import (
    AddressFields,
    BoxFields,
    CellFields,
    ElementFields,
    LayoutFields,
    ListFields,
    OffersFields,
    PieceMarkFields,
    PostalBarcodeFields,
    RuleFields,
    StyleFields,
    SymbolFields,
    TextFields,
    layout_fields,
)
from service.engine.render.phrases import Stationery
from service.engine.validation import place_of, said_of
from service.errors import InvalidInput, Problem

_VARIABLE = re.compile(r"\{(t:)?([a-z_]+)\}")
_MARK_PARTS = (("variable", "piece_id"), ("variable", "seq"))
_SCHEMA = "see layout.schema.json"
_T = TypeVar("_T")


def layout_from(
    data: Mapping[str, Any],
    *,
    windows: Mapping[str, Window],
    stationery: Stationery,
    inks: Inks = SCREEN,
) -> Layout:
    """Build a layout from data already merged with the layout it extends.

    `inks` are what its colours are printed with.

    Raises `InvalidInput` with all wrong fields, or with the first wrong reference.
    """
    try:
        fields = layout_fields().validate_python(data)
    except ValidationError as error:
        problems = [_problem(each, data) for each in error.errors(include_url=False)]
        raise InvalidInput(f"layout: {problems[0]}", problems) from None
    builder = _Builder(fields, stationery, inks)
    return Layout(
        name=fields.name,
        title=fields.title,
        sheet=fields.sheet,
        pages=fields.pages,
        duplex=fields.duplex,
        safe_mm=fields.safe_mm,
        window=_look_up("window", fields.window, windows) if fields.window else None,
        symbol=fields.symbol,
        elements=tuple(builder.build_element(each) for each in fields.elements),
        fonts=builder.fonts,
        samples=fields.samples,
        stationery=stationery,
        inks=builder.inks,
    )


def _whole_chain(chain: Sequence[str], stationery: Stationery) -> tuple[str, ...]:
    """A chain of fonts, and after it all others for what it lacks, of its own weight first."""
    missing = sorted({*chain} - stationery.faces.keys())
    if missing:
        raise _fault("fonts", f"{', '.join(missing)} not found", "see templates/fonts")
    bold = "bold" in chain[0]
    others = sorted(stationery.faces, key=lambda name: ("bold" in name) != bold)
    return tuple(dict.fromkeys([*chain, *others]))


def _problem(error: ErrorDetails, data: Mapping[str, Any]) -> Problem:
    detail, remedy = said_of(error)
    return Problem(_where(error, data), detail, f"{remedy}; {_SCHEMA}")


def _where(error: ErrorDetails, data: Any) -> str:
    """Where the error is: the path, with ids of elements and parts, or the name of the layout."""
    name = data.get("name", "layout") if isinstance(data, Mapping) else "layout"
    steps, names, value = place_of(error), [str(name)], data
    for number, step in enumerate(steps):
        if isinstance(step, int):
            value = value[step]
            names[-1] = f"{names[-1]}[{step}]"
            if isinstance(value, Mapping) and "id" in value:
                names[-1] = str(value["id"])
        elif number and isinstance(steps[number - 1], int) and step != "kind":
            continue  # Which kind of element it was read as.
        else:
            names.append(step)
            value = value.get(step) if isinstance(value, Mapping) else None
    inside = steps and steps[0] in ("elements", "styles")
    return ".".join(names[1:] if inside else names)


def _fault(where: str, detail: str, remedy: str = "") -> InvalidInput:
    problem = Problem(where=where, detail=detail, remedy=remedy)
    return InvalidInput(f"layout: {problem}", [problem])


def _look_up(where: str, name: str, known: Mapping[str, _T]) -> _T:
    """The thing of this name. Raises `InvalidInput` if the layout refers to an unknown name."""
    if name not in known:
        raise _fault(where, f"is {name!r}", f"use {', '.join(known)}")
    return known[name]


def _colour(name: str, text: str) -> Rgb:
    """A `#rrggbb` colour."""
    if not re.fullmatch(r"#[0-9a-f]{6}", text):
        raise _fault(f"colours.{name}", f"{text!r} is no colour", "write #rrggbb")
    return rgb_of(text)


class _Builder:
    """Builds elements from their fields, and looks up the styles and colours they refer to."""

    def __init__(self, fields: LayoutFields, stationery: Stationery, inks: Inks) -> None:
        self._fonts = {
            name: _whole_chain(chain, stationery) for name, chain in fields.fonts.items()
        }
        self.fonts = tuple(dict.fromkeys(font for chain in self._fonts.values() for font in chain))
        colours = {name: _colour(name, text) for name, text in fields.colours.items()}
        self.inks = inks.tuned(colours)
        self._colours = {name: self.inks.fill(colour) for name, colour in colours.items()}
        self._styles = {name: self._build_style(name, each) for name, each in fields.styles.items()}

    def build_element(self, fields: ElementFields) -> Element:
        """Build the element that the fields describe."""
        match fields:
            case TextFields():
                return self._build_text(fields, fields.id)
            case RuleFields():
                return self._build_rule(fields, fields.id)
            case AddressFields():
                return AddressBox(**_box(fields), style=self._find_style(fields.id, fields.style))
            case SymbolFields():
                style = self._find_style(fields.id, fields.style)
                return SymbolBox(**_box(fields), style=style, align=fields.align)
            case PieceMarkFields():
                return PieceMark(**_box(fields), template=_mark(fields))
            case PostalBarcodeFields():
                return PostalBarcodeBox(**_box(fields))
            case OffersFields():
                return OfferGrid(
                    **_box(fields),
                    columns=fields.columns,
                    gutter=fields.gutter,
                    row_max=fields.row_max,
                    cell=self._build_cell(fields.cell, f"{fields.id}.cell"),
                )
            case ListFields():
                return self._build_list(fields)
            case _:
                assert_never(fields)

    def _build_list(self, fields: ListFields) -> ShoppingListBox:
        name = fields.id
        return ShoppingListBox(
            **_box(fields),
            columns=fields.columns,
            gutter=fields.gutter,
            department_gap=fields.department_gap,
            header=self._build_cell(fields.header, f"{name}.header"),
            reminder=self._build_cell(fields.reminder, f"{name}.reminder"),
            offer=self._build_cell(fields.offer, f"{name}.offer") if fields.offer else None,
            blank=self._build_cell(fields.blank, f"{name}.blank") if fields.blank else None,
            blanks=fields.blanks,
            over=fields.over,
        )

    def _build_cell(self, fields: CellFields, name: str) -> LayoutCell:
        texts: list[TextBox] = []
        rules: list[Rule] = []
        for part in fields.parts:
            match part:
                case TextFields():
                    texts.append(self._build_text(part, f"{name}.{part.id}"))
                case RuleFields():
                    rules.append(self._build_rule(part, f"{name}.{part.id}"))
                case _:
                    assert_never(part)
        return LayoutCell(texts=tuple(texts), rules=tuple(rules), pad=fields.pad)

    def _build_text(self, fields: TextFields, name: str) -> TextBox:
        return TextBox(
            id=name,
            page=fields.page,
            x=fields.x,
            y=fields.y,
            w=fields.w,
            style=self._find_style(name, fields.style),
            template=_template(fields.text),
            lines=fields.lines,
            align=fields.align,
            flow=fields.flow,
            role=fields.role,
            below=fields.below,
            gap=fields.gap,
            when=fields.when,
            name=fields.id,
        )

    def _build_rule(self, fields: RuleFields, name: str) -> Rule:
        return Rule(
            **_box(fields) | {"id": name},
            colour=_look_up(f"{name}.colour", fields.colour, self._colours),
            stroke_pt=fields.stroke_pt,
            when=fields.when,
        )

    def _find_style(self, name: str, style: str) -> Style:
        return _look_up(f"{name}.style", style, self._styles)

    def _build_style(self, name: str, fields: StyleFields) -> Style:
        where = f"styles.{name}"
        return Style(
            name=name,
            chain=_look_up(f"{where}.font", fields.font, self._fonts),
            size_pt=fields.size_pt,
            shrink_pt=fields.size_pt if fields.shrink_pt is None else fields.shrink_pt,
            leading=fields.leading,
            colour=_look_up(f"{where}.colour", fields.colour, self._colours),
            tracking_em=fields.tracking_em,
            upper=fields.upper,
            kern=fields.kern,
        )


def _box(fields: BoxFields) -> dict[str, Any]:
    return {
        "id": fields.id,
        "page": fields.page,
        "x": fields.x,
        "y": fields.y,
        "w": fields.w,
        "h": fields.h,
    }


def _mark(fields: PieceMarkFields) -> tuple[TemplatePart, ...]:
    template = _template(fields.text)
    for part in template:
        if part.kind != "literal" and (part.kind, part.value) not in _MARK_PARTS:
            raise _fault(f"{fields.id}.text", f"has {part.value}", "use piece_id or seq")
    return template


def _template(text: str) -> tuple[TemplatePart, ...]:
    parts: list[TemplatePart] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        if found.start() > at:
            parts.append(TemplatePart("literal", text[at : found.start()]))
        parts.append(TemplatePart("phrase" if found.group(1) else "variable", found.group(2)))
        at = found.end()
    if at < len(text):
        parts.append(TemplatePart("literal", text[at:]))
    return tuple(parts)

"""Boxes of a layout in one language: the forms of its letters, and the side it begins on."""

from collections.abc import Sequence
from dataclasses import replace

from service.engine.render.boxes import AddressBox, PageCode, SymbolBox
from service.engine.render.elements import (
    Element,
    LayoutCell,
    OfferGrid,
    Repeat,
    ShoppingListBox,
    Slot,
)
from service.engine.render.parts import PictureBox, Rule, Style, TextBox
from service.engine.render.scripts import runs_right_to_left

_FORMS = {"ja": ("larder-kanji-regular", "larder-han-regular")}
"""For a language, the font whose forms it is used to, and the font that it goes before."""
_EVEN_MM = 0.1
_OTHER_SIDE = {"left": "right", "right": "left", "centre": "centre"}


def style_in(style: Style, language: str) -> Style:
    """A style with the fonts that a language asks for first."""
    preferred, other = _FORMS.get(language.replace("_", "-").split("-")[0], ("", ""))
    chain = style.chain
    if other not in chain or preferred not in chain:
        return style
    names = [name for name in chain if name != preferred]
    names.insert(names.index(other), preferred)
    return replace(style, chain=tuple(names))


def box_in(box: TextBox, language: str) -> TextBox:
    """A text box of a page in a language. Where that begins on the right, so does its text."""
    if box.style.from_right:
        return box
    style = style_in(box.style, language)
    if runs_right_to_left(language):
        align = "right" if box.align == "left" and box.role != "Artifact" else box.align
        return replace(box, style=replace(style, from_right=True), align=align)
    return box if style is box.style else replace(box, style=style)


def cell_in(cell: LayoutCell, language: str) -> LayoutCell:
    """A repeated row in a language. Where that begins on the right, the row is mirrored."""
    if not runs_right_to_left(language):
        return cell
    parts: list[TextBox | Rule] = [*cell.texts, *cell.rules]
    width = cell.w or max([part.x + part.w for part in parts], default=0.0)
    texts = [
        replace(
            box,
            x=width - box.x - box.w,
            align=_OTHER_SIDE[box.align],
            style=replace(style_in(box.style, language), from_right=True),
        )
        for box in cell.texts
    ]
    rules = [replace(rule, x=width - rule.x - rule.w) for rule in cell.rules]
    pictures = [
        replace(box, x=width - box.x - box.w, align=_OTHER_SIDE[box.align]) for box in cell.pictures
    ]
    return replace(cell, texts=tuple(texts), rules=tuple(rules), pictures=tuple(pictures))


def page_in(
    elements: Sequence[Element], art: Sequence[Rule], *, language: str, width: float
) -> Sequence[Element]:
    """The elements of a page `width` mm wide, beside the art that all lists have, in a language.

    Where that begins on the right, the page is mirrored, unless it has an address or a symbol,
    which stay where machines look for them, or its art is not the same on both sides. On such a
    page the slots are mirrored, each in its own place.
    """
    if not runs_right_to_left(language):
        return elements
    is_fixed = any(isinstance(each, AddressBox | SymbolBox) for each in elements)
    is_even = all(abs(rule.x - (width - rule.x - rule.w)) < _EVEN_MM for rule in art)
    if not is_fixed and is_even:
        return [_mirrored(each, width) for each in elements]
    return [_with_mirrored_slots(each) for each in elements]


def _mirrored(element: Element, width: float) -> Element:
    """An element on a mirrored page. The text of one in this language begins on the right."""
    match element:
        case TextBox(role="Artifact"):
            return element
        case TextBox():
            return replace(
                element,
                x=width - element.x - element.w,
                align=_OTHER_SIDE[element.align],
                style=replace(element.style, from_right=True),
            )
        case PictureBox():
            x = width - element.x - element.w
            return replace(element, x=x, align=_OTHER_SIDE[element.align])
        case Rule() | PageCode() | Repeat():
            return replace(element, x=width - element.x - element.w)
        case OfferGrid() | ShoppingListBox():
            slots = tuple(_mirrored_slot(each, width) for each in element.slots)
            return replace(element, x=width - element.x - element.w, slots=slots)
        case Slot():
            return _mirrored_slot(element, width)
        case _:
            return element


def _mirrored_slot(slot: Slot, width: float) -> Slot:
    return replace(slot, elements=tuple(_mirrored(each, width) for each in slot.elements))


def _with_mirrored_slots(element: Element) -> Element:
    """An element whose slots are mirrored, each in its own place."""
    if isinstance(element, Slot):
        return _in_place(element)
    if isinstance(element, OfferGrid | ShoppingListBox) and element.slots:
        return replace(element, slots=tuple(map(_in_place, element.slots)))
    return element


def _in_place(slot: Slot) -> Slot:
    """A slot mirrored on the middle of its parts."""
    parts = [each for each in slot.elements if not isinstance(each, Slot)]
    left, right = min(each.x for each in parts), max(each.x + each.w for each in parts)
    return _mirrored_slot(slot, left + right)

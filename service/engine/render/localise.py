"""Boxes of a layout in one language: the forms of its letters, and the side it begins on."""

from dataclasses import replace

from service.engine.render.elements import LayoutCell
from service.engine.render.parts import Rule, Style, TextBox
from service.engine.render.scripts import runs_right_to_left

_FORMS = {"ja": ("larder-kanji-regular", "larder-han-regular")}
"""For a language, the font whose forms it is used to, and the font that it goes before."""
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

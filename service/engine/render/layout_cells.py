"""Build texts, rules, pictures and the cells of repeated rows from their fields.

Where a number would be of no use, it counts from the other side: an `x` below 0 from the right edge
of the page or cell, a `w` of 0 or less ends so far before it; on a page also `y` and `h`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from service.engine.render.box_fields import BoxFields, Names, PictureFields, RuleFields, TextFields
from service.engine.render.elements import GridRows, LayoutCell
from service.engine.render.layout_fields import CellFields
from service.engine.render.layout_styles import Styles, fault
from service.engine.render.parts import Condition, PictureBox, Rule, TemplatePart, TextBox

_VARIABLE = re.compile(r"\{(t:)?([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a part is placed on: its size in mm, the corner to count from, its page and conditions.

    A part of a cell counts down from the cell's top only, since that has no height of its own.
    """

    w: float
    h: float
    x: float = 0.0
    y: float = 0.0
    page: int = 0
    conditions: tuple[Condition, ...] = ()
    is_cell: bool = False

    def across(self, x: float, w: float) -> tuple[float, float]:
        """The left edge and the width."""
        left = self.w + x if x < 0 else self.x + x
        return left, w if w > 0 else self.w + w - left

    def down(self, y: float, h: float) -> tuple[float, float]:
        """The top edge and the height."""
        top = self.h + y if y < 0 and not self.is_cell else self.y + y
        return top, h if h > 0 or self.is_cell else self.h + h - top

    def place(self, fields: BoxFields) -> tuple[float, float, float, float]:
        """Left, top, width and height of a box."""
        (x, w), (y, h) = self.across(fields.x, fields.w), self.down(fields.y, fields.h)
        return x, y, w, h

    def page_of(self, fields: BoxFields | TextFields) -> int:
        """The page of a part: that of its group, if it has one."""
        return self.page or fields.page

    def under(self, when: Names, unless: Names) -> tuple[Condition, ...]:
        """The conditions of a part, after those of its group."""
        own = [(name, True) for name in names_of(when)]
        return (*self.conditions, *own, *((name, False) for name in names_of(unless)))


def names_of(names: Names) -> Sequence[str]:
    """One name or more as a sequence; none if it is empty."""
    return names if isinstance(names, list) else [names] if names else []


def text_of(fields: TextFields, name: str, ground: Ground, styles: Styles) -> TextBox:
    """A text on its ground."""
    x, w = ground.across(fields.x, fields.w)
    return TextBox(
        id=name,
        page=ground.page_of(fields),
        x=x,
        y=ground.down(fields.y, 1)[0],
        w=w,
        style=styles.style(name, fields.style),
        template=template_of(fields.text),
        lines=fields.lines,
        align=fields.align,
        flow=fields.flow,
        role=fields.role,
        below=fields.below,
        gap=fields.gap,
        conditions=ground.under(fields.when, fields.unless),
        name=fields.id,
    )


def rule_of(fields: RuleFields, name: str, ground: Ground, styles: Styles) -> Rule:
    """A rule on its ground."""
    x, y, w, h = ground.place(fields)
    return Rule(
        name,
        ground.page_of(fields),
        x,
        y,
        w,
        h,
        colour=styles.colour(name, fields.colour),
        stroke_pt=fields.stroke_pt,
        radius=fields.radius,
        stretch=fields.stretch,
        conditions=ground.under(fields.when, fields.unless),
    )


def picture_of(fields: PictureFields, name: str, ground: Ground, styles: Styles) -> PictureBox:
    """A picture on its ground."""
    x, y, w, h = ground.place(fields)
    if not fields.source and not fields.pictogram:
        raise fault(name, "has neither a source nor a pictogram", "name one of them")
    return PictureBox(
        name,
        ground.page_of(fields),
        x,
        y,
        w,
        h,
        source=fields.source,
        pictogram=fields.pictogram,
        colour=styles.colour(name, fields.colour),
        tint=styles.colour(name, fields.tint, "tint"),
        ground=styles.colour(name, fields.ground, "ground") if fields.ground else b"",
        inset=fields.inset,
        radius=fields.radius,
        cover=fields.cover,
        align=fields.align,
        stretch=fields.stretch,
        conditions=ground.under(fields.when, fields.unless),
    )


def cell_of(fields: CellFields, name: str, width: float, styles: Styles) -> LayoutCell:
    """A cell of this width."""
    texts: list[TextBox] = []
    rules: list[Rule] = []
    pictures: list[PictureBox] = []
    ground = Ground(width, 0.0, is_cell=True)
    for part in fields.parts:
        where = f"{name}.{part.id}"
        match part:
            case TextFields():
                texts.append(text_of(part, where, ground, styles))
            case RuleFields():
                rule = rule_of(part, where, ground, styles)
                rules.append(replace(rule, over=bool(pictures)))
            case PictureFields():
                pictures.append(picture_of(part, where, ground, styles))
            case _:
                assert_never(part)
    return LayoutCell(
        texts=tuple(texts),
        rules=tuple(rules),
        pad=fields.pad,
        pictures=tuple(pictures),
        w=width,
        least=fields.least,
        stretches=any(each.stretch for each in pictures),
        has_card=any(each.stretch for each in rules),
    )


def rows_of(
    cell: CellFields,
    name: str,
    styles: Styles,
    *,
    width: float,
    columns: int,
    gutter: float,
    row_max: float,
    row_gap: float,
) -> GridRows:
    """Rows over this width, with a cell for each number of columns."""
    widths = [(width - gutter * (count - 1)) / count for count in range(1, columns + 1)]
    cells = tuple(cell_of(cell, name, each, styles) for each in widths)
    return GridRows(cells=cells, row_max=row_max, row_gap=row_gap)


def stretched(cell: LayoutCell, gain: float) -> LayoutCell:
    """A cell that is higher by so many mm: its pictures gain them, what is below moves down."""
    if gain == 0.0:
        return cell
    edge = min([each.y + each.h for each in cell.pictures if each.stretch], default=0.0)

    def top(y: float) -> float:
        return y + gain if y >= edge - 0.01 else y

    return replace(
        cell,
        texts=tuple(replace(each, y=top(each.y)) for each in cell.texts),
        rules=tuple(each if each.stretch else replace(each, y=top(each.y)) for each in cell.rules),
        pictures=tuple(
            replace(each, h=each.h + gain) if each.stretch else replace(each, y=top(each.y))
            for each in cell.pictures
        ),
    )


def template_of(text: str) -> tuple[TemplatePart, ...]:
    """The parts of a template."""
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

"""Build a layout from plain data, with errors that name the element and the key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, assert_never

from service.engine.render.box_fields import (
    AddressFields,
    BoxFields,
    ControlMarksFields,
    FoldMarksFields,
    PageCodeFields,
    PictureFields,
    PieceMarkFields,
    PostalBarcodeFields,
    RuleFields,
    SymbolFields,
    TextFields,
)
from service.engine.render.boxes import (
    AddressBox,
    ControlMarks,
    PageCode,
    PieceMark,
    PostalBarcodeBox,
    SymbolBox,
)
from service.engine.render.elements import (
    Element,
    LayoutCell,
    ListRows,
    OfferGrid,
    Repeat,
    ShoppingListBox,
    Slot,
)
from service.engine.render.inks import SCREEN, Inks
from service.engine.render.layout import SHEETS_PT, Layout, Short
from service.engine.render.layout_cells import (
    Ground,
    cell_of,
    names_of,
    picture_of,
    rows_of,
    rule_of,
    template_of,
    text_of,
)
from service.engine.render.layout_fields import (
    CellFields,
    ElementFields,
    GroupFields,
    LayoutFields,
    ListFields,
    ListRowsFields,
    OffersFields,
    RepeatFields,
    RowsFields,
    SlotFields,
)
from service.engine.render.layout_reader import read_fields
from service.engine.render.layout_styles import Styles, fault, look_up
from service.engine.render.parts import MM, Rule, TemplatePart
from service.engine.render.phrases import Stationery
from service.engine.render.window import Window

_MARK_PARTS = (("variable", "piece_id"), ("variable", "seq"))


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
    return _layout(read_fields(data), windows, stationery, inks)


def _layout(
    fields: LayoutFields,
    windows: Mapping[str, Window],
    stationery: Stationery,
    inks: Inks,
    accent: str = "",
) -> Layout:
    """The layout, with another colour in the place of `accent` if one is given."""
    if accent and "accent" in fields.colours:
        fields = replace(fields, colours={**fields.colours, "accent": accent})
    window = look_up("window", fields.window, windows) if fields.window else None
    builder = _Builder(fields, stationery, window, inks)
    ground = builder.page
    elements = [each for item in fields.elements for each in builder.build(item, ground)]
    return Layout(
        name=fields.name,
        title=fields.title,
        sheet=fields.sheet,
        pages=fields.pages,
        duplex=fields.duplex,
        safe_mm=fields.safe_mm,
        window=window,
        symbol=fields.symbol,
        elements=builder.with_slots(elements),
        fonts=builder.styles.fonts,
        samples=fields.samples,
        stationery=stationery,
        in_accent=partial(_layout, fields, windows, stationery, inks),
        inks=builder.styles.inks,
        short=_short(fields, elements),
    )


def _short(fields: LayoutFields, elements: Sequence[Element]) -> Short | None:
    """The pages of a piece that needs no others, if the layout has such."""
    short = fields.short
    if short is None:
        return None
    if short.pages != sorted({*short.pages} & {*range(1, fields.pages + 1)}):
        raise fault("short.pages", f"is {short.pages}", f"name pages of 1 to {fields.pages}")
    keeps = tuple((name, tuple(names_of(slots))) for name, slots in short.keeps.items())
    known = {each.id: each for each in elements if isinstance(each, Slot)}
    for name, slots in keeps:
        for slot in slots:
            look_up(f"short.keeps.{name}", slot, known)
    return Short(tuple(short.pages), short.offers, keeps)


class _Builder:
    """Builds elements from their fields, and looks up what they refer to."""

    def __init__(
        self, fields: LayoutFields, stationery: Stationery, window: Window | None, inks: Inks
    ) -> None:
        self.styles = Styles(fields, stationery, inks)
        width, height = (edge / MM for edge in SHEETS_PT[fields.sheet])
        self.page = Ground(width, height)
        self._folds = window.folds if window is not None else ()

    def build(self, fields: ElementFields, ground: Ground) -> Iterator[Element]:
        """Build the elements that the fields describe: more than one only of a group or folds."""
        match fields:
            case GroupFields():
                yield from self._parts_of(fields, ground)
            case FoldMarksFields():
                x, w = ground.across(fields.x, fields.w)
                colour = self.styles.colour(fields.id, fields.colour)
                page = ground.page or fields.page
                for fold in self._folds:
                    yield Rule(fields.id, page, x, fold - fields.h / 2, w, fields.h, colour)
            case _:
                yield self._build_one(fields, ground)

    def with_slots(self, elements: list[Element]) -> tuple[Element, ...]:
        """The elements, with the slots that stand below a grid or list as parts of that."""
        hosts = {each.id for each in elements if isinstance(each, OfferGrid | ShoppingListBox)}
        slots: dict[str, list[Slot]] = {name: [] for name in hosts}
        for each in elements:
            if isinstance(each, Slot) and each.clear_of:
                look_up(f"{each.id}.clear_of", each.clear_of, slots).append(each)
        return tuple(
            replace(each, slots=tuple(slots[each.id]))
            if isinstance(each, OfferGrid | ShoppingListBox)
            else each
            for each in elements
            if not (isinstance(each, Slot) and each.clear_of)
        )

    def _build_one(self, fields: ElementFields, ground: Ground) -> Element:
        styles = self.styles
        match fields:
            case TextFields():
                return text_of(fields, fields.id, ground, styles)
            case RuleFields():
                return rule_of(fields, fields.id, ground, styles)
            case PictureFields():
                return picture_of(fields, fields.id, ground, styles)
            case AddressFields():
                style = styles.style(fields.id, fields.style)
                return AddressBox(**_box(fields, ground), style=style)
            case SymbolFields():
                style = styles.style(fields.id, fields.style)
                return SymbolBox(**_box(fields, ground), style=style, align=fields.align)
            case PieceMarkFields():
                return PieceMark(**_box(fields, ground), template=_mark(fields))
            case PostalBarcodeFields():
                return PostalBarcodeBox(**_box(fields, ground))
            case PageCodeFields():
                under = ground.under(fields.when, fields.unless)
                return PageCode(**_box(fields, ground), conditions=under)
            case ControlMarksFields():
                x, w = ground.across(fields.x, fields.w)
                y, h = ground.down(fields.y, fields.h)
                page, bars = ground.page or fields.page, tuple(fields.bars)
                return ControlMarks(fields.id, page, x, y, w, h, fields.pitch, bars)
            case OffersFields():
                return self._build_grid(fields, ground)
            case ListFields():
                return self._build_list(fields, ground)
            case RepeatFields():
                return self._build_repeat(fields, ground)
            case SlotFields():
                return Slot(
                    id=fields.id,
                    page=fields.page,
                    y=ground.down(fields.y, 1)[0],
                    elements=tuple(self._parts_of(fields, ground)),
                    conditions=ground.under(fields.when, fields.unless),
                    clear_of=fields.clear_of,
                )
            case GroupFields() | FoldMarksFields():
                raise AssertionError(fields.id)
            case _:
                assert_never(fields)

    def _parts_of(self, fields: GroupFields | SlotFields, ground: Ground) -> Iterator[Element]:
        inner = replace(
            ground,
            x=ground.across(fields.x, 1)[0],
            y=ground.down(fields.y, 1)[0],
            page=ground.page or fields.page,
            conditions=ground.under(fields.when, fields.unless),
        )
        if isinstance(fields, SlotFields):
            inner = replace(inner, conditions=())
        for part in fields.parts:
            yield from self.build(part, inner)

    def _build_grid(self, fields: OffersFields, ground: Ground) -> OfferGrid:
        box = _box(fields, ground)
        name, shared = fields.id, {"width": box["w"], "gutter": fields.gutter}

        def rows(given: RowsFields | None, part: str) -> Any:
            if given is None:
                return None
            return rows_of(
                given.cell, f"{name}.{part}.cell", self.styles, **shared,
                columns=given.columns, row_max=given.row_max, row_gap=given.row_gap,
            )  # fmt: skip

        return OfferGrid(
            **box,
            gutter=fields.gutter,
            lead=rows(fields.lead, "lead"),
            rest=rows_of(
                fields.cell, f"{name}.cell", self.styles, **shared,
                columns=fields.columns, row_max=fields.row_max, row_gap=fields.row_gap,
            ),
            dense=rows(fields.dense, "dense"),
            first=fields.first,
            last=fields.last,
        )  # fmt: skip

    def _build_list(self, fields: ListFields, ground: Ground) -> ShoppingListBox:
        box = _box(fields, ground)
        width = _column(box["w"], fields.columns, fields.gutter)

        def cell(part: str, given: CellFields) -> LayoutCell:
            return cell_of(given, f"{fields.id}.{part}", width, self.styles)

        def rows(given: ListFields | ListRowsFields, part: str = "") -> ListRows:
            offer = cell(f"{part}offer", given.offer) if given.offer else None
            return ListRows(cell(f"{part}reminder", given.reminder), offer)

        return ShoppingListBox(
            **box,
            columns=fields.columns,
            gutter=fields.gutter,
            department_gap=fields.department_gap,
            header=cell("header", fields.header),
            rows=(rows(fields), *([rows(fields.dense, "dense.")] if fields.dense else [])),
            blank=cell("blank", fields.blank) if fields.blank else None,
            blanks=fields.blanks,
            over=fields.over,
            conditions=ground.under(fields.when, fields.unless),
        )

    def _build_repeat(self, fields: RepeatFields, ground: Ground) -> Repeat:
        box = _box(fields, ground)
        width = _column(box["w"], fields.columns, fields.gutter)
        return Repeat(
            **box,
            of=fields.of,
            columns=fields.columns,
            gutter=fields.gutter,
            cell=cell_of(fields.cell, f"{fields.id}.cell", width, self.styles),
            conditions=ground.under(fields.when, fields.unless),
        )


def _column(width: float, columns: int, gutter: float) -> float:
    return (width - gutter * (columns - 1)) / columns


def _box(fields: BoxFields, ground: Ground) -> dict[str, Any]:
    x, y, w, h = ground.place(fields)
    return {"id": fields.id, "page": ground.page_of(fields), "x": x, "y": y, "w": w, "h": h}


def _mark(fields: PieceMarkFields) -> tuple[TemplatePart, ...]:
    template = template_of(fields.text)
    for part in template:
        if part.kind != "literal" and (part.kind, part.value) not in _MARK_PARTS:
            raise fault(f"{fields.id}.text", f"has {part.value}", "use piece_id or seq")
    return template

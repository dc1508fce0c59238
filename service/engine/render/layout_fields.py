"""The fields of a layout file. `templates/layout.schema.json` describes them for editors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, TypeAdapter

from service.engine.render.box_fields import (
    AddressFields,
    BoxFields,
    ControlMarksFields,
    Fields,
    Flag,
    FoldMarksFields,
    Names,
    Number,
    PageCodeFields,
    PictureFields,
    PieceMarkFields,
    PostalBarcodeFields,
    RuleFields,
    StyleFields,
    SymbolFields,
    TextFields,
    Whole,
)
from service.engine.render.symbols import SymbolProfile


def _part_kind(part: Any) -> str:
    """The kind of a part of a cell; without a kind it is a text."""
    return str(part.get("kind", "text")) if isinstance(part, Mapping) else "text"


PartFields: TypeAlias = Annotated[
    Annotated[TextFields, Tag("text")]
    | Annotated[RuleFields, Tag("rule")]
    | Annotated[PictureFields, Tag("picture")],
    Discriminator(_part_kind),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFields(Fields):
    """The parts of one repeated row."""

    parts: list[PartFields]
    pad: Number = 0.0
    least: Number = 0.0


Row: TypeAlias = Annotated[CellFields | None, BeforeValidator(lambda cell: cell or None)]
"""A cell that may be missing or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsFields(Fields):
    """Rows of a grid with at most so many columns."""

    columns: Whole
    row_max: Number
    row_gap: Number = 0.0
    cell: CellFields


Rows: TypeAlias = Annotated[RowsFields | None, BeforeValidator(lambda rows: rows or None)]
"""Rows that may be missing or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersFields(BoxFields):
    """Offers in rows of `columns`, the strongest in rows of `lead`."""

    kind: Literal["offers"]
    columns: Whole
    gutter: Number = 0.0
    row_max: Number
    row_gap: Number = 0.0
    cell: CellFields
    lead: Rows = None
    dense: Rows = None
    first: Whole = 1
    last: Whole = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatFields(BoxFields):
    """A row for each line of something, down the columns."""

    kind: Literal["repeat"]
    of: Literal["recipe_items", "recipe_steps", "hours"]
    columns: Whole = 1
    gutter: Number = 0.0
    cell: CellFields
    when: Names = ""
    unless: Names = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRowsFields(Fields):
    """The lines of a list that is too long for its other cells."""

    reminder: CellFields
    offer: Row = None


DenseRows: TypeAlias = Annotated[ListRowsFields | None, BeforeValidator(lambda rows: rows or None)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFields(BoxFields):
    """Lines grouped by department."""

    kind: Literal["list"]
    columns: Whole
    gutter: Number = 0.0
    department_gap: Number
    header: CellFields
    reminder: CellFields
    offer: Row = None
    dense: DenseRows = None
    blank: Row = None
    blanks: Whole = 0
    over: Whole = 1
    when: Names = ""
    unless: Names = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFields(Fields):
    """Elements under one condition, positioned from the corner of the group; its page is theirs."""

    id: str
    kind: Literal["group"]
    page: Whole = 1
    x: Number = 0.0
    y: Number = 0.0
    when: Names = ""
    unless: Names = ""
    parts: "list[AnyElement]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFields(Fields):
    """A group that is left out when it does not fit, or when `clear_of` comes down to its `y`."""

    id: str
    kind: Literal["slot"]
    page: Whole = 1
    x: Number = 0.0
    y: Number = 0.0
    when: Names = ""
    unless: Names = ""
    clear_of: str = ""
    parts: "list[AnyElement]"


ElementFields: TypeAlias = (
    TextFields
    | RuleFields
    | PictureFields
    | AddressFields
    | SymbolFields
    | PieceMarkFields
    | PostalBarcodeFields
    | PageCodeFields
    | FoldMarksFields
    | ControlMarksFields
    | OffersFields
    | ListFields
    | RepeatFields
    | GroupFields
    | SlotFields
)
AnyElement: TypeAlias = Annotated[ElementFields, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortFields(Fields):
    """The pages of a piece that needs no others."""

    pages: list[Whole]
    offers: Whole
    keeps: dict[str, Names] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutFields(Fields):
    """A complete layout, merged with the one it extends."""

    schema: str
    name: str
    title: str
    sheet: Literal["a4", "letter"] = "a4"
    pages: Whole
    duplex: Flag = False
    safe_mm: Number = 5.0
    window: str = ""
    symbol: SymbolProfile = SymbolProfile.GS1_128
    fonts: dict[str, list[str]]
    colours: dict[str, str]
    styles: dict[str, StyleFields]
    elements: list[AnyElement]
    samples: dict[str, Any] = field(default_factory=dict)
    short: ShortFields | None = None


@cache
def layout_fields() -> TypeAdapter[LayoutFields]:
    """The reader of layout data, built at its first use."""
    return TypeAdapter(LayoutFields)

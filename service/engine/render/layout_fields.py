"""The fields of a layout file. `templates/layout.schema.json` describes them for editors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Strict, Tag, TypeAdapter

from service.engine.content import Pictogram
from service.engine.render.symbols import SymbolProfile

Number: TypeAlias = Annotated[float, Strict()]
Whole: TypeAlias = Annotated[int, Strict()]
Flag: TypeAlias = Annotated[bool, Strict()]
Names: TypeAlias = str | list[str]
"""One name or more."""
Align: TypeAlias = Literal["left", "right", "centre"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleFields(_Fields):
    """How text looks. `font` and `colour` are names; `shrink_pt` defaults to `size_pt`."""

    font: str
    size_pt: Number
    shrink_pt: Number | None = None
    leading: Number = 1.2
    colour: str = "ink"
    tracking_em: Number = 0.0
    upper: Flag = False
    kern: Flag = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFields(_Fields):
    """A text, on the page or in a cell."""

    id: str
    kind: Literal["text"] = "text"
    page: Whole = 1
    x: Number
    y: Number = 0.0
    w: Number
    style: str
    text: str
    lines: Whole = 1
    align: Align = "left"
    flow: Flag = False
    role: Literal["P", "H1", "H2", "H3", "Artifact"] = "P"
    below: str = ""
    gap: Number = 0.0
    when: Names = ""
    unless: Names = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxFields(_Fields):
    """The position and size of an element, in millimetres."""

    id: str
    page: Whole = 1
    x: Number
    y: Number
    w: Number
    h: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFields(BoxFields):
    """A filled or outlined rectangle, on the page or in a cell."""

    kind: Literal["rule"]
    colour: str = "ink"
    stroke_pt: Number = 0.0
    radius: Number = 0.0
    stretch: Flag = False
    when: Names = ""
    unless: Names = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFields(BoxFields):
    """A picture, on the page or in a cell."""

    kind: Literal["picture"]
    source: Literal["", "picture", "logo", "recipe_picture", "tip_picture", "partner_picture"] = ""
    pictogram: Pictogram | Literal[""] = ""
    colour: str = "ink"
    tint: str = "ink"
    ground: str = ""
    inset: Number = 0.0
    radius: Number = 0.0
    cover: Flag = False
    align: Align = "centre"
    stretch: Flag = False
    when: Names = ""
    unless: Names = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCodeFields(BoxFields):
    """The QR code that opens the list on a phone."""

    kind: Literal["page_code"]
    when: Names = ""
    unless: Names = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldMarksFields(_Fields):
    """A short line at each fold of the window's sheet; `h` is its thickness."""

    id: str
    kind: Literal["fold_marks"]
    page: Whole = 1
    x: Number
    w: Number
    h: Number = 0.2
    colour: str = "ink"


Bar: TypeAlias = Literal[
    "always", "first", "last", "sequence_1", "sequence_2", "sequence_4", "even"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMarksFields(_Fields):
    """Bars that an inserter reads; `h` is the thickness of one."""

    id: str
    kind: Literal["control_marks"]
    page: Whole = 1
    x: Number
    y: Number
    w: Number
    h: Number = 0.5
    pitch: Number
    bars: list[Bar]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFields(BoxFields):
    """The address block."""

    kind: Literal["address"]
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolFields(BoxFields):
    """The symbol that the till scans."""

    kind: Literal["symbol"]
    style: str
    align: Align = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceMarkFields(BoxFields):
    """The mark by which machines identify the piece."""

    kind: Literal["piece_mark"]
    text: str = "{piece_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalBarcodeFields(BoxFields):
    """The barcode of the post, on letters that it is wanted on."""

    kind: Literal["postal_barcode"]


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
class CellFields(_Fields):
    """The parts of one repeated row."""

    parts: list[PartFields]
    pad: Number = 0.0
    least: Number = 0.0


Row: TypeAlias = Annotated[CellFields | None, BeforeValidator(lambda cell: cell or None)]
"""A cell that may be missing or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsFields(_Fields):
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
class ListRowsFields(_Fields):
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
class GroupFields(_Fields):
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
class SlotFields(_Fields):
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
class LayoutFields(_Fields):
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


@cache
def layout_fields() -> TypeAdapter[LayoutFields]:
    """The reader of layout data, built at its first use."""
    return TypeAdapter(LayoutFields)

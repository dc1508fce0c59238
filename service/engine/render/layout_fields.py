"""The fields of a layout file. `templates/layout.schema.json` describes them for editors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Strict, Tag, TypeAdapter

from service.engine.render.symbols import SymbolProfile

Number: TypeAlias = Annotated[float, Strict()]
Whole: TypeAlias = Annotated[int, Strict()]
Flag: TypeAlias = Annotated[bool, Strict()]
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
    when: str = ""


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
    when: str = ""


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
    Annotated[TextFields, Tag("text")] | Annotated[RuleFields, Tag("rule")],
    Discriminator(_part_kind),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFields(_Fields):
    """The parts of one repeated row."""

    parts: list[PartFields]
    pad: Number = 0.0


Row: TypeAlias = Annotated[CellFields | None, BeforeValidator(lambda cell: cell or None)]
"""A cell that may be missing or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersFields(BoxFields):
    """Offers in rows of `columns`."""

    kind: Literal["offers"]
    columns: Whole
    gutter: Number = 0.0
    row_max: Number
    cell: CellFields


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
    blank: Row = None
    blanks: Whole = 0
    over: Whole = 1


ElementFields: TypeAlias = (
    TextFields
    | RuleFields
    | AddressFields
    | SymbolFields
    | PieceMarkFields
    | PostalBarcodeFields
    | OffersFields
    | ListFields
)


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
    elements: list[Annotated[ElementFields, Field(discriminator="kind")]]
    samples: dict[str, Any] = field(default_factory=dict)


@cache
def layout_fields() -> TypeAdapter[LayoutFields]:
    """The reader of layout data, built at its first use."""
    return TypeAdapter(LayoutFields)

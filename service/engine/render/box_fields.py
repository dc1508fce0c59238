"""The fields of styles and of single elements in a layout file."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import ConfigDict, Strict

from service.engine.content import Pictogram

Number: TypeAlias = Annotated[float, Strict()]
Whole: TypeAlias = Annotated[int, Strict()]
Flag: TypeAlias = Annotated[bool, Strict()]
Names: TypeAlias = str | list[str]
"""One name or more."""
Align: TypeAlias = Literal["left", "right", "centre"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Fields that a layout file may have; others are refused."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleFields(Fields):
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
class TextFields(Fields):
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
class BoxFields(Fields):
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
class FoldMarksFields(Fields):
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
class ControlMarksFields(Fields):
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

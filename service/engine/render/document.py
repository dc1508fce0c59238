"""The PDF round the pages: fonts, shared art, page tree, structure tree and metadata.

Everything whose size grows with the number of pages is written as it comes; what stays in
memory per piece is two object numbers.
"""

from collections.abc import Sequence
from typing import BinaryIO
from xml.sax.saxutils import escape

from service.engine.render.fonts import Face
from service.engine.render.layout import Layout
from service.engine.render.painter import Painter
from service.engine.render.pdf import PdfWriter, text_string
from service.engine.render.sheet import Sheet

_LEAF = 100
"""Kids of one page tree node, and entries of one parent tree leaf."""


class PrintFile:
    """A tagged PDF that grows piece by piece."""

    def __init__(
        self, out: BinaryIO, painter: Painter, layout: Layout, *, title: str, language: str
    ) -> None:
        self._pdf = PdfWriter(out)
        self._painter = painter
        self._layout = layout
        self._title = title
        self._language = language
        pdf = self._pdf
        self._catalog, self._info = pdf.reserve(), pdf.reserve()
        self._pages_root, self._resources = pdf.reserve(), pdf.reserve()
        self._tree_root, self._whole = pdf.reserve(), pdf.reserve()
        self._art = [self._form(page) for page in range(1, layout.pages + 1)]
        self._fonts = {name: pdf.reserve() for name in layout.fonts}
        self._leaves: list[int] = []
        self._leaf_kids: list[int] = []
        self._pieces: list[int] = []
        self._parents: list[bytes] = []
        self._parent_leaves: list[tuple[int, int, int]] = []
        self.pages = 0

    def add(self, sheets: Sequence[Sheet], *, language: str, name: str) -> None:
        """Write the pages of one piece and its part of the structure tree."""
        pdf = self._pdf
        section = pdf.reserve()
        self._pieces.append(section)
        kids: list[int] = []
        for sheet in sheets:
            kids += self._page(sheet, section)
        pdf.put(
            section,
            b"<</S/Sect/P %d 0 R/Lang%b/T%b/K[%b]>>"
            % (self._whole, text_string(language), text_string(name), _refs(kids)),
        )

    def close(self, facts: dict[str, str]) -> None:
        """Finish the file. `facts` go into the information dictionary as they are."""
        pdf = self._pdf
        self._flush_leaf()
        self._flush_parents()
        for name, number in self._fonts.items():
            self._font(number, self._layout.stationery.faces[name])
        resources = self._painter.typesetter.resources
        fonts = b"".join(
            b"/%b %d 0 R" % (resources[name], number) for name, number in self._fonts.items()
        )
        forms = b"".join(b"/A%d %d 0 R" % pair for pair in enumerate(self._art, 1))
        pdf.put(self._resources, b"<</Font<<%b>>/XObject<<%b>>>>" % (fonts, forms))
        pdf.put(
            self._pages_root,
            b"<</Type/Pages/Count %d/Kids[%b]>>" % (self.pages, _refs(self._leaves)),
        )
        leaves = [number for number, _, _ in self._parent_leaves]
        parents = pdf.add(b"<</Kids[%b]>>" % _refs(leaves))
        pdf.put(
            self._tree_root,
            b"<</Type/StructTreeRoot/K %d 0 R/ParentTree %d 0 R/ParentTreeNextKey %d>>"
            % (self._whole, parents, self.pages),
        )
        pdf.put(
            self._whole,
            b"<</S/Document/P %d 0 R/K[%b]>>" % (self._tree_root, _refs(self._pieces)),
        )
        metadata = pdf.add_stream(
            _xmp(self._title, self._language), entries=b"/Type/Metadata/Subtype/XML", deflate=False
        )
        duplex = b"/Duplex/DuplexFlipLongEdge" if self._layout.duplex else b"/Duplex/Simplex"
        pdf.put(
            self._catalog,
            b"<</Type/Catalog/Pages %d 0 R/Lang%b/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R"
            b"/ViewerPreferences<</DisplayDocTitle true/PrintScaling/None%b>>/Metadata %d 0 R>>"
            % (
                self._pages_root,
                text_string(self._language),
                self._tree_root,
                duplex,
                metadata,
            ),
        )
        entries = b"".join(b"/%b%b" % (k.encode(), text_string(v)) for k, v in facts.items())
        pdf.put(
            self._info,
            b"<</Title%b/Producer%b%b>>"
            % (text_string(self._title), text_string("Larder"), entries),
        )
        pdf.close(root=self._catalog, info=self._info)

    def _page(self, sheet: Sheet, section: int) -> list[int]:
        pdf = self._pdf
        art = b"/Artifact BMC /A%d Do EMC\n" % sheet.number
        content = pdf.add_stream(art + b"\n".join(sheet.ops))
        page = pdf.reserve()
        if not self._leaf_kids:
            self._leaves.append(pdf.reserve())
        width, height = self._layout.size_pt
        pdf.put(
            page,
            b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 %g %g]/Resources %d 0 R/Contents %d 0 R"
            b"/StructParents %d/Tabs/S>>"
            % (self._leaves[-1], width, height, self._resources, content, self.pages),
        )
        self._leaf_kids.append(page)
        self.pages += 1
        kids, owners = self._structure(sheet, section=section, page=page)
        self._parents.append(b"%d[%b]" % (self.pages - 1, _refs(owners)))
        if len(self._leaf_kids) == _LEAF:
            self._flush_leaf()
        if len(self._parents) == _LEAF:
            self._flush_parents()
        return kids

    def _structure(self, sheet: Sheet, *, section: int, page: int) -> tuple[list[int], list[int]]:
        """The section's new kids, and the element that owns each piece of marked content."""
        pdf = self._pdf
        kids: list[int] = []
        owners: list[int] = []
        items: list[int] = []
        listing = 0
        for number, mark in enumerate(sheet.marks):
            if mark.role != "LI":
                if items:
                    pdf.put(listing, b"<</S/L/P %d 0 R/K[%b]>>" % (section, _refs(items)))
                    items = []
                alt = b"/Alt" + text_string(mark.alt) if mark.alt else b""
                element = pdf.add(
                    b"<</S/%b/P %d 0 R/Pg %d 0 R/K %d%b>>"
                    % (mark.role.encode(), section, page, number, alt)
                )
                kids.append(element)
                owners.append(element)
                continue
            if not items:
                listing = pdf.reserve()
                kids.append(listing)
            item, body = pdf.reserve(), pdf.reserve()
            pdf.put(item, b"<</S/LI/P %d 0 R/K %d 0 R>>" % (listing, body))
            pdf.put(body, b"<</S/LBody/P %d 0 R/Pg %d 0 R/K %d>>" % (item, page, number))
            items.append(item)
            owners.append(body)
        if items:
            pdf.put(listing, b"<</S/L/P %d 0 R/K[%b]>>" % (section, _refs(items)))
        return kids, owners

    def _flush_leaf(self) -> None:
        if self._leaf_kids:
            self._pdf.put(
                self._leaves[-1],
                b"<</Type/Pages/Parent %d 0 R/Count %d/Kids[%b]>>"
                % (self._pages_root, len(self._leaf_kids), _refs(self._leaf_kids)),
            )
            self._leaf_kids = []

    def _flush_parents(self) -> None:
        if self._parents:
            last = self.pages - 1
            first = self.pages - len(self._parents)
            number = self._pdf.add(
                b"<</Limits[%d %d]/Nums[%b]>>" % (first, last, b"".join(self._parents))
            )
            self._parent_leaves.append((number, first, last))
            self._parents = []

    def _form(self, page: int) -> int:
        width, height = self._layout.size_pt
        box = b"/Type/XObject/Subtype/Form/BBox[0 0 %g %g]/Resources<<>>" % (width, height)
        return self._pdf.add_stream(self._painter.art(page), entries=box)

    def _font(self, number: int, face: Face) -> None:
        """A Type 0 font whose character codes are Unicode code points."""
        pdf = self._pdf
        codes = self._painter.typesetter.used[face.name] or {0x20}
        subset = face.subset(codes & face.widths.keys())
        program = pdf.add_stream(subset.data, entries=b"/Length1 %d" % len(subset.data))
        ordered = sorted(subset.glyphs)
        glyph_map = bytearray(2 * (ordered[-1] + 1))
        for code in ordered:
            glyph_map[2 * code : 2 * code + 2] = subset.glyphs[code].to_bytes(2, "big")
        gids = pdf.add_stream(bytes(glyph_map))
        name = _subset_name(face.name, ordered)
        descriptor = pdf.add(
            b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0"
            b"/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>"
            % (name, *face.bbox, face.ascent, face.descent, face.cap_height, program)
        )
        widths = b"".join(b"%d[%d]" % (code, face.widths[code]) for code in ordered)
        descendant = pdf.add(
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b/FontDescriptor %d 0 R/DW 1000"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/CIDToGIDMap %d 0 R/W[%b]>>" % (name, descriptor, gids, widths)
        )
        unicode_map = pdf.add_stream(_to_unicode(ordered))
        pdf.put(
            number,
            b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding/Identity-H"
            b"/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>" % (name, descendant, unicode_map),
        )


def _refs(numbers: Sequence[int]) -> bytes:
    return b" ".join([b"%d 0 R" % number for number in numbers])


def _subset_name(name: str, codes: Sequence[int]) -> bytes:
    """The six letters and plus sign that mark a subset, drawn from what it holds."""
    rest = hash_codes(codes)
    letters = ""
    for _ in range(6):
        rest, letter = divmod(rest, 26)
        letters += chr(65 + letter)
    pretty = "".join(word.capitalize() for word in name.split("-")[:-1])
    return f"{letters}+{pretty}-{name.rsplit('-', 1)[-1].capitalize()}".encode()


def hash_codes(codes: Sequence[int]) -> int:
    """A number that depends on the code points alone (not on the process)."""
    total = 0
    for code in codes:
        total = (total * 65_599 + code) % 2**61
    return total


def _to_unicode(codes: Sequence[int]) -> bytes:
    """Codes are Unicode already; said range by range within each row of 256."""
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and code == ranges[-1][1] + 1 and code >> 8 == ranges[-1][0] >> 8:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    blocks = []
    for at in range(0, len(ranges), 100):
        part = ranges[at : at + 100]
        lines = b"\n".join(b"<%04x><%04x><%04x>" % (low, high, low) for low, high in part)
        blocks.append(b"%d beginbfrange\n%b\nendbfrange\n" % (len(part), lines))
    return (
        b"/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n"
        b"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n"
        b"1 begincodespacerange\n<0000><ffff>\nendcodespacerange\n"
        + b"".join(blocks)
        + b"endcmap CMapName currentdict/CMap defineresource pop end end"
    )


def _xmp(title: str, language: str) -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:pdf="http://ns.adobe.com/pdf/1.3/">'
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt>'
        f"</dc:title><dc:language><rdf:Bag><rdf:li>{escape(language)}</rdf:li></rdf:Bag>"
        "</dc:language><pdf:Producer>Larder</pdf:Producer></rdf:Description></rdf:RDF>"
        '</x:xmpmeta>\n<?xpacket end="r"?>'
    ).encode()

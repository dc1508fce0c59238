"""The PDF file around the pages: fonts, shared art, page tree, structure tree and metadata.

Pages are written as they come. What stays in memory for each piece is two object numbers.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count, product, repeat
from string import ascii_letters
from typing import BinaryIO

from service.engine.render.canvas import Canvas, PaintedPiece
from service.engine.render.claims import PRODUCER, info_entries, write_output_intent, xmp
from service.engine.render.contents import Content
from service.engine.render.document_parts import DocumentParts
from service.engine.render.embed import embed
from service.engine.render.layout import Layout
from service.engine.render.painter import Painter
from service.engine.render.pdf import PdfWriter, text_string
from service.engine.render.pictures import Jpeg
from service.engine.render.runs import GLYPHS
from service.engine.render.standard import PLAIN, Conformance, Standard

_LEAF = 100
"""The minimum of pages in a page tree node, which share resources, and in a parent tree leaf."""


class PrintFile:
    """A tagged PDF, written piece by piece."""

    def __init__(
        self,
        out: BinaryIO,
        painter: Painter,
        layout: Layout,
        *,
        title: str,
        language: str,
        shared: bool,
        conformance: Conformance = PLAIN,
    ) -> None:
        """Start the file. With `shared`, repeated content is written once, as a form."""
        self._pdf = PdfWriter(out, version=b"1.6" if conformance.is_for_press else b"1.7")
        self._painter = painter
        self._layout = layout
        self._title = title
        self._language = language
        self._conformance = conformance
        pdf = self._pdf
        self._catalog, self._info = pdf.reserve(), pdf.reserve()
        self._pages_root, self._plain, self._font_names = (pdf.reserve() for _ in range(3))
        self._tree_root, self._whole = pdf.reserve(), pdf.reserve()
        self._shared = shared
        self._pictures: list[bytes] = []
        painter.pictures.write_image = self._write_image
        painter.pictures.write_drawing = self._write_drawing
        spaces = layout.inks.spaces
        self._colour_spaces = b"".join(
            b"/%b %d 0 R" % (name, pdf.add(space)) for name, space in spaces.items()
        )
        is_vt = conformance.standard is Standard.VT1
        self._document_parts = DocumentParts(pdf) if is_vt else None
        self._art_entries = [
            b"/A%d %d 0 R" % (page, self._write_art_form(page))
            for page in range(1, layout.pages + 1)
        ]
        self._leaves: list[int] = []
        self._leaf_kids: list[int] = []
        self._leaf_contents: list[Content] = []
        self._pieces: list[int] = []
        self._parents: list[bytes] = []
        self._parent_leaves: list[tuple[int, int, int]] = []
        self._page_form = (
            b"<</Type/Page/Parent %%d 0 R%b/Contents %%d 0 R"
            b"/StructParents %%d/Tabs/S%%b>>" % _boxes(layout, conformance)
        )
        bleed = conformance.bleed_pt
        self._page_start = b"1 0 0 1 %g %g cm\n" % (bleed, bleed) if bleed else b""
        self.pages = 0
        self._form_names = _names()
        self._form_entries = b"/Type/XObject/Subtype/Form/BBox[%%b]/Resources %d 0 R" % self._plain
        if shared:
            painter.write_form = self._write_form

    def add(self, pieces: Sequence[PaintedPiece]) -> None:
        """Write the pages of some pieces, and their part of the structure tree."""
        pdf = self._pdf
        if not self._leaf_kids:
            self._leaves.append(pdf.reserve())
        contents = [[self._write_content(canvas) for canvas in piece.canvases] for piece in pieces]
        for piece, streams in zip(pieces, contents, strict=True):
            section = pdf.reserve()
            self._pieces.append(section)
            kids = self._write_pages(piece, streams, section)
            pdf.put(
                section,
                b"<</S/Sect/P %d 0 R/Lang%b/T%b/K[%b]>>"
                % (self._whole, text_string(piece.language), text_string(piece.name), kids),
            )
            self._leaf_contents += piece.contents
        if len(self._leaf_kids) >= _LEAF:
            self._flush_leaf()
            self._flush_parents()

    def close(self, facts: dict[str, str]) -> None:
        """Finish the file. `facts` are added to the information dictionary."""
        pdf = self._pdf
        self._flush_leaf()
        self._flush_parents()
        typesetter = self._painter.typesetter
        faces = self._layout.stationery.faces
        fonts = b""
        for name in self._layout.fonts:
            if typesetter.fonts_used.isdisjoint((name, name + GLYPHS)):
                continue
            numbers = embed(
                pdf,
                faces[name],
                used=typesetter.used[name],
                shapes=typesetter.shape_codes[name],
            )
            for resource, number in zip((name, name + GLYPHS), numbers, strict=True):
                if number:
                    fonts += b"/%b %d 0 R" % (typesetter.resources[resource], number)
        pdf.put(self._font_names, b"<<%b>>" % fonts)
        pictures = b"".join(self._pictures)
        xobjects = b"/XObject<<%b>>" % pictures if pictures else b""
        names = self._colour_names() + xobjects
        pdf.put(self._plain, b"<</Font %d 0 R%b>>" % (self._font_names, names))
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
        self._write_catalog()
        entries = b"".join(b"/%b%b" % (k.encode(), text_string(v)) for k, v in facts.items())
        pdf.put(
            self._info,
            b"<</Title%b/Producer%b%b%b>>"
            % (
                text_string(self._title),
                text_string(PRODUCER),
                info_entries(self._conformance),
                entries,
            ),
        )
        pdf.close(root=self._catalog, info=self._info)

    def _write_catalog(self) -> None:
        """Write the catalog with what the file says of itself."""
        pdf, conformance = self._pdf, self._conformance
        more = b""
        if conformance.condition is not None:
            more += b"/OutputIntents[%d 0 R]" % write_output_intent(pdf, conformance.condition)
        if self._document_parts is not None:
            more += b"/DPartRoot %d 0 R" % self._document_parts.close()
        fingerprint = pdf.fingerprint() if conformance.is_for_press else ""
        metadata = pdf.add_stream(
            xmp(self._title, self._language, conformance, fingerprint=fingerprint),
            entries=b"/Type/Metadata/Subtype/XML",
            deflate=False,
        )
        duplex = b"/Duplex/DuplexFlipLongEdge" if self._layout.duplex else b"/Duplex/Simplex"
        if conformance.is_for_press:
            duplex = b""  # PDF 1.7 has it, which these standards do not build on.
        pdf.put(
            self._catalog,
            b"<</Type/Catalog/Pages %d 0 R/Lang%b/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R"
            b"/ViewerPreferences<</DisplayDocTitle true/PrintScaling/None%b>>/Metadata %d 0 R%b>>"
            % (
                self._pages_root,
                text_string(self._language),
                self._tree_root,
                duplex,
                metadata,
                more,
            ),
        )

    def _write_content(self, canvas: Canvas) -> int:
        """Write the content stream of a page; returns its object number."""
        canvas.ops.insert(0, b"%b/Artifact BMC /A%d Do EMC" % (self._page_start, canvas.number))
        return self._pdf.add_stream(b"\n".join(canvas.ops))

    def _write_pages(self, piece: PaintedPiece, streams: Sequence[int], section: int) -> bytes:
        """Write the pages of a piece; returns references to their structure elements."""
        parts = self._document_parts
        if parts is None:
            return b" ".join(map(self._write_page, piece.canvases, streams, repeat(section)))
        entry = repeat(b"/DPart %d 0 R" % parts.begin())
        kids = map(self._write_page, piece.canvases, streams, repeat(section), entry)
        joined = b" ".join(kids)
        first, last = self._leaf_kids[-len(streams)], self._leaf_kids[-1]
        parts.end(first_page=first, last_page=last, name=piece.name)
        return joined

    def _write_page(self, canvas: Canvas, content: int, section: int, entry: bytes = b"") -> bytes:
        """Write a page; returns references to its structure elements, for its section."""
        pdf = self._pdf
        page = pdf.add(self._page_form % (self._leaves[-1], content, self.pages, entry))
        self._leaf_kids.append(page)
        self.pages += 1
        kids, owners = self._write_structure(canvas, section=section, page=page)
        self._parents.append(b"%d[%b]" % (self.pages - 1, owners))
        return kids

    def _write_structure(self, canvas: Canvas, *, section: int, page: int) -> tuple[bytes, bytes]:
        """Write the structure elements of a page.

        Returns references to those directly below the section, and to the owner of each piece of
        marked content.
        """
        roles = canvas.roles
        if "LI" in roles:
            return self._write_list_structure(canvas, section=section, page=page)
        elements = _elements(tuple(roles), tuple(canvas.alts))
        elements = elements.replace(b"@", b"P %d 0 R/Pg %d 0 R" % (section, page))
        if canvas.alts:
            elements %= tuple(map(text_string, canvas.alts.values()))
        first = self._pdf.add_lines(elements, len(roles))
        refs = _refs(range(first, first + len(roles)))
        return refs, refs

    def _write_list_structure(
        self, canvas: Canvas, *, section: int, page: int
    ) -> tuple[bytes, bytes]:
        """The same for a page on which each line of a list is a list item."""
        pdf = self._pdf
        kids: list[int] = []
        owners: list[int] = []
        items: list[int] = []
        listing = 0
        for number, role in enumerate(canvas.roles):
            if role != "LI":
                if items:
                    pdf.put(listing, b"<</S/L/P %d 0 R/K[%b]>>" % (section, _refs(items)))
                    items = []
                alt = canvas.alts.get(number, "")
                alt_entry = b"/Alt" + text_string(alt) if alt else b""
                element = pdf.add(
                    b"<</S/%b/P %d 0 R/Pg %d 0 R/K %d%b>>"
                    % (role.encode(), section, page, number, alt_entry)
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
        return _refs(kids), _refs(owners)

    def _write_form(self, ops: bytes, box: bytes) -> tuple[bytes, bytes]:
        """Write content as a form; returns operators that draw it, and its resource entry."""
        number = self._pdf.add_stream(ops, entries=self._form_entries % box, deflate=False)
        name = next(self._form_names)
        return b"/%b Do" % name, b"/%b %d 0 R" % (name, number)

    def _write_image(self, picture: Jpeg) -> bytes:
        """Write a picture; returns the name of its resource."""
        entries = (
            b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace%b/BitsPerComponent 8"
            b"/Filter/DCTDecode" % (picture.width, picture.height, picture.space)
        )
        return self._add_picture(self._pdf.add_stream(picture.data, entries=entries, deflate=False))

    def _write_drawing(self, ops: bytes, size: float) -> bytes:
        """Write a drawing on a square; returns the name of its resource."""
        form = b"/Type/XObject/Subtype/Form/BBox[0 0 %g %g]/Resources<<%b>>"
        entries = form % (size, size, self._colour_names())
        return self._add_picture(self._pdf.add_stream(ops, entries=entries))

    def _add_picture(self, number: int) -> bytes:
        name = b"P%d" % len(self._pictures)
        self._pictures.append(b"/%b %d 0 R" % (name, number))
        return name

    def _flush_leaf(self) -> None:
        if self._leaf_kids:
            self._pdf.put(
                self._leaves[-1],
                b"<</Type/Pages/Parent %d 0 R/Resources<</Font %d 0 R/XObject<<%b>>%b>>"
                b"/Count %d/Kids[%b]>>"
                % (
                    self._pages_root,
                    self._font_names,
                    b"".join(
                        (
                            *self._art_entries,
                            *(() if self._shared else self._pictures),
                            *[content.entry for content in dict.fromkeys(self._leaf_contents)],
                        )
                    ),
                    self._colour_names(),
                    len(self._leaf_kids),
                    _refs(self._leaf_kids),
                ),
            )
            self._leaf_kids, self._leaf_contents = [], []

    def _flush_parents(self) -> None:
        if self._parents:
            last = self.pages - 1
            first = self.pages - len(self._parents)
            number = self._pdf.add(
                b"<</Limits[%d %d]/Nums[%b]>>" % (first, last, b"".join(self._parents))
            )
            self._parent_leaves.append((number, first, last))
            self._parents = []

    def _write_art_form(self, page: int) -> int:
        box = b"/Type/XObject/Subtype/Form/BBox[%b]/Resources<<%b>>" % (
            self._painter.page_box,
            self._colour_names(),
        )
        return self._pdf.add_stream(self._painter.art_ops(page), entries=box)

    def _colour_names(self) -> bytes:
        """The resource entry of the colour spaces of the inks, if there are any."""
        return b"/ColorSpace<<%b>>" % self._colour_spaces if self._colour_spaces else b""


def _boxes(layout: Layout, conformance: Conformance) -> bytes:
    """The boxes of a page. On a press, the corner of its bleed is the origin."""
    width, height = layout.size_pt
    if not conformance.is_for_press:
        return b"/MediaBox[0 0 %g %g]" % (width, height)
    bleed = conformance.bleed_pt
    whole = b"[0 0 %g %g]" % (width + 2 * bleed, height + 2 * bleed)
    trimmed = b"[%g %g %g %g]" % (bleed, bleed, width + bleed, height + bleed)
    return b"/MediaBox%b/BleedBox%b/TrimBox%b" % (whole, whole, trimmed)


@cache
def _elements(roles: tuple[str, ...], figures: tuple[int, ...]) -> bytes:
    """Structure elements, one a line, with `@` for section and page, `%b` for a figure's text."""
    lines = []
    for number, role in enumerate(roles):
        alt = b"/Alt%b" if number in figures else b""
        lines.append(b"<</S/%b/@/K %d%b>>" % (role.encode(), number, alt))
    return b"\n".join(lines)


def _names() -> Iterator[bytes]:
    """Short names of letters only. Names of art have digits."""
    letters = [letter.encode() for letter in ascii_letters]
    for length in count(1):
        yield from map(b"".join, product(letters, repeat=length))


def _refs(numbers: Sequence[int]) -> bytes:
    return (b"%d 0 R " * len(numbers))[:-1] % tuple(numbers)

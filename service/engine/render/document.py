"""The PDF file around the pages: fonts, shared art, page tree, structure tree and metadata.

Pages are written as they come. What stays in memory for each piece is two object numbers.
"""

from collections.abc import Sequence
from functools import cache
from itertools import repeat
from string import ascii_letters
from typing import BinaryIO
from xml.sax.saxutils import escape

from service.engine.render.canvas import Canvas, PaintedPiece
from service.engine.render.embed import embed
from service.engine.render.layout import Layout
from service.engine.render.painter import Painter
from service.engine.render.pdf import PdfWriter, text_string
from service.engine.render.pictures import Jpeg
from service.engine.render.plans import Content
from service.engine.render.runs import GLYPHS

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
    ) -> None:
        """Start the file. With `shared`, repeated content is written once, as a form."""
        self._pdf = PdfWriter(out)
        self._painter = painter
        self._layout = layout
        self._title = title
        self._language = language
        pdf = self._pdf
        self._catalog, self._info = pdf.reserve(), pdf.reserve()
        self._pages_root, self._plain, self._font_names = (pdf.reserve() for _ in range(3))
        self._tree_root, self._whole = pdf.reserve(), pdf.reserve()
        self._shared = shared
        self._pictures: list[bytes] = []
        painter.pictures.write_image = self._write_image
        painter.pictures.write_drawing = self._write_drawing
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
            b"<</Type/Page/Parent %%d 0 R/MediaBox[0 0 %g %g]/Contents %%d 0 R"
            b"/StructParents %%d/Tabs/S>>" % layout.size_pt
        )
        self.pages = self._forms = 0
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
            kids = b" ".join(map(self._write_page, piece.canvases, streams, repeat(section)))
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
        pdf.put(self._plain, b"<</Font %d 0 R%b>>" % (self._font_names, xobjects))
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

    def _write_content(self, canvas: Canvas) -> int:
        """Write the content stream of a page; returns its object number."""
        canvas.ops.insert(0, b"/Artifact BMC /A%d Do EMC" % canvas.number)
        return self._pdf.add_stream(b"\n".join(canvas.ops))

    def _write_page(self, canvas: Canvas, content: int, section: int) -> bytes:
        """Write a page; returns references to its structure elements, for its section."""
        pdf = self._pdf
        page = pdf.add(self._page_form % (self._leaves[-1], content, self.pages))
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
        entries = b"/Type/XObject/Subtype/Form/BBox[%b]/Resources %d 0 R" % (box, self._plain)
        number = self._pdf.add_stream(ops, entries=entries, deflate=False)
        name = _name(self._forms)
        self._forms += 1
        return b"/%b Do" % name, b"/%b %d 0 R" % (name, number)

    def _write_image(self, picture: Jpeg) -> bytes:
        """Write a picture; returns the name of its resource."""
        entries = (
            b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/%b/BitsPerComponent 8"
            b"/Filter/DCTDecode" % (picture.width, picture.height, picture.space)
        )
        return self._add_picture(self._pdf.add_stream(picture.data, entries=entries, deflate=False))

    def _write_drawing(self, ops: bytes, size: float) -> bytes:
        """Write a drawing on a square; returns the name of its resource."""
        entries = b"/Type/XObject/Subtype/Form/BBox[0 0 %g %g]/Resources<<>>" % (size, size)
        return self._add_picture(self._pdf.add_stream(ops, entries=entries))

    def _add_picture(self, number: int) -> bytes:
        name = b"P%d" % len(self._pictures)
        self._pictures.append(b"/%b %d 0 R" % (name, number))
        return name

    def _flush_leaf(self) -> None:
        if self._leaf_kids:
            self._pdf.put(
                self._leaves[-1],
                b"<</Type/Pages/Parent %d 0 R/Resources<</Font %d 0 R/XObject<<%b>>>>"
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
        width, height = self._layout.size_pt
        box = b"/Type/XObject/Subtype/Form/BBox[0 0 %g %g]/Resources<<>>" % (width, height)
        return self._pdf.add_stream(self._painter.art_ops(page), entries=box)


@cache
def _elements(roles: tuple[str, ...], figures: tuple[int, ...]) -> bytes:
    """Structure elements, one a line, with `@` for section and page, `%b` for a figure's text."""
    lines = []
    for number, role in enumerate(roles):
        alt = b"/Alt%b" if number in figures else b""
        lines.append(b"<</S/%b/@/K %d%b>>" % (role.encode(), number, alt))
    return b"\n".join(lines)


def _name(number: int) -> bytes:
    """A short name of letters only. Names of art have digits."""
    name = ""
    while number >= 0:
        number, letter = divmod(number, len(ascii_letters))
        name += ascii_letters[letter]
        number -= 1
    return name.encode()


def _refs(numbers: Sequence[int]) -> bytes:
    return (b"%d 0 R " * len(numbers))[:-1] % tuple(numbers)


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

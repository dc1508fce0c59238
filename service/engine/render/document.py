"""The PDF file around the pages: page tree, catalog and metadata.

Pages are written as they come. What stays in memory for each piece is two object numbers.
"""

from collections.abc import Sequence
from itertools import repeat
from typing import BinaryIO

from service.engine.render.canvas import Canvas, PaintedPiece
from service.engine.render.claims import PRODUCER, info_entries, write_output_intent, xmp
from service.engine.render.contents import Content
from service.engine.render.document_parts import DocumentParts
from service.engine.render.layout import Layout
from service.engine.render.painter import Painter
from service.engine.render.pdf import PdfWriter, references, text_string
from service.engine.render.resources import Resources
from service.engine.render.standard import PLAIN, Conformance, Standard
from service.engine.render.structure import StructureTree

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
        self._layout = layout
        self._title = title
        self._language = language
        self._conformance = conformance
        pdf = self._pdf
        self._catalog, self._info = pdf.reserve(), pdf.reserve()
        self._pages_root = pdf.reserve()
        self._structure = StructureTree(pdf)
        self._resources = Resources(pdf, painter, layout, shared=shared)
        is_vt = conformance.standard is Standard.VT1
        self._document_parts = DocumentParts(pdf) if is_vt else None
        self._leaves: list[int] = []
        self._leaf_kids: list[int] = []
        self._leaf_contents: list[Content] = []
        self._page_form = (
            b"<</Type/Page/Parent %%d 0 R%b/Contents %%d 0 R"
            b"/StructParents %%d/Tabs/S%%b>>" % _boxes(layout, conformance)
        )
        bleed = conformance.bleed_pt
        self._page_start = b"1 0 0 1 %g %g cm\n" % (bleed, bleed) if bleed else b""
        self.pages = 0

    def add(self, pieces: Sequence[PaintedPiece]) -> None:
        """Write the pages of some pieces, and their part of the structure tree."""
        if not self._leaf_kids:
            self._leaves.append(self._pdf.reserve())
        contents = [[self._write_content(canvas) for canvas in piece.canvases] for piece in pieces]
        for piece, streams in zip(pieces, contents, strict=True):
            self._structure.begin_section()
            self._structure.end_section(piece, self._write_pages(piece, streams))
            self._leaf_contents += piece.contents
        if len(self._leaf_kids) >= _LEAF:
            self._flush_leaf()
            self._structure.flush()

    def close(self, facts: dict[str, str]) -> None:
        """Finish the file. `facts` are added to the information dictionary."""
        pdf = self._pdf
        self._flush_leaf()
        self._resources.close()
        pdf.put(
            self._pages_root,
            b"<</Type/Pages/Count %d/Kids[%b]>>" % (self.pages, references(self._leaves)),
        )
        self._structure.close()
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
                self._structure.root,
                duplex,
                metadata,
                more,
            ),
        )

    def _write_content(self, canvas: Canvas) -> int:
        """Write the content stream of a page; returns its object number."""
        canvas.ops.insert(0, b"%b/Artifact BMC /A%d Do EMC" % (self._page_start, canvas.number))
        return self._pdf.add_stream(b"\n".join(canvas.ops))

    def _write_pages(self, piece: PaintedPiece, streams: Sequence[int]) -> bytes:
        """Write the pages of a piece; returns references to their structure elements."""
        parts = self._document_parts
        if parts is None:
            return b" ".join(map(self._write_page, piece.canvases, streams))
        entry = repeat(b"/DPart %d 0 R" % parts.begin())
        kids = map(self._write_page, piece.canvases, streams, entry)
        joined = b" ".join(kids)
        first, last = self._leaf_kids[-len(streams)], self._leaf_kids[-1]
        parts.end(first_page=first, last_page=last, name=piece.name)
        return joined

    def _write_page(self, canvas: Canvas, content: int, entry: bytes = b"") -> bytes:
        """Write a page; returns references to its structure elements, for its section."""
        pdf = self._pdf
        page = pdf.add(self._page_form % (self._leaves[-1], content, self.pages, entry))
        self._leaf_kids.append(page)
        self.pages += 1
        return self._structure.add_page(canvas, page=page)

    def _flush_leaf(self) -> None:
        if self._leaf_kids:
            self._pdf.put(
                self._leaves[-1],
                b"<</Type/Pages/Parent %d 0 R/Resources%b/Count %d/Kids[%b]>>"
                % (
                    self._pages_root,
                    self._resources.names(self._leaf_contents),
                    len(self._leaf_kids),
                    references(self._leaf_kids),
                ),
            )
            self._leaf_kids, self._leaf_contents = [], []


def _boxes(layout: Layout, conformance: Conformance) -> bytes:
    """The boxes of a page. On a press, the corner of its bleed is the origin."""
    width, height = layout.size_pt
    if not conformance.is_for_press:
        return b"/MediaBox[0 0 %g %g]" % (width, height)
    bleed = conformance.bleed_pt
    whole = b"[0 0 %g %g]" % (width + 2 * bleed, height + 2 * bleed)
    trimmed = b"[%g %g %g %g]" % (bleed, bleed, width + bleed, height + bleed)
    return b"/MediaBox%b/BleedBox%b/TrimBox%b" % (whole, whole, trimmed)

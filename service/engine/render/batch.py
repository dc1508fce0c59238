"""Render lists as PDF: a batch of mailpieces in one file, or one list for a household."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import accumulate, chain, islice
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from service.engine.records import Address, ListDocument, Mailpiece
from service.engine.render.collecting import collection_paused
from service.engine.render.document import PrintFile
from service.engine.render.layout import Layout
from service.engine.render.page_counts import write_counts
from service.engine.render.paint import PaintJob, paint
from service.engine.render.painter import Painter
from service.engine.render.postal import NOBODY, Sender
from service.engine.render.standard import PLAIN, Conformance, Standard
from service.engine.render.symbols import SymbolProfile
from service.engine.render.text_setter import PrintOptions
from service.errors import InvalidInput, LarderError, Problem

RESOLVER = "https://id.gs1.org"
"""The address in the GS1 Digital Link of a QR symbol, unless the retailer has its own."""

_BATCH_PIECES = 128
"""Pieces painted together."""

_ANY_PIECE_ID = "00000000-0000000"
_LAST_SEQ = 9_999_999


class PiecePages(NamedTuple):
    """The pages of a piece in its file, from `page_from` to `page_to` included; the first is 1.

    `sheets` is its sheets of paper.
    """

    piece_id: str
    seq: int
    page_from: int
    page_to: int
    sheets: int

    @property
    def pages(self) -> int:
        """How many there are."""
        return self.page_to - self.page_from + 1


def place_pieces(
    pieces: Sequence[tuple[str, int]], counts: Sequence[int], layout: Layout, *, first: int = 1
) -> list[PiecePages]:
    """The places of pieces, by their ids and sequence numbers, from how many pages each has."""
    return [
        PiecePages(piece_id, seq, at, at + pages - 1, layout.sheets_of(pages))
        for (piece_id, seq), pages, at in zip(
            pieces, counts, accumulate(counts, initial=first), strict=False
        )
    ]


def render_batch(
    pieces: Iterable[Mailpiece],
    layout: Layout,
    out: BinaryIO,
    *,
    title: str,
    language: str,
    profile: SymbolProfile | None = None,
    resolver: str = RESOLVER,
    sender: Sender = NOBODY,
    departments: Sequence[str] = (),
    pictures: Mapping[str, bytes] = MappingProxyType({}),
    by_line: bool = False,
    conformance: Conformance = PLAIN,
) -> tuple[PiecePages, ...]:
    """Write one PDF with all pieces. Memory does not grow with their number.

    - `title`, `language`: of the file. Each list is tagged with its own language.
    - `profile`: the kind of symbol, instead of that of the layout.
    - `resolver`: the address in the GS1 Digital Link of a QR symbol.
    - `sender`: the return line above the address, and what addresses abroad end with.
    - `departments`: the walking order of the store.
    - `pictures`: prepared pictures by their digests, asked for when they are drawn. A pictogram
      stands for one that is not there. The retailer's colour is that of the first list.
    - `by_line`: make each line of a list a structure element; otherwise all lines of a list are
      one, which is enough for paper, but not for PDF/UA.
    - `conformance`: the standard that the file claims; the layout has the inks of its press.

    The same input gives the same bytes. Raises `InvalidInput` with list and element if a text does
    not fit or has no glyph; `out` then holds an invalid file. `Checker` finds this beforehand.
    """
    by_line |= conformance.standard is Standard.UA1
    remaining = iter(pieces)
    first_pieces = [*islice(remaining, 1)]
    if first_pieces:
        layout = _in_colour(layout, first_pieces[0].document)
    remaining = chain(first_pieces, remaining)
    options = _options(layout, profile, resolver, sender, departments, pictures, by_line=by_line)
    options = replace(options, bleed_pt=conformance.bleed_pt)
    painter = Painter(layout, options)
    file = PrintFile(
        out,
        painter,
        layout,
        title=title,
        language=language,
        shared=not by_line or conformance.standard is Standard.UA1,
        conformance=conformance,
    )
    located: list[PiecePages] = []
    while batch := [*islice(remaining, _BATCH_PIECES)]:
        first = file.pages + 1
        with collection_paused():
            painted = paint(painter, [*map(_job, batch)])
            counts = [len(each.canvases) for each in painted]
            file.add(painted)
        pieces_here = [(piece.piece_id, piece.seq) for piece in batch]
        located += place_pieces(pieces_here, counts, layout, first=first)
    if not located:
        raise InvalidInput("a print file needs at least one piece")
    file.close(_document_info(layout, options, [piece.pages for piece in located]))
    return tuple(located)


def render_one(
    document: ListDocument,
    address: Address | None,
    layout: Layout,
    *,
    profile: SymbolProfile | None = None,
    resolver: str = RESOLVER,
    sender: Sender = NOBODY,
    departments: Sequence[str] = (),
    pictures: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    """Render one list as a PDF. Without an address the window stays empty.

    Arguments and errors are those of `render_batch`.
    """
    layout = _in_colour(layout, document)
    options = _options(layout, profile, resolver, sender, departments, pictures)
    painter = Painter(layout, options)
    out = BytesIO()
    title = f"{document.retailer}: {layout.title}"
    file = PrintFile(out, painter, layout, title=title, language=document.language, shared=False)
    painted = paint(painter, [PaintJob(document, address, _list_name(document))])
    file.add(painted)
    file.close(_document_info(layout, options, [len(painted[0].canvases)]))
    return out.getvalue()


class Checker:
    """Finds what cannot be printed, by fitting all texts as for printing, without a file."""

    def __init__(
        self,
        layout: Layout,
        *,
        profile: SymbolProfile | None = None,
        resolver: str = RESOLVER,
        sender: Sender = NOBODY,
        departments: Sequence[str] = (),
    ) -> None:
        options = _options(layout, profile, resolver, sender, departments)
        self._painter = Painter(layout, options)

    def problems(self, piece: Mailpiece) -> tuple[Problem, ...]:
        """All texts of the piece that do not fit or lack a glyph; empty if there are none."""
        return self._check([_job(piece)])[0]

    def check_all(
        self, pieces: Iterable[Mailpiece]
    ) -> Iterator[tuple[Mailpiece, tuple[Problem, ...]]]:
        """Yield each piece with its problems, in order. This is cheaper than piece by piece."""
        remaining = iter(pieces)
        while batch := [*islice(remaining, _BATCH_PIECES)]:
            yield from zip(batch, self._check([*map(_job, batch)]), strict=True)

    def check_lists(self, documents: Iterable[ListDocument]) -> Iterator[tuple[Problem, ...]]:
        """Yield the problems of each list, in order, on a piece with marks and no address."""
        remaining = iter(documents)
        while batch := [*islice(remaining, _BATCH_PIECES)]:
            yield from self._check(
                [PaintJob(each, None, "list", _LAST_SEQ, _ANY_PIECE_ID) for each in batch]
            )

    def are_drawn_alike(self, one: ListDocument, other: ListDocument) -> bool:
        """Whether two lists are the same on paper. Raises InvalidInput as `render_batch` does."""
        drawn = [
            [
                canvas.ops
                for canvas in paint(self._painter, [PaintJob(each, None, "list")])[0].canvases
            ]
            for each in (one, other)
        ]
        return drawn[0] == drawn[1]

    def _check(self, jobs: Sequence[PaintJob]) -> list[tuple[Problem, ...]]:
        try:
            paint(self._painter, jobs)
        except LarderError as error:
            if len(jobs) == 1:
                return [error.problems or (Problem(jobs[0].name, error.detail),)]
            return [found for job in jobs for found in self._check([job])]
        return [()] * len(jobs)


def _job(piece: Mailpiece) -> PaintJob:
    return PaintJob(
        piece.document,
        piece.address,
        f"piece {piece.piece_id}",
        piece.seq,
        piece.piece_id,
        piece.serial,
    )


def _options(
    layout: Layout,
    profile: SymbolProfile | None,
    resolver: str,
    sender: Sender,
    departments: Sequence[str],
    pictures: Mapping[str, bytes] = MappingProxyType({}),
    *,
    by_line: bool = True,
) -> PrintOptions:
    return PrintOptions(
        profile=profile or layout.symbol,
        resolver=resolver,
        sender=sender,
        departments=tuple(departments),
        by_line=by_line,
        pictures=pictures,
    )


def _in_colour(layout: Layout, document: ListDocument) -> Layout:
    """The layout in the colour of the document's retailer."""
    if not document.colour:
        return layout
    return replace(layout.in_accent(document.colour), stationery=layout.stationery)


def _document_info(layout: Layout, options: PrintOptions, counts: Sequence[int]) -> dict[str, str]:
    """Entries of the information dictionary, for the check of the finished file."""
    facts = {
        "LarderLayout": layout.name,
        "LarderPieces": str(len(counts)),
        "LarderPagesPerPiece": write_counts(counts),
        "LarderSymbol": options.profile.value,
        "LarderSafe": f"{layout.safe_mm:g}",
    }
    if layout.window is not None:
        facts["LarderWindow"] = layout.window.name
    return facts


def _list_name(document: ListDocument) -> str:
    """The name of a list without a piece: the last digits of its code, too few to redeem it."""
    if document.is_draft:
        return "draft"
    return f"list ending {document.list_code[-4:]}"

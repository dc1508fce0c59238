"""Lists to PDF: a batch of mailpieces into one file, or one list for a household."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import count, islice
from typing import BinaryIO

from service.engine.records import Address, ListDocument, Mailpiece
from service.engine.render.document import PrintFile
from service.engine.render.layout import Layout
from service.engine.render.paint import Job, paint
from service.engine.render.painter import Painter, Terms
from service.engine.render.symbols import SymbolProfile
from service.errors import InvalidInput, LarderError, Problem

RESOLVER = "https://id.gs1.org"
"""Where a QR symbol's GS1 Digital Link leads when the retailer names no address of its own."""

_TOGETHER = 64
"""Pieces painted side by side."""


@dataclass(frozen=True, slots=True)
class PiecePages:
    """Where one piece lies in its file: pages count from 1 and include `page_to`."""

    piece_id: str
    seq: int
    page_from: int
    page_to: int
    sheets: int


def render_batch(
    pieces: Iterable[Mailpiece],
    layout: Layout,
    out: BinaryIO,
    *,
    title: str,
    language: str,
    profile: SymbolProfile | None = None,
    resolver: str = RESOLVER,
    sender: str = "",
    sender_country: str = "US",
    departments: Sequence[str] = (),
    by_line: bool = False,
) -> tuple[PiecePages, ...]:
    """Write one PDF with every piece; memory does not grow with their number.

    `title` and `language` describe the file; each list is tagged with its own language.
    `profile` overrides the layout's symbol. `sender` is the return line above the address.
    `departments` is the store's walking order. `by_line` tags every line of a list by itself;
    without it the lines of a list are one tagged block, which is enough for paper.

    The same input gives the same bytes. Raises `InvalidInput` naming list and element when a
    text does not fit or has no glyph; what was
    written to `out` until then is no valid file (see `Checker`).
    """
    terms = _terms(layout, profile, resolver, sender, sender_country, departments, by_line)
    painter = Painter(layout, terms)
    file = PrintFile(out, painter, layout, title=title, language=language, shared=not by_line)
    placed: list[PiecePages] = []
    coming = iter(pieces)
    while some := [*islice(coming, _TOGETHER)]:
        first = file.pages + 1
        file.add(paint(painter, [*map(_job, some)]))
        placed += [
            PiecePages(piece.piece_id, piece.seq, at, at + layout.pages - 1, layout.sheets)
            for at, piece in zip(count(first, layout.pages), some, strict=False)
        ]
    if not placed:
        raise InvalidInput("a print file needs at least one piece")
    file.close(_facts(layout, terms, pieces=len(placed)))
    return tuple(placed)


def render_one(
    document: ListDocument,
    address: Address | None,
    layout: Layout,
    *,
    profile: SymbolProfile | None = None,
    resolver: str = RESOLVER,
    sender: str = "",
    sender_country: str = "US",
    departments: Sequence[str] = (),
) -> bytes:
    """One list as a PDF of its own; without an address the window stays empty."""
    terms = _terms(layout, profile, resolver, sender, sender_country, departments)
    painter = Painter(layout, terms)
    out = BytesIO()
    title = f"{document.retailer}: {layout.title}"
    file = PrintFile(out, painter, layout, title=title, language=document.language, shared=False)
    file.add(paint(painter, [Job(document, address, _list_name(document))]))
    file.close(_facts(layout, terms, pieces=1))
    return out.getvalue()


class Checker:
    """Finds what cannot be printed before anything is: the same fitting, without a file."""

    def __init__(
        self,
        layout: Layout,
        *,
        profile: SymbolProfile | None = None,
        resolver: str = RESOLVER,
        sender: str = "",
        sender_country: str = "US",
        departments: Sequence[str] = (),
    ) -> None:
        terms = _terms(layout, profile, resolver, sender, sender_country, departments)
        self._painter = Painter(layout, terms)

    def problems(self, piece: Mailpiece) -> tuple[Problem, ...]:
        """Every text of the piece that does not fit or lacks a glyph; empty when all is well."""
        try:
            paint(self._painter, [_job(piece)])
        except LarderError as error:
            return error.problems or (Problem(f"piece {piece.piece_id}", error.detail),)
        return ()

    def each(self, pieces: Iterable[Mailpiece]) -> Iterator[tuple[Mailpiece, tuple[Problem, ...]]]:
        """Each piece with its problems, in order; many pieces cost less together."""
        coming = iter(pieces)
        while some := [*islice(coming, _TOGETHER)]:
            try:
                paint(self._painter, [*map(_job, some)])
            except LarderError:
                yield from ((piece, self.problems(piece)) for piece in some)
            else:
                yield from ((piece, ()) for piece in some)


def _job(piece: Mailpiece) -> Job:
    return Job(piece.document, piece.address, f"piece {piece.piece_id}", piece.seq, piece.piece_id)


def _terms(
    layout: Layout,
    profile: SymbolProfile | None,
    resolver: str,
    sender: str,
    sender_country: str,
    departments: Sequence[str],
    by_line: bool = True,
) -> Terms:
    return Terms(
        profile=profile or layout.symbol,
        resolver=resolver,
        sender=sender,
        sender_country=sender_country,
        departments=tuple(departments),
        by_line=by_line,
    )


def _facts(layout: Layout, terms: Terms, *, pieces: int) -> dict[str, str]:
    """What a check of the finished file needs to know."""
    facts = {
        "LarderLayout": layout.name,
        "LarderPieces": str(pieces),
        "LarderPagesPerPiece": str(layout.pages),
        "LarderSymbol": terms.profile.value,
        "LarderSafe": f"{layout.safe_mm:g}",
    }
    if layout.window is not None:
        facts["LarderWindow"] = layout.window.name
    return facts


def _list_name(document: ListDocument) -> str:
    """A list without a piece is named by the end of its code, which alone redeems nothing."""
    return f"list ending {document.list_code[-4:]}"

"""The structure tree of a tagged PDF: a section a piece, and below it what its pages show."""

from functools import cache
from itertools import groupby
from typing import NamedTuple

from service.engine.render.canvas import Canvas, PaintedPiece
from service.engine.render.pdf import PdfWriter, references, text_string


class StructureTree:
    """Writes the tree as pages come; in memory stay one number a piece and two a hundred pages."""

    def __init__(self, pdf: PdfWriter) -> None:
        self._pdf = pdf
        self.root, self._whole = pdf.reserve(), pdf.reserve()
        self._sections: list[int] = []
        self._pages = 0
        self._parents: list[bytes] = []
        self._parent_leaves: list[tuple[int, int, int]] = []

    def begin_section(self) -> None:
        """Begin the section of a piece."""
        self._sections.append(self._pdf.reserve())

    def end_section(self, piece: PaintedPiece, kids: bytes) -> None:
        """Write the section that was begun, with references to what is directly below it."""
        self._pdf.put(
            self._sections[-1],
            b"<</S/Sect/P %d 0 R/Lang%b/T%b/K[%b]>>"
            % (self._whole, text_string(piece.language), text_string(piece.name), kids),
        )

    def add_page(self, canvas: Canvas, *, page: int) -> bytes:
        """Write the elements of the next page, whose object number is `page`.

        Returns references to those directly below the section.
        """
        kids, owners = self._write(canvas, section=self._sections[-1], page=page)
        self._parents.append(b"%d[%b]" % (self._pages, owners))
        self._pages += 1
        return kids

    def flush(self) -> None:
        """Write a leaf of the tree of parents, with the pages since the last one."""
        if self._parents:
            last = self._pages - 1
            first = self._pages - len(self._parents)
            number = self._pdf.add(
                b"<</Limits[%d %d]/Nums[%b]>>" % (first, last, b"".join(self._parents))
            )
            self._parent_leaves.append((number, first, last))
            self._parents = []

    def close(self) -> None:
        """Write what holds the tree together."""
        self.flush()
        pdf = self._pdf
        leaves = [number for number, _, _ in self._parent_leaves]
        parents = pdf.add(b"<</Kids[%b]>>" % references(leaves))
        pdf.put(
            self.root,
            b"<</Type/StructTreeRoot/K %d 0 R/ParentTree %d 0 R/ParentTreeNextKey %d>>"
            % (self._whole, parents, self._pages),
        )
        pdf.put(
            self._whole,
            b"<</S/Document/P %d 0 R/K[%b]>>" % (self.root, references(self._sections)),
        )

    def _write(self, canvas: Canvas, *, section: int, page: int) -> tuple[bytes, bytes]:
        """Write the structure elements of a page.

        Returns references to those directly below the section, and to the owner of each piece of
        marked content.
        """
        roles = canvas.roles
        if "LI" in roles:
            return self._write_by_line(canvas, section=section, page=page)
        form = _elements(tuple(roles), tuple(canvas.alts), canvas.by_line)
        elements = form.lines.replace(b"@", b"P %d 0 R/Pg %d 0 R" % (section, page))
        if canvas.alts:
            elements %= tuple(map(text_string, canvas.alts.values()))
        first = self._pdf.add_lines(elements, form.elements)
        numbers = range(first, first + form.elements)
        return references(numbers), references([numbers[owner] for owner in form.owners])

    def _write_by_line(self, canvas: Canvas, *, section: int, page: int) -> tuple[bytes, bytes]:
        """The same for a page on which each line of a list is a list item."""
        pdf = self._pdf
        kids: list[int] = []
        owners: list[int] = []
        items: list[int] = []
        listing = 0
        for number, role in enumerate(canvas.roles):
            if role != "LI":
                if items:
                    pdf.put(listing, b"<</S/L/P %d 0 R/K[%b]>>" % (section, references(items)))
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
            pdf.put(listing, b"<</S/L/P %d 0 R/K[%b]>>" % (section, references(items)))
        return references(kids), references(owners)


class _Elements(NamedTuple):
    """The structure elements of a page, one a line, with `@` for section and page, and `%b` for
    the text of a figure. `owners` has, for each piece of marked content, the place of its own."""

    lines: bytes
    elements: int
    owners: tuple[int, ...]


@cache
def _elements(roles: tuple[str, ...], figures: tuple[int, ...], by_line: bool) -> _Elements:
    """The elements of these roles; paragraphs in a row are one, unless each line has its own."""
    lines: list[bytes] = []
    owners: list[int] = []
    numbers = iter(range(len(roles)))
    for role, run in groupby(numbers, key=lambda number: (roles[number], number * by_line)):
        together = [*run]
        for part in [together] if role[0] == "P" else [[number] for number in together]:
            alt = b"/Alt%b" if part[0] in figures else b""
            shown = b" ".join(b"%d" % number for number in part)
            shown = b"[%b]" % shown if len(part) > 1 else b" " + shown
            owners += (len(lines),) * len(part)
            lines.append(b"<</S/%b/@/K%b%b>>" % (role[0].encode(), shown, alt))
    return _Elements(b"\n".join(lines), len(lines), tuple(owners))

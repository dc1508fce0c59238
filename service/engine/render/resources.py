"""What the pages of a file draw by name: forms, pictures, fonts, and the art of the layout."""

from collections.abc import Iterable, Iterator
from itertools import count, product
from string import ascii_letters

from service.engine.render.contents import Content
from service.engine.render.embed import embed
from service.engine.render.layout import Layout
from service.engine.render.painter import Painter
from service.engine.render.pdf import PdfWriter
from service.engine.render.pictures import Jpeg
from service.engine.render.runs import GLYPHS


class Resources:
    """Writes what is drawn by name when it is first drawn, and the fonts at the end."""

    def __init__(self, pdf: PdfWriter, painter: Painter, layout: Layout, *, shared: bool) -> None:
        """With `shared`, repeated content is written once, as a form."""
        self._pdf = pdf
        self._painter = painter
        self._layout = layout
        self._shared = shared
        self._plain, self._font_names = pdf.reserve(), pdf.reserve()
        self._pictures: list[bytes] = []
        painter.pictures.write_image = self._write_image
        painter.pictures.write_drawing = self._write_drawing
        spaces = layout.inks.spaces
        self._colour_spaces = b"".join(
            b"/%b %d 0 R" % (name, pdf.add(space)) for name, space in spaces.items()
        )
        self._art_entries = [
            b"/A%d %d 0 R" % (page, self._write_art_form(page))
            for page in range(1, layout.pages + 1)
        ]
        self._form_names = _names()
        self._form_entries = b"/Type/XObject/Subtype/Form/BBox[%%b]/Resources %d 0 R" % self._plain
        if shared:
            painter.write_form = self._write_form

    def names(self, contents: Iterable[Content]) -> bytes:
        """The resource dictionary of pages that draw these by name."""
        return b"<</Font %d 0 R/XObject<<%b>>%b>>" % (
            self._font_names,
            b"".join(
                (
                    *self._art_entries,
                    *(() if self._shared else self._pictures),
                    *[content.entry for content in dict.fromkeys(contents)],
                )
            ),
            self._colour_names(),
        )

    def close(self) -> None:
        """Write the fonts with the characters that were used, and what forms draw by name."""
        pdf = self._pdf
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

    def _write_art_form(self, page: int) -> int:
        box = b"/Type/XObject/Subtype/Form/BBox[%b]/Resources<<%b>>" % (
            self._painter.page_box,
            self._colour_names(),
        )
        return self._pdf.add_stream(self._painter.art_ops(page), entries=box)

    def _colour_names(self) -> bytes:
        """The resource entry of the colour spaces of the inks, if there are any."""
        return b"/ColorSpace<<%b>>" % self._colour_spaces if self._colour_spaces else b""


def _names() -> Iterator[bytes]:
    """Short names of letters only. Names of art have digits."""
    letters = [letter.encode() for letter in ascii_letters]
    for length in count(1):
        yield from map(b"".join, product(letters, repeat=length))

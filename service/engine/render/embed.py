"""Embed a font: the subset that a file uses, and the meaning of its character codes."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from service.engine.render.fonts import Face
from service.engine.render.pdf import PdfWriter
from service.engine.render.shaping import ShapeCodes


def embed(
    pdf: PdfWriter, face: Face, *, used: AbstractSet[str], shapes: ShapeCodes
) -> tuple[int, int]:
    """Write a Type 0 font with those of the characters that the face has, and one of shapes.

    The codes of the first are Unicode code points; `shapes` are those of the second. They share one
    subset. Returns their object numbers, 0 for one that would be empty.
    """
    subset = face.subset({*map(ord, used & face.advances.keys())}, shapes.shapes.values())
    program = pdf.add_stream(subset.data, entries=b"/Length1 %d" % len(subset.data))
    codes = sorted(subset.glyphs)
    name = _subset_name(face.name, [*codes, *subset.shaped.values()])
    left, bottom, right, top = face.bbox
    ascent, descent, capitals = face.metrics
    descriptor = pdf.add(
        b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0"
        b"/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>"
        % (name, left, bottom, right, top, ascent, descent, capitals, program)
    )
    font = _Font(pdf, name, descriptor)
    widths = {code: face.widths[code] for code in codes}
    simple = font.write(subset.glyphs, widths, _bfranges(codes)) if codes else 0
    if not shapes.shapes:
        return simple, 0
    widths = {code: face.shape_width(shape) for code, shape in shapes.shapes.items()}
    shaped = {code: subset.shaped[shape] for code, shape in shapes.shapes.items()}
    return simple, font.write(shaped, widths, _bfchars(shapes.meanings))


class _Font:
    """The parts that the fonts of one subset share."""

    def __init__(self, pdf: PdfWriter, name: bytes, descriptor: int) -> None:
        self._pdf = pdf
        self._name = name
        self._descriptor = descriptor

    def write(
        self, glyphs: Mapping[int, int], widths: Mapping[int, int], meanings: Sequence[bytes]
    ) -> int:
        """Write a font from the glyph, the width and the meaning of each of its codes."""
        pdf = self._pdf
        ordered = sorted(glyphs)
        glyph_map = bytearray(2 * (ordered[-1] + 1))
        for code in ordered:
            glyph_map[2 * code : 2 * code + 2] = glyphs[code].to_bytes(2, "big")
        gids = pdf.add_stream(bytes(glyph_map))
        listed = b"".join(b"%d[%d]" % (code, widths[code]) for code in ordered)
        descendant = pdf.add(
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b/FontDescriptor %d 0 R/DW 1000"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/CIDToGIDMap %d 0 R/W[%b]>>" % (self._name, self._descriptor, gids, listed)
        )
        unicode_map = pdf.add_stream(_to_unicode(meanings))
        return pdf.add(
            b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding/Identity-H"
            b"/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>" % (self._name, descendant, unicode_map),
        )


def _subset_name(name: str, codes: Sequence[int]) -> bytes:
    """The font name of a subset: six letters that depend on its characters, `+`, and the name."""
    rest = _hash(codes)
    letters = ""
    for _ in range(6):
        rest, letter = divmod(rest, 26)
        letters += chr(65 + letter)
    pretty = "".join(word.capitalize() for word in name.split("-")[:-1])
    return f"{letters}+{pretty}-{name.rsplit('-', 1)[-1].capitalize()}".encode()


def _hash(codes: Sequence[int]) -> int:
    """A hash of the code points that is the same in every process."""
    total = 0
    for code in codes:
        total = (total * 65_599 + code) % 2**61
    return total


def _bfranges(codes: Sequence[int]) -> Sequence[bytes]:
    """The meanings of codes that are Unicode already, by ranges within each 256."""
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and code == ranges[-1][1] + 1 and code >> 8 == ranges[-1][0] >> 8:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    lines = [b"<%04x><%04x><%04x>" % (low, high, low) for low, high in ranges]
    return _blocks(b"bfrange", lines)


def _bfchars(meanings: Mapping[int, str]) -> Sequence[bytes]:
    """The meanings of glyphs, one by one."""
    lines = [
        b"<%04x><%b>" % (code, meanings[code].encode("utf-16-be").hex().encode())
        for code in sorted(meanings)
    ]
    return _blocks(b"bfchar", lines)


def _blocks(kind: bytes, lines: Sequence[bytes]) -> Sequence[bytes]:
    """Blocks of at most 100 lines, as the format asks."""
    blocks = []
    for at in range(0, len(lines), 100):
        part = lines[at : at + 100]
        blocks.append(b"%d begin%b\n%b\nend%b\n" % (len(part), kind, b"\n".join(part), kind))
    return blocks


def _to_unicode(blocks: Sequence[bytes]) -> bytes:
    """A ToUnicode map."""
    return (
        b"/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n"
        b"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n"
        b"1 begincodespacerange\n<0000><ffff>\nendcodespacerange\n"
        + b"".join(blocks)
        + b"endcmap CMapName currentdict/CMap defineresource pop end end"
    )

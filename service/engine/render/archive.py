"""A PDF that is kept for years: PDF/A-3b (ISO 19005-3), with files in it where there are any.

The same pages give the same bytes: all dates are the document's own.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from xml.sax.saxutils import escape

from service.engine.render.claims import PRODUCER
from service.engine.render.embed import embed
from service.engine.render.fonts import Face
from service.engine.render.pdf import PdfWriter, name_object, text_string
from service.engine.render.runs import GLYPHS
from service.engine.render.sheet import Sheet

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a document; `relation` is how it relates to it: `Alternative`, `Data`, `Source`."""

    name: str
    media_type: str
    description: str
    relation: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Archive:
    """What a document says of itself.

    `profile` is the ICC profile of its colours; `more_xmp` are descriptions in RDF that go into the
    metadata besides.
    """

    title: str
    author: str
    language: str
    made_on: date
    profile: bytes
    more_xmp: str = ""


def write_archive(
    sheet: Sheet,
    faces: Mapping[str, Face],
    archive: Archive,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """The file."""
    out = BytesIO()
    pdf = PdfWriter(out, level=6)
    catalog, info, root = (pdf.reserve() for _ in range(3))
    resources = pdf.reserve()
    pages = []
    for ops in sheet.pages:
        content = pdf.add_stream(b"\n".join(ops))
        pages.append(
            pdf.add(
                b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 %g %g]/Contents %d 0 R/Resources %d 0 R>>"
                % (root, sheet.width, sheet.height, content, resources)
            )
        )
    pdf.put(
        root,
        b"<</Type/Pages/Count %d/Kids[%b]>>"
        % (len(pages), b" ".join(b"%d 0 R" % page for page in pages)),
    )
    pdf.put(resources, b"<</Font<<%b>>>>" % _fonts(pdf, sheet, faces))
    pdf.put(catalog, _catalog(pdf, archive, attachments, root))
    moment = text_string(f"D:{archive.made_on:%Y%m%d}000000Z")
    pdf.put(
        info,
        b"<</Title%b/Author%b/Producer%b/CreationDate%b/ModDate%b>>"
        % (*map(text_string, (archive.title, archive.author, PRODUCER)), moment, moment),
    )
    pdf.close(root=catalog, info=info)
    return out.getvalue()


def _fonts(pdf: PdfWriter, sheet: Sheet, faces: Mapping[str, Face]) -> bytes:
    typesetter = sheet.typesetter
    fonts = b""
    for name, face in faces.items():
        if typesetter.fonts_used.isdisjoint((name, name + GLYPHS)):
            continue
        numbers = embed(pdf, face, used=typesetter.used[name], shapes=typesetter.shape_codes[name])
        for resource, number in zip((name, name + GLYPHS), numbers, strict=True):
            if number:
                fonts += b"/%b %d 0 R" % (typesetter.resources[resource], number)
    return fonts


def _catalog(
    pdf: PdfWriter, archive: Archive, attachments: Sequence[Attachment], pages: int
) -> bytes:
    profile = pdf.add_stream(archive.profile, entries=b"/N 3")
    intent = pdf.add(
        b"<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)"
        b"/DestOutputProfile %d 0 R>>" % profile
    )
    metadata = pdf.add_stream(_xmp(archive), entries=b"/Type/Metadata/Subtype/XML", deflate=False)
    files = [_embed_file(pdf, each, archive.made_on) for each in attachments]
    more = b""
    if files:
        refs = b" ".join(b"%d 0 R" % each for each in files)
        names = b"".join(
            b"%b %d 0 R" % (text_string(each.name), number)
            for each, number in sorted(zip(attachments, files, strict=True), key=_by_name)
        )
        more = b"/AF[%b]/Names<</EmbeddedFiles<</Names[%b]>>>>" % (refs, names)
    return (
        b"<</Type/Catalog/Pages %d 0 R/Lang%b/OutputIntents[%d 0 R]/Metadata %d 0 R"
        b"/ViewerPreferences<</DisplayDocTitle true>>%b>>"
        % (pages, text_string(archive.language), intent, metadata, more)
    )


def _by_name(pair: tuple[Attachment, int]) -> bytes:
    return pair[0].name.encode()


def _embed_file(pdf: PdfWriter, attachment: Attachment, made_on: date) -> int:
    digest = hashlib.md5(attachment.data, usedforsecurity=False).hexdigest().encode()
    content = pdf.add_stream(
        attachment.data,
        entries=b"/Type/EmbeddedFile/Subtype%b/Params<</Size %d/CheckSum<%b>/ModDate%b>>"
        % (
            name_object(attachment.media_type),
            len(attachment.data),
            digest,
            text_string(f"D:{made_on:%Y%m%d}000000Z"),
        ),
    )
    name = text_string(attachment.name)
    return pdf.add(
        b"<</Type/Filespec/F%b/UF%b/Desc%b/AFRelationship%b/EF<</F %d 0 R/UF %d 0 R>>>>"
        % (
            name,
            name,
            text_string(attachment.description),
            name_object(attachment.relation),
            content,
            content,
        )
    )


def _xmp(archive: Archive) -> bytes:
    moment = f"{archive.made_on.isoformat()}T00:00:00Z"
    title, author, language = map(escape, (archive.title, archive.author, archive.language))
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>'
        f"<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>"
        f"<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>"
        f"<pdf:Producer>{PRODUCER}</pdf:Producer><xmp:CreateDate>{moment}</xmp:CreateDate>"
        f"<xmp:ModifyDate>{moment}</xmp:ModifyDate><xmp:MetadataDate>{moment}</xmp:MetadataDate>"
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
        f"</rdf:Description>{archive.more_xmp}</rdf:RDF></x:xmpmeta>\n"
        '<?xpacket end="r"?>'
    ).encode()

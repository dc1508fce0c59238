"""Which product a POSLog line is about, and how much of it."""

import re
from decimal import Decimal

from service.engine import codes
from service.errors import InvalidInput
from service.files.poslog.amounts import decimal
from service.files.poslog.stream import Node

_GTIN_TYPE = re.compile("GTIN|EAN|UPC|^JAN", re.IGNORECASE)
_PLAIN = re.compile("^[0-9]{1,14}$", re.ASCII)
# What fills 14 digits from 11 on is a GTIN whose leading zeros a spreadsheet or database lost.
_GTIN_LOST_ZEROS = 11
_MAX_QUANTITY = 1_000_000
# UN/ECE Recommendation 20 codes and what tills write in their place.
_UNITS = {
    "": "each", "1": "each", "C62": "each", "EA": "each", "EACH": "each", "H87": "each",
    "PC": "each", "PCE": "each", "PCS": "each", "ST": "each", "STK": "each", "UN": "each",
    "UNIT": "each", "KG": "kg", "KGM": "kg", "KGS": "kg", "G": "g", "GM": "g", "GR": "g",
    "GRM": "g", "LB": "lb", "LBR": "lb", "LBS": "lb", "OZ": "oz", "ONZ": "oz", "L": "l",
    "LT": "l", "LTR": "l", "ML": "ml", "MLT": "ml",
}  # fmt: skip


def product_number(item: Node, goods: Node) -> tuple[int | None, str]:
    """The number the product was sold under, and what was written there when it is none.

    What is marked as a GTIN comes first, then what is one, then what became one without its
    leading zeros, then any number.
    """
    typed, plain = _written(item, goods)
    numbers = [text for text in typed if _PLAIN.match(text) and int(text)]
    if not numbers:
        others = [text for text in plain if _PLAIN.match(text) and int(text)]
        numbers = sorted(others, key=_unlikely_gtin)
    if numbers:
        return int(numbers[0]), numbers[0]
    return None, next((text for text in (*typed, *plain) if text), "")


def quantity_and_unit(goods: Node) -> tuple[str, Decimal | None, str]:
    """The unit, how much of it, and what was written there; one piece when nothing is said."""
    stated = goods.first("Quantity")
    if stated is None or not (text := stated.text.strip()):
        return "each", Decimal(1), ""
    code = stated.attributes.get("UnitOfMeasureCode", "").strip()
    unit = _UNITS.get(code.rpartition(":")[2].upper(), code.lower()[:20])
    number = decimal(text)
    units = decimal(stated.attributes.get("Units", ""))
    if number is not None and abs(number) == 1 and unit != "each" and units:
        # One package of so much: the amount stands in the attribute.
        number = units.copy_sign(number)
    if number is not None and abs(number) > _MAX_QUANTITY:
        number = None
    return unit, number, text


def _written(item: Node, goods: Node) -> tuple[list[str], list[str]]:
    """What stands where a product's number may stand: marked as a GTIN, and unmarked."""
    typed = [each.text.strip() for each in goods.every("GTIN", "UPCNumber")]
    plain = []
    for each in (*goods.every("POSIdentity"), *goods.every("ItemID", "SerialNumber")):
        said = each.attributes
        kind = said.get("POSIDType") or said.get("Type") or said.get("Name", "")
        text = each.value("POSItemID") if each.name == "POSIdentity" else each.text.strip()
        if _GTIN_TYPE.search(kind) and "SGTIN" not in kind.upper():
            typed.append(text)
        elif each.name != "SerialNumber":
            plain.append(text)
    plain.extend(each.text.strip() for each in item.every("ScanData"))
    product = goods.first("Item")
    if product is not None:
        typed.append(product.value("UPCNumber", "GTIN"))
        plain.append(product.value("ItemNumber", "ItemID"))
    return typed, plain


def _unlikely_gtin(text: str) -> int:
    """0 for a number that is a GTIN as written, 1 for one that lost its zeros, 2 for another."""
    if _is_gtin(text):
        return 0
    return 1 if len(text.lstrip("0")) >= _GTIN_LOST_ZEROS and _is_gtin(text.zfill(14)) else 2


def _is_gtin(text: str) -> bool:
    try:
        return codes.gtin(text) > codes.PLU_MAX
    except InvalidInput:
        return False

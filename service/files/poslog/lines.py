"""The line items of a POSLog transaction as basket lines."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from service.errors import Problem
from service.files.poslog.amounts import (
    Modifier,
    Priced,
    decimal,
    line_cents,
    percent_of,
    spread_discount,
    whole_cents,
)
from service.files.poslog.goods import product_number, quantity_and_unit
from service.files.poslog.stream import Node

_ITEMS = ("Sale", "Return", "SaleForPickup", "SaleForDelivery")
_DISCOUNTS = ("PriceModificationLineItem", "PriceModification", "Discount")
_CANCELLED = ("CancelFlag", "DeleteFlag")
_PLAIN = re.compile("^[0-9]{1,14}$", re.ASCII)
_TOTAL = re.compile("grand|net", re.IGNORECASE)
_MAX_LINE = 1_000_000
_THOUSAND = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Line:
    """A basket line; what came back has a negative quantity and amount."""

    line: int
    gtin: int
    quantity_milli: int
    unit: str
    amount_cents: int


class Lines:
    """Reads the line items of one transaction; what is wrong with them is in `faults`."""

    def __init__(self, retail: Node, *, where: str, exponent: int) -> None:
        self.faults: list[Problem] = []
        self._retail = retail
        self._where = where
        self._exponent = exponent
        self._discount = 0

    def read(self) -> list[Line]:
        """The lines that were sold or brought back, each after its part of every discount."""
        items = self._retail.every("LineItem")
        voided = _voided_by_others(items)
        # Some tills count from 0; a basket's lines count from 1.
        shift = 1 if any(item.value("SequenceNumber") == "0" for item in items) else 0
        found: dict[int, Line] = {}
        for place, item in enumerate(items, start=1):
            if item.says("VoidFlag", *_CANCELLED) or item.value("SequenceNumber") in voided:
                continue
            goods = item.first(*_ITEMS)
            if goods is None or goods.says("VoidFlag", *_CANCELLED):
                self._discounts(item.every(*_DISCOUNTS), found)
                continue
            line = self._line(item, goods, place, shift)
            if line is not None and line.line in found:
                self._fault(item, goods, "SequenceNumber", "stands twice", "number each line once")
            elif line is not None:
                found[line.line] = line
        self._discounts(self._retail.every(*_DISCOUNTS[:1]), found)
        return self._discounted(list(found.values()))

    def _line(self, item: Node, goods: Node, place: int, shift: int) -> Line | None:
        before = len(self.faults)
        number = self._number(item, goods, place, shift)
        gtin = self._gtin(item, goods)
        unit, quantity = self._quantity(item, goods)
        cents, back = self._amount(item, goods, quantity)
        if len(self.faults) > before:
            return None
        if goods.name == "Return" or quantity < 0 or back:
            cents, quantity = -cents, -abs(quantity)
        milli = int((quantity * _THOUSAND).quantize(Decimal(1), ROUND_HALF_UP))
        return Line(number, gtin, milli, unit, cents)

    def _number(self, item: Node, goods: Node, place: int, shift: int) -> int:
        text = item.value("SequenceNumber")
        if not text:
            return place
        number = int(text) + shift if _PLAIN.match(text) else 0
        if not 1 <= number <= _MAX_LINE:
            self._fault(
                item, goods, "SequenceNumber", f"{text[:60]!r} is not a whole number from 0"
            )
        return number

    def _gtin(self, item: Node, goods: Node) -> int:
        number, said = product_number(item, goods)
        if number is None:
            detail = f"{said[:60]!r} is not a number of 1 to 14 digits" if said else "is missing"
            remedy = "export the scanned number as POSIdentity/POSItemID or ItemID"
            self._fault(item, goods, "POSItemID", detail, remedy)
        return number or 0

    def _quantity(self, item: Node, goods: Node) -> tuple[str, Decimal]:
        unit, number, said = quantity_and_unit(goods)
        if number is None:
            self._fault(item, goods, "Quantity", f"{said[:60]!r} is not a number")
        return unit, number or Decimal(0)

    def _amount(self, item: Node, goods: Node, quantity: Decimal) -> tuple[int, bool]:
        """What the line came to, without sign, and whether the till wrote it with a minus."""
        before = len(self.faults)
        extended = self._money(item, goods, "ExtendedAmount")
        actual = self._price(item, goods, "ActualSalesUnitPrice")
        regular = self._price(item, goods, "RegularSalesUnitPrice")
        discount = self._money(item, goods, "ExtendedDiscountAmount")
        stated = [amount for amount in (extended, actual) if amount is not None]
        back = bool(stated) and stated[0] < 0
        if quantity < 0 and stated and stated[0] > 0 and goods.name != "Return":
            remedy = "export goods that come back as Return, or both with a minus"
            detail = f"is {quantity} for a positive amount"
            self._fault(item, goods, "Quantity", detail, remedy)
        modifiers = tuple(self._modifiers(item, goods))
        if len(self.faults) > before:
            return 0, back
        cents = line_cents(
            Priced(
                quantity=abs(quantity),
                extended=None if extended is None else abs(extended),
                actual=None if actual is None else abs(actual),
                regular=None if regular is None else abs(regular),
                discount=None if discount is None else abs(discount),
                modifiers=modifiers,
            )
        )
        if cents is None:
            remedy = "export ExtendedAmount, or a unit price"
            self._fault(item, goods, "ExtendedAmount", "is missing, and so is a price", remedy)
        elif cents < 0:
            detail = "takes more off than the line cost"
            self._fault(
                item, goods, "RetailPriceModifier", detail, "export amounts of the whole line"
            )
        return cents or 0, back

    def _modifiers(self, item: Node, goods: Node) -> list[Modifier]:
        found = []
        for each in goods.every("RetailPriceModifier"):
            if each.says("VoidFlag", *_CANCELLED):
                continue
            amount = each.first("Amount", "NewPrice")
            if amount is None or not amount.text.strip():
                percent = each.first("Percent")
                number = decimal(percent.text.strip()) if percent is not None else None
                if number is not None:
                    found.append(Modifier(percent=number))
                continue
            minor = self._minor(item, goods, amount)
            if minor is None:
                continue
            action = amount.attributes.get("Action", "").lower()
            if action.startswith("replace") or amount.name == "NewPrice":
                found.append(Modifier(cents=abs(minor), replaces=True))
            else:
                found.append(
                    Modifier(cents=-abs(minor) if action.startswith("add") else abs(minor))
                )
        return found

    def _discounts(self, nodes: list[Node], found: dict[int, Line]) -> None:
        """Add up what comes off the transaction as a whole."""
        for each in nodes:
            if each.says("VoidFlag", "ProratedFlag", *_CANCELLED):
                continue
            if each.value("ProratedFlag").lower() in {"true", "1"}:
                continue
            amount = each.first("Amount")
            percent = decimal(each.value("Percent", "Percentage"))
            if amount is not None and amount.text.strip():
                minor = self._minor(each, each, amount)
                if minor is None:
                    continue
                cents = abs(int(minor))
                added = amount.attributes.get("Action", "").lower().startswith("add")
                self._discount += -cents if added else cents
            elif percent is not None:
                total = sum(line.amount_cents for line in found.values() if line.amount_cents > 0)
                self._discount += percent_of(total, abs(percent))

    def _discounted(self, lines: list[Line]) -> list[Line]:
        """The lines after the discount on all of them, unless it is in them already."""
        off = self._discount
        total = sum(line.amount_cents for line in lines)
        if not off or self.faults or self._already_in(total, off):
            return lines
        sign = 1 if any(line.amount_cents > 0 for line in lines) else -1
        chosen = [n for n, line in enumerate(lines) if sign * line.amount_cents > 0]
        spread = spread_discount([sign * lines[n].amount_cents for n in chosen], off)
        if spread is None:
            problem = Problem(
                f"{self._where}, PriceModificationLineItem",
                "takes more off than the lines came to",
                "export its Amount for the transaction",
            )
            self.faults.append(problem)
            return lines
        for n, cents in zip(chosen, spread, strict=True):
            line = lines[n]
            lines[n] = Line(line.line, line.gtin, line.quantity_milli, line.unit, sign * cents)
        return lines

    def _already_in(self, total: int, off: int) -> bool:
        """Whether the transaction's own totals say that its lines have the discount in them."""
        totals = set()
        for each in self._retail.every("Total"):
            amount = decimal(each.text.strip())
            if amount is not None and _TOTAL.search(each.attributes.get("TotalType", "")):
                totals.add(whole_cents(amount, exponent=self._exponent))
        return total in totals and total - off not in totals

    def _money(self, item: Node, goods: Node, name: str) -> int | None:
        """An amount in minor units; None when it is not there."""
        node = goods.first(name)
        if node is None or not node.text.strip():
            return None
        minor = self._minor(item, goods, node)
        return None if minor is None else int(minor)

    def _minor(self, item: Node, goods: Node, node: Node) -> Decimal | None:
        text = node.text.strip()
        amount = decimal(text)
        cents = None if amount is None else whole_cents(amount, exponent=self._exponent)
        if cents is None:
            detail = f"{text[:60]!r} is not an amount with {self._exponent} decimals"
            self._fault(item, goods, node.name, detail, "use a point and no thousands marks")
            return None
        return Decimal(cents)

    def _price(self, item: Node, goods: Node, name: str) -> Decimal | None:
        """A unit price in minor units, which may have a fraction; None when it is not there."""
        node = goods.first(name)
        if node is None or not node.text.strip():
            return None
        price = decimal(node.text.strip())
        if price is None:
            self._fault(item, goods, name, f"{node.text.strip()[:60]!r} is not an amount")
            return None
        for_units = decimal(node.attributes.get("Quantity", "")) or Decimal(1)
        return price.scaleb(self._exponent) / abs(for_units)

    def _fault(self, item: Node, goods: Node, field: str, detail: str, remedy: str = "") -> None:
        number = item.value("SequenceNumber") or "?"
        where = f"{self._where}, line item {number[:20]} (line {goods.line}), {field}"
        self.faults.append(Problem(where, detail, remedy))


def _voided_by_others(items: list[Node]) -> set[str]:
    """The numbers of lines that a later line, flagged as a void, takes back."""
    voided = set()
    for item in items:
        if not item.says("VoidFlag"):
            continue
        for holder in (item, item.first(*_ITEMS)):
            if (
                holder is not None
                and (link := holder.first("ItemLink", "LineItemLink")) is not None
            ):
                text = link.text.strip()
                voided.add(text or link.value("SequenceNumber", "LineItemSequenceNumber"))
    return voided - {""}

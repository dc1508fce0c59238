"""The line items of a POSLog transaction as basket lines."""

import re
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from service.engine.reading import Reading
from service.errors import Problem
from service.files.poslog.amounts import (
    LinePrice,
    Modifier,
    decimal,
    line_cents,
    percent_of,
    spread_discount,
    whole_cents,
)
from service.files.poslog.goods import product_sold, quantity_and_unit
from service.files.poslog.stream import Node

_ITEMS = ("Sale", "Return", "SaleForPickup", "SaleForDelivery")
_DISCOUNTS = ("PriceModificationLineItem", "PriceModification", "Discount")
_CANCELLED = ("CancelFlag", "DeleteFlag")
_PLAIN = re.compile("^[0-9]{1,14}$", re.ASCII)
_TOTAL_TYPE = re.compile("grand|net", re.IGNORECASE)
_MAX_LINE = 1_000_000
_THOUSAND = Decimal(1000)


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A basket line; returned goods have a negative quantity and amount.

    `gtin` is 0 for goods without one; `code` is what was written where the GTIN does not say it.
    """

    line: int
    gtin: int
    quantity_milli: int
    unit: str
    amount_cents: int
    code: str = ""


class LineReader:
    """Reads the line items of one transaction and collects their faults in `faults`."""

    def __init__(self, retail: Node, *, where: str, exponent: int, reading: Reading) -> None:
        self.faults: list[Problem] = []
        self._retail = retail
        self._where = where
        self._exponent = exponent
        self._reading = reading
        self._discount = 0

    def read(self) -> list[SaleLine]:
        """The lines of goods sold or returned, less their shares of the transaction's discounts."""
        items = self._retail.children_named("LineItem")
        voided = _voided_lines(items)
        # Some tills number lines from 0; a basket numbers them from 1.
        shift = 1 if any(item.value("SequenceNumber") == "0" for item in items) else 0
        found: dict[int, SaleLine] = {}
        for place, item in enumerate(items, start=1):
            if item.has_flag("VoidFlag", *_CANCELLED) or item.value("SequenceNumber") in voided:
                continue
            goods = item.first(*_ITEMS)
            if goods is None or goods.has_flag("VoidFlag", *_CANCELLED):
                self._add_discounts(item.children_named(*_DISCOUNTS), found)
                continue
            line = self._read_line(item, goods, place, shift)
            if line is not None and line.line in found:
                self._add_fault(
                    item, goods, "SequenceNumber", "appears twice", "number each line once"
                )
            elif line is not None:
                found[line.line] = line
        self._add_discounts(self._retail.children_named(*_DISCOUNTS[:1]), found)
        return self._less_discount(list(found.values()))

    def _read_line(self, item: Node, goods: Node, place: int, shift: int) -> SaleLine | None:
        before = len(self.faults)
        number = self._line_number(item, goods, place, shift)
        gtin, code = product_sold(item, goods, self._reading.goods)
        unit, quantity = self._read_quantity(item, goods)
        cents, is_returned = self._read_amount(item, goods, quantity)
        if len(self.faults) > before:
            return None
        if goods.name == "Return" or quantity < 0 or is_returned:
            cents, quantity = -cents, -abs(quantity)
        milli = int((quantity * _THOUSAND).quantize(Decimal(1), ROUND_HALF_UP))
        return SaleLine(number, gtin, milli, unit, cents, code)

    def _line_number(self, item: Node, goods: Node, place: int, shift: int) -> int:
        text = item.value("SequenceNumber")
        if not text:
            return place
        number = int(text) + shift if _PLAIN.match(text) else 0
        if not 1 <= number <= _MAX_LINE:
            self._add_fault(
                item, goods, "SequenceNumber", f"{text[:60]!r} is not a whole number from 0"
            )
        return number

    def _read_quantity(self, item: Node, goods: Node) -> tuple[str, Decimal]:
        unit, number, text = quantity_and_unit(goods, self._reading)
        if number is None:
            self._add_fault(item, goods, "Quantity", f"{text[:60]!r} is not a number")
        return unit, number or Decimal(0)

    def _read_amount(self, item: Node, goods: Node, quantity: Decimal) -> tuple[int, bool]:
        """The amount of a line without sign, and whether the till wrote it with a minus."""
        before = len(self.faults)
        extended = self._read_money(item, goods, "ExtendedAmount")
        actual = self._unit_price(item, goods, "ActualSalesUnitPrice")
        regular = self._unit_price(item, goods, "RegularSalesUnitPrice")
        discount = self._read_money(item, goods, "ExtendedDiscountAmount")
        stated = [amount for amount in (extended, actual) if amount is not None]
        is_returned = bool(stated) and stated[0] < 0
        if quantity < 0 and stated and stated[0] > 0 and goods.name != "Return":
            remedy = "export goods that come back as Return, or both with a minus"
            detail = f"is {quantity} for a positive amount"
            self._add_fault(item, goods, "Quantity", detail, remedy)
        modifiers = tuple(self._read_modifiers(item, goods))
        if len(self.faults) > before:
            return 0, is_returned
        cents = line_cents(
            LinePrice(
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
            self._add_fault(item, goods, "ExtendedAmount", "is missing, and so is a price", remedy)
        elif cents < 0:
            detail = "takes more off than the line cost"
            self._add_fault(
                item, goods, "RetailPriceModifier", detail, "export amounts of the whole line"
            )
        return cents or 0, is_returned

    def _read_modifiers(self, item: Node, goods: Node) -> list[Modifier]:
        found = []
        for each in goods.children_named("RetailPriceModifier"):
            if each.has_flag("VoidFlag", *_CANCELLED):
                continue
            amount = each.first("Amount", "NewPrice")
            if amount is None or not amount.text.strip():
                percent = each.first("Percent")
                number = decimal(percent.text.strip()) if percent is not None else None
                if number is not None:
                    found.append(Modifier(percent=number))
                continue
            minor = self._minor_units(item, goods, amount)
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

    def _add_discounts(self, nodes: list[Node], found: dict[int, SaleLine]) -> None:
        """Add the discounts on the transaction as a whole."""
        for each in nodes:
            if each.has_flag("VoidFlag", "ProratedFlag", *_CANCELLED):
                continue
            if each.value("ProratedFlag").lower() in {"true", "1"}:
                continue
            amount = each.first("Amount")
            percent = decimal(each.value("Percent", "Percentage"))
            if amount is not None and amount.text.strip():
                minor = self._minor_units(each, each, amount)
                if minor is None:
                    continue
                cents = abs(int(minor))
                added = amount.attributes.get("Action", "").lower().startswith("add")
                self._discount += -cents if added else cents
            elif percent is not None:
                total = sum(line.amount_cents for line in found.values() if line.amount_cents > 0)
                self._discount += percent_of(total, abs(percent))

    def _less_discount(self, lines: list[SaleLine]) -> list[SaleLine]:
        """The lines less the transaction's discount, unless their amounts already include it."""
        off = self._discount
        total = sum(line.amount_cents for line in lines)
        if not off or self.faults or self._includes_discount(total, off):
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
            lines[n] = replace(line, amount_cents=sign * cents)
        return lines

    def _includes_discount(self, total: int, off: int) -> bool:
        """Whether the transaction's totals show that its lines include the discount."""
        totals = set()
        for each in self._retail.children_named("Total"):
            amount = decimal(each.text.strip())
            if amount is not None and _TOTAL_TYPE.search(each.attributes.get("TotalType", "")):
                totals.add(whole_cents(amount, exponent=self._exponent))
        return total in totals and total - off not in totals

    def _read_money(self, item: Node, goods: Node, name: str) -> int | None:
        """An amount in minor units; None when the element is missing."""
        node = goods.first(name)
        if node is None or not node.text.strip():
            return None
        minor = self._minor_units(item, goods, node)
        return None if minor is None else int(minor)

    def _minor_units(self, item: Node, goods: Node, node: Node) -> Decimal | None:
        text = node.text.strip()
        amount = decimal(text)
        cents = None if amount is None else whole_cents(amount, exponent=self._exponent)
        if cents is None:
            detail = f"{text[:60]!r} is not an amount with {self._exponent} decimals"
            self._add_fault(item, goods, node.name, detail, "use a point and no thousands marks")
            return None
        return Decimal(cents)

    def _unit_price(self, item: Node, goods: Node, name: str) -> Decimal | None:
        """A unit price in minor units, maybe with a fraction; None when the element is missing."""
        node = goods.first(name)
        if node is None or not node.text.strip():
            return None
        price = decimal(node.text.strip())
        if price is None:
            self._add_fault(item, goods, name, f"{node.text.strip()[:60]!r} is not an amount")
            return None
        for_units = decimal(node.attributes.get("Quantity", "")) or Decimal(1)
        return price.scaleb(self._exponent) / abs(for_units)

    def _add_fault(
        self, item: Node, goods: Node, field: str, detail: str, remedy: str = ""
    ) -> None:
        number = item.value("SequenceNumber") or "?"
        where = f"{self._where}, line item {number[:20]} (line {goods.line}), {field}"
        self.faults.append(Problem(where, detail, remedy))


def _voided_lines(items: list[Node]) -> set[str]:
    """The numbers of lines that are voided by another line with a void flag."""
    voided = set()
    for item in items:
        if not item.has_flag("VoidFlag"):
            continue
        for holder in (item, item.first(*_ITEMS)):
            if (
                holder is not None
                and (link := holder.first("ItemLink", "LineItemLink")) is not None
            ):
                text = link.text.strip()
                voided.add(text or link.value("SequenceNumber", "LineItemSequenceNumber"))
    return voided - {""}

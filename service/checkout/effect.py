"""What a settlement means in rows: uses of list lines, and the ledger's entries for them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from service.checkout.recognise import Found
from service.checkout.sales import TillBasket
from service.engine.ledger import Entry, Payer, charge
from service.engine.redeem import Applied, Discount, Refusal, Settlement
from service.engine.reserve import supplier_cap_cents
from service.engine.settle import Funding, Split, fund
from service.store.tables.shopping_list import ListState
from service.store.till import BoughtRow, HeldList, PresentedLine, RefusalRow, UseRow, splits


class LineTerms(Protocol):
    """What a list line says of who pays for a use of it."""

    @property
    def face_value_cents(self) -> int: ...
    @property
    def funding_share(self) -> int: ...
    @property
    def funding_cap_cents(self) -> int | None: ...


class Taken(Protocol):
    """What came off a basket line."""

    @property
    def line(self) -> int: ...
    @property
    def amount_cents(self) -> int: ...


def funding_of(line: LineTerms) -> Funding:
    """What the supplier agreed to bear of a use: never more than was reserved for it."""
    cap = supplier_cap_cents(
        line.face_value_cents,
        funding_share=line.funding_share,
        funding_cap_cents=line.funding_cap_cents,
    )
    return Funding(line.funding_share * 100, cap)


def use_rows(
    found: Found, settlement: Settlement
) -> tuple[list[UseRow], list[Entry], list[HeldList]]:
    """The rows of the list lines a settlement uses, the ledger's entries, and the lists to hold."""
    given: dict[tuple[str, int], list[Discount]] = {}
    for discount in settlement.discounts:
        given.setdefault((discount.list_code, discount.list_line), []).append(discount)
    rows: list[UseRow] = []
    entries: list[Entry] = []
    held: set[HeldList] = set()
    for applied in settlement.applied:
        presented = found.lists[applied.list_code]
        line = found.presented[presented.id, applied.list_line]
        discounts = given.get((applied.list_code, applied.list_line), ())
        # A list that is not issued any more has given its reservation back already.
        is_held = presented.state == ListState.ISSUED
        row = _use(applied, line, discounts, is_held=is_held)
        rows.append(row)
        entries += charge(
            Payer(line.offer_id, line.supplier_id),
            supplier_cents=row.supplier_cents,
            retailer_cents=row.retailer_cents,
            fee_cents=line.handling_fee_cents * row.uses,
            reserved_cents=row.reserved_cents,
        )
        held.add(HeldList(presented.id, presented.reopenings))
    return rows, entries, sorted(held)


def _use(
    applied: Applied, line: PresentedLine, discounts: Sequence[Discount], *, is_held: bool
) -> UseRow:
    parts = fund(discounts, uses=applied.uses, funding=funding_of(line))
    supplier, retailer = shares(parts)
    return UseRow(
        list_id=line.list_id,
        list_line=line.line,
        # A single use has one number for ever, so that the database itself allows it once.
        use_number=1 if line.uses == 1 else line.last_use + 1,
        uses=applied.uses,
        live=True,
        offer_id=line.offer_id,
        units=sum([part.units for part in parts]),
        amount_cents=supplier + retailer,
        supplier_cents=supplier,
        retailer_cents=retailer,
        reserved_cents=line.reserved_cents * applied.uses if is_held else 0,
        parts=splits.encode(parts),
    )


def shares(parts: Iterable[Split]) -> tuple[int, int]:
    """The supplier's and the retailer's cents of what came off some basket lines."""
    supplier = retailer = 0
    for part in parts:
        supplier += sum(part.supplier_cents)
        retailer += sum(part.retailer_cents)
    return supplier, retailer


def bought_rows(basket: TillBasket, discounts: Iterable[Taken]) -> list[BoughtRow]:
    """The basket's lines after every discount."""
    off: dict[int, int] = {}
    for discount in discounts:
        off[discount.line] = off.get(discount.line, 0) + discount.amount_cents
    return [
        BoughtRow(
            line.line,
            line.gtin,
            line.quantity_milli,
            line.unit,
            line.amount_cents - off.get(line.line, 0),
            basket.codes.get(line.line, ""),
        )
        for line in basket.lines
    ]


def refusal_rows(refusals: Iterable[Refusal]) -> list[RefusalRow]:
    """Refusals as they are stored."""
    return [
        RefusalRow(each.list_line, each.offer_id, str(each.reason), each.detail)
        for each in refusals
    ]

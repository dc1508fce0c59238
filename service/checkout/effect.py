"""What a settlement means in rows: uses of list lines, and the ledger's entries for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.checkout import answer
from service.checkout.basket import Honoured, TillBasket
from service.checkout.recognise import Found
from service.engine.redeem import Discount, Settlement
from service.engine.reserve import BudgetPosting, supplier_cap_cents, used
from service.engine.settle import (
    FundedDiscount,
    Funding,
    Posting,
    UnitDiscount,
    fund,
    redemption_entry,
)
from service.store.tables.shopping_list import ListState
from service.store.till import PresentedLine, PresentedList, UseRow


@dataclass(frozen=True, slots=True)
class Use:
    """One list line used, with what it took off."""

    presented: PresentedList
    line: PresentedLine
    uses: int
    discounts: Sequence[UnitDiscount]


def uses_of(found: Found, settlement: Settlement) -> list[Use]:
    """The list lines a settlement uses."""
    by_key = {(line.list_id, line.line): line for line in found.lines}
    given: dict[tuple[str, int], list[Discount]] = {}
    for discount in settlement.discounts:
        given.setdefault((discount.list_code, discount.list_line), []).append(discount)
    result = []
    for applied in settlement.applied:
        presented = found.lists[applied.list_code]
        line = by_key[presented.id, applied.list_line]
        discounts = given.get((applied.list_code, applied.list_line), ())
        result.append(Use(presented, line, applied.uses, discounts))
    return result


def rows_of(uses: Sequence[Use]) -> tuple[list[UseRow], list[tuple[str, int, int]]]:
    """The redemption lines of some uses, and the ledger's entries: account, offer, cents."""
    rows: list[UseRow] = []
    funded: list[FundedDiscount] = []
    postings: list[Posting | BudgetPosting] = []
    for use in uses:
        line = use.line
        parts = fund(
            use.discounts,
            uses=use.uses,
            funding=Funding(
                line.supplier_id,
                line.funding_share * 100,
                supplier_cap_cents(
                    line.face_value_cents,
                    funding_share=line.funding_share,
                    funding_cap_cents=line.funding_cap_cents,
                ),
            ),
        )
        funded.extend(parts)
        row = _row(use, parts)
        rows.append(row)
        spent = row[8] + line.handling_fee_cents * use.uses
        postings.extend(used(line.offer_id, reserved_cents=row[10], spent_cents=spent))
    postings.extend(redemption_entry(funded).postings)
    return rows, [(str(each.account), each.offer_id, each.amount_cents) for each in postings]


def _row(use: Use, parts: Sequence[FundedDiscount]) -> UseRow:
    line = use.line
    # A single use has one number for ever, so that the database itself allows it once.
    number = 1 if line.uses == 1 else line.last_use + 1
    supplier = sum([sum(part.supplier_cents) for part in parts])
    total = sum([part.amount_cents for part in parts])
    # A list that is not issued any more has given its reservation back already.
    is_held = use.presented.state == ListState.ISSUED
    return (
        line.list_id,
        line.line,
        number,
        use.uses,
        True,
        line.offer_id,
        sum([part.units for part in parts]),
        total,
        supplier,
        total - supplier,
        line.reserved_cents * use.uses if is_held else 0,
        answer.compact([[part.line, part.supplier_cents, part.retailer_cents] for part in parts]),
    )


def held_lists(uses: Sequence[Use]) -> tuple[tuple[int, int], ...]:
    """The lists that must stay as they are until the uses are written, in order."""
    return tuple(sorted({(use.presented.id, use.presented.reopenings) for use in uses}))


def lines_as_paid(
    basket: TillBasket, discounts: Sequence[Discount | Honoured]
) -> list[tuple[int, int, int, str, int]]:
    """The basket's lines after every discount: line, gtin, quantity_milli, unit, amount_cents."""
    off: dict[int, int] = {}
    for discount in discounts:
        off[discount.line] = off.get(discount.line, 0) + discount.amount_cents
    return [
        (
            line.line,
            line.gtin,
            line.quantity_milli,
            line.unit,
            line.amount_cents - off.get(line.line, 0),
        )
        for line in basket.lines
    ]

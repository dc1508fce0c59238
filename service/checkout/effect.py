"""What a settlement means in rows: uses of list lines, and the ledger's entries for them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from service.checkout.recognise import Found
from service.checkout.sales import TillBasket
from service.engine.clearing import parties
from service.engine.ledger import Entry, Payer, charge
from service.engine.redeem import Applied, Discount, Refusal, Settlement
from service.engine.reserve import supplier_cap_cents
from service.engine.settle import Funding, Split, fund
from service.store.tables.shopping_list import ListState
from service.store.till import (
    BoughtRow,
    HeldList,
    PresentedLine,
    PresentedList,
    RefusalRow,
    UseRow,
    splits,
)


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


Funded: TypeAlias = dict[tuple[str, int], tuple[Split, ...]]
"""Who bears what of the discounts of each list line, in their order."""


def fund_discounts(found: Found, settlement: Settlement) -> Funded:
    """Who bears the discounts of a settlement."""
    given: dict[tuple[str, int], list[Discount]] = {}
    for discount in settlement.discounts:
        given.setdefault((discount.list_code, discount.list_line), []).append(discount)
    funded: Funded = {}
    for applied in settlement.applied:
        key = (applied.list_code, applied.list_line)
        line = found.presented[found.lists[applied.list_code].id, applied.list_line]
        funding = funding_of(line)
        funded[key] = fund(given.get(key, ()), uses=applied.uses, funding=funding)
    return funded


class Uses(NamedTuple):
    """The rows of uses, the ledger's entries for them, the lists to hold, what is off each line."""

    rows: list[UseRow]
    entries: list[Entry]
    held: list[HeldList]
    taken: list[Split]


def use_rows(found: Found, settlement: Settlement, funded: Funded, *, over_all: bool) -> Uses:
    """The rows of the list lines a settlement uses and what goes with them.

    `over_all` spreads what is taken off for returns over all units that a use took.
    """
    rows: list[UseRow] = []
    entries: list[Entry] = []
    held: set[HeldList] = set()
    last_uses: dict[int, int] = {}
    taken: list[Split] = []
    for applied in settlement.applied:
        presented = found.lists[applied.list_code]
        line = found.presented[presented.id, applied.list_line]
        given = funded[applied.list_code, applied.list_line]
        parts = _spread(applied, line, given, over_all=over_all)
        taken += parts
        deal_use = last_uses.get(line.deal_id, line.last_deal_use) + 1
        last_uses[line.deal_id] = deal_use + applied.uses - 1
        units = sum([part.units for part in given])
        row = _use(applied, presented, line, parts, units=units, deal_use=deal_use)
        rows.append(row)
        is_claimed = line.funding_share > 0 or line.handling_fee_cents > 0
        entries += charge(
            Payer(line.offer_id, line.supplier_id),
            supplier_cents=row.supplier_cents,
            retailer_cents=row.retailer_cents,
            fee_cents=line.handling_fee_cents * row.uses,
            reserved_cents=row.reserved_cents,
            uses=row.uses if is_claimed else 0,
            discount_cents=row.amount_cents if is_claimed else 0,
            borne=borne_by(line.parties, parts, uses=row.uses),
        )
        held.add(HeldList(presented.id, presented.reopenings))
    return Uses(rows, entries, sorted(held), taken)


def _spread(
    applied: Applied, line: PresentedLine, given: Sequence[Split], *, over_all: bool
) -> Sequence[Split]:
    """What is taken back when the units of a use are: its discounts, or its shares."""
    if not applied.shares or not (over_all or applied.points):
        return given
    spread = fund(applied.shares, uses=applied.uses, funding=funding_of(line))
    return [
        part._replace(points=share.points)
        for part, share in zip(spread, applied.shares, strict=True)
    ]


def _use(
    applied: Applied,
    presented: PresentedList,
    line: PresentedLine,
    parts: Sequence[Split],
    *,
    units: int,
    deal_use: int,
) -> UseRow:
    # A list that is not issued any more has given its reservation back already.
    is_held = presented.state == ListState.ISSUED
    supplier, retailer = shares(parts)
    return UseRow(
        list_id=line.list_id,
        list_line=line.line,
        # A single use has one number for ever, so that the database itself allows it once.
        use_number=1 if line.uses == 1 else line.last_use + 1,
        uses=applied.uses,
        live=True,
        offer_id=line.offer_id,
        household_id=presented.household_id,
        deal_id=line.deal_id,
        deal_use=deal_use,
        units=units,
        amount_cents=supplier + retailer,
        supplier_cents=supplier,
        retailer_cents=retailer,
        reserved_cents=line.reserved_cents * applied.uses if is_held else 0,
        parts=splits.encode(parts),
    )


def borne_by(stored: str, parts: Sequence[Split], *, uses: int) -> dict[int, int] | None:
    """What each of an offer's stored parties bears, by supplier; None where it has none."""
    return parties.borne(parts, parties.decode(stored), uses=uses) if stored else None


def shares(parts: Iterable[Split]) -> tuple[int, int]:
    """The supplier's and the retailer's cents of what came off some basket lines."""
    supplier = retailer = 0
    for part in parts:
        supplier += sum(part.supplier_cents)
        retailer += sum(part.retailer_cents)
    return supplier, retailer


def bought_rows(basket: TillBasket, discounts: Iterable[Taken]) -> list[BoughtRow]:
    """The basket's lines after every discount, as a return would pay them back."""
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

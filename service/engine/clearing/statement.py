"""A claim as its statement of reimbursement says it: by deal, then by deal and store."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from service.engine.clearing.claim import Claim, ClaimLine
from service.engine.money import BASIS_POINTS


@dataclass(frozen=True, slots=True)
class DealSum:
    """What a claim says of one deal; `late_of` names the earlier claim it corrects, if any.

    `lines` are those of its stores, in order; printed slots are in none.
    """

    supplier: str
    deal_ref: str
    title: str
    late_of: str | None
    circulation: int
    redemptions: int
    redeemed_cents: int
    share_cents: int
    adjustment_cents: int
    lines: tuple[ClaimLine, ...]

    @property
    def rate_basis_points(self) -> int | None:
        """The share of the discounts; None where there are none."""
        return rate_of(self.share_cents, self.redeemed_cents)


@dataclass(frozen=True, slots=True)
class Statement:
    """The part of a claim that is reimbursement, not a service."""

    deals: tuple[DealSum, ...]
    products: tuple[int, ...]
    stores: tuple[str, ...]
    redemptions: int
    redeemed_cents: int
    share_cents: int
    adjustment_cents: int

    @property
    def total_cents(self) -> int:
        """Share and corrections."""
        return self.share_cents + self.adjustment_cents


def rate_of(share_cents: int, redeemed_cents: int) -> int | None:
    """A share in basis points, rounded half up; None of nothing."""
    if not redeemed_cents:
        return None
    numerator = 2 * abs(share_cents) * BASIS_POINTS + abs(redeemed_cents)
    return numerator // (2 * abs(redeemed_cents))


def statement_of(claim: Claim) -> Statement:
    """The statement of a claim. Lines of printed slots alone are left to the invoice."""
    lines = [line for line in claim.lines if _is_reimbursed(line)]
    ordered = sorted(lines, key=_deal_of)
    deals = tuple(_sum(tuple(group)) for _, group in groupby(ordered, key=_deal_of))
    return Statement(
        deals=deals,
        products=tuple(sorted({gtin for line in lines for gtin in line.products})),
        stores=tuple(sorted({line.store_id for line in lines if line.store_id is not None})),
        redemptions=sum(deal.redemptions for deal in deals),
        redeemed_cents=sum(deal.redeemed_cents for deal in deals),
        share_cents=sum(deal.share_cents for deal in deals),
        adjustment_cents=sum(deal.adjustment_cents for deal in deals),
    )


def _is_reimbursed(line: ClaimLine) -> bool:
    amounts = (line.redemptions, line.redeemed_cents, line.share_cents, line.adjustment_cents)
    return any(amounts)


def _deal_of(line: ClaimLine) -> tuple[str, str, str]:
    return line.supplier, line.deal_ref, line.late_of or ""


def _sum(lines: Sequence[ClaimLine]) -> DealSum:
    newest = max(lines, key=lambda line: line.revision)
    return DealSum(
        supplier=newest.supplier,
        deal_ref=newest.deal_ref,
        title=newest.title,
        late_of=newest.late_of,
        circulation=newest.circulation,
        redemptions=sum(line.redemptions for line in lines),
        redeemed_cents=sum(line.redeemed_cents for line in lines),
        share_cents=sum(line.share_cents for line in lines),
        adjustment_cents=sum(line.adjustment_cents for line in lines),
        lines=tuple(sorted(lines, key=lambda line: (line.store_id or "", line.revision))),
    )

"""Short ways to write a basket and the open lines put against it."""

from collections.abc import Iterable
from datetime import date, timedelta

from service.engine.redeem import (
    BasketLine,
    Benefit,
    Condition,
    Need,
    OpenLine,
    Settlement,
    Terms,
    settle_basket,
)

TODAY = date(2026, 11, 20)
CODE = "2559521234000013000000000042"


def pieces(line: int, count: int, amount_cents: int) -> BasketLine:
    """`count` pieces for `amount_cents` together."""
    return BasketLine(
        line=line, gtin=1000 + line, quantity_milli=1000 * count, unit="each",
        amount_cents=amount_cents,
    )  # fmt: skip


def weighed(line: int, quantity_milli: int, amount_cents: int, unit: str = "kg") -> BasketLine:
    """A weighed line."""
    return BasketLine(
        line=line, gtin=4011, quantity_milli=quantity_milli, unit=unit, amount_cents=amount_cents
    )


def opened(
    list_line: int,
    benefit: Benefit,
    *eligible: Iterable[int],
    needs: tuple[Need, ...] | None = None,
    spend: int = 0,
    uses: int = 1,
    limit: int | None = None,
    per_basket: int | None = None,
    code: str = CODE,
    valid_from: date = TODAY,
    valid_to: date = TODAY + timedelta(days=14),
    voided: bool = False,
    excluded: Iterable[int] = (),
) -> OpenLine:
    """An open line for one piece of each product set unless said otherwise."""
    return OpenLine(
        list_code=code,
        list_line=list_line,
        offer_id=100 + list_line,
        terms=Terms(
            condition=Condition(
                needs=needs or tuple(Need() for _ in eligible), minimum_spend_cents=spend
            ),
            benefit=benefit,
            uses_per_basket=per_basket,
        ),
        text=f"offer {list_line}",
        eligible=tuple(frozenset(lines) for lines in eligible),
        uses_left=uses,
        valid_from=valid_from,
        valid_to=valid_to,
        limit=uses if limit is None else limit,
        voided=voided,
        excluded=frozenset(excluded),
    )


def settle(lines: Iterable[BasketLine], *open_lines: OpenLine) -> Settlement:
    """Settle on a day when everything is valid."""
    return settle_basket(list(lines), list(open_lines), on=TODAY)


def by_line(settlement: Settlement) -> dict[tuple[int, int], tuple[int, ...]]:
    """Cents per unit by (list line, basket line)."""
    return {(d.list_line, d.line): d.unit_cents for d in settlement.discounts}


def reasons(settlement: Settlement) -> dict[int | None, str]:
    """Refusal reason by list line."""
    return {refusal.list_line: str(refusal.reason) for refusal in settlement.refusals}

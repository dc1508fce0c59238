"""Whatever comes back in whatever portions: the parts add up to the whole, to the cent."""

from hypothesis import given
from hypothesis import strategies as st

from service.checkout.returned_units import line_back, stored_parts, units_of
from service.checkout.sales import ReturnedLine
from service.engine.settle import Split
from service.store.till.changes import BoughtLine, UsedLine


def used(key: int, line: int, unit_cents: list[tuple[int, int]]) -> UsedLine:
    part = Split(line, tuple(s for s, _ in unit_cents), tuple(r for _, r in unit_cents))
    return UsedLine(
        id=key,
        list_id=1,
        list_code="code",
        list_line=key,
        text="",
        is_issued=True,
        live=True,
        uses=1,
        offer_id=key,
        supplier_id=1,
        fee_cents=0,
        is_offline=False,
        reserved_cents=0,
        parts=(part,),
    )


@st.composite
def sold_lines(draw: st.DrawFn) -> tuple[int, int, list[UsedLine]]:
    """Pieces of one line, its gross cents, and discounts of at most a unit's price on some."""
    pieces = draw(st.integers(1, 12))
    gross = draw(st.integers(0, 5000))
    price = gross // pieces
    discounted = draw(st.integers(0, pieces))
    cut = draw(st.integers(0, discounted))
    cents = [draw(st.integers(0, price)) for _ in range(discounted)]
    split = [(draw(st.integers(0, each)), each) for each in cents]
    shares = [(supplier, each - supplier) for supplier, each in split]
    uses = [used(1, 7, shares[:cut]), used(2, 7, shares[cut:])]
    return (
        pieces,
        gross,
        [use for use, share in zip(uses, (cut, discounted - cut), strict=True) if share],
    )


@given(sold_lines(), st.data())
def test_partial_returns_add_up_to_what_was_paid_and_never_go_below_zero(
    sold: tuple[int, int, list[UsedLine]], data: st.DataObject
) -> None:
    pieces, gross, uses = sold
    parts = stored_parts(uses)
    off = sum(part.discount.amount_cents for part in parts.get(7, ()))
    line = BoughtLine(7, pieces * 1000, "each", gross - off, 0, 0)
    assert sum(unit.price_cents for unit in units_of(line, parts.get(7, ()))) == gross
    refunds, taken = 0, 0
    while line.quantity_milli:
        count = data.draw(st.integers(1, line.quantity_milli // 1000))
        back = line_back(line, ReturnedLine(7, count * 1000), parts=parts, place=0)
        assert back.refund_cents >= 0
        refunds += back.refund_cents
        taken += sum(each.amount_cents for _, each in back.taken)
        line = line._replace(
            quantity_milli=line.quantity_milli - count * 1000,
            amount_cents=line.amount_cents - back.refund_cents,
            returned_milli=line.returned_milli + count * 1000,
            refunded_cents=line.refunded_cents + back.refund_cents,
        )
    assert (refunds, taken, line.amount_cents) == (gross - off, off, 0)

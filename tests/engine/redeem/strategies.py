"""Random baskets and open lines of every kind, small enough to check by brute force."""

from hypothesis import strategies as st

from service.engine.redeem import (
    BENEFITS,
    AmountOff,
    BasketLine,
    Benefit,
    BundlePrice,
    BuyGet,
    Condition,
    Covers,
    FixedPrice,
    FreeItem,
    Need,
    OpenLine,
    PercentOff,
    Points,
    Terms,
)
from tests.engine.redeem.baskets import CODE, TODAY

LINES = (1, 2, 3, 4)
cents = st.integers(1, 600)
whole_needs = st.integers(1, 3).map(lambda count: Need(count * 1000))
spends = st.one_of(st.just(0), st.integers(1, 900))
covers = st.sampled_from(Covers)
points_off = st.sampled_from([333, 1000, 2500, 5000, 10000])


@st.composite
def basket_lines(draw: st.DrawFn, line: int) -> BasketLine:
    """One line: pieces, or something weighed, or a return."""
    kind = draw(st.sampled_from(["each", "each", "each", "kg", "g"]))
    quantity = 1000 * draw(st.integers(1, 3)) if kind == "each" else draw(st.integers(100, 1500))
    amount = draw(st.one_of(cents, cents, cents, st.integers(-200, 0)))
    return BasketLine(line=line, gtin=line, quantity_milli=quantity, unit=kind, amount_cents=amount)


@st.composite
def baskets(draw: st.DrawFn) -> list[BasketLine]:
    """One to four lines."""
    numbers = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=4, unique=True))
    return [draw(basket_lines(number)) for number in numbers]


NeedsAndBenefit = tuple[tuple[Need, ...], Benefit]
weighed_need = st.integers(100, 900).map(lambda milli: Need(milli, "kg"))
pieces_needs = st.lists(whole_needs, min_size=1, max_size=2).map(tuple)
any_needs = st.one_of(pieces_needs, st.tuples(weighed_need), st.tuples(weighed_need, whole_needs))
one_need = st.sampled_from([(Need(1000),), (Need(2000),), (Need(250, "kg"),)])


@st.composite
def _buy_get(draw: st.DrawFn) -> NeedsAndBenefit:
    on = draw(st.integers(0, 1))
    needs = (draw(whole_needs), *([Need(0)] * on))
    return needs, BuyGet(draw(st.integers(1, 2)), on, draw(points_off))


@st.composite
def _free_item(draw: st.DrawFn) -> NeedsAndBenefit:
    needs = (*draw(st.lists(whole_needs, max_size=1)), Need(0))
    return needs, FreeItem(len(needs) - 1, draw(st.one_of(st.none(), cents)))


BY_KIND: dict[str, st.SearchStrategy[NeedsAndBenefit]] = {
    "amount_off": st.tuples(any_needs, st.builds(AmountOff, cents)),
    "percent_off": st.tuples(
        any_needs, st.builds(PercentOff, points_off, st.one_of(st.none(), cents), covers)
    ),
    "fixed_price": st.tuples(one_need, st.builds(FixedPrice, cents, covers)),
    "bundle_price": st.tuples(pieces_needs, st.builds(BundlePrice, cents)),
    "buy_get": _buy_get(),
    "free_item": _free_item(),
    "points": st.tuples(any_needs, st.builds(Points, st.integers(1, 99))),
}
"""Benefits of each kind with needs that go with them."""


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    """Terms of any kind that belong together."""
    needs, benefit = draw(st.one_of([BY_KIND[kind] for kind in BENEFITS]))
    per_basket = draw(st.one_of(st.none(), st.integers(1, 2)))
    return Terms(Condition(needs, draw(spends)), benefit, per_basket)


@st.composite
def open_lines(draw: st.DrawFn, list_line: int) -> OpenLine:
    """A valid open line over random product sets."""
    its = draw(terms())
    limit = draw(st.integers(1, 3))
    return OpenLine(
        list_code=CODE,
        list_line=list_line,
        offer_id=list_line,
        terms=its,
        text="",
        eligible=tuple(draw(st.frozensets(st.sampled_from(LINES))) for _ in its.condition.needs),
        uses_left=limit,
        limit=limit,
        valid_from=TODAY,
        valid_to=TODAY,
    )


@st.composite
def list_of_open_lines(draw: st.DrawFn, most: int = 3) -> list[OpenLine]:
    """One to `most` open lines of one list."""
    return [draw(open_lines(number + 1)) for number in range(draw(st.integers(1, most)))]

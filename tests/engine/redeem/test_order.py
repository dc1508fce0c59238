"""What is scanned first never matters: shuffled, renumbered, split into single pieces."""

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.rules import hard, ordinary
from service.engine.redeem import (
    AmountOff,
    BasketLine,
    BundlePrice,
    Need,
    OpenLine,
    PercentOff,
    Settlement,
    settle_basket,
)
from service.engine.redeem.units import Units
from tests.engine.redeem.baskets import TODAY, by_line, opened, settle

SIZES = [(2, 30), (8, 30), (20, 15), (80, 5), (300, 3), (1000, 2)]
Basket = tuple[list[BasketLine], list[OpenLine]]


def few_prices(seed: int, size: int) -> Basket:
    """A hard basket of few products and prices, so that much is equal."""
    basket = hard(seed, size=size)
    rng = Random(seed)
    lines = []
    for line in basket.lines:
        many = max(1, line.quantity_milli // 1000)
        price = rng.choice([199, 199, 249])
        gtin = (line.gtin % 7) if line.unit == "each" else 100 + line.line
        amount = price * many if line.unit == "each" else line.amount_cents
        lines.append(line._replace(gtin=gtin, amount_cents=amount))
    products = {line.line: line.gtin for line in lines}
    return lines, [_by_product(offer, products) for offer in basket.open_lines]


def _by_product(offer: OpenLine, products: dict[int, int]) -> OpenLine:
    """The offer over all lines of the products it names."""
    named = [{products[number] for number in numbers} for numbers in offer.eligible]
    return offer._replace(
        eligible=tuple(
            frozenset(number for number, gtin in products.items() if gtin in gtins)
            for gtins in named
        )
    )


def _outcome(settlement: Settlement) -> dict[str, Any]:
    """All that may not depend on the lines' numbers."""
    return {
        "total": settlement.total_cents,
        "applied": [each._replace(shares=()) for each in settlement.applied],
        "shares": [
            sorted(cents for share in each.shares for cents in share.unit_cents)
            for each in settlement.applied
        ],
        "points": settlement.points,
        "refused": [(r.list_line, r.reason) for r in settlement.refusals],
        "short": settlement.short_by_at_most_cents,
    }


def _by_product_cents(settlement: Settlement, lines: list[BasketLine]) -> Counter[tuple[int, ...]]:
    """Cents by offer and product."""
    product = {line.line: line.gtin for line in lines}
    cents: Counter[tuple[int, ...]] = Counter()
    for discount in settlement.discounts:
        cents[discount.list_line, product[discount.line]] += discount.amount_cents
    return cents


def _renumbered(basket: Basket, rng: Random) -> Basket:
    lines, offers = basket
    numbers = rng.sample(range(1, 10 * len(lines) + 1), len(lines))
    number_of = {line.line: number for line, number in zip(lines, numbers, strict=True)}
    lines = [line._replace(line=number_of[line.line]) for line in lines]
    offers = [
        offer._replace(
            eligible=tuple(frozenset(number_of[n] for n in each) for each in offer.eligible)
        )
        for offer in offers
    ]
    rng.shuffle(lines)
    rng.shuffle(offers)
    return lines, offers


@pytest.mark.parametrize(("size", "examples"), SIZES)
def test_the_order_and_the_numbers_of_lines_never_matter(size: int, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.integers(0, 10**6), st.randoms(use_true_random=False))
    def check(seed: int, rng: Random) -> None:
        lines, offers = few_prices(seed, size)
        straight = settle_basket(lines, offers, on=TODAY)
        shuffled = rng.sample(lines, len(lines))
        assert settle_basket(shuffled, rng.sample(offers, len(offers)), on=TODAY) == straight
        other_lines, other_offers = _renumbered((lines, offers), rng)
        renumbered = settle_basket(other_lines, other_offers, on=TODAY)
        assert _outcome(renumbered) == _outcome(straight)
        assert renumbered.steps == straight.steps
        assert _by_product_cents(renumbered, other_lines) == _by_product_cents(straight, lines)

    check()


def _per_line_percent(offer: OpenLine) -> bool:
    return isinstance(offer.terms.benefit, PercentOff)


@pytest.mark.parametrize(("size", "examples"), SIZES)
def test_pieces_scanned_one_by_one_give_the_same(size: int, examples: int) -> None:
    """Except under a percent, which rounds for each line."""

    @settings(max_examples=examples, deadline=None)
    @given(st.integers(0, 10**6), st.randoms(use_true_random=False))
    def check(seed: int, rng: Random) -> None:
        lines, offers = few_prices(seed, size)
        offers = [offer for offer in offers if not _per_line_percent(offer)]
        together = settle_basket(lines, offers, on=TODAY)
        singles, numbers = [], {}
        for line in lines:
            whole = line.unit == "each" and line.quantity_milli > 1000
            many = line.quantity_milli // 1000 if whole else 1
            numbers[line.line] = range(100 * line.line, 100 * line.line + many)
            quantity = line.quantity_milli // many
            amount = line.amount_cents // many
            singles += [
                BasketLine(number, line.gtin, quantity, line.unit, amount)
                for number in numbers[line.line]
            ]
        apart_offers = [
            offer._replace(
                eligible=tuple(
                    frozenset(number for line in each for number in numbers[line])
                    for each in offer.eligible
                )
            )
            for offer in offers
        ]
        rng.shuffle(singles)
        apart = settle_basket(singles, apart_offers, on=TODAY)
        assert _outcome(apart) == _outcome(together)
        assert apart.steps == together.steps
        assert _by_product_cents(apart, singles) == _by_product_cents(together, lines)

    check()


def test_of_two_products_at_one_price_the_lower_gtin_is_discounted() -> None:
    tea, milk = BasketLine(9, 100, 1000, "each", 300), BasketLine(2, 200, 1000, "each", 300)
    assert by_line(settle([milk, tea], opened(1, AmountOff(50), [2, 9]))) == {(1, 9): (50,)}


def test_of_lines_that_are_the_same_in_all_else_the_lower_number_is_discounted() -> None:
    lines = [BasketLine(number, 100, 1000, "each", 300) for number in (5, 3, 4)]
    assert by_line(settle(lines, opened(1, AmountOff(50), [3, 4, 5]))) == {(1, 3): (50,)}


def test_a_search_cut_short_ends_the_same_whatever_the_numbers() -> None:
    """Taken in the order of scanning, these came to different totals."""
    basket = hard(13, size=80)
    lines = [line._replace(amount_cents=500, gtin=line.line % 5) for line in basket.lines]
    offers = [
        _by_product(
            opened(
                n, BundlePrice(300 + 20 * n), [n % 3 + 1, n % 5 + 1], needs=(Need(3000),), uses=4
            ),
            {line.line: line.gtin for line in lines},
        )
        for n in range(1, 13)
    ]
    straight = settle(lines, *offers)
    assert straight.short_by_at_most_cents
    for seed in range(5):
        other_lines, other_offers = _renumbered((lines, offers), Random(seed))
        assert _outcome(settle(other_lines, *other_offers)) == _outcome(straight)


def test_which_lines_are_too_many_depends_on_what_is_in_them() -> None:
    lines = [BasketLine(n, 50 - n, 4_000_000, "each", 400_000) for n in (1, 2, 3)]
    for numbers in ([1, 2, 3], [3, 1, 2], [2, 3, 1]):
        renumbered = [
            line._replace(line=number) for line, number in zip(lines, numbers, strict=True)
        ]
        units = Units(renumbered, {1, 2, 3})
        product = {line.line: line.gtin for line in renumbered}
        assert {product[number] for number in units.masks} == {47, 48}


def test_an_ordinary_basket_is_settled_the_same_from_either_end() -> None:
    basket = ordinary(4)
    straight = settle(basket.lines, *basket.open_lines)
    assert settle(basket.lines[::-1], *basket.open_lines[::-1]) == straight

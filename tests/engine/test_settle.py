"""Shares that sum to the discount, returns that sum to what was given, a ledger that balances."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.redeem import Discount
from service.engine.settle import (
    Account,
    Entry,
    EntryKind,
    FundedDiscount,
    Funding,
    Liability,
    Posting,
    ReopenPolicy,
    fund,
    redemption_entry,
    reopens,
    return_entry,
    take_back,
    units_left,
)
from service.errors import Conflict

HALF = Funding(supplier_id=9, share_basis_points=5000)


def discount(line: int, *unit_cents: int, offer_id: int = 101) -> Discount:
    return Discount(
        list_code="2559521234000013000000000042",
        list_line=1,
        offer_id=offer_id,
        text="offer",
        line=line,
        units=len(unit_cents),
        amount_cents=sum(unit_cents),
        unit_cents=unit_cents,
    )


def shares(funded: tuple[FundedDiscount, ...]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return [(each.supplier_cents, each.retailer_cents) for each in funded]


def test_the_suppliers_share_is_rounded_once_and_spread_over_all_units() -> None:
    funded = fund([discount(1, 33, 33), discount(2, 33)], uses=1, funding=HALF)
    assert shares(funded) == [((17, 17), (16, 16)), ((16,), (17,))]
    assert sum(sum(each.supplier_cents) for each in funded) == 50


def test_the_suppliers_share_is_capped_per_use() -> None:
    capped = Funding(supplier_id=9, cap_cents=30)
    assert shares(fund([discount(1, 50, 50)], uses=2, funding=capped)) == [((30, 30), (20, 20))]
    assert shares(fund([discount(1, 50)], uses=2, funding=capped)) == [((50,), (0,))]


@pytest.mark.parametrize(
    ("liability", "expected"),
    [(Liability.RETAILER, ((0,), (50,))), (Liability.SUPPLIER, ((25,), (25,)))],
)
def test_a_line_honoured_twice_falls_on_the_party_stated(
    liability: Liability, expected: tuple[tuple[int], tuple[int]]
) -> None:
    funded = fund([discount(1, 50)], uses=1, funding=HALF, honoured_twice=True, liability=liability)
    assert shares(funded) == [expected]


def test_a_redemption_is_posted_per_account_and_offer() -> None:
    funded = fund([discount(1, 33, 33), discount(2, 34)], uses=1, funding=HALF)
    own = Funding(supplier_id=8, share_basis_points=0)
    other = fund([discount(3, 10, offer_id=102)], uses=1, funding=own)
    assert redemption_entry([*funded, *other]) == Entry(
        kind=EntryKind.REDEMPTION,
        postings=(
            Posting(Account.HOUSEHOLD_DISCOUNT, 101, 9, -100),
            Posting(Account.RETAILER_FUNDING, 101, 9, 50),
            Posting(Account.SUPPLIER_CLAIM, 101, 9, 50),
            Posting(Account.HOUSEHOLD_DISCOUNT, 102, 8, -10),
            Posting(Account.RETAILER_FUNDING, 102, 8, 10),
        ),
    )


def test_an_entry_that_does_not_balance_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="zero"):
        Entry(EntryKind.REDEMPTION, (Posting(Account.SUPPLIER_CLAIM, 1, 1, 5),))


def test_a_return_gives_the_stored_cents_of_the_units() -> None:
    funded = fund([discount(1, 26, 25)], uses=1, funding=HALF)[0]
    taken = take_back(funded, units=[0])
    assert (taken.amount_cents, taken.supplier_cents, taken.retailer_cents) == (26, 13, 13)
    assert return_entry([taken]).postings == (
        Posting(Account.HOUSEHOLD_DISCOUNT, 101, 9, 26),
        Posting(Account.RETAILER_FUNDING, 101, 9, -13),
        Posting(Account.SUPPLIER_CLAIM, 101, 9, -13),
    )
    assert units_left(funded, {0}) == (1,)


@pytest.mark.parametrize(
    ("units", "message"),
    [([0], "returned before"), ([2], "no discounted unit 2"), ([-1], "no discounted unit -1")],
)
def test_a_unit_comes_back_once_and_only_if_it_was_there(units: list[int], message: str) -> None:
    funded = fund([discount(1, 26, 25)], uses=1, funding=HALF)[0]
    with pytest.raises(Conflict, match=message):
        take_back(funded, units=[1, *units], returned={0})


def test_the_line_reopens_when_everything_is_back_and_the_policy_says_so() -> None:
    funded = fund([discount(1, 26, 25), discount(2, 10)], uses=1, funding=HALF)
    part, whole = {1: {0, 1}}, {1: {0, 1}, 2: {0}}
    assert not reopens(ReopenPolicy.WHEN_WHOLE, funded, part)
    assert reopens(ReopenPolicy.WHEN_WHOLE, funded, whole)
    assert not reopens(ReopenPolicy.NEVER, funded, whole)


unit_cents = st.lists(st.integers(0, 500), min_size=1, max_size=4).map(tuple)
fundings = st.builds(
    Funding,
    supplier_id=st.integers(1, 3),
    share_basis_points=st.integers(0, 10_000),
    cap_cents=st.one_of(st.none(), st.integers(0, 300)),
)


@st.composite
def funded_lines(draw: st.DrawFn) -> tuple[list[Discount], tuple[FundedDiscount, ...]]:
    given_off = [
        discount(number + 1, *cents)
        for number, cents in enumerate(draw(st.lists(unit_cents, min_size=1, max_size=3)))
    ]
    return given_off, fund(given_off, uses=draw(st.integers(1, 3)), funding=draw(fundings))


@given(funded_lines())
def test_both_shares_make_up_each_units_discount(
    case: tuple[list[Discount], tuple[FundedDiscount, ...]],
) -> None:
    for before, after in zip(*case, strict=True):
        parts = zip(after.supplier_cents, after.retailer_cents, strict=True)
        assert tuple(a + b for a, b in parts) == before.unit_cents
        assert min(*after.supplier_cents, *after.retailer_cents) >= 0
        assert after.amount_cents == before.amount_cents


@pytest.mark.slow
@given(funded_lines(), st.data())
def test_partial_returns_in_any_order_come_to_the_whole(
    case: tuple[list[Discount], tuple[FundedDiscount, ...]], data: st.DataObject
) -> None:
    _, funded = case
    units = [(each, unit) for each in funded for unit in range(each.units)]
    returned: dict[int, set[int]] = {}
    entries = [redemption_entry(funded)]
    refund = 0
    for each, unit in data.draw(st.permutations(units)):
        before = returned.setdefault(each.line, set())
        taken = take_back(each, units=[unit], returned=before)
        before.add(unit)
        refund += taken.amount_cents
        entries.append(return_entry([taken]))
    assert refund == sum(each.amount_cents for each in funded)
    assert _balances(entries) == {}


def _balances(entries: list[Entry]) -> dict[tuple[Account, int, int], int]:
    moved: Counter[tuple[Account, int, int]] = Counter()
    for entry in entries:
        assert sum(posting.amount_cents for posting in entry.postings) == 0
        for posting in entry.postings:
            moved[posting.account, posting.offer_id, posting.supplier_id] += posting.amount_cents
    return {key: cents for key, cents in moved.items() if cents}

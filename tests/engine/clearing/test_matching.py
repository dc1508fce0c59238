"""Receipts and the claims they pay; nothing is matched by an amount alone."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.clearing.claim_numbers import ClaimNumbers
from service.engine.clearing.matching import (
    Application,
    Match,
    Matcher,
    PaidBefore,
    PayableClaim,
    Suspended,
    WrittenOff,
)
from service.engine.clearing.receipt import Advice, PaidPart, Receipt, identified

DAY = date(2026, 3, 2)


def claim(serial: int = 12, open_cents: int = 10_000, **more: Any) -> PayableClaim:
    made = PayableClaim(serial, f"C-{serial:06}", "EUR", open_cents, 100)
    return made._replace(**more)


def receipt(cents: int = 10_000, text: str = "C-000012", **more: Any) -> Receipt:
    values: dict[str, Any] = {
        "account": "DE89", "reference": "R1", "booked_on": DAY, "amount_cents": cents,
        "currency": "EUR", "text": text,
    }  # fmt: skip
    return Receipt(**(values | more))


def match(found: Receipt, *claims: PayableClaim, **more: Any) -> Match:
    return Matcher(claims or (claim(),), **more).match(found)


def settled_by(applications: tuple[Application, ...]) -> dict[int, int]:
    """What each claim gets smaller by."""
    settled: dict[int, int] = {}
    for each in applications:
        cents = each.paid_cents + each.written_off_cents
        settled[each.claim_id] = settled.get(each.claim_id, 0) + cents
    return settled


def test_a_number_and_the_amount_settle_a_claim() -> None:
    assert match(receipt()) == Match((Application(12, 10_000),), 0)


@pytest.mark.parametrize(
    ("cents", "written_off"), [(9_900, 100), (10_100, -100), (9_999, 1), (10_001, -1)]
)
def test_a_difference_within_the_tolerance_is_written_off(cents: int, written_off: int) -> None:
    expected = Application(12, cents, written_off, WrittenOff.TOLERANCE)
    assert match(receipt(cents)) == Match((expected,), 0)


@pytest.mark.parametrize("cents", [9_899, 10_101, 1, 20_000])
def test_a_larger_difference_stays_in_suspense_whole(cents: int) -> None:
    assert match(receipt(cents)) == Match((), cents, Suspended.AMOUNT_DIFFERS)


def test_what_a_bank_kept_is_written_off_even_beyond_the_tolerance() -> None:
    expected = Application(12, 9_000, 1_000, WrittenOff.BANK_CHARGES)
    assert match(receipt(9_000, charges_cents=1_000)) == Match((expected,), 0)
    assert match(receipt(9_000, charges_cents=999)).reason is Suspended.AMOUNT_DIFFERS


@pytest.mark.parametrize("text", ["", "Thank you", "000012", "12", "C-00012", "invoice 10000"])
def test_nothing_is_matched_by_its_amount_alone(text: str) -> None:
    assert match(receipt(text=text)) == Match((), 10_000, Suspended.NO_NUMBER)


@pytest.mark.parametrize(
    "text",
    [
        "pay c-000012",
        "C 000012",
        "C000012/2026",
        "inv.C-0000\n12,thanks",
        "Ｃ－０００012",
        "(C–000012)",
    ],
)
def test_a_number_is_found_however_it_is_broken_or_marked(text: str) -> None:
    assert match(receipt(text=text)).applications == (Application(12, 10_000),)


@pytest.mark.parametrize("text", ["C-0000123", "AC-000012", "XC000012", "C-0000129", "C-000012B"])
def test_a_number_within_another_is_not_that_number(text: str) -> None:
    assert match(receipt(text=text)).reason is Suspended.NO_NUMBER


def test_several_claims_that_come_to_the_amount_are_all_settled() -> None:
    both = (claim(12), claim(13, 5_000), claim(14, -2_000))
    found = match(receipt(13_000, "C-000012, C-000013 less C-000014"), *both)
    assert found.applications == (
        Application(12, 10_000),
        Application(13, 5_000),
        Application(14, -2_000),
    )
    short = match(receipt(12_950, "C-000012 C-000013 C-000014"), *both)
    assert short.applications[0] == Application(12, 9_950, 50, WrittenOff.TOLERANCE)
    assert match(receipt(9_000, "C-000012 C-000013"), *both).reason is Suspended.AMOUNT_DIFFERS


def test_a_second_payment_of_a_claim_stays_in_suspense() -> None:
    matcher = Matcher([claim()])
    assert matcher.match(receipt()).suspense_cents == 0
    again = matcher.match(receipt(reference="R2"))
    assert again == Match((), 10_000, Suspended.ALREADY_SETTLED)


def test_another_currency_is_not_converted() -> None:
    assert match(receipt(currency="USD")).reason is Suspended.OTHER_CURRENCY


def test_named_parts_may_pay_in_part_and_only_the_unknown_is_suspended() -> None:
    parts = (PaidPart("C-000012", 4_000), PaidPart("C-000099", 700), PaidPart("c 000013", 5_050))
    found = match(receipt(9_750, "", parts=parts), claim(12), claim(13, 5_000))
    assert found == Match(
        (Application(12, 4_000), Application(13, 5_050, -50, WrittenOff.TOLERANCE)),
        700,
        Suspended.UNKNOWN_NUMBER,
    )


def test_parts_that_do_not_come_to_the_receipt_are_not_believed() -> None:
    parts = (PaidPart("C-000012", 9_000),)
    assert match(receipt(10_000, "", parts=parts)) == Match((), 10_000, Suspended.PARTS_DIFFER)
    # The number and the amount still count.
    assert match(receipt(10_000, parts=parts)).applications == (Application(12, 10_000),)


def test_more_than_a_part_is_for_stays_in_suspense() -> None:
    found = match(receipt(12_000, "", parts=(PaidPart("C-000012", 12_000),)))
    assert found == Match((Application(12, 10_000),), 2_000, Suspended.OVERPAID)


def advice(total: int, *parts: PaidPart, **more: Any) -> Advice:
    made = Advice("TRACE77", DAY, total, "EUR", "BRIGHTSIDE", parts)
    return replace(made, **more)


def test_an_advice_splits_the_receipt_that_repeats_its_trace_and_is_no_money_itself() -> None:
    told = advice(9_000, PaidPart("C-000012", 4_000, 500, "01"), PaidPart("C-000013", 5_000))
    claims = (claim(12), claim(13, 5_000))
    found = match(receipt(9_000, "ACH TRACE77"), *claims, advices=[told])
    assert found.applications == (Application(12, 4_000), Application(13, 5_000))
    other = match(receipt(9_000, "ACH TRACE78"), *claims, advices=[told])
    assert other.reason is Suspended.NO_NUMBER
    larger = match(receipt(9_100, "ACH TRACE77"), *claims, advices=[told])
    assert larger.reason is Suspended.NO_NUMBER


def test_what_an_advice_keeps_back_of_no_claim_is_missing_in_suspense() -> None:
    told = advice(9_500, PaidPart("C-000012", 10_000), deducted_cents=500)
    found = match(receipt(9_500, "TRACE77"), advices=[told])
    assert found == Match((Application(12, 10_000),), -500, Suspended.PARTS_DIFFER)


BEFORE = PaidBefore(
    7,
    receipt(9_950, end_to_end="E2E-1"),
    (Application(12, 9_950, 50, WrittenOff.TOLERANCE),),
)


def returned(**more: Any) -> Receipt:
    return receipt(
        -9_950, **({"text": "", "is_return": True, "booked_on": date(2026, 3, 9)} | more)
    )


@pytest.mark.parametrize("more", [{"end_to_end": "E2E-1"}, {"text": "RETURN C-000012"}])
def test_a_returned_payment_reopens_what_it_settled_with_the_difference(more: Any) -> None:
    found = match(returned(**more), claim(open_cents=0), paid_before=[BEFORE])
    undone = Application(12, -9_950, -50, WrittenOff.TOLERANCE)
    assert found == Match((undone,), 0, returns=7)
    assert settled_by(found.applications) == {12: -10_000}


def test_a_return_is_taken_back_once_and_only_where_it_is_clear_of_what() -> None:
    matcher = Matcher([claim(open_cents=0)], paid_before=[BEFORE])
    assert matcher.match(returned(end_to_end="E2E-1")).returns == 7
    again = matcher.match(returned(end_to_end="E2E-1", reference="R9"))
    assert again == Match((), -9_950, Suspended.RETURN_UNKNOWN)
    two = [BEFORE, BEFORE._replace(key=8)]
    assert match(returned(end_to_end="E2E-1"), paid_before=two).returns is None
    earlier = returned(end_to_end="E2E-1", booked_on=date(2026, 3, 1))
    assert match(earlier, paid_before=[BEFORE]).returns is None


def test_a_return_of_what_was_in_suspense_clears_the_suspense() -> None:
    before = PaidBefore(7, receipt(9_950, end_to_end="E2E-1"), ())
    found = match(returned(end_to_end="E2E-1"), paid_before=[before])
    assert found == Match((), -9_950, returns=7)


amounts = st.integers(-500, 3_000)
texts = st.lists(st.sampled_from(["C-000001", "C-000002", "C-000003", "x", "C-000009"]), max_size=3)


@given(
    opens=st.lists(amounts, min_size=3, max_size=3),
    receipts=st.lists(
        st.tuples(
            st.integers(1, 6_000),
            texts,
            st.lists(st.tuples(st.integers(1, 4), amounts), max_size=3),
            st.integers(0, 200),
        ),
        max_size=6,
    ),
)
def test_money_is_neither_lost_nor_made_and_no_claim_is_paid_beyond_the_tolerance(
    opens: list[int], receipts: list[Any]
) -> None:
    claims = [claim(serial, cents) for serial, cents in enumerate(opens, start=1)]
    matcher = Matcher(claims)
    settled = dict.fromkeys((1, 2, 3), 0)
    for cents, words, parts, charges in receipts:
        named = tuple(PaidPart(f"C-{serial:06}", paid) for serial, paid in parts)
        found = matcher.match(receipt(cents, " ".join(words), parts=named, charges_cents=charges))
        paid = sum(each.paid_cents for each in found.applications)
        assert paid + found.suspense_cents == cents
        assert (found.reason is None) == (found.suspense_cents == 0)
        for claim_id, moved in settled_by(found.applications).items():
            settled[claim_id] += moved
    for serial, cents in enumerate(opens, start=1):
        assert min(0, cents) <= settled[serial] <= max(0, cents)


@given(st.lists(st.integers(1, 999_999), min_size=1, max_size=8, unique=True), st.data())
def test_every_number_is_found_wherever_a_bank_breaks_it(serials: list[int], data: Any) -> None:
    numbers = [f"C-{serial:06}" for serial in serials]
    wanted = data.draw(st.sampled_from(numbers))
    cut = data.draw(st.integers(0, len(wanted)))
    text = f"paid {wanted[:cut]} {wanted[cut:]} thanks"
    assert ClaimNumbers(numbers).within(text) == (wanted,)


def test_identities_tell_bookings_apart_and_find_them_again() -> None:
    first = receipt(reference="A")
    same = replace(first, payer="spelt otherwise", text="C-000012 more text")
    assert [each.identity for each in identified([first])] == [
        each.identity for each in identified([same])
    ]
    twice = identified([first, first])
    assert twice[0].identity != twice[1].identity
    unnamed = identified([replace(first, reference="NOTPROVIDED")])
    other = identified([replace(same, reference="")])
    assert unnamed[0].identity != other[0].identity

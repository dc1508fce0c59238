"""One reason per refused line, in a fixed order of checks."""

from datetime import date

import pytest

from service.engine.redeem import AmountOff, BundlePrice, FixedPrice, Need, OpenLine, RefusalReason
from tests.engine.redeem.baskets import TODAY, opened, pieces, settle

OFF = AmountOff(100)
YESTERDAY, TOMORROW = date(2026, 11, 19), date(2026, 11, 21)
CASES = {
    "voided": (opened(1, OFF, [1], voided=True), "the list was withdrawn"),
    "already_redeemed": (opened(1, OFF, [1], uses=0, limit=1), "used on an earlier visit"),
    "limit_reached": (opened(1, OFF, [1], uses=0, limit=3), "all 3 uses were made"),
    "not_yet_valid": (opened(1, OFF, [1], valid_from=TOMORROW), "valid from 2026-11-21"),
    "expired": (
        opened(1, OFF, [1], valid_from=YESTERDAY, valid_to=YESTERDAY),
        "valid to 2026-11-19",
    ),
    "not_in_basket": (opened(1, OFF, [9]), "none of its products is in the basket"),
    "excluded_product": (
        opened(1, OFF, [], excluded=[1]),
        "basket line 1 is excluded from this offer",
    ),
    "quantity_short": (opened(1, OFF, [1], needs=(Need(4000),)), "2 more to buy"),
    "spend_short": (
        opened(1, OFF, [1], needs=(Need(0),), spend=1000),
        "400 cents more to spend on its products",
    ),
    "no_saving": (opened(1, FixedPrice(300), [1]), "the price is already as low"),
}


@pytest.mark.parametrize("reason", CASES)
def test_the_reason_and_what_the_cashier_reads(reason: str) -> None:
    open_line, detail = CASES[reason]
    result = settle([pieces(1, 2, 600)], open_line)
    assert [(str(r.reason), r.detail) for r in result.refusals] == [(reason, detail)]
    assert (result.total_cents, result.applied) == (0, ())


def test_first_and_last_day_are_valid() -> None:
    offer = opened(1, OFF, [1], valid_from=TODAY, valid_to=TODAY)
    assert settle([pieces(1, 1, 300)], offer).total_cents == 100


@pytest.mark.parametrize(
    ("open_line", "reason"),
    [
        (opened(1, OFF, [9], voided=True, uses=0, valid_to=YESTERDAY), "voided"),
        (opened(1, OFF, [9], uses=0, limit=1, valid_to=YESTERDAY), "already_redeemed"),
        (opened(1, OFF, [9], valid_from=TOMORROW), "not_yet_valid"),
        (opened(1, OFF, [9], needs=(Need(2000),), spend=99_999), "not_in_basket"),
        (opened(1, OFF, [1], needs=(Need(9000),), spend=99_999), "quantity_short"),
        (opened(1, OFF, [1], excluded=[2]), None),
    ],
)
def test_the_first_cause_in_order_is_the_one_given(open_line: OpenLine, reason: str | None) -> None:
    result = settle([pieces(1, 2, 600), pieces(2, 1, 100)], open_line)
    assert [str(r.reason) for r in result.refusals] == ([reason] if reason else [])


def test_a_mixed_set_names_the_set_that_is_missing() -> None:
    refusal = settle([pieces(1, 1, 300)], opened(1, BundlePrice(100), [1], [9])).refusals[0]
    assert refusal.reason is RefusalReason.NOT_IN_BASKET
    assert refusal.detail == "nothing of product set 2 is in the basket"


def test_a_refusal_names_its_line() -> None:
    refusal = settle([], opened(7, OFF, [1])).refusals[0]
    assert (refusal.list_code, refusal.list_line, refusal.offer_id) == (
        "2559521234000013000000000042",
        7,
        107,
    )

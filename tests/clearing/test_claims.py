"""What claims hold, what they come to, and what becomes of them, to the cent."""

from datetime import date, timedelta
from typing import Any

import pytest

from service.clearing.agreements import load_agreements
from service.clearing.books import check_books
from service.clearing.draw import draw_claims, draw_due
from service.clearing.issue import cancel_claim, issue_claim
from service.clearing.show import list_claims, show_claim
from service.engine.clearing.claim import Claim, ClaimState
from service.engine.clearing.standing import closed_month
from service.errors import Conflict, InvalidInput, NotFound
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import returned, sold, voided
from tests.clearing.conftest import BY, DALE, MARCH, NOW, OTHERS, TODAY, agreement, drawn, form
from tests.shop import H1, H2, STORE, Shop
from tests.till import FULL

HELD = "SELECT e.posting, c.claim_id FROM claim_entry c JOIN ledger_entry e ON e.id = c.entry_id"


def sale(database: Database, settings: Settings, shop: Shop, number: int, household: str) -> str:
    """Sell everything with a household's list: 1.00 off milk, 0.50 off bread, 2.00 off soap."""
    shown = [("list", shop.lists[household])]
    answer = sold(database, settings, number, presented=shown, lines=FULL)
    assert answer["total_discount_cents"] == 350
    redemption_id: str = answer["redemption_id"]
    return redemption_id


def sums(claim: Claim) -> tuple[int, ...]:
    return (claim.share_cents, claim.fee_cents, claim.tax_cents, claim.total_cents)


def sound(database: Database, settings: Settings) -> bool:
    return check_books(database, settings, now=NOW).is_sound


def test_a_claim_is_what_one_account_owes_by_deal_and_store(
    database: Database, settings: Settings, shop: Shop
) -> None:
    sale(database, settings, shop, 1, H1)
    sale(database, settings, shop, 2, H2)
    dale, others = drawn(database, settings)
    # Two fees of 8 cents with 19 % are 3.04 cents of tax.
    assert sums(dale) == (200, 16, 3, 219)
    assert sums(others) == (50, 0, 0, 50)
    [milk] = dale.lines
    assert (milk.supplier, milk.deal_ref, milk.store_id) == ("Dale Foods", "MILK-1", STORE)
    assert (milk.circulation, milk.redemptions, milk.redeemed_cents) == (2, 2, 200)
    assert (dale.number, dale.state, dale.open_cents) == (
        f"C{TODAY.year}-000001", ClaimState.ISSUED, 219,
    )  # fmt: skip
    assert (dale.issued_on, dale.due_on) == (TODAY, TODAY + timedelta(days=30))
    assert (dale.first_day, dale.last_day, dale.drawn_to) == (
        date(2026, 3, 5), date(2026, 3, 5), MARCH,
    )  # fmt: skip
    assert others.number == f"C{TODAY.year}-000002"
    # Soap is the retailer's own to pay for: nobody is asked for it.
    assert [line.deal_ref for line in others.lines] == ["BREAD-1"]
    assert sound(database, settings)
    assert drawn(database, settings) == []


def test_what_comes_late_is_in_the_next_claim_and_names_the_first(
    database: Database, settings: Settings, shop: Shop
) -> None:
    sale(database, settings, shop, 1, H1)
    first = drawn(database, settings)[0]
    assert sums(first) == (100, 8, 2, 110)
    returned(database, settings, 2, of=1, lines=[(1, 1)])
    sale(database, settings, shop, 3, H2)
    second = drawn(database, settings, later=1)[0]
    # Milk came back, and a sale of a day that the first claim had came in late.
    [line] = second.lines
    assert (line.late_of, line.redemptions, line.redeemed_cents) == (first.number, 0, 0)
    assert (sums(second), second.state) == ((0, 0, 0, 0), ClaimState.CLOSED)
    assert (second.opening_cents, second.total_cents, second.closing_cents) == (110, 0, 110)
    voided(database, 1)
    # Of milk the return had given everything back already.
    [third] = drawn(database, settings, later=2)
    assert [(line.deal_ref, line.share_cents) for line in third.lines] == [("BREAD-1", -25)]
    assert third.lines[0].late_of == f"C{TODAY.year}-000002"
    assert sound(database, settings)


def test_a_draft_has_no_number_and_no_tax_until_it_is_issued(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sale(database, settings, shop, 1, H1)
    draft = drawn(database, settings, issued=False)[0]
    assert (draft.number, draft.state, draft.tax_cents, draft.total_cents) == (
        None, ClaimState.DRAFT, 0, 108,
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="before its own entries"):
        issue_claim(database, draft.id, on=date(2026, 3, 1), by=BY, now=NOW)
    for _ in range(2):
        issued = issue_claim(database, draft.id, on=TODAY, by=BY, now=NOW)
        assert (issued.serial, issued.total_cents) == (1, 110)
    tax = "SELECT account, amount_cents FROM ledger_entry WHERE kind = 'claim' ORDER BY id"
    assert read_only(tax) == [("supplier_receivable", 2), ("tax_payable", -2)]


def test_a_cancelled_claim_is_credited_in_full_and_claimed_again(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sale(database, settings, shop, 1, H1)
    claim = drawn(database, settings)[0]
    held = [posting for posting, claim_id in read_only(HELD) if claim_id == claim.id]
    with pytest.raises(InvalidInput, match="why"):
        cancel_claim(database, claim.id, note=" ", on=TODAY, by=BY, now=NOW)
    for _ in range(2):
        cancel_claim(database, claim.number or "", note="wrong", on=TODAY, by=BY, now=NOW)
    gone = show_claim(database, claim.id)
    assert (gone.state, gone.open_cents, gone.credit_number) == (
        ClaimState.CANCELLED, 0, f"K{TODAY.year}-000001",
    )  # fmt: skip
    assert sums(gone) == sums(claim)
    with pytest.raises(Conflict, match="draw another"):
        issue_claim(database, claim.id, on=TODAY, by=BY, now=NOW)
    again = drawn(database, settings, later=1)[0]
    assert (sums(again), again.lines[0].late_of, again.opening_cents) == (sums(claim), None, 0)
    assert again.number == f"C{TODAY.year}-000003"
    kept = "SELECT count(*) FROM cancelled_claim_entry WHERE claim_id = " + str(claim.id)
    assert read_only(kept) == [(len(held),)]
    assert sound(database, settings)


def test_a_deal_without_an_agreement_waits_until_one_covers_it(
    database: Database, settings: Settings, shop: Shop
) -> None:
    early = {**OTHERS, "valid_to": "2026-03-04"}
    load_agreements(database, settings, form(early), by=BY, now=NOW)
    sale(database, settings, shop, 1, H1)
    assert [claim.account.number for claim in drawn(database, settings)] == ["S-1"]
    books = check_books(database, settings, now=NOW)
    assert books.is_sound
    [waits] = [check for check in books.checks if check.name == "waits_for_an_agreement"]
    assert (waits.count, waits.difference, waits.worst[0].subject) == (1, 25, "Oven Works")
    next_one = agreement("S-2", ["Oven Works", "House Brand"], ref="N", valid_from="2026-03-05")
    load_agreements(database, settings, form(next_one), by=BY, now=NOW)
    [late] = drawn(database, settings)
    assert (late.agreement.ref, late.total_cents) == ("N", 25)


def test_what_is_undone_after_an_agreement_ended_is_claimed_under_it(
    database: Database, settings: Settings, shop: Shop
) -> None:
    sale(database, settings, shop, 1, H1)
    drawn(database, settings)
    ended = {**DALE, "valid_to": "2026-03-04"}
    load_agreements(database, settings, form(ended), by=BY, now=NOW)
    voided(database, 1)
    dale = next(c for c in drawn(database, settings, later=1) if c.account.number == "S-1")
    assert (dale.agreement.revision, sums(dale)) == (2, (-100, -8, -2, -110))
    assert sound(database, settings)


def test_claims_of_a_month_are_drawn_once_its_grace_is_over(
    database: Database, settings: Settings, shop: Shop
) -> None:
    assert closed_month(date(2026, 4, 14), grace_days=14) == date(2026, 2, 28)
    assert closed_month(date(2026, 4, 15), grace_days=14) == MARCH
    assert closed_month(date(2026, 9, 1), grace_days=180) == date(2026, 2, 28)
    sale(database, settings, shop, 1, H1)
    found = draw_due(database, settings, by=BY, now=NOW)
    assert len(found) == 2
    # What comes in later of that month waits for the next.
    sale(database, settings, shop, 2, H2)
    assert draw_due(database, settings, by=BY, now=NOW + timedelta(minutes=1)) == []
    next_month = NOW + timedelta(days=62)
    assert len(draw_due(database, settings, by=BY, now=next_month)) == 2


def test_what_should_have_been_claimed_is_named(
    database: Database, settings: Settings, shop: Shop
) -> None:
    sale(database, settings, shop, 1, H1)
    late = NOW + timedelta(days=80)
    books = check_books(database, settings, now=late)
    broken = {check.name: check for check in books.checks if check.is_broken}
    assert [*broken] == ["what_is_due_was_claimed"]
    assert broken["what_is_due_was_claimed"].worst == (("Dale Foods", 108), ("Oven Works", 25))
    draw_due(database, settings, by=BY, now=late)
    assert check_books(database, settings, now=late).is_sound


def test_claims_are_drawn_of_days_that_are_over_and_of_accounts_there_are(
    database: Database, settings: Settings, shop: Shop
) -> None:
    sale(database, settings, shop, 1, H1)
    with pytest.raises(InvalidInput, match="is not over"):
        draw_claims(database, settings, drawn_to=TODAY, by=BY, now=NOW)
    with pytest.raises(NotFound, match="no account S-9"):
        draw_claims(database, settings, drawn_to=MARCH, by=BY, now=NOW, account="S-9")
    [only] = draw_claims(database, settings, drawn_to=MARCH, by=BY, now=NOW, account="S-2")
    assert only.total_cents == 25
    with pytest.raises(NotFound):
        show_claim(database, 99)
    with pytest.raises(InvalidInput, match="names no claim"):
        show_claim(database, "the last one")
    assert [row.id for row in list_claims(database, account="S-2")] == [only.id]


MARKS = """SELECT s.name, m.next_id > 0 FROM claim_mark m JOIN supplier s ON s.id = m.supplier_id
    WHERE s.name <> 'House Brand' ORDER BY s.name"""
WAITING = "SELECT count(*) FROM waiting_entry"


def test_what_was_claimed_is_not_looked_at_again_and_what_waits_is(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    load_agreements(database, settings, form({**OTHERS, "valid_to": "2026-03-04"}), by=BY, now=NOW)
    sale(database, settings, shop, 1, H1)
    # Up to yesterday, two days later: all that was posted is before both.
    to, later = NOW.date(), 2 * 24 * 60
    [first] = drawn(database, settings, to=to, later=later, issued=False)
    assert [bool(moved) for _, moved in read_only(MARKS)] == [True, True]
    # Bread has no agreement: its share waits by its number, and so does what is cancelled.
    assert read_only(WAITING) == [(1,)]
    cancel_claim(database, first.id, note="wrong", on=TODAY, by=BY, now=NOW)
    assert read_only(WAITING) == [(3,)]
    assert sound(database, settings)
    returned(database, settings, 2, of=1, lines=[(1, 1)])
    sale(database, settings, shop, 3, H2)
    next_one = agreement("S-2", ["Oven Works", "House Brand"], ref="N", valid_from="2026-03-05")
    load_agreements(database, settings, form(next_one), by=BY, now=NOW)
    again = drawn(database, settings, to=to, later=later + 1, issued=False)
    assert [(claim.account.number, claim.total_cents) for claim in again] == [
        ("S-1", 108), ("S-2", 50),
    ]  # fmt: skip
    assert read_only(WAITING) == [(0,)]
    assert drawn(database, settings, to=to, later=later + 2, issued=False) == []
    assert sound(database, settings)

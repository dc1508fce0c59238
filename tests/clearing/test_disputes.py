"""Disputes: a part of a line, answered in part, credited with its tax; the rest stays due."""

from datetime import timedelta
from typing import Any

import pytest

from service.clearing.books import check_books
from service.clearing.disputes import answer_dispute, list_disputes, open_dispute, withdraw_dispute
from service.clearing.issue import cancel_claim
from service.clearing.settle import (
    receive_within,
    return_within,
    set_off_within,
    write_off_within,
)
from service.clearing.show import show_claim
from service.engine.clearing.claim import (
    Claim,
    ClaimPart,
    ClaimState,
    Dispute,
    DisputeReason,
    DisputeState,
)
from service.errors import Conflict, InvalidInput, LarderError, NotFound
from service.settings import Settings
from service.store.session import Database
from tests.clearing.conftest import BY, NOW, TODAY, drawn
from tests.clearing.test_claims import sale
from tests.shop import H1, H2, Shop


@pytest.fixture
def claim(database: Database, settings: Settings, shop: Shop) -> Claim:
    """A claim of 200 cents of share, 16 of fees and 3 of tax in one line."""
    sale(database, settings, shop, 1, H1)
    sale(database, settings, shop, 2, H2)
    return drawn(database, settings)[0]


def opened(
    database: Database, claim: Claim, part: ClaimPart, cents: int | None, **terms: Any
) -> Dispute:
    asked: dict[str, Any] = {
        "line": 1, "reason": DisputeReason.WRONG_RATE, "note": "", "on": TODAY, "by": BY,
        "now": NOW,
    }  # fmt: skip
    return open_dispute(database, claim.id, part=part, cents=cents, **{**asked, **terms})


def answered(database: Database, dispute: Dispute, cents: int) -> Dispute:
    return answer_dispute(
        database, dispute.id, accepted_cents=cents, reason=DisputeReason.COUNT_DIFFERENCE,
        note="", by=BY, now=NOW,
    )  # fmt: skip


def paid(database: Database, claim: Claim, cents: int, reference: str) -> None:
    with database.write() as session:
        receive_within(session, claim.id, cents, reference=reference, by=BY, now=NOW)


def stands(database: Database, claim: Claim) -> tuple[ClaimState, int]:
    found = show_claim(database, claim.id)
    return found.state, found.open_cents


def test_an_accepted_part_is_credited_and_the_rest_is_due(
    database: Database, settings: Settings, claim: Claim, read_only: Any
) -> None:
    dispute = opened(database, claim, ClaimPart.SHARE, 60)
    assert dispute.answer_by == TODAY + timedelta(days=60)
    assert stands(database, claim) == (ClaimState.DISPUTED, 219)
    done = answered(database, dispute, 50)
    assert (done.state, done.accepted_cents) == (DisputeState.PARTLY_ACCEPTED, 50)
    assert stands(database, claim) == (ClaimState.PART_PAID, 169)
    credit = "SELECT account, amount_cents FROM ledger_entry WHERE kind = 'dispute' ORDER BY id"
    assert read_only(credit) == [("adjustment", 50), ("supplier_receivable", -50)]
    paid(database, claim, 169, "bank-1")
    assert stands(database, claim) == (ClaimState.CLOSED, 0)
    assert check_books(database, settings, now=NOW).is_sound


def test_a_credited_fee_takes_its_tax_along(
    database: Database, settings: Settings, claim: Claim, read_only: Any
) -> None:
    answered(database, opened(database, claim, ClaimPart.FEE, None), 16)
    assert stands(database, claim) == (ClaimState.PART_PAID, 200)
    tax = "SELECT sum(amount_cents) FROM ledger_entry WHERE account = 'tax_payable'"
    assert [int(row[0]) for row in read_only(tax)] == [0]
    assert check_books(database, settings, now=NOW).is_sound


def test_what_is_rejected_or_withdrawn_is_owed_and_can_be_disputed_again(
    database: Database, claim: Claim
) -> None:
    rejected = answered(database, opened(database, claim, ClaimPart.SHARE, 200), 0)
    assert rejected.state is DisputeState.REJECTED
    again = opened(database, claim, ClaimPart.SHARE, None)
    withdrawn = withdraw_dispute(database, again.id, note="a mistake", by=BY, now=NOW)
    assert (withdrawn.state, again.claimed_cents) == (DisputeState.WITHDRAWN, 200)
    assert stands(database, claim) == (ClaimState.ISSUED, 219)
    assert [each.id for each in list_disputes(database, state=DisputeState.WITHDRAWN)] == [again.id]


def test_what_cannot_be_disputed_or_answered_changes_nothing(
    database: Database, claim: Claim, read_only: Any
) -> None:
    dispute = opened(database, claim, ClaimPart.SHARE, 150)
    everything = "SELECT count(*), sum(id) FROM ledger_entry"
    before = read_only(everything)
    refused: list[tuple[type[LarderError], dict[str, Any]]] = [
        (InvalidInput, {"part": ClaimPart.SHARE, "cents": 51}),
        (InvalidInput, {"part": ClaimPart.SLOTS, "cents": None}),
        (InvalidInput, {"part": ClaimPart.FEE, "cents": 0}),
        (InvalidInput, {"part": ClaimPart.FEE, "cents": 1, "reason": DisputeReason.OTHER}),
        (NotFound, {"part": ClaimPart.FEE, "cents": 1, "line": 2}),
        (Conflict, {"part": ClaimPart.FEE, "cents": 1, "on": TODAY + timedelta(days=61)}),
    ]
    for error, terms in refused:
        with pytest.raises(error):
            opened(database, claim, **terms)
    with pytest.raises(InvalidInput, match="about 150 minor units; 151"):
        answered(database, dispute, 151)
    with pytest.raises(InvalidInput, match="with a reason"):
        answer_dispute(database, dispute.id, accepted_cents=1, reason=None, note="", by=BY, now=NOW)
    with pytest.raises(Conflict, match="in dispute"):
        cancel_claim(database, claim.id, note="wrong", on=TODAY, by=BY, now=NOW)
    assert read_only(everything) == before
    answered(database, dispute, 150)
    with pytest.raises(Conflict, match="is accepted"):
        answered(database, dispute, 1)
    with pytest.raises(Conflict, match="paid or credited"):
        cancel_claim(database, claim.id, note="wrong", on=TODAY, by=BY, now=NOW)


def test_money_is_counted_once_and_a_small_rest_is_written_off(
    database: Database, settings: Settings, claim: Claim, read_only: Any
) -> None:
    for _ in range(2):
        paid(database, claim, 100, "bank-1")
    # The agreed tolerance is five dollars.
    assert stands(database, claim) == (ClaimState.CLOSED, 0)
    off = "SELECT kind, account, amount_cents FROM ledger_entry WHERE account = 'write_off'"
    assert read_only(off) == [("tolerance", "write_off", 119)]
    with pytest.raises(Conflict, match=r"Only 0 minor units of claim"):
        paid(database, claim, 1, "bank-2")
    with database.write() as session:
        return_within(session, claim.id, 100, reference="bank-1", by=BY, now=NOW)
    assert stands(database, claim) == (ClaimState.PART_PAID, 100)
    with pytest.raises(InvalidInput, match="why"), database.write() as session:
        write_off_within(session, claim.id, 100, note=" ", by=BY, now=NOW)
    with database.write() as session:
        write_off_within(session, claim.id, 100, note="insolvent", by=BY, now=NOW)
    assert stands(database, claim) == (ClaimState.CLOSED, 0)
    assert check_books(database, settings, now=NOW).is_sound


def test_a_bank_takes_back_no_more_than_it_had_brought(
    database: Database, claim: Claim, read_only: Any
) -> None:
    with database.write() as session:
        set_off_within(session, claim.id, 150, reference="goods-7", by=BY, now=NOW)
    with pytest.raises(Conflict, match="Only 0 minor units came in"), database.write() as session:
        return_within(session, claim.id, 1, reference="bank-1", by=BY, now=NOW)
    assert stands(database, claim) == (ClaimState.PART_PAID, 69)
    kept = "SELECT amount_cents FROM ledger_entry WHERE account = 'set_off'"
    assert read_only(kept) == [(150,)]

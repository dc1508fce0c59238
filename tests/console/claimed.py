"""What finance has to do with in a house: claims, a dispute, a document, money in suspense."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import select

from service.admin import runs
from service.clearing.agreements import load_agreements
from service.clearing.disputes import open_dispute
from service.clearing.draw import draw_claims
from service.clearing.evidence import make_evidence
from service.clearing.receipts import load_receipts, match_receipts
from service.engine.clearing.claim import ClaimPart, DisputeReason
from service.engine.clearing.receipt import Receipt, identified
from service.files.agreements import AgreementsIn
from service.store import household_cases
from service.store.actor import SERVICE
from service.store.tables.household_case import HouseholdCase
from service.store.tables.redemption import Redemption
from tests.checkout.acts import sold
from tests.clearing.issued_claims import agreement
from tests.console.conftest import House
from tests.shop import BREAD, H2, MILK

ACCOUNT, MARCH = "K-1", date(2026, 3, 31)


def agree(house: House, **terms: Any) -> None:
    """Agreements with two of the house's suppliers."""
    form = {
        "format": "larder-agreements-1",
        "agreements": [
            agreement(ACCOUNT, "Dale Foods", **terms),
            agreement("K-2", "Oven Works", **terms),
        ],
    }
    load_agreements(
        house.database, house.settings, AgreementsIn.model_validate(form),
        by=SERVICE, now=datetime.now(UTC),
    )  # fmt: skip


def sell(house: House, number: int) -> None:
    """A sale with offers of both: 1.08 of Dale Foods, 0.25 of Oven Works."""
    shown = [("list", house.shop.lists[H2])]
    lines = [(MILK, 1, 120), (BREAD, 1, 250)]
    sold(house.database, house.settings, number, presented=shown, lines=lines)


def claim(house: House, folder: Path) -> dict[str, str]:
    """Claims 1 and 2, a dispute of the first, a document and a receipt; values of addresses."""
    agree(house)
    sell(house, 901)
    # Entries are posted now: a claim that holds them is drawn at a later moment of its clock.
    now = datetime.now(UTC)
    draw_claims(
        house.database, house.settings, drawn_to=MARCH, by=SERVICE, now=now, issue_on=now.date()
    )
    open_dispute(
        house.database, 1, line=1, part=ClaimPart.SHARE, reason=DisputeReason.WRONG_RATE, cents=40,
        note="", on=now.date(), by=SERVICE, now=now,
    )  # fmt: skip
    made = make_evidence(house.database, house.settings, 1, by=SERVICE, now=now)
    pay(house, folder, 500, "for milk")
    run = runs.request_claims(house.database, drawn_to=MARCH, by=SERVICE)
    return {"{account}": ACCOUNT, "{document}": str(made.id), "{claims_run}": run.id}


def pay(house: House, folder: Path, cents: int, text: str) -> None:
    """A payment that a bank booked, matched as far as that goes."""
    file = folder / f"bank-{text}.csv"
    file.write_text(text)
    receipt = Receipt("DE89", text, MARCH, cents, "USD", payer="Dale Foods", text=text)
    load_receipts(
        house.database, file, "plain", identified([receipt]), currency="USD", by=SERVICE,
        now=datetime.now(UTC),
    )  # fmt: skip
    match_receipts(house.database, by=SERVICE, now=datetime.now(UTC))


def ask(house: House) -> None:
    """Question 1: why the third line of a list took nothing off in the sale above."""
    with house.database.write() as session:
        sale = session.exec(select(Redemption)).first()
        assert sale is not None
        assert sale.household_id is not None
        household_cases.add(
            session,
            HouseholdCase(
                household_id=sale.household_id, redemption_id=sale.id, list_id=2, list_line=3,
                reason="not_in_basket", text="House Soap: $2.00 off", state="open",
                asked_at=datetime.now(UTC), answer="", actor="",
            ),
        )  # fmt: skip

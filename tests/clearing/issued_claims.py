"""Issued claims in the small shop: two of Dale Foods, one of Oven Works, as they come about."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from service.clearing.agreements import load_agreements
from service.clearing.draw import draw_claims
from service.files.agreements import AgreementsIn
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from tests.checkout.acts import sold
from tests.shop import BREAD, H1, H2, MILK, open_shop

ANNA = Actor("anna")
NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
LATER = datetime(2026, 5, 2, 9, tzinfo=UTC)
DALE, OVEN, DALE_AGAIN = "C2026-000001", "C2026-000002", "C2026-000003"


def agreement(number: str, brand: str, **more: Any) -> dict[str, Any]:
    """An agreement as a file of them has it."""
    return {
        "account": {
            "number": number,
            "legal_name": f"{brand} Ltd",
            "address": {"street": "1 Dock", "postcode": "1000", "city": "Bay", "country": "US"},
            "tax_number": "12-3456789",
            "language": "en",
            "currency": "USD",
            "channel": "edi",
            "brands": [brand],
        },
        "ref": f"AG-{number}",
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "handling_fee": "0.08",
        "tax_code": "O",
        "tax_percent": "0",
        "tolerance": "0.05",
        "grace_days": 30,
        "payment_days": 30,
        "dispute_days": 45,
        "credit_limit": None,
        "settlement": "invoice",
        **more,
    }


def issue_claims(database: Database, settings: Settings, folder: Path, **terms: Any) -> None:
    """Sell, and draw and issue claims: 1.08 of Dale, 0.25 of Oven Works, and 1.08 of Dale again."""
    shop = open_shop(database, settings, folder)
    form = {
        "format": "larder-agreements-1",
        "agreements": [
            agreement("K-1", "Dale Foods", **terms),
            agreement("K-2", "Oven Works", **terms),
        ],
    }
    load_agreements(database, settings, AgreementsIn.model_validate(form), by=ANNA, now=NOW)
    shown = [("list", shop.lists[H1])]
    sold(database, settings, 1, presented=shown, lines=[(MILK, 1, 120), (BREAD, 1, 250)])
    _draw(database, settings, date(2026, 3, 31))
    shown = [("list", shop.lists[H2])]
    sold(database, settings, 2, presented=shown, lines=[(MILK, 1, 120)])
    _draw(database, settings, date(2026, 4, 1))


def _draw(database: Database, settings: Settings, day: date) -> None:
    # The moments at which claims were issued are in their order.
    now = NOW + timedelta(minutes=day.day % 31)
    draw_claims(database, settings, drawn_to=day, by=ANNA, now=now, issue_on=day)


def billing(settings: Settings) -> Settings:
    """The settings with what documents need."""
    told = {"legal_address": "4 Market Street; 40202; Louisville; KY", "country": "US"}
    return settings.model_copy(update=told)

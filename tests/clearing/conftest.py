"""A shop with agreements, and what is done to its claims."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.clearing.agreements import load_agreements
from service.clearing.draw import draw_claims
from service.clearing.show import show_claim
from service.engine.clearing.claim import Claim
from service.files.agreements import AgreementsIn, example
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from tests.shop import Shop, open_shop

BY = Actor("tests")
# Entries are posted now, so claims are drawn later than now.
NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
TODAY = NOW.date()
MARCH = date(2026, 3, 31)


def agreement(number: str, brands: Sequence[str], **terms: Any) -> dict[str, Any]:
    """An agreement of an account as its file has it: 19 % tax, nothing else special."""
    [pattern] = json.loads(example())["agreements"]
    account = {**pattern["account"], "number": number, "brands": [*brands]}
    taxed = {"tax_code": "S", "tax_percent": "19", "ref": f"A-{number}", "valid_to": "2027-12-31"}
    return {**pattern, **taxed, "account": account, **terms}


def form(*agreements: dict[str, Any]) -> AgreementsIn:
    """A file of agreements."""
    return AgreementsIn.model_validate({"format": "larder-agreements-1", "agreements": agreements})


DALE = agreement("S-1", ["Dale Foods"])
OTHERS = agreement("S-2", ["Oven Works", "House Brand"], tolerance="0.03")


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    """The shop, whose three suppliers have two accounts."""
    opened = open_shop(database, settings, tmp_path)
    load_agreements(database, settings, form(DALE, OTHERS), by=BY, now=NOW)
    return opened


def drawn(
    database: Database, settings: Settings, *, to: date = MARCH, issued: bool = True, later: int = 0
) -> list[Claim]:
    """Draw claims, `later` minutes later, and issue them; as they are then."""
    found = draw_claims(
        database, settings, drawn_to=to, by=BY, now=NOW + timedelta(minutes=later),
        issue_on=TODAY if issued else None,
    )  # fmt: skip
    return [show_claim(database, each.id) for each in found]

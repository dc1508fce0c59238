"""The demonstration's end: what its largest payer is claimed, and how it looks at that itself."""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from service.admin import people
from service.clearing.agreements import load_agreements
from service.clearing.documents import list_documents, make_documents, read_document
from service.clearing.draw import draw_claims
from service.engine.ledger import Account
from service.files.agreements import AgreementsIn
from service.files.clearing.documents import DocumentKind
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database

_BY = Actor("larder demo")
_ACCOUNT = "S-1"
_PERSON = "supplier@larder.example"


class Claimed(NamedTuple):
    """A supplier's claim: its number, the statement as a file, and the portal's log-in."""

    supplier: str
    number: str
    statement: Path
    address: str
    email: str
    password: str


def claim_largest(
    database: Database, settings: Settings, balances: pl.DataFrame, folder: Path, *, last: date
) -> Claimed | None:
    """Agree with the supplier that owes most, claim what it owes, and let somebody of it log in.

    None where nobody owes anything.
    """
    owed = (
        balances.filter(pl.col("account") == Account.SUPPLIER_RECEIVABLE)
        .group_by("supplier")
        .agg(pl.col("amount_cents").sum())
        .filter(pl.col("amount_cents") > 0)
        .sort("amount_cents", "supplier", descending=[True, False])
    )
    if owed.is_empty():
        return None
    supplier: str = owed["supplier"][0]
    now = datetime.now(UTC)
    form = AgreementsIn.model_validate(_agreement(supplier, last))
    load_agreements(database, settings, form, by=_BY, now=now)
    [drawn] = draw_claims(
        database, settings, drawn_to=last, by=_BY, now=now, issue_on=last + timedelta(days=1)
    )
    make_documents(database, settings, drawn.id, now=now)
    statement = next(
        each for each in list_documents(database, drawn.id) if each.kind == DocumentKind.STATEMENT
    )
    path = folder / statement.name
    path.write_bytes(read_document(database, statement.id).content)
    password = secrets.token_urlsafe(12)
    new = people.NewPerson(f"Demo of {supplier}", _PERSON, (), account=_ACCOUNT)
    link = people.invite(database, settings, new, by=_BY, now=now)
    people.accept(database, settings, link.token, password, now=now)
    return Claimed(supplier, drawn.number or "", path, settings.portal_url, _PERSON, password)


def _agreement(supplier: str, last: date) -> dict[str, object]:
    account = {
        "number": _ACCOUNT,
        "legal_name": f"{supplier} Inc.",
        "address": {
            "street": "1 Dock Street", "postcode": "45202", "city": "Cincinnati", "region": "OH",
            "country": "US",
        },
        "tax_number": "",
        "language": "en",
        "currency": "USD",
        "channel": "portal",
        "brands": [supplier],
    }  # fmt: skip
    terms: dict[str, object] = {
        "account": account,
        "ref": "DEMO",
        "valid_from": f"{last.year}-01-01",
        "valid_to": f"{last.year}-12-31",
        "handling_fee": "0.08",
        "tax_code": "O",
        "tax_percent": "0",
        "tolerance": "1.00",
        "grace_days": 30,
        "payment_days": 30,
        "dispute_days": 45,
        "credit_limit": None,
        "settlement": "invoice",
    }
    agreements: Sequence[dict[str, object]] = [terms]
    return {"format": "larder-agreements-1", "agreements": agreements}

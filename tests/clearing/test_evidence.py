"""Evidence as an act: sales, returns and voids behind the lines of claims, and nothing else."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from service.clearing.documents import list_documents, read_document
from service.clearing.draw import draw_claims
from service.clearing.evidence import make_evidence
from service.errors import Conflict
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import returned, voided
from tests.clearing.issued_claims import ANNA, DALE, DALE_AGAIN, LATER, NOW, OVEN, issue_claims
from tests.shop import BREAD, H1, MILK, STORE


def evidence(database: Database, settings: Settings, claim: str) -> pl.DataFrame:
    kept = make_evidence(database, settings, claim, by=ANNA, now=LATER)
    return pl.read_csv(read_document(database, kept.id).content, infer_schema=False)


def test_every_event_is_there_by_product_and_sums_to_the_claim(
    database: Database, settings: Settings, tmp_path: Path, read_only: Any
) -> None:
    issue_claims(database, settings, tmp_path)
    returned(database, settings, 3, of=2, lines=[(1, 1)])
    voided(database, 1)
    draw_claims(
        database, settings, drawn_to=date(2026, 4, 2), by=ANNA,
        now=NOW + timedelta(hours=1), issue_on=date(2026, 4, 3),
    )  # fmt: skip
    first = evidence(database, settings, DALE)
    wanted = ["line", "date", "store", "gtin", "units", "discount", "share"]
    assert first.select(wanted).rows() == [
        # The basket of a sale that was voided is gone, and so is what it says of goods; but the
        # deal is for this product alone.
        ("1", "2026-03-05", STORE, f"{int(MILK):014d}", "1", "1.00", "1.00"),
    ]
    oven = evidence(database, settings, OVEN)
    assert oven.select("gtin", "units", "discount", "share").rows() == [
        (f"{int(BREAD):014d}", "1", "0.50", "0.25")
    ]
    claims = read_only("SELECT id, series, serial FROM claim ORDER BY id")
    late = evidence(database, settings, f"{claims[3][1]}-{claims[3][2]:06}")
    assert sorted(late["share"].to_list()) == ["-1.00", "-1.00"]
    assert late["units"].to_list() == ["-1", "-1"]
    for number, (claim_id, *_) in zip((DALE, OVEN, DALE_AGAIN), claims, strict=False):
        found = evidence(database, settings, number)
        (claimed,) = read_only(f"SELECT sum(share_cents) FROM claim_line WHERE claim_id={claim_id}")
        assert sum(round(100 * float(each)) for each in found["share"]) == claimed[0]


def test_nothing_in_it_leads_to_a_household_or_another_claim(
    database: Database, settings: Settings, tmp_path: Path, read_only: Any
) -> None:
    issue_claims(database, settings, tmp_path)
    found = evidence(database, settings, DALE)
    (sale,) = read_only("SELECT id FROM redemption WHERE number = '1'")
    text = found.write_csv()
    assert sale[0] not in text
    assert H1 not in text
    assert set(found.columns) == {
        "claim", "line", "supplier", "deal_ref", "date", "store", "gtin", "units", "discount",
        "share", "currency", "event",
    }  # fmt: skip
    assert found["event"][0] != evidence(database, settings, OVEN)["event"][0]


def test_it_is_made_once_and_not_of_a_draft(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    issue_claims(database, settings, tmp_path)
    kept = make_evidence(database, settings, DALE, by=ANNA, now=LATER)
    voided(database, 1)
    assert make_evidence(database, settings, DALE, by=ANNA, now=LATER) == kept
    assert [each.kind for each in list_documents(database, DALE)] == ["evidence"]
    (drawn,) = draw_claims(
        database, settings, drawn_to=date(2026, 4, 2), by=ANNA, now=LATER, account="K-1"
    )
    with pytest.raises(Conflict):
        make_evidence(database, settings, drawn.id, by=ANNA, now=LATER)

"""Documents as acts: kept once, byte for byte, and read again as they went out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from service.clearing.documents import (
    Changed,
    draft,
    list_documents,
    make_documents,
    make_missing,
    read_document,
)
from service.clearing.draw import draw_claims
from service.clearing.issue import cancel_claim
from service.errors import Conflict, Misconfigured, NotFound
from service.jobs.scheduler import planned_jobs
from service.settings import Settings
from service.store.session import Database
from service.store.tables.claim_document import StoredDocument
from tests.clearing.issued_claims import (
    ANNA,
    DALE,
    DALE_AGAIN,
    LATER,
    OVEN,
    billing,
    issue_claims,
)

Ask = Callable[[str], list[tuple[Any, ...]]]
WHOLE = ["statement", "statement_csv", "statement_xlsx", "invoice", "invoice_ubl", "edi_812"]


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> Settings:
    issue_claims(database, settings, tmp_path)
    return billing(settings)


def test_documents_are_made_once_for_every_claim(
    database: Database, issued: Settings, read_only: Ask
) -> None:
    assert make_missing(database, issued, now=LATER) == 3
    made = list_documents(database, DALE)
    assert [each.kind for each in made] == WHOLE
    # Oven Works has no fee, so there is nothing to invoice.
    assert [each.kind for each in list_documents(database, OVEN)] == [*WHOLE[:3], "edi_812"]
    assert make_missing(database, issued, now=LATER) == 0
    again = make_documents(database, issued.model_copy(update={"legal_name": "Else"}), DALE,
                           now=LATER)  # fmt: skip
    assert again == made


def test_the_nightly_job_makes_them_once_somebody_set_what_they_need(
    database: Database, settings: Settings, issued: Settings
) -> None:
    job = next(each for each in planned_jobs(issued) if each.name == "documents")
    # Not configured: that is said in the log, and the slot is done for tonight.
    job.act(database, settings, LATER)
    assert list_documents(database, DALE) == []
    job.act(database, issued, LATER)
    assert [each.kind for each in list_documents(database, DALE)] == WHOLE


def test_a_document_is_read_as_it_went_out_or_not_at_all(
    database: Database, issued: Settings
) -> None:
    first, *_ = make_documents(database, issued, DALE, now=LATER)
    kept = read_document(database, first.id)
    assert (kept.content[:5], kept.name) == (b"%PDF-", f"{DALE}-statement.pdf")
    with database.write() as session:
        session.execute(
            update(StoredDocument)
            .where(StoredDocument.id == first.id)
            .values(content=kept.content + b"\n")
        )
    with pytest.raises(Changed):
        read_document(database, first.id)
    with pytest.raises(NotFound):
        read_document(database, 999)


def test_the_same_claim_makes_the_same_bytes_again(database: Database, issued: Settings) -> None:
    made = make_documents(database, issued, DALE, now=LATER)
    with database.write() as session:
        session.execute(StoredDocument.__table__.delete())  # type: ignore[attr-defined]
    again = make_documents(database, issued, DALE, now=LATER)
    assert [each.sha256 for each in again] == [each.sha256 for each in made]


def test_a_cancelled_claim_gets_its_credit_documents_beside_its_own(
    database: Database, issued: Settings
) -> None:
    make_documents(database, issued, DALE_AGAIN, now=LATER)
    cancel_claim(database, DALE_AGAIN, note="wrong", on=LATER.date(), by=ANNA, now=LATER)
    assert make_missing(database, issued, now=LATER) == 3
    credits = [name.replace("invoice", "note") for name in WHOLE]
    assert [each.kind for each in list_documents(database, DALE_AGAIN)] == [
        *WHOLE,
        *[f"credit_{name}" for name in credits],
    ]


def test_a_draft_is_shown_and_not_kept(
    database: Database, issued: Settings, read_only: Ask
) -> None:
    cancel_claim(database, DALE_AGAIN, note="wrong", on=LATER.date(), by=ANNA, now=LATER)
    (drawn,) = draw_claims(database, issued, drawn_to=LATER.date().replace(day=1), by=ANNA,
                           now=LATER)  # fmt: skip
    name, pdf = draft(database, issued, drawn.id)
    assert (name, pdf[:5]) == (f"{drawn.id}-draft.pdf", b"%PDF-")
    with pytest.raises(Conflict):
        make_documents(database, issued, drawn.id, now=LATER)
    assert read_only("SELECT count(*) FROM claim_document") == [(0,)]


def test_what_documents_need_is_asked_for(database: Database, settings: Settings) -> None:
    assert make_missing(database, settings, now=LATER) == 0
    with pytest.raises(Misconfigured) as caught:
        make_documents(database, settings, 1, now=LATER)
    assert [each.where for each in caught.value.problems] == [
        "LARDER_LEGAL_ADDRESS",
        "LARDER_COUNTRY",
    ]

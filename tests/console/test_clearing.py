"""Clearing in the console: from a draw to money, each act as a person does it."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.admin.people import PersonRole
from service.clearing.agreements import show_account
from service.clearing.books import check_books
from service.clearing.show import show_claim
from service.console.app import PATH
from service.engine.clearing.claim import ClaimState, DisputeState
from service.jobs.worker import drain
from service.store.session import Database
from tests.checkout.acts import returned
from tests.console import claimed
from tests.console.conftest import House, send

YEAR = datetime.now(UTC).year
ACTORS = """SELECT subject, act, count(*) FROM audit_event WHERE person_id = {person}
    GROUP BY subject, act ORDER BY subject, act"""


@pytest.fixture
def finance(house: House) -> TestClient:
    """Somebody of finance, in a house in which claims can be drawn."""
    claimed.agree(house)
    claimed.sell(house, 901)
    return house.member(PersonRole.FINANCE)


def shown(client: TestClient, path: str) -> str:
    answer = client.get(PATH + path)
    assert answer.status_code == 200, answer.text
    text: str = answer.text
    return text


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def told(client: TestClient, answer: Any) -> str:
    """What the page says after an act."""
    assert answer.status_code == 303, answer.text
    return shown(client, answer.headers["location"].removeprefix(PATH))


def confirm(client: TestClient, path: str, **fields: Any) -> str:
    """Do what the page of a path asks about."""
    page = shown(client, path)
    answer = send(client, path, path, confirmed=hidden(page, "confirmed"), **fields)
    return told(client, answer)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.read() as session:
        return [tuple(row) for row in session.connection().exec_driver_sql(query)]


def draw_and_issue(house: House, finance: TestClient) -> None:
    page = shown(finance, "/clearing/draw?to=2026-03-31")
    assert "2 claims would be drawn" in page
    fields = {"to": "2026-03-31", "account": "", "confirmed": hidden(page, "confirmed")}
    sent = send(finance, "/clearing/draw", **fields)
    assert "Waits" in told(finance, sent)
    drain(house.database, house.settings)
    assert "2 drafts were drawn over $1.33 before tax." in told(finance, sent)
    page = shown(finance, "/clearing/issue")
    chosen = re.findall(r'name="claim" value="(\d+)" checked', page)
    assert chosen == ["2", "1"]
    asked = send(finance, "/clearing/issue/confirm", claim=chosen)
    assert "Issue 2 claims?" in asked.text
    digest = hidden(asked.text, "confirmed")
    done = send(finance, "/clearing/issue", claim=chosen, confirmed=digest)
    assert "2 claims are issued." in told(finance, done)
    again = send(finance, "/clearing/issue", claim=chosen, confirmed=digest)
    assert again.status_code == 422


def test_claims_are_drawn_after_a_look_and_issued_together(
    house: House, finance: TestClient
) -> None:
    draw_and_issue(house, finance)
    page = shown(finance, "/clearing/claims")
    assert f"C{YEAR}-000001" in page
    assert shown(finance, "/clearing/claims?state=draft").count('class="badge warn"') == 0
    text = shown(finance, "/clearing/claims.csv").splitlines()
    assert text[2].endswith(",1.08,1.08")
    assert "$1.08" in shown(finance, "/clearing")
    assert "1.08" in shown(finance, "/clearing.csv")
    person = house.person(PersonRole.FINANCE).id
    assert rows(house.database, "SELECT DISTINCT person_id FROM claim ORDER BY 1") == [(person,)]
    acts = {(thing, act): count for thing, act, count in rows(
        house.database, ACTORS.format(person=person))}  # fmt: skip
    assert acts["claim", "draw"] == acts["claim", "issue"] == 2


def test_what_was_shown_is_drawn_or_nothing(house: House, finance: TestClient) -> None:
    page = shown(finance, "/clearing/draw?to=2026-03-31")
    returned(house.database, house.settings, 902, of=901, lines=[(1, 1)])
    fields = {"to": "2026-03-31", "account": "", "confirmed": hidden(page, "confirmed")}
    assert send(finance, "/clearing/draw", **fields).status_code == 422
    assert rows(house.database, "SELECT count(*) FROM run WHERE kind = 'claims'") == [(0,)]


def test_a_claim_has_documents_and_is_cancelled_with_a_reason(
    house: House, finance: TestClient
) -> None:
    draw_and_issue(house, finance)
    path = "/clearing/claims/1"
    assert "The documents are made." in told(finance, send(finance, f"{path}/documents"))
    assert "among the documents" in told(finance, send(finance, f"{path}/evidence"))
    page = shown(finance, path)
    for name in ("Statement of reimbursement", "Invoice for fees and slots", "Evidence"):
        assert name in page
    link = re.search(rf'href="{PATH}({path}/documents/\d+)"', page)
    assert link is not None
    pdf = finance.get(PATH + link[1])
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert "MILK-1" in shown(finance, f"{path}/lines.csv")
    asked = shown(finance, f"{path}/cancel")
    confirmed = hidden(asked, "confirmed")
    assert send(finance, f"{path}/cancel", confirmed=confirmed, note=" ").status_code == 422
    assert "The claim is cancelled" in confirm(finance, f"{path}/cancel", note="wrong rate")
    claim = show_claim(house.database, 1)
    assert (claim.state, claim.credit_number) == (ClaimState.CANCELLED, f"K{YEAR}-000001")


def test_a_draft_is_issued_alone_or_given_up(house: House, finance: TestClient) -> None:
    page = shown(finance, "/clearing/draw?to=2026-03-31&account=K-1")
    assert "1 claim would be drawn" in page
    fields = {"to": "2026-03-31", "account": "K-1", "confirmed": hidden(page, "confirmed")}
    send(finance, "/clearing/draw", **fields)
    drain(house.database, house.settings)
    assert finance.get(f"{PATH}/clearing/claims/1/draft.pdf").content[:5] == b"%PDF-"
    assert "The claim is issued." in confirm(finance, "/clearing/claims/1/issue")
    assert show_claim(house.database, 1).total_cents == 108


def test_a_dispute_is_opened_and_answered_with_closed_reasons(
    house: House, finance: TestClient
) -> None:
    draw_and_issue(house, finance)
    sent = {"line": "1", "part": "share", "reason": "wrong_rate", "amount": "0.40", "note": "80 %",
            "confirmed": "0"}  # fmt: skip
    page = told(finance, send(finance, "/clearing/claims/1/disputes", **sent))
    assert "Dispute 1 is open." in page
    twice = send(finance, "/clearing/claims/1/disputes", **sent)
    assert "This is not what was shown any more" in twice.text
    too_much = {**sent, "amount": "0.61", "confirmed": "1"}
    refused = send(finance, "/clearing/claims/1/disputes", **too_much)
    assert refused.status_code == 422
    assert "has $0.60 of Share of discounts" in refused.text
    assert "$0.40" in shown(finance, "/clearing/disputes")
    path = "/clearing/disputes/1"
    answered = {"accepted": "0.15", "reason": "count_difference", "note": ""}
    assert "is answered" in told(finance, send(finance, f"{path}/answer", **answered))
    page = shown(finance, path)
    assert ("Partly accepted" in page, "The count differs" in page) == (True, True)
    assert send(finance, f"{path}/withdraw", note="").status_code == 409
    assert show_claim(house.database, 1).open_cents == 93
    assert rows(house.database, "SELECT state FROM claim_dispute") == [
        (DisputeState.PARTLY_ACCEPTED,)
    ]


def test_a_file_of_a_bank_is_loaded_matched_and_what_is_left_is_assigned(
    house: House, finance: TestClient
) -> None:
    draw_and_issue(house, finance)
    file = (
        "date,amount,currency,name,description\n"
        f"2026-05-04,1.05,USD,Dale Foods,C{YEAR}-000001\n"
        "2026-05-04,0.20,USD,Oven Works,thanks\n"
    )
    csrf = hidden(shown(finance, "/clearing/receipts"), "csrf")
    for said in ("2 added, 0 known already.", "0 added, 2 known already."):
        sent = finance.post(
            PATH + "/clearing/receipts",
            data={"csrf": csrf, "layout": "plain", "account": "DE1"},
            files={"file": ("bank.csv", file.encode())},
        )
        assert said in told(finance, sent)
    page = told(finance, send(finance, "/clearing/receipts/match"))
    assert "1 matched, 1 in suspense, 0 wait." in page
    assert show_claim(house.database, 1).state is ClaimState.CLOSED
    path = "/clearing/receipts/2"
    assert "It names no claim" in shown(finance, path)
    wrong = send(finance, f"{path}/assign", claim="C2020-000001", amount="", confirmed="20")
    assert wrong.status_code == 422
    named = {"claim": f"C{YEAR}-000002", "amount": "0.10", "confirmed": "20"}
    assert "The money is assigned" in told(finance, send(finance, f"{path}/assign", **named))
    twice = send(finance, f"{path}/assign", **named)
    assert "This is not what was shown any more" in twice.text
    named["confirmed"] = "10"
    assert "The money is assigned" in told(finance, send(finance, f"{path}/assign", **named))
    # Five cents are within the tolerance: they were written off with the payment.
    assert show_claim(house.database, 2).open_cents == 0
    assert "0.20" in shown(finance, "/clearing/receipts.csv")
    assert check_books(house.database, house.settings, now=datetime.now(UTC)).is_sound


def test_only_a_small_rest_is_written_off(house: House, finance: TestClient) -> None:
    draw_and_issue(house, finance)
    refused = send(finance, "/clearing/claims/1/write-off", note="lost")
    assert refused.status_code == 409
    assert "has $1.08 open" in refused.text
    assert "$0.05 be written off" in refused.text


def test_a_small_rest_is_written_off_with_a_reason(house: House, finance: TestClient) -> None:
    claimed.agree(house, tolerance="0.10")
    draw_and_issue(house, finance)
    sent = {"line": "1", "part": "share", "reason": "wrong_rate", "amount": "", "note": "",
            "confirmed": "0"}  # fmt: skip
    told(finance, send(finance, "/clearing/claims/1/disputes", **sent))
    answered = {"accepted": "1.00", "reason": "other", "note": ""}
    told(finance, send(finance, "/clearing/disputes/1/answer", **answered))
    assert "Write off the rest" in shown(finance, "/clearing/claims/1")
    assert send(finance, "/clearing/claims/1/write-off", note=" ").status_code == 422
    done = send(finance, "/clearing/claims/1/write-off", note="not worth a letter")
    assert "The rest is written off." in told(finance, done)
    assert show_claim(house.database, 1).state is ClaimState.CLOSED


def test_an_agreement_is_revised_in_a_form(house: House, finance: TestClient) -> None:
    path = "/clearing/agreements/K-1/revise"
    page = shown(finance, f"{path}?ref=AG-K-1")
    fields = dict(
        re.findall(r'<input id="field-\w+" name="(\w+)" type="\w+" value="([^"]*)"', page)
    )
    fields |= {"ref": "AG-K-1", "tax_code": "O", "settlement": "set_off"}
    wrong = send(finance, path, **{**fields, "grace_days": "soon"})
    assert wrong.status_code == 422
    assert "grace_days" in wrong.text
    done = send(finance, path, **{**fields, "grace_days": "60", "tolerance": "0.10"})
    assert "0 new, 1 revised, 0 unchanged." in told(finance, done)
    found = show_account(house.database, "K-1")
    [terms] = found.in_force
    assert (terms.grace_days, terms.tolerance_cents, terms.settlement) == (60, 10, "set_off")
    assert [each.agreement.revision for each in found.revisions] == [2, 1]
    assert "AG-K-1 · 2" in shown(finance, "/clearing/agreements/K-1")


def test_the_books_are_added_up_and_checked(house: House, finance: TestClient) -> None:
    draw_and_issue(house, finance)
    page = shown(finance, f"/clearing/books?first={YEAR}-01-01&last={YEAR + 1}-12-31")
    total = re.search(r'colspan="4">Sum</th><td class="number">([^<]*)<', page)
    assert total is not None
    assert total[1] == "$0.00"
    assert "Owed by suppliers" in page
    told(finance, send(finance, "/clearing/books/check"))
    drain(house.database, house.settings)
    page = shown(finance, "/clearing/books")
    assert page.count('class="badge good">holds') == 12
    assert "1.33" in shown(finance, f"/clearing/books.csv?first={YEAR}-01-01&last={YEAR + 1}-12-31")


def test_reminders_are_written_after_a_look(house: House, finance: TestClient) -> None:
    claimed.agree(house, payment_days=0)
    draw_and_issue(house, finance)
    page = shown(finance, "/clearing/reminders")
    assert hidden(page, "confirmed") == "0-0"
    assert "0 reminders are written." in confirm(finance, "/clearing/reminders")


def test_suppliers_have_classes_with_reasons(house: House, finance: TestClient) -> None:
    page = shown(finance, "/clearing/suppliers?day=2026-03-05")
    assert "Dale Foods" in page
    assert "Dale Foods" in shown(finance, "/clearing/suppliers.csv?day=2026-03-05")

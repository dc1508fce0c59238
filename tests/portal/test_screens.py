"""What suppliers do in the portal: log in, send deals, dispute, report, read in three languages."""

import hashlib
import re
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from service.admin import people
from service.admin.people import NewPerson
from service.portal.app import PATH
from service.store import lift_reports
from service.store.actor import SERVICE
from tests.people import PASSWORD
from tests.portal.conftest import DALE_ACCOUNT, Portal, send
from tests.portal.test_walk import OF_ALL
from tests.results.simulated import freeze
from tests.shop import BREAD, DEALS

HEAD, MILK_ROW, BREAD_ROW, _ = DEALS.splitlines()
NEW = MILK_ROW.replace("MILK-1", "MILK-2")


def token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_an_invitation_leads_into_the_portal(portal: Portal) -> None:
    new = NewPerson("Ann", "ann@dale.example", (), account=DALE_ACCOUNT)
    made = people.invite(portal.database, portal.settings, new, by=SERVICE, now=datetime.now(UTC))
    client = portal.guest()
    link = made.url.removeprefix("http://localhost:8000")
    page = client.get(link)
    form = {"csrf": token(page.text), "password": PASSWORD, "again": PASSWORD}
    entered = client.post(link, data=form)
    assert (entered.status_code, entered.headers["location"]) == (303, f"{PATH}/")
    cookies = entered.headers.get_list("set-cookie")
    [session] = [each for each in cookies if "larder-portal-session" in each]
    assert session.startswith("__Host-larder-portal-session=")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= {*session.split("; ")}
    front = client.get(PATH + "/")
    assert front.status_code == 200
    assert "Dale Foods Ltd" in front.text
    out = client.post(PATH + "/log-out", data={"csrf": token(front.text)})
    assert out.status_code == 303
    again = {"email": "ann@dale.example", "password": PASSWORD}
    log_in = client.get(PATH + "/log-in")
    assert "company account" not in log_in.text
    entered = client.post(PATH + "/log-in", data={"csrf": token(log_in.text), **again})
    assert entered.headers["location"] == f"{PATH}/"


def test_what_is_shown_is_what_the_books_say(portal: Portal) -> None:
    client = portal.member(DALE_ACCOUNT)
    page = client.get(PATH + "/").text
    assert "$2.16" in page  # both claims of 1.08 are open
    claim = client.get(PATH + "/claims/1").text
    assert "C2026-000001" in claim
    assert "$1.08" in claim
    csv = client.get(PATH + "/claims.csv").text.splitlines()
    assert csv[1].startswith("C2026-000003,issued,")
    assert csv[1].endswith(",108,108")
    document = re.search(r'href="/portal(/documents/\d+)"', claim)
    assert document is not None
    file = client.get(PATH + document[1])
    assert file.content.startswith(b"%PDF")
    assert file.headers["etag"] == f'"{hashlib.sha256(file.content).hexdigest()}"'


def test_results_are_shown_as_released_and_every_showing_is_logged(portal: Portal) -> None:
    client = portal.member(DALE_ACCOUNT)
    assert "No results yet" in client.get(PATH + "/results").text
    freeze(portal.database, {1: 6_000})
    asked = {"brand": "1", "deal": "MILK-1"}

    listed = client.get(PATH + "/results").text
    german = portal.member(DALE_ACCOUNT, "de").get(PATH + "/results/report", params=asked).text
    page = client.get(PATH + "/results/report", params=asked).text
    file = client.get(PATH + "/results/file", params={**asked, "form": "xlsx"})
    period = client.get(PATH + "/results/report", params={"brand": "1", "period": "2026-03"})
    wrong = client.get(PATH + "/results/report", params={"brand": "1", "period": "May"})

    assert "brand=1&amp;deal=MILK-1" in listed
    for said in ('id="chart-lift-0"', "against no offers at all", "By kind of household"):
        assert said in page
    assert "verglichen" in german or "gegen" in german
    assert file.content[:2] == b"PK"
    assert (period.status_code, "All deals" in period.text) == (200, True)
    assert wrong.status_code == 422
    with portal.database.read() as session:
        shown = lift_reports.showings(session)
    assert [each.form for each in shown] == ["record", "xlsx", "record", "record"]
    assert "What its report will show" in client.get(PATH + "/deals/1").text


def test_a_line_is_disputed_and_the_dispute_withdrawn(portal: Portal) -> None:
    client = portal.member(DALE_ACCOUNT)
    path = "/claims/1/lines/1/share"
    for form, said in (
        ({"reason": "other", "amount": "0.20"}, "needs a note"),
        ({"reason": "duplicate", "amount": "9.00"}, "Share of discounts that are not in dispute"),
        ({"reason": "duplicate", "amount": "1,0,0"}, "Write an amount"),
    ):
        wrong = send(client, path, **form)
        assert wrong.status_code == 422
        assert said in wrong.text
    assert send(client, path, reason="duplicate", amount="0.20").status_code == 303
    shown = client.get(PATH + "/claims/1").text
    assert "$0.20 is in dispute" in shown
    assert "In dispute" in shown
    assert client.get(PATH + "/disputes.csv").text.count("duplicate") == 0
    assert "Claimed twice" in client.get(PATH + "/disputes").text
    assert send(client, "/disputes/1/withdraw").status_code == 303
    again = send(client, "/disputes/1/withdraw")
    assert again.status_code == 409
    assert send(client, path, reason="duplicate").status_code == 303  # all that is left
    assert client.get(PATH + path).status_code == 404


def test_deals_are_sent_and_wait(portal: Portal) -> None:
    client = portal.member(DALE_ACCOUNT)

    def sent(text: str) -> object:
        return send(client, "/deals/send", files={"file": ("d.csv", text.encode(), "text/csv")})

    wrong = sent(f"{HEAD}\n{NEW}\n{BREAD_ROW}\n")
    assert wrong.status_code == 422
    assert "d.csv, B3, column supplier" in wrong.text
    assert "is none of yours" in wrong.text
    asks = sent(f"{HEAD}\n{NEW.replace(',100,0.08', ',1,0.08')}\n")
    assert asks.status_code == 409
    assert "was read as 1 %, not as 100 %" in asks.text
    right = sent(f"{HEAD}\n{NEW}\n")
    assert right.headers["location"] == f"{PATH}/deals?state=draft"
    assert "MILK-2" in client.get(PATH + "/deals?state=draft").text
    template = client.get(PATH + "/deals/send/template")
    assert template.content.startswith(b"PK")


def test_out_of_stock_is_said_and_ended(portal: Portal) -> None:
    client = portal.member(DALE_ACCOUNT)
    for what, day in (("deal:1", ""), ("deal:1", "2020-01-01"), ("", "2027-01-01"), ("x:y", "z")):
        assert send(client, "/stock", what=what, back_on=day).status_code == 422, (what, day)
    assert send(client, "/stock", what=f"product:{BREAD}", back_on="2027-01-01").status_code == 404
    assert send(client, "/stock", what="deal:1", back_on="2027-01-01").status_code == 303
    page = client.get(PATH + "/stock").text
    assert "1 deal is paused." in page
    assert send(client, "/stock/1/end").status_code == 303
    assert "Over" in client.get(PATH + "/stock").text


@pytest.mark.parametrize("language", ["de", "zh"])
def test_pages_are_in_the_language_of_the_person(portal: Portal, language: str) -> None:
    client: TestClient = portal.member(DALE_ACCOUNT, language)
    for method, path in sorted(OF_ALL):
        if method == "GET" and "{" not in path and path != "/deals/send/template":
            assert client.get(PATH + path).status_code == 200, path
    page = client.get(PATH + "/claims/1").text
    assert f'<html lang="{language}">' in page
    assert "Share of discounts" not in page


def test_a_form_of_the_console_is_no_form_of_the_portal(portal: Portal) -> None:
    client = portal.member(DALE_ACCOUNT)
    answer = client.post(PATH + "/stock", data={"csrf": "0" * 64, "what": "deal:1"})
    assert answer.status_code == 403
    other = client.post(
        PATH + "/stock", data={"what": "deal:1"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert other.status_code == 403
    assert "default-src 'none'" in other.headers["content-security-policy"]

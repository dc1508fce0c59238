"""What marketing does over HTTP: upload deals, run cycles, look at lists and households."""

import re

import pypdfium2 as pdfium
import pytest
from fastapi.testclient import TestClient

from service.jobs.worker import drain
from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, DEAL_COLUMNS, deal, query, store_model

pytestmark = pytest.mark.slow


def test_a_cycle_is_asked_for_polled_and_read(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    day = AS_OF.replace(day=16)
    store_model(database, settings, day)
    asked_for = marketing.post("/v1/cycles", json={"as_of": day.isoformat()})
    assert asked_for.status_code == 202
    place = asked_for.headers["Location"]
    run = marketing.get(place).json()
    assert run == asked_for.json()
    assert (run["state"], run["kind"], run["result"]) == ("queued", "cycle", None)
    assert marketing.post("/v1/cycles", json={"as_of": day.isoformat()}).status_code == 409
    drain(database, settings)
    run = marketing.get(place).json()
    assert run["state"] == "done"
    made = marketing.get(f"/v1/cycles/{run['result']['cycle_id']}").json()
    assert (made["as_of"], made["seed"]) == (day.isoformat(), settings.seed)
    assert made["summary"] == run["result"]
    assert made["summary"]["lists"] == run["total"]


def test_a_plan_and_a_cycle_count_no_money_of_lists_that_ended(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    """Without any scheduler; the lists of the first cycle ended the day before."""
    day = {"as_of": AS_OF.replace(day=16).isoformat()}
    store_model(database, settings, AS_OF.replace(day=16))
    plan = marketing.post("/v1/cycles/plans", json=day).headers["Location"]
    drain(database, settings)
    deals = marketing.get(plan).json()["result"]["deals"]
    assert sum(deal["reserved_cents"] for deal in deals) == 2744
    marketing.post("/v1/cycles", json=day)
    drain(database, settings)
    states = query(database, "SELECT state, count(*) FROM shopping_list GROUP BY 1 ORDER BY 1")
    assert states == [("expired", 29), ("issued", 29)]
    offers = marketing.get("/v1/deals?limit=100").json()["deals"]
    assert sum(offer["reserved_cents"] for offer in offers) == 2744


def test_a_run_that_failed_says_why(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    place = marketing.post("/v1/cycles", json={"as_of": "2020-01-06"}).headers["Location"]
    drain(database, settings)
    run = marketing.get(place).json()
    assert run["state"] == "failed"
    assert (
        run["problem"]["detail"] == "No household is eligible as of 2020-01-06; no cycle was made."
    )


def test_cycles_are_paged_newest_first_to_the_end(
    marketing: TestClient, database: Database
) -> None:
    with database.write() as session:
        for number in range(2, 6):
            session.connection().exec_driver_sql(
                f"""INSERT INTO cycle (as_of, seed, valid_from, valid_to, issued_at, usage_bounds,
                                       summary)
                    SELECT '2026-04-0{number}', seed, valid_from, valid_to, issued_at, usage_bounds,
                           summary FROM cycle WHERE id = 1"""
            )
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        parameters = "limit=2" + (f"&after={cursor}" if cursor else "")
        page = marketing.get(f"/v1/cycles?{parameters}").json()
        seen += [cycle["id"] for cycle in page["cycles"]]
        cursor, pages = page["cursor"], pages + 1
    assert (seen, pages) == ([5, 4, 3, 2, 1], 3)
    exact = marketing.get("/v1/cycles?limit=5").json()
    assert (len(exact["cycles"]), exact["cursor"]) == (5, None)


def test_a_list_is_read_as_it_was_printed(marketing: TestClient, database: Database) -> None:
    ((document, code),) = query(database, "SELECT document, code FROM shopping_list WHERE id = 1")
    read = marketing.get("/v1/lists/1").json()
    assert read["code"] == read["document"]["list_code"] == code
    assert (read["household_id"], read["state"], read["redeemed_lines"]) == ("M01", "issued", [])
    printed = [line["line"] for kind in ("offers", "reminders") for line in read["document"][kind]]
    assert [each["line"] for each in read["reasons"]] == sorted(printed)
    assert all(each["reason"] for each in read["reasons"])
    assert len(document) > 500
    printed = marketing.get("/v1/lists/1/pdf")
    assert printed.headers["content-type"] == "application/pdf"
    assert len(pdfium.PdfDocument(printed.content)) == 2


def test_a_household_is_shown_without_how_to_reach_it(
    marketing: TestClient, database: Database
) -> None:
    answer = marketing.get("/v1/households/M03")
    shown = answer.json()
    assert (shown["household_id"], shown["mail_consent"]) == ("M03", True)
    assert (shown["baskets"], len(shown["lists"])) == (16, 1)
    assert shown["lists"][0]["state"] == "issued"
    for secret in ("Person 3", "Elm Street", "5025550003", "95212340000000"):
        assert secret not in answer.text
    assert marketing.get("/v1/households/M28").json()["mail_consent"] is False


def test_deals_are_uploaded_whole_or_not_at_all(marketing: TestClient, database: Database) -> None:
    good = "\n".join([DEAL_COLUMNS, deal(20), deal(21)])
    headers = {"Content-Type": "text/csv"}
    first = marketing.post("/v1/deals?name=spring", content=good, headers=headers)
    assert first.status_code == 201
    assert first.json() == {
        "rows": 2, "added": 2, "revised": 0, "unchanged": 0, "already_loaded": False,
        "notes": [
            {"text": "D20: NO BUDGET: nothing limits what these deals may cost", "asks": False}
        ],
    }  # fmt: skip
    again = marketing.post("/v1/deals?name=spring", content=good, headers=headers).json()
    assert again["already_loaded"] is True
    assert query(database, "SELECT name FROM upload ORDER BY id DESC LIMIT 1") == [("spring.csv",)]
    bad = good + "\n" + deal(22).replace("2026-12-31", "2025-12-31")
    refused = marketing.post("/v1/deals?name=bad", content=bad, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].endswith("column mail_to")
    assert query(database, "SELECT count(*) FROM offer") == [(20,)]


def test_the_description_and_its_page_load(anonymous: TestClient) -> None:
    described = anonymous.get("/openapi.json").json()
    assert described["info"]["title"] == "Larder"
    assert all(
        "summary" in act and act["tags"]
        for acts in described["paths"].values()
        for act in acts.values()
    )
    assert anonymous.get("/health/ready").json() == {"status": "ok"}


def test_the_page_of_the_description_needs_no_other_server(anonymous: TestClient) -> None:
    page = anonymous.get("/docs").text
    named = re.findall(r"""(?:src|href)=["']([^"']+)["']|url: ["']([^"']+)["']""", page)
    parts = {one or other for one, other in named}
    assert parts == {
        "/docs/viewer/swagger-ui-bundle.js",
        "/docs/viewer/swagger-ui.css",
        "/docs/viewer/favicon-32x32.png",
        "/openapi.json",
    }
    for part in parts:
        assert anonymous.get(part).status_code == 200
    assert "://" not in page
    assert '"validatorUrl": null' in page
    assert anonymous.get("/redoc").status_code == 404
    assert "Apache License" in anonymous.get("/docs/viewer/LICENSE").text


def test_a_cycle_is_taken_back_and_made_again(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    day = AS_OF.replace(day=16)
    store_model(database, settings, day)
    marketing.post("/v1/cycles", json={"as_of": day.isoformat()})
    drain(database, settings)
    number = marketing.get("/v1/cycles").json()["cycles"][0]["id"]
    back = marketing.post(f"/v1/cycles/{number}/withdraw")
    assert back.status_code == 200
    assert back.json()["lists"] > 0
    assert marketing.post(f"/v1/cycles/{number}/withdraw").json() == back.json()
    assert marketing.get(f"/v1/cycles/{number}").json()["withdrawn_at"]
    place = marketing.post(f"/v1/cycles/{number}/recompose").headers["Location"]
    assert marketing.post(f"/v1/cycles/{number}/recompose").status_code == 409
    drain(database, settings)
    run = marketing.get(place).json()
    assert (run["state"], run["result"]["lists"]) == ("done", back.json()["lists"])
    made = marketing.get(f"/v1/cycles/{number}").json()
    assert (made["revision"], made["withdrawn_at"]) == (2, None)
    assert marketing.post("/v1/cycles/77/recompose").status_code == 404

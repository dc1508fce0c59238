"""Marketing steers deals over HTTP, and asks what a cycle would come to."""

import pytest
from fastapi.testclient import TestClient

from service.admin.keys import bind_key
from service.jobs.worker import drain
from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, DEALS, query
from tests.people import somebody

pytestmark = pytest.mark.slow


def test_deals_are_listed_page_by_page_and_by_state(marketing: TestClient) -> None:
    first = marketing.get("/v1/deals", params={"limit": 10}).json()
    rest = marketing.get("/v1/deals", params={"limit": 10, "after": first["cursor"]}).json()
    assert [each["deal_id"] for each in first["deals"] + rest["deals"]] == [
        f"D{n}" for n in range(DEALS)
    ]
    assert rest["cursor"] is None
    states = {each["state"] for each in first["deals"]}
    assert states <= {"running", "exhausted"}
    running = marketing.get("/v1/deals", params={"state": "running", "limit": 200}).json()
    assert {each["state"] for each in running["deals"]} == {"running"}
    assert marketing.get("/v1/deals", params={"state": "sleeping"}).status_code == 422


def test_a_deal_is_stopped_resumed_and_given_more_money(
    marketing: TestClient, database: Database
) -> None:
    number = marketing.get("/v1/deals").json()["deals"][0]["number"]
    stopped = marketing.post(f"/v1/deals/{number}/stop", json={"note": "recall"})
    assert (stopped.status_code, stopped.json()) == (200, {"state": "paused"})
    assert marketing.post(f"/v1/deals/{number}/stop", json={}).status_code == 409
    assert marketing.post(f"/v1/deals/{number}/resume", json={}).json() == {"state": "running"}
    money = {"budget_cents": 50_000}
    assert marketing.post(f"/v1/deals/{number}/budget", json=money).json() == {"state": "running"}
    assert marketing.post(f"/v1/deals/{number}/budget", json=money).status_code == 409
    found = marketing.get(f"/v1/deals/{number}").json()
    assert (found["revisions"][0]["budget_cents"], found["overspend_chance"]) == (50_000, 0.0)
    assert found["worst_cents"] == found["revisions"][0]["reserved_cents"]
    key = query(database, "SELECT max(id) FROM api_key")[0][0]
    acts = [(e["act"], e["actor"]) for e in found["events"] if e["act"] != "facts"]
    assert acts == [
        ("load", "tests"), ("stop", f"key {key}"), ("resume", f"key {key}"),
        ("raise_budget", f"key {key}"),
    ]  # fmt: skip
    assert found["events"][-3]["detail"] == {"note": "recall"}


def test_a_trail_names_the_person_behind_the_key(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    anna = somebody(database, settings, "anna")
    key = query(database, "SELECT max(id) FROM api_key")[0][0]
    bind_key(database, key, anna.id)
    assert marketing.post("/v1/deals/1/stop", json={}).status_code == 200
    assert marketing.get("/v1/deals/1").json()["events"][-1]["actor"] == f"anna, key {key}"
    later = AS_OF.replace(day=9).isoformat()
    run = marketing.post("/v1/cycles/plans", json={"as_of": later}).json()["id"]
    asked = "SELECT actor, person_id, subject_id FROM audit_event WHERE act = 'request'"
    assert query(database, asked) == [(f"anna, key {key}", anna.id, run)]


def test_acts_that_do_not_fit_are_refused(marketing: TestClient) -> None:
    for act, body in (("check", None), ("approve", None), ("send-back", {}), ("resume", {})):
        answer = marketing.post(f"/v1/deals/1/{act}", json=body)
        assert answer.status_code == 409, act
    assert marketing.post("/v1/deals/999/stop", json={}).status_code == 404
    assert marketing.get("/v1/deals/999").status_code == 404
    wrong = marketing.post("/v1/deals/1/budget", json={"budget_cents": -1})
    assert wrong.status_code == 422


def test_what_a_cycle_would_come_to_is_a_run_that_issues_nothing(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    before = query(database, "SELECT count(*) FROM shopping_list")
    later = AS_OF.replace(day=9).isoformat()
    answer = marketing.post("/v1/cycles/plans", json={"as_of": later, "fewer_than": 3})
    assert answer.status_code == 202
    drain(database, settings)
    run = marketing.get(answer.headers["Location"]).json()
    assert (run["kind"], run["state"]) == ("plan", "done")
    assert (run["result"]["as_of"], run["result"]["fewer_than"]) == (later, 3)
    assert len(run["result"]["deals"]) == DEALS
    assert query(database, "SELECT count(*) FROM shopping_list") == before

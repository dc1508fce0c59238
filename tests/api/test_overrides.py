"""Pins and bans over HTTP, and the doors of runs: issue a plan, again, give up."""

import pytest
from fastapi.testclient import TestClient

from service.jobs.worker import drain
from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, query, store_model

pytestmark = pytest.mark.slow


def test_a_deal_is_pinned_and_banned_with_who_and_why(marketing: TestClient) -> None:
    asked = {"act": "pin", "deal": 3, "household": "M05", "reason": "the buyer asked"}
    made = marketing.post("/v1/overrides", json=asked).json()
    assert made["ended_at"] is None
    assert made == {
        **made, "act": "pin", "deal": 3, "deal_id": "D2", "supplier": "Supplier 2",
        "household": "M05", "cell": "", "reason": "the buyer asked", "made_by": "key 2",
    }  # fmt: skip
    assert marketing.post("/v1/overrides", json=asked).json() == made, "sent again"
    refused = marketing.post("/v1/overrides", json={**asked, "act": "ban"})
    assert refused.status_code == 409
    assert "end it first" in refused.json()["detail"]
    for_all = {"act": "ban", "deal": 4, "reason": "a recall"}
    assert marketing.post("/v1/overrides", json=for_all).status_code == 200
    for wrong, status in (
        ({"deal": 999}, 404), ({"household": "nobody"}, 404), ({"cell": "purple"}, 422),
        ({"reason": ""}, 422), ({"act": "hide"}, 422), ({"deal": "4"}, 422), ({"more": 1}, 422),
    ):  # fmt: skip
        assert marketing.post("/v1/overrides", json={**for_all, **wrong}).status_code == status
    first = marketing.get("/v1/overrides?limit=1").json()
    assert [each["act"] for each in first["overrides"]] == ["ban"]
    second = marketing.get(f"/v1/overrides?limit=1&after={first['cursor']}").json()
    assert (second["overrides"], second["cursor"]) == ([made], None)
    ended = marketing.post(f"/v1/overrides/{made['id']}/end").json()
    assert ended["ended_by"] == "key 2"
    assert marketing.get(f"/v1/overrides/{made['id']}").json() == ended
    assert marketing.get("/v1/overrides?open=true&household=M05").json()["overrides"] == []
    assert marketing.get("/v1/overrides?deal=3").json()["overrides"] == [ended]


def test_a_plan_is_issued_by_a_machine_and_a_run_given_up_or_asked_for_again(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    day = AS_OF.replace(day=16)
    store_model(database, settings, day)
    asked = {"as_of": day.isoformat(), "most_households": 10_000}
    plan = marketing.post("/v1/cycles/plans", json=asked).json()
    early = marketing.post(f"/v1/cycles/plans/{plan['id']}/issue")
    assert early.status_code == 409, "it has not ended"
    drain(database, settings)
    issued = marketing.post(f"/v1/cycles/plans/{plan['id']}/issue")
    assert issued.status_code == 202
    place = issued.headers["Location"]
    given_up = marketing.post(f"{place}/give-up").json()
    assert (given_up["state"], given_up["problem"]["title"]) == ("failed", "Given up")
    assert marketing.post(f"{place}/give-up").status_code == 409
    again = marketing.post(f"{place}/again")
    assert (again.status_code, again.headers["Location"] != place) == (202, True)
    assert marketing.post(f"{place}/again").status_code == 409, "it is queued already"
    drain(database, settings)
    done = marketing.get(again.headers["Location"]).json()
    assert done["state"] == "done"
    planned = marketing.get(f"/v1/runs/{plan['id']}").json()["result"]
    assert done["result"]["offers_issued"] == planned["offers_issued"]
    assert query(database, "SELECT count(*) FROM cycle") == [(2,)]
    assert marketing.post("/v1/cycles/plans/none/issue").status_code == 404


def test_two_plans_are_compared_and_other_budgets_are_not_issued(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    day = AS_OF.replace(day=16)
    store_model(database, settings, day)
    asked = {"as_of": day.isoformat(), "most_households": 10_000}
    first = marketing.post("/v1/cycles/plans", json=asked).json()["id"]
    none_left = marketing.post("/v1/cycles/plans", json={**asked, "budget_percent": 0}).json()["id"]
    for wrong in ({"budget_percent": -1}, {"holdout_percent": 51}, {"floor_shortfall_price": -1}):
        assert marketing.post("/v1/cycles/plans", json={**asked, **wrong}).status_code == 422
    where = f"/v1/cycles/plans/compared?first={first}&second={none_left}"
    assert marketing.get(where).status_code == 409, "they have not ended"
    drain(database, settings)
    compared = marketing.get(where).json()
    assert compared["supposed"]["budget_percent"] == {"first": 100, "second": 0}
    result = marketing.get(f"/v1/runs/{first}").json()["result"]
    offers = compared["totals"]["offers_issued"]
    assert offers["first"] == result["offers_issued"] > offers["second"]
    assert [row["names"]["worth_decile"] for row in compared["tenths"]] == list(range(1, 11))
    by_deal = {row["names"]["deal_id"]: row["values"]["copies"] for row in compared["deals"]}
    limited = query(database, "SELECT deal_ref FROM offer WHERE budget_cents IS NOT NULL")
    assert limited
    assert all(by_deal[ref]["second"] == 0 for (ref,) in limited)
    assert marketing.post(f"/v1/cycles/plans/{none_left}/issue").status_code == 409
    assert marketing.get(f"{where}0").status_code == 404

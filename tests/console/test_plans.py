"""A plan as people work on it: its lists proved, deals pinned and banned, planned again, issued."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.admin.people import PersonRole
from service.admin.runs import get_run
from service.console import plan_words
from service.console.app import PATH
from service.cycle.compared import OF_DEALS, OF_TENTHS, TOTALS
from service.cycle.pins_kept import NoCopy
from service.cycle.proof import ProofReason
from service.engine.offers.overrides import OverrideAct
from service.engine.offers.why import Why
from service.jobs.worker import drain
from service.store.session import Database
from tests.conftest import DATABASES, fresh_database, settings_of
from tests.console.conftest import House, house_over, send
from tests.market import AS_OF, open_market, query
from tests.shop import Shop

PLANNING = Path(__file__).parents[2] / "docs" / "planning.md"
RUNS = re.compile(r"/console/cycles/runs/([0-9a-f]{32})")
FACTS = re.compile(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>")
IMAGES = re.compile(r'<img src="([^"]+)"')
FIELDS = {"as_of": AS_OF.isoformat(), "fewer_than": "6", "who": "all"}

pytestmark = pytest.mark.slow


@pytest.fixture(params=DATABASES)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """The console over a market without a cycle."""
    with fresh_database(request, request.param, tmp_path) as url:
        settings = settings_of(url, tmp_path)
        database = Database(url)
        open_market(database, settings, tmp_path)
        yield house_over(database, settings, Shop({}, 0, 0, 0))
        database.dispose()


def planned(house: House, client: object, **fields: str) -> str:
    asked = send(client, "/cycles/plan", **{**FIELDS, **fields})  # type: ignore[arg-type]
    drain(house.database, house.settings)
    return RUNS.findall(asked.headers["location"])[0]


def test_a_plan_is_proved_a_deal_pinned_planned_again_and_just_that_issued(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    first = planned(house, client)
    proof = client.get(f"{PATH}/cycles/runs/{first}/proof").text
    shown = re.findall(r"<h2 id=\"list-(\d+)\">Household (M\d\d) ", proof)
    assert len(shown) == len({ref for _, ref in shown}) == 10
    for reason in (ProofReason.RICHEST, ProofReason.POOREST, ProofReason.HELD_OUT):
        assert plan_words.PROOFS[reason] in proof
    images = IMAGES.findall(proof)
    assert len(images) >= 10
    picture = client.get(images[0])
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    other = house.member(PersonRole.MARKETING, PersonRole.FINANCE)
    assert other.get(images[0]).status_code == 404, "it was shown to somebody else"
    looked = query(house.database, "SELECT detail FROM audit_event WHERE act = 'proof'")
    assert json.loads(looked[0][0])["households"] == [ref for _, ref in shown]

    # A household that is held out or without the deal: what is asked for by number is shown alone.
    one = send(client, f"/cycles/runs/{first}/proof", household="M07")
    assert re.findall(r"Household (M\d\d) <", one.text) == ["M07"]
    assert send(client, f"/cycles/runs/{first}/proof", household="M30").status_code == 422
    listed = [int(each) for each in re.findall(r'<option value="(\d+)">\d+ · ', one.text)]
    missing = next(n for n in (3, 6, 9, 12, 15, 18) if n not in listed)
    back = f"/cycles/runs/{first}/proof"
    for form in (
        {"act": "pin", "deal": str(missing), "whom": "household", "household": "M07"},
        {"act": "ban", "listed": str(listed[0]), "whom": "all"},
    ):
        done = send(client, "/cycles/overrides", **form, reason="the buyer asked", back=back)
        assert done.headers["location"] == f"{PATH}{back}"
    assert "holds from the next list on" in client.get(f"{PATH}{back}").text

    # What was planned before is not what would be issued now, and the run says why.
    run = RUNS.findall(send(client, f"/cycles/runs/{first}/issue").headers["location"])[0]
    drain(house.database, house.settings)
    refused = client.get(f"{PATH}/cycles/runs/{run}").text
    assert "pins and bans" in refused
    assert query(house.database, "SELECT count(*) FROM cycle") == [(0,)]

    again = send(client, f"/cycles/runs/{first}/plan-again")
    drain(house.database, house.settings)
    second = RUNS.findall(again.headers["location"])[0]
    page = client.get(f"{PATH}/cycles/runs/{second}").text
    assert "Pins and bans" in page
    result = get_run(house.database, second).result
    assert result is not None
    (pin,) = result["pins"]
    assert pin["copies"] == 1 or pin["refused"] == {"control": 1}
    proved = send(client, f"/cycles/runs/{second}/proof", household="M07").text
    now = [int(each) for each in re.findall(r'<option value="(\d+)">\d+ · ', proved)]
    assert (missing in now) is (pin["copies"] == 1)
    assert listed[0] not in now
    facts = dict(FACTS.findall(send(client, f"/cycles/runs/{second}/confirm").text))
    assert facts["Households"] == "29"
    assert facts.get("Of them pinned", "0") == str(pin["copies"])
    run = RUNS.findall(send(client, f"/cycles/runs/{second}/issue").headers["location"])[0]
    drain(house.database, house.settings)
    assert "29 lists were issued" in client.get(f"{PATH}/cycles/runs/{run}").text
    of_cycle = client.get(f"{PATH}/cycles/1").text
    assert "Pins and bans" in of_cycle
    assert re.search(r"Bans forbid \d+ cop", of_cycle)
    issued = query(
        house.database,
        """SELECT l.offer_id FROM list_line l JOIN shopping_list s ON s.id = l.list_id
           JOIN household h ON h.id = s.household_id
           WHERE h.ref = 'M07' AND l.offer_id IS NOT NULL ORDER BY l.line""",
    )
    assert [row[0] for row in issued] == now


def test_two_plans_stand_side_by_side_and_what_is_supposed_is_said(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    first = planned(house, client)
    half = planned(house, client, budgets="50")
    more_held = planned(house, client, holdout="30", floor_price="0.5")
    page = client.get(f"{PATH}/cycles/runs/{half}").text
    assert "With other budgets than there are" in page
    assert "Issue this plan" not in page
    assert send(client, f"/cycles/runs/{half}/issue").status_code == 409
    where = f"first={first}&second={half}"
    compared = client.get(f"{PATH}/cycles/compare?{where}")
    assert compared.status_code == 200
    one, two = (get_run(house.database, each).result or {} for each in (first, half))
    copies = one["offers_issued"], two["offers_issued"]
    assert copies[1] < copies[0]
    row = f'<td class="number">{copies[0]}</td><td class="number">{copies[1]}</td>'
    assert f'{row}<td class="number">−{copies[0] - copies[1]}</td>' in compared.text
    file = client.get(f"{PATH}/cycles/compare.csv?{where}").content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(file)))
    assert len(lines) == 18
    for name, plan in (("copies_first", one), ("copies_second", two)):
        counted = {deal["deal_id"]: deal["copies"] for deal in plan["deals"]}
        assert {line["deal_id"]: int(line[name]) for line in lines} == counted
    same = client.get(f"{PATH}/cycles/compare?first={first}&second={first}").text
    assert "−" not in re.sub(r"<svg.*?</svg>", "", same, flags=re.S)
    # Another holdout can be issued, and then it is that which is held out.
    run = RUNS.findall(send(client, f"/cycles/runs/{more_held}/issue").headers["location"])[0]
    drain(house.database, house.settings)
    assert "29 lists were issued" in client.get(f"{PATH}/cycles/runs/{run}").text
    held = query(house.database, "SELECT count(*) FROM cycle_household WHERE arm = 'holdout'")
    expected = (get_run(house.database, more_held).result or {})["holdout"]
    assert held == [(expected,)]
    assert expected > one["holdout"]
    for wrong in ({"budgets": "-1"}, {"budgets": "1001"}, {"holdout": "51"}, {"floor_price": "x"},
                  {"floor_price": "nan"}, {"floor_price": "-1"}):  # fmt: skip
        assert send(client, "/cycles/plan", **{**FIELDS, **wrong}).status_code == 422, wrong


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_pins_and_bans_are_listed_made_and_ended(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    form = {"act": "ban", "deal": "4", "whom": "switcher_heavy", "reason": "<b>a recall</b>"}
    assert send(client, "/cycles/overrides", **form).status_code == 303
    page = client.get(f"{PATH}/cycles/overrides").text
    assert "&lt;b&gt;a recall&lt;/b&gt;" in page
    assert "buys much, switches brands" in page
    assert "/end" not in house.member(PersonRole.FINANCE).get(f"{PATH}/cycles/overrides").text
    for wrong in ({"deal": "999"}, {"deal": ""}, {"whom": "household"}, {"whom": "purple"},
                  {"whom": "household", "household": "nobody"}, {"reason": ""},
                  {"act": "hide"}):  # fmt: skip
        assert send(client, "/cycles/overrides", **{**form, **wrong}).status_code == 422, wrong
    assert send(client, "/cycles/overrides", **{**form, "act": "pin"}).status_code == 409
    away = send(client, "/cycles/overrides", **form, back="//elsewhere.example")
    assert away.status_code == 409
    assert send(client, "/cycles/overrides/1/end").status_code == 303
    assert "Nothing is pinned or banned." in client.get(f"{PATH}/cycles/overrides").text
    assert "a recall" in client.get(f"{PATH}/cycles/overrides?ended=true").text
    assert send(client, "/cycles/overrides/9/end").status_code == 404


def test_everything_has_its_words() -> None:
    assert {*OverrideAct} == set(plan_words.OVERRIDE_ACTS)
    assert {*ProofReason} == set(plan_words.PROOFS)
    assert {*TOTALS, *OF_TENTHS, *OF_DEALS} <= set(plan_words.COMPARED)
    assert {*NoCopy} <= set(plan_words.NO_COPY)
    refusals = {Why.HOLDOUT, Why.BANNED, Why.TARGET, Why.CONTROL, Why.USED_UP, Why.CONFLICT,
                Why.CATEGORY, Why.FULL, Why.CEILING, Why.BUDGET, Why.COPIES}  # fmt: skip
    assert refusals <= set(plan_words.NO_COPY)
    said = (
        PLANNING.read_text(encoding="utf-8").partition("## Pins and bans")[2].partition("\n## ")[0]
    )
    assert {each for each in (*refusals, *NoCopy) if f"`{each}`" not in said} == set()

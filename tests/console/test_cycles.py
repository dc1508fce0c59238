"""Cycles as people see them: what was issued, and acts that name money and households first."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.admin.people import PersonRole
from service.admin.runs import OF_CYCLES, get_run
from service.console.app import PATH
from service.console.routes import cycles
from service.console.routes.cycle_acts import EXPLAINED, CycleAct
from service.cycle.look_back import CycleState
from service.deals.steer import resume, stop
from service.engine.offers.shortage import Shortage
from service.jobs.worker import drain
from service.pages import labels, names
from service.publish import LeftOutReason
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.cycle import RunState
from tests.conftest import fresh_database, settings_of
from tests.console.conftest import House, house_over, send, token
from tests.market import AS_OF, open_issued, open_market, query
from tests.shop import Shop

DIGEST = re.compile(r'name="digest" value="([0-9a-f]+)"')
FACTS = re.compile(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>")
RUNS = re.compile(r"/console/cycles/runs/([0-9a-f]{32})")


@pytest.fixture
def market(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """The console over a market with one cycle."""
    with fresh_database(request, "sqlite", tmp_path) as url:
        settings = settings_of(url, tmp_path)
        database = Database(url)
        open_issued(database, settings, tmp_path)
        yield house_over(database, settings, Shop({}, 0, 0, 0))
        database.dispose()


@pytest.fixture
def open_house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """The console over a market without a cycle."""
    with fresh_database(request, "sqlite", tmp_path) as url:
        settings = settings_of(url, tmp_path)
        database = Database(url)
        open_market(database, settings, tmp_path)
        yield house_over(database, settings, Shop({}, 0, 0, 0))
        database.dispose()


def sums(house: House) -> tuple[int, int]:
    """The copies and the cents that the lists hold, counted line by line."""
    (found,) = query(
        house.database,
        """SELECT count(*), sum(reserved_cents * uses) FROM list_line l
           JOIN shopping_list s ON s.id = l.list_id
           WHERE l.offer_id IS NOT NULL AND s.state = 'issued'""",
    )
    return found


def test_a_cycle_is_what_was_issued_and_is_withdrawn_or_made_again(market: House) -> None:
    client = market.member(PersonRole.MARKETING)
    copies, reserved = sums(market)
    kept = query(market.database, "SELECT sum(copies), sum(reserved_cents) FROM cycle_offer")
    assert kept == [(copies, reserved)]
    page = client.get(f"{PATH}/cycles/1").text
    shown = re.findall(r'<td class="number">([\d,]+)</td><td class="number">[\d,.]+</td>', page)
    assert sum(int(each.replace(",", "")) for each in shown) == copies, "by deal"
    assert f'<span class="value">{copies}</span>' in page
    assert "What lists are worth by tenth" in page

    asked = send(client, "/cycles/confirm", act="withdraw", cycle="1")
    facts = dict(FACTS.findall(asked.text))
    money = f"${reserved / 100:,.2f}"
    assert (facts["Lists"], facts["Households"], facts["Goes back to budgets"]) == (
        "29", "29", money,
    )  # fmt: skip
    assert sums(market) == (copies, reserved), "asking changes nothing"
    form = {"csrf": token(asked.text), "act": "withdraw", "cycle": "1"}
    assert client.post(PATH + "/cycles/act", data={**form, "digest": "0" * 32}).status_code == 422
    assert sums(market) == (copies, reserved)
    form["digest"] = DIGEST.findall(asked.text)[0]
    done = client.post(PATH + "/cycles/act", data=form)
    assert done.headers["location"] == f"{PATH}/cycles/1"
    page = client.get(f"{PATH}/cycles/1").text
    assert f"29 lists were withdrawn; budgets got back {money}." in page
    assert sums(market)[0] == 0
    assert client.post(PATH + "/cycles/act", data=form).status_code == 422, "it was done"

    asked = send(client, "/cycles/confirm", act="recompose", cycle="1")
    form = {"csrf": token(asked.text), "act": "recompose", "cycle": "1",
            "digest": DIGEST.findall(asked.text)[0]}  # fmt: skip
    done = client.post(PATH + "/cycles/act", data=form)
    run = RUNS.findall(done.headers["location"])[0]
    waiting = client.get(f"{PATH}/cycles/runs/{run}").text
    assert 'hx-trigger="every 2s"' in waiting
    assert 'http-equiv="refresh"' in waiting
    # The tab is closed; whoever looks later finds it from the page of cycles.
    assert drain(market.database, market.settings) == 1
    later = market.member(PersonRole.FINANCE)
    assert run in RUNS.findall(later.get(PATH + "/cycles").text)
    ended = later.get(f"{PATH}/cycles/runs/{run}").text
    assert "29 lists were issued" in ended
    assert "hx-trigger" not in ended
    assert sums(market) == (copies, reserved)
    assert "revision 2" in later.get(f"{PATH}/cycles/1").text


def test_lists_that_ended_are_closed_after_their_money_is_named(market: House) -> None:
    client = market.member(PersonRole.MARKETING)
    _, reserved = sums(market)
    with market.database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE shopping_list SET valid_from = '2020-01-01', valid_to = '2020-01-14'"
        )
    refused = send(client, "/cycles/confirm", act="expire")
    assert dict(FACTS.findall(refused.text))["Goes back to budgets"] == f"${reserved / 100:,.2f}"
    form = {"csrf": token(refused.text), "act": "expire", "digest": DIGEST.findall(refused.text)[0]}
    done = client.post(PATH + "/cycles/act", data=form)
    drain(market.database, market.settings)
    shown = dict(FACTS.findall(client.get(done.headers["location"]).text))
    assert shown["Lists closed"] == "29"
    assert shown["Went back to budgets"] == f"${reserved / 100:,.2f}"
    assert "Nothing to do" in send(client, "/cycles/confirm", act="expire").text
    hindered = send(client, "/cycles/confirm", act="withdraw", cycle="1").text
    assert "were used or have ended" in hindered
    assert DIGEST.findall(hindered) == []


def test_pages_and_the_file_show_every_cycle_once(
    market: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = market.member(PersonRole.OPERATIONS)
    with market.database.write() as session:
        for number in range(2, 8):
            session.connection().exec_driver_sql(
                f"""INSERT INTO cycle SELECT {number}, '2020-01-0{number}', seed, valid_from,
                    '2020-02-01', issued_at, usage_bounds, summary, mail_holdout, 1, NULL
                    FROM cycle WHERE id = 1"""
            )
    monkeypatch.setattr(cycles, "ROWS", 3)
    seen, path = [], f"{PATH}/cycles"
    while path:
        page = client.get(path).text
        seen += re.findall(r'href="/console/cycles/(\d+)"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1] if found else ""
    assert seen == list("7654321")
    back = client.get(f"{PATH}/cycles?before=1").text
    assert re.findall(r'href="/console/cycles/(\d+)"', back) == list("432")
    file = client.get(f"{PATH}/cycles.csv?column=lists&column=state").content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(file)))
    assert lines[0] == ["Cycle", "State", "Lists"]
    assert len(lines) == 8
    for odd in ("after=x", "before=0", "after=99999999999999999999", "order=1", "column=no"):
        assert client.get(f"{PATH}/cycles?{odd}").status_code == 200, odd
    for path in ("/cycles/0", "/cycles/999", "/cycles/99999999999999999999", "/cycles/runs/x"):
        assert client.get(PATH + path).status_code == 404, path


def test_just_what_was_planned_is_issued_or_what_changed_is_said(open_house: House) -> None:
    house = open_house
    client = house.member(PersonRole.MARKETING)
    fields = {"as_of": AS_OF.isoformat(), "fewer_than": "6", "who": "all"}
    for wrong in ({"as_of": "x"}, {"fewer_than": "0"}, {"who": "some"}):
        assert send(client, "/cycles/plan", **{**fields, **wrong}).status_code == 422

    def planned() -> str:
        asked = send(client, "/cycles/plan", **fields)
        drain(house.database, house.settings)
        return RUNS.findall(asked.headers["location"])[0]

    first = planned()
    page = client.get(f"{PATH}/cycles/runs/{first}").text
    assert "Nothing is issued yet." in page
    assert (
        'action="/console/cycles/runs/'
        not in house.member(PersonRole.FINANCE).get(f"{PATH}/cycles/runs/{first}").text
    ), "who may not issue sees no button"
    assert query(house.database, "SELECT count(*) FROM shopping_list") == [(0,)]
    asked = send(client, f"/cycles/runs/{first}/confirm")
    facts = dict(FACTS.findall(asked.text))
    # A deal is stopped that lists would have carried: they are not the ones that were planned.
    stop(house.database, 1, by=Actor("tests"))
    run = RUNS.findall(send(client, f"/cycles/runs/{first}/issue").headers["location"])[0]
    drain(house.database, house.settings)
    refused = client.get(f"{PATH}/cycles/runs/{run}").text
    assert "Changed since: deals, or what is left of their budgets and copies." in refused
    assert query(house.database, "SELECT count(*) FROM shopping_list") == [(0,)]
    resume(house.database, 1, by=Actor("tests"))
    # The same as before: the first plan holds again, and so would a second.
    assert digests(house, planned())["lists"] == digests(house, first)["lists"]
    run = RUNS.findall(send(client, f"/cycles/runs/{first}/issue").headers["location"])[0]
    drain(house.database, house.settings)
    assert "29 lists were issued" in client.get(f"{PATH}/cycles/runs/{run}").text
    copies, reserved = sums(house)
    assert (facts["Households"], facts["Offers on them"]) == ("29", str(copies))
    assert facts["Reserved"] == f"${reserved / 100:,.2f}"
    assert send(client, f"/cycles/runs/{first}/issue").status_code == 409, "it is issued"
    assert send(client, f"/cycles/runs/{run}/confirm").status_code == 409, "that is no plan"


def digests(house: House, run_id: str) -> dict[str, str]:
    result = get_run(house.database, run_id).result
    assert result is not None
    found: dict[str, str] = result["digests"]
    return found


def test_every_state_act_and_reason_has_its_words() -> None:
    assert {*CycleState} <= set(labels.STATES)
    assert set(labels.STATES) == set(labels.STATE_HINTS)
    assert {*CycleAct} == set(EXPLAINED) == set(labels.CYCLE_ACTS)
    assert {*RunState} == set(names.RUNS)
    assert {*OF_CYCLES} <= set(names.WORKS)
    assert {*LeftOutReason} == set(names.LEFT_OUT)
    assert {*Shortage} == set(labels.SHORTAGES)

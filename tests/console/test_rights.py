"""Every address and every role: who may not sees what nobody would see. New routes need a line."""

from datetime import UTC, datetime

import pytest
from starlette.routing import Mount

from service.admin import people, runs
from service.admin.people import NewPerson, PersonRole, Right
from service.clearing.agreements import load_agreements
from service.console.app import PATH
from service.console.routes.deal_acts import RIGHTS_TO
from service.cycle.overrides import OverrideWanted, make_override
from service.deals import held
from service.engine.lifecycle import Act
from service.engine.offers.overrides import OverrideAct
from service.engine.rights import rights_of
from service.store.actor import SERVICE
from tests.clearing.conftest import agreement, form
from tests.console import claimed
from tests.console.conftest import RUN, House, send
from tests.mail import acknowledge_rows, print_batch

EVERYBODY: frozenset[Right] = frozenset(Right)
CHANGES_DEALS = frozenset({Right.CHANGE_DEALS})
CLEARS = frozenset({Right.CLEAR_MONEY})
SEES_MONEY = frozenset({Right.SEE_MONEY})
ANY_DEAL_ACT = frozenset({Right.CHANGE_DEALS, Right.APPROVE_DEALS, Right.STOP_DEALS})

OPEN = {
    ("GET", "/static/{digest}/{name:path}"), ("GET", "/log-in"), ("POST", "/log-in"),
    ("POST", "/log-in/second"), ("POST", "/log-in/passkey/options"), ("POST", "/log-in/passkey"),
    ("GET", "/log-in/provider"), ("GET", "/invitations/{token}"), ("POST", "/invitations/{token}"),
    ("POST", "/log-out"), ("POST", "/language"),
}  # fmt: skip
"""For guests as well."""

NEEDED: dict[tuple[str, str], frozenset[Right]] = {
    ("GET", "/"): EVERYBODY,
    ("GET", "/account"): EVERYBODY,
    ("POST", "/account/password"): EVERYBODY,
    ("POST", "/account/app"): EVERYBODY,
    ("POST", "/account/app/confirm"): EVERYBODY,
    ("POST", "/account/app/remove"): EVERYBODY,
    ("POST", "/account/passkeys/options"): EVERYBODY,
    ("POST", "/account/passkeys"): EVERYBODY,
    ("GET", "/account/passkeys/{number}/remove"): EVERYBODY,
    ("POST", "/account/passkeys/{number}/remove"): EVERYBODY,
    ("POST", "/account/sessions/end-others"): EVERYBODY,
    ("GET", "/deals/new"): CHANGES_DEALS,
    ("GET", "/deals/{number}/copy"): CHANGES_DEALS,
    ("GET", "/deals/{number}/edit"): CHANGES_DEALS,
    ("GET", "/deals/form/picture"): CHANGES_DEALS,
    ("POST", "/deals/form/look"): CHANGES_DEALS,
    ("POST", "/deals/form/save"): CHANGES_DEALS,
    ("GET", "/deals/upload"): CHANGES_DEALS,
    ("POST", "/deals/upload"): CHANGES_DEALS,
    ("GET", "/deals/upload/template"): CHANGES_DEALS,
    ("GET", "/deals/upload/{upload}"): CHANGES_DEALS,
    ("GET", "/deals/upload/{upload}/remarks"): CHANGES_DEALS,
    ("POST", "/deals/upload/{upload}/correct"): CHANGES_DEALS,
    ("POST", "/deals/upload/{upload}/undo"): CHANGES_DEALS,
    ("POST", "/deals/upload/{upload}/load"): CHANGES_DEALS,
    ("POST", "/deals/upload/{upload}/drop"): CHANGES_DEALS,
    ("GET", "/deals"): frozenset({Right.SEE_DEALS}),
    ("GET", "/deals.csv"): frozenset({Right.SEE_DEALS}),
    ("GET", "/deals/{number}"): frozenset({Right.SEE_DEALS}),
    ("GET", "/deals/calendar"): frozenset({Right.SEE_DEALS}),
    ("GET", "/deals/{number}/picture"): frozenset({Right.SEE_DEALS}),
    ("GET", "/products"): frozenset({Right.SEE_PRODUCTS}),
    ("GET", "/products/{gtin}"): frozenset({Right.SEE_PRODUCTS}),
    ("GET", "/batches"): frozenset({Right.SEE_BATCHES}),
    ("GET", "/batches.csv"): frozenset({Right.SEE_BATCHES}),
    ("GET", "/batches/acknowledgements/{number}"): frozenset({Right.SEE_BATCHES}),
    ("GET", "/batches/{number}"): frozenset({Right.SEE_BATCHES}),
    ("GET", "/batches/{number}/files/{name}"): frozenset({Right.SEE_BATCHES}),
    ("GET", "/batches/{number}/pieces"): frozenset({Right.SEE_BATCHES}),
    ("GET", "/batches/{number}/pieces/{seq}"): frozenset({Right.SEE_BATCHES}),
    ("GET", "/batches/{number}/pieces/{seq}/{sheet}"): frozenset({Right.SEE_BATCHES}),
    ("GET", "/batches/{number}/reconciliation"): frozenset({Right.SEE_BATCHES}),
    ("GET", "/batches/{number}/left-out"): frozenset({Right.VOID_BATCHES}),
    ("GET", "/batches/{number}/reconciliation.csv"): frozenset({Right.SEE_BATCHES}),
    ("GET", "/batches/{number}/left-out.csv"): frozenset({Right.VOID_BATCHES}),
    ("POST", "/batches/acknowledgements"): frozenset({Right.HANDLE_BATCHES}),
    ("GET", "/batches/{number}/receipt"): frozenset({Right.HANDLE_BATCHES}),
    ("POST", "/batches/{number}/receipt"): frozenset({Right.HANDLE_BATCHES}),
    ("POST", "/batches/{number}/check"): frozenset(
        {Right.HANDLE_BATCHES, Right.VOID_BATCHES, Right.RUN_JOBS}
    ),
    ("POST", "/batches/{number}/reprint"): frozenset({Right.HANDLE_BATCHES, Right.VOID_BATCHES}),
    ("GET", "/batches/{number}/void"): frozenset({Right.VOID_BATCHES}),
    ("POST", "/batches/{number}/void"): frozenset({Right.VOID_BATCHES}),
    ("GET", "/batches/{number}/purge"): frozenset({Right.VOID_BATCHES}),
    ("POST", "/batches/{number}/purge"): frozenset({Right.VOID_BATCHES}),
    ("GET", "/operations"): frozenset({Right.SEE_OPERATIONS}),
    ("GET", "/operations.csv"): frozenset({Right.SEE_OPERATIONS}),
    ("GET", "/operations/runs/{run}"): frozenset({Right.SEE_OPERATIONS}),
    ("POST", "/operations/runs/{run}/again"): frozenset({Right.RUN_JOBS}),
    ("GET", "/operations/runs/{run}/give-up"): frozenset({Right.RUN_JOBS}),
    ("POST", "/operations/runs/{run}/give-up"): frozenset({Right.RUN_JOBS}),
    ("GET", "/suppliers"): frozenset({Right.INVITE_SUPPLIERS}),
    ("POST", "/suppliers"): frozenset({Right.INVITE_SUPPLIERS}),
    ("POST", "/suppliers/people/{contact}/disable"): frozenset({Right.INVITE_SUPPLIERS}),
    ("POST", "/suppliers/people/{contact}/enable"): frozenset({Right.INVITE_SUPPLIERS}),
    ("GET", "/people"): frozenset({Right.MANAGE_PEOPLE}),
    ("POST", "/people"): frozenset({Right.MANAGE_PEOPLE}),
    ("GET", "/people/{person}"): frozenset({Right.MANAGE_PEOPLE}),
    ("POST", "/people/{person}/roles"): frozenset({Right.MANAGE_PEOPLE}),
    ("POST", "/people/{person}/end-sessions"): frozenset({Right.MANAGE_PEOPLE}),
    ("GET", "/people/{person}/reset"): frozenset({Right.MANAGE_PEOPLE}),
    ("POST", "/people/{person}/reset"): frozenset({Right.MANAGE_PEOPLE}),
    ("GET", "/people/{person}/disable"): frozenset({Right.MANAGE_PEOPLE}),
    ("POST", "/people/{person}/disable"): frozenset({Right.MANAGE_PEOPLE}),
    ("POST", "/people/{person}/enable"): frozenset({Right.MANAGE_PEOPLE}),
    ("GET", "/audit"): frozenset({Right.SEE_AUDIT}),
    ("GET", "/audit.csv"): frozenset({Right.SEE_AUDIT}),
    ("GET", "/keys"): frozenset({Right.MANAGE_KEYS}),
    ("POST", "/keys"): frozenset({Right.MANAGE_KEYS}),
    ("GET", "/keys.csv"): frozenset({Right.MANAGE_KEYS}),
    ("GET", "/people.csv"): frozenset({Right.MANAGE_PEOPLE}),
    ("GET", "/desk/goodwill.csv"): frozenset({Right.GIVE_GOODWILL, Right.CLEAR_MONEY}),
    ("GET", "/keys/{key}/revoke"): frozenset({Right.MANAGE_KEYS}),
    ("GET", "/keys/{key}/bind"): frozenset({Right.MANAGE_KEYS}),
    ("POST", "/keys/{key}/bind"): frozenset({Right.MANAGE_KEYS}),
    ("GET", "/settings"): frozenset({Right.SEE_SETTINGS}),
    ("POST", "/keys/{key}/revoke"): frozenset({Right.MANAGE_KEYS}),
    ("POST", "/deals/confirm"): ANY_DEAL_ACT,
    ("POST", "/deals/act"): ANY_DEAL_ACT,
    ("GET", "/cycles"): frozenset({Right.SEE_CYCLES}),
    ("GET", "/cycles.csv"): frozenset({Right.SEE_CYCLES}),
    ("GET", "/cycles/runs/{run_id}"): frozenset({Right.SEE_CYCLES}),
    ("GET", "/cycles/plan"): frozenset({Right.PLAN_CYCLES}),
    ("POST", "/cycles/plan"): frozenset({Right.PLAN_CYCLES}),
    ("POST", "/cycles/runs/{run_id}/plan-again"): frozenset({Right.PLAN_CYCLES}),
    ("GET", "/cycles/runs/{run_id}/proof"): frozenset({Right.PLAN_CYCLES}),
    ("POST", "/cycles/runs/{run_id}/proof"): frozenset({Right.PLAN_CYCLES}),
    ("GET", "/cycles/runs/{run_id}/proof/{household_id}/{sheet}"): frozenset({Right.PLAN_CYCLES}),
    ("GET", "/cycles/compare"): frozenset({Right.SEE_CYCLES}),
    ("GET", "/cycles/compare.csv"): frozenset({Right.SEE_CYCLES}),
    ("GET", "/cycles/overrides"): frozenset({Right.SEE_CYCLES}),
    ("POST", "/cycles/overrides"): frozenset({Right.PLAN_CYCLES}),
    ("POST", "/cycles/overrides/{number}/end"): frozenset({Right.PLAN_CYCLES}),
    ("POST", "/cycles/runs/{run_id}/confirm"): frozenset({Right.ISSUE_CYCLES}),
    ("POST", "/cycles/runs/{run_id}/issue"): frozenset({Right.ISSUE_CYCLES}),
    ("GET", "/cycles/{number}"): frozenset({Right.SEE_CYCLES}),
    ("POST", "/cycles/confirm"): frozenset({Right.ISSUE_CYCLES}),
    ("POST", "/cycles/act"): frozenset({Right.ISSUE_CYCLES}),
    ("GET", "/reports"): SEES_MONEY,
    ("GET", "/reports/sales"): SEES_MONEY,
    ("GET", "/reports/sales.csv"): SEES_MONEY,
    ("GET", "/reports/stores"): SEES_MONEY,
    ("GET", "/reports/stores.csv"): SEES_MONEY,
    ("GET", "/reports/concentration"): SEES_MONEY,
    ("GET", "/reports/concentration.csv"): SEES_MONEY,
    ("GET", "/reports/programme"): SEES_MONEY,
    ("GET", "/reports/programme.csv"): SEES_MONEY,
    ("GET", "/reports/lift"): SEES_MONEY,
    ("GET", "/reports/lift.csv"): SEES_MONEY,
    ("GET", "/reports/lift/document"): SEES_MONEY,
    ("GET", "/reports/leaving"): frozenset({Right.SEE_HOUSEHOLDS}),
    ("GET", "/reports/leaving.csv"): frozenset({Right.SEE_HOUSEHOLDS}),
    ("GET", "/desk"): frozenset({Right.EXPLAIN_REFUSALS}),
    ("GET", "/desk/cases/{number}"): frozenset({Right.EXPLAIN_REFUSALS}),
    ("POST", "/desk/cases/{number}"): frozenset({Right.EXPLAIN_REFUSALS}),
    ("GET", "/desk/receipt"): frozenset({Right.EXPLAIN_REFUSALS}),
    ("POST", "/desk/list"): frozenset({Right.EXPLAIN_REFUSALS}),
    ("GET", "/desk/lists/{number}"): frozenset({Right.EXPLAIN_REFUSALS}),
    ("POST", "/desk/goodwill"): frozenset({Right.GIVE_GOODWILL}),
    ("POST", "/desk/goodwill/{number}/{act}"): frozenset({Right.GIVE_GOODWILL}),
    ("GET", "/households"): frozenset({Right.SEE_HOUSEHOLDS}),
    ("POST", "/households"): frozenset({Right.SEE_HOUSEHOLDS}),
    ("GET", "/households/{number}"): frozenset({Right.SEE_HOUSEHOLDS}),
    ("POST", "/households/{number}/open"): frozenset({Right.SEE_HOUSEHOLDS}),
    ("POST", "/households/{number}/export"): frozenset({Right.FORGET_HOUSEHOLDS}),
    ("GET", "/households/{number}/erase"): frozenset({Right.FORGET_HOUSEHOLDS}),
    ("POST", "/households/{number}/erase"): frozenset({Right.FORGET_HOUSEHOLDS}),
    ("GET", "/clearing"): CLEARS,
    ("GET", "/clearing.csv"): CLEARS,
    ("GET", "/clearing/documents/{number}"): CLEARS,
    ("GET", "/clearing/reminders"): CLEARS,
    ("POST", "/clearing/reminders"): CLEARS,
    ("POST", "/clearing/set-off"): CLEARS,
    ("GET", "/clearing/draw"): CLEARS,
    ("POST", "/clearing/draw"): CLEARS,
    ("GET", "/clearing/draw/{claims_run}"): CLEARS,
    ("GET", "/clearing/issue"): CLEARS,
    ("POST", "/clearing/issue/confirm"): CLEARS,
    ("POST", "/clearing/issue"): CLEARS,
    ("GET", "/clearing/claims"): CLEARS,
    ("GET", "/clearing/claims.csv"): CLEARS,
    ("GET", "/clearing/claims/{number}"): CLEARS,
    ("GET", "/clearing/claims/{number}/lines.csv"): CLEARS,
    ("GET", "/clearing/claims/{number}/draft.pdf"): CLEARS,
    ("GET", "/clearing/claims/{number}/documents/{document}"): CLEARS,
    ("GET", "/clearing/claims/{number}/issue"): CLEARS,
    ("POST", "/clearing/claims/{number}/issue"): CLEARS,
    ("GET", "/clearing/claims/{number}/cancel"): CLEARS,
    ("POST", "/clearing/claims/{number}/cancel"): CLEARS,
    ("POST", "/clearing/claims/{number}/documents"): CLEARS,
    ("POST", "/clearing/claims/{number}/evidence"): CLEARS,
    ("POST", "/clearing/claims/{number}/write-off"): CLEARS,
    ("POST", "/clearing/claims/{number}/disputes"): CLEARS,
    ("GET", "/clearing/receipts"): CLEARS,
    ("GET", "/clearing/receipts.csv"): CLEARS,
    ("POST", "/clearing/receipts"): CLEARS,
    ("POST", "/clearing/receipts/match"): CLEARS,
    ("GET", "/clearing/receipts/{number}"): CLEARS,
    ("POST", "/clearing/receipts/{number}/assign"): CLEARS,
    ("GET", "/clearing/disputes"): CLEARS,
    ("GET", "/clearing/disputes.csv"): CLEARS,
    ("GET", "/clearing/disputes/{number}"): CLEARS,
    ("POST", "/clearing/disputes/{number}/answer"): CLEARS,
    ("POST", "/clearing/disputes/{number}/withdraw"): CLEARS,
    ("GET", "/clearing/books"): CLEARS,
    ("GET", "/clearing/books.csv"): CLEARS,
    ("POST", "/clearing/books/check"): CLEARS,
    ("GET", "/clearing/agreements"): CLEARS,
    ("GET", "/clearing/agreements/example.json"): CLEARS,
    ("POST", "/clearing/agreements"): CLEARS,
    ("GET", "/clearing/agreements/{account}"): CLEARS,
    ("GET", "/clearing/agreements/{account}/revise"): CLEARS,
    ("POST", "/clearing/agreements/{account}/revise"): CLEARS,
    ("GET", "/clearing/suppliers"): CLEARS,
    ("GET", "/clearing/suppliers.csv"): CLEARS,
    # The last, for it may end the session that the walk is in.
    ("POST", "/account/sessions/{number}/end"): EVERYBODY,
}
"""One of these rights is enough."""

VALUES = {
    "{gtin}": "2000000000015",
    "{number}": "1",
    "{run_id}": RUN,
    "{token}": "none",
    "{digest}": "0",
    "{name:path}": "pages.css",
    "{act}": "approve",
    "{name}": "manifest.json",
    "{seq}": "1",
    "{sheet}": "1",
    "{household_id}": "1",
    "{key}": "1",
}
# A form that is right but for the right: what is missing must not be what refuses it.
FORMS = {
    "/deals/confirm": {"act": "stop", "deal": "1"},
    "/deals/act": {"act": "stop", "deal": "1"},
    "/cycles/confirm": {"act": "withdraw", "cycle": "1"},
    "/cycles/act": {"act": "withdraw", "cycle": "1"},
    "/desk/cases/{number}": {"text": "It counts once."},
    "/desk/goodwill": {"amount": "1.00", "reason": "till_fault", "list": "1", "asked": "a"},
    "/households": {"by": "number", "value": "H1", "reason": "customer_asks"},
    "/households/{number}/open": {"reason": "customer_asks"},
}


@pytest.fixture(scope="module", autouse=True)
def printed(shared_house: House, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A batch that lies ready, and a report on it."""
    house = shared_house
    # The session that the walk ends by its number is nobody's who walks.
    house.member(PersonRole.MARKETING)
    print_batch(house.database, house.settings)
    pin = OverrideWanted(OverrideAct.PIN, 1, "asked for")
    make_override(house.database, pin, by=SERVICE, now=datetime.now(UTC))
    VALUES["{person}"] = str(house.person(PersonRole.SERVICE, PersonRole.FINANCE).id)
    VALUES.update(claimed.claim(house, tmp_path_factory.mktemp("bank")))
    claimed.ask(house)
    VALUES["{contact}"] = str(supplier_person(house))
    VALUES["{run}"] = runs.request_reprint(house.database, batch_id=1).id
    acknowledge_rows(
        house.database, house.settings, tmp_path_factory.mktemp("report"), "none,mailed,,soon"
    )


def supplier_person(house: House) -> int:
    """Somebody of a supplier whose brand has no deals."""
    now = datetime.now(UTC)
    made = form(agreement("S-9", ["Brand without deals"]))
    load_agreements(house.database, house.settings, made, by=SERVICE, now=now)
    new = NewPerson("Joe", "joe@supplier.example", (), account="S-9")
    return people.invite(house.database, house.settings, new, by=SERVICE, now=now).person.id


def filled(path: str) -> str:
    for name, value in VALUES.items():
        path = path.replace(name, value)
    return PATH + path


def test_every_route_has_its_rights(shared_house: House) -> None:
    document = shared_house.console.openapi()
    routes = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert routes == {*((m, p.replace(":path", "")) for m, p in OPEN), *NEEDED}
    assert not [each for each in shared_house.console.routes if isinstance(each, Mount)]


def test_a_guest_is_led_to_the_log_in_from_everywhere(shared_house: House) -> None:
    client = shared_house.guest()
    paths = [filled(path) for method, path in NEEDED if method == "GET"]
    for path in (*paths, PATH + "/nowhere", PATH + "/deals/999999"):
        answer = client.get(path, params={"state": "draft"})
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith(f"{PATH}/log-in?to=%2Fconsole%2F"), path


def test_who_lacks_a_right_sees_what_nobody_would_see(shared_house: House) -> None:
    wrong = []
    for role in PersonRole:
        client = shared_house.member(role)
        page = client.get(PATH + "/account").text
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        unknown: dict[str, str] = {}
        for (method, path), needed in NEEDED.items():
            # Nobody who walks has a passkey.
            if path in ("/account/sessions/end-others", "/account/passkeys/{number}/remove"):
                continue
            form = {"csrf": csrf, **FORMS.get(path, {})} if method == "POST" else None
            where = filled(path)
            if "{upload}" in where:
                where = where.replace("{upload}", waiting(shared_house))
            answer = client.request(method, where, data=form)
            assert answer.status_code < 500, path
            assert "/log-in" not in answer.headers.get("location", ""), (role, path)
            is_refused = answer.status_code == 404
            if method == "POST" and not is_refused:
                client.get(PATH + "/account")  # shows what the act said
            if is_refused is bool(needed & rights_of([role])):
                wrong.append((role, method, path, answer.status_code))
            if is_refused and method == "GET":
                # In the same place, so that the navigation is the same.
                place = path.split("/")[1]
                if place not in unknown:
                    nowhere = f"{PATH}/{place}/no/where"
                    other = client.get(nowhere)
                    assert other.status_code == 404
                    unknown[place] = without_nonce(other.text, nowhere)
                assert without_nonce(answer.text, where) == unknown[place]
    assert wrong == []


def waiting(house: House) -> str:
    """A file of deals that waits to be loaded; what is done to it does not matter."""
    kept = held.hold(house.settings, "a.csv", b"a", by=SERVICE, now=datetime.now(UTC))
    return kept.token


def without_nonce(page: str, path: str) -> str:
    """A page without what differs between two requests."""
    # The place in the navigation follows from the address alone.
    parts = page.replace(' aria-current="page"', "").split('nonce="')
    plain = parts[0] + "".join(part.partition('"')[2] for part in parts[1:])
    return plain.replace(path, "HERE")


def test_each_act_needs_its_own_right(shared_house: House) -> None:
    for role in PersonRole:
        client = shared_house.member(role)
        if not ANY_DEAL_ACT & rights_of([role]):
            continue
        for act in Act:
            answer = send(client, "/deals/confirm", act=act, deal="1")
            is_allowed = bool(rights_of([role]) & {*RIGHTS_TO.get(act, ())})
            assert (answer.status_code == 200) is is_allowed, (role, act)
            if not is_allowed:
                done = send(client, "/deals/act", act=act, deal="1")
                assert done.status_code == 404

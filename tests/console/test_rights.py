"""Every address and every role: who may not sees what nobody would see. New routes need a line."""

from starlette.routing import Mount

from service.admin.people import PersonRole, Right
from service.console.app import PATH
from service.console.routes.deal_acts import RIGHTS_TO
from service.engine.lifecycle import Act
from service.engine.rights import rights_of
from tests.console.conftest import RUN, House, send

EVERYBODY: frozenset[Right] = frozenset(Right)
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
    ("POST", "/account/passkeys/{number}/remove"): EVERYBODY,
    ("POST", "/account/sessions/{number}/end"): EVERYBODY,
    ("POST", "/account/sessions/end-others"): EVERYBODY,
    ("GET", "/deals"): frozenset({Right.SEE_DEALS}),
    ("GET", "/deals.csv"): frozenset({Right.SEE_DEALS}),
    ("GET", "/deals/{number}"): frozenset({Right.SEE_DEALS}),
    ("GET", "/deals/{number}/picture"): frozenset({Right.SEE_DEALS}),
    ("POST", "/deals/confirm"): ANY_DEAL_ACT,
    ("POST", "/deals/act"): ANY_DEAL_ACT,
    ("GET", "/cycles"): frozenset({Right.SEE_CYCLES}),
    ("GET", "/cycles.csv"): frozenset({Right.SEE_CYCLES}),
    ("GET", "/cycles/runs/{run_id}"): frozenset({Right.SEE_CYCLES}),
    ("GET", "/cycles/plan"): frozenset({Right.PLAN_CYCLES}),
    ("POST", "/cycles/plan"): frozenset({Right.PLAN_CYCLES}),
    ("POST", "/cycles/runs/{run_id}/confirm"): frozenset({Right.ISSUE_CYCLES}),
    ("POST", "/cycles/runs/{run_id}/issue"): frozenset({Right.ISSUE_CYCLES}),
    ("GET", "/cycles/{number}"): frozenset({Right.SEE_CYCLES}),
    ("POST", "/cycles/confirm"): frozenset({Right.ISSUE_CYCLES}),
    ("POST", "/cycles/act"): frozenset({Right.ISSUE_CYCLES}),
}
"""One of these rights is enough."""

VALUES = {
    "{number}": "1",
    "{run_id}": RUN,
    "{token}": "none",
    "{digest}": "0",
    "{name:path}": "console.css",
}
# A form that is right but for the right: what is missing must not be what refuses it.
FORMS = {
    "/deals/confirm": {"act": "stop", "deal": "1"},
    "/deals/act": {"act": "stop", "deal": "1"},
    "/cycles/confirm": {"act": "withdraw", "cycle": "1"},
    "/cycles/act": {"act": "withdraw", "cycle": "1"},
}


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
        nowhere = client.get(PATH + "/nowhere")
        assert nowhere.status_code == 404
        for (method, path), needed in NEEDED.items():
            if path in ("/account/sessions/end-others", "/account/passkeys/{number}/remove"):
                continue
            form = {"csrf": csrf, **FORMS.get(path, {})} if method == "POST" else None
            answer = client.request(method, filled(path), data=form)
            assert answer.status_code < 500, path
            is_refused = answer.status_code == 404
            if is_refused is bool(needed & rights_of([role])):
                wrong.append((role, method, path, answer.status_code))
            if is_refused and method == "GET":
                assert without_nonce(answer.text, path) == without_nonce(nowhere.text, "/nowhere")
    assert wrong == []


def without_nonce(page: str, path: str) -> str:
    """A page without what differs between two requests."""
    parts = page.split('nonce="')
    plain = parts[0] + "".join(part.partition('"')[2] for part in parts[1:])
    return plain.replace(filled(path), "HERE")


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

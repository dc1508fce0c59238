"""Every address of the portal: its own people, another supplier's, the retailer's, and nobody."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.admin import people
from service.admin.people import PersonRole
from service.console.site import CONSOLE
from service.pages.cookies import SESSION
from service.portal.app import PATH, create_portal
from service.portal.site import PORTAL
from tests.people import admitted
from tests.portal.conftest import DALE_ACCOUNT, OVEN_ACCOUNT, Portal, send, session_of
from tests.results.simulated import freeze

OPEN = {
    ("GET", "/static/{digest}/{name}"), ("GET", "/log-in"), ("POST", "/log-in"),
    ("POST", "/log-in/second"), ("POST", "/log-in/passkey/options"), ("POST", "/log-in/passkey"),
    ("GET", "/log-in/provider"), ("GET", "/invitations/{token}"), ("POST", "/invitations/{token}"),
    ("POST", "/log-out"), ("POST", "/language"),
}  # fmt: skip
"""For guests as well."""

OF_ALL = {
    ("GET", "/"), ("GET", "/account"), ("POST", "/account/password"), ("POST", "/account/app"),
    ("POST", "/account/app/confirm"), ("POST", "/account/app/remove"),
    ("POST", "/account/passkeys/options"), ("POST", "/account/passkeys"),
    ("POST", "/account/sessions/end-others"), ("GET", "/deals"), ("GET", "/deals.csv"),
    ("GET", "/deals/send"), ("POST", "/deals/send"), ("GET", "/deals/send/template"),
    ("GET", "/claims"), ("GET", "/claims.csv"), ("GET", "/disputes"), ("GET", "/disputes.csv"),
    ("GET", "/payments"), ("GET", "/payments.csv"), ("GET", "/agreement"), ("GET", "/stock"),
    ("GET", "/stock.csv"), ("POST", "/stock"), ("GET", "/results"),
    # Of a person: each has their own alone.
    ("GET", "/account/passkeys/{number}/remove"), ("POST", "/account/passkeys/{number}/remove"),
    ("POST", "/account/sessions/{number}/end"),
}  # fmt: skip
"""What each supplier has for itself."""

OF_ONE: dict[tuple[str, str], str] = {
    ("GET", "/deals/{number}"): "/deals/1",
    ("GET", "/claims/{number}"): "/claims/1",
    ("GET", "/results/report"): "/results/report?brand=1&deal=MILK-1",
    ("GET", "/results/file"): "/results/file?brand=1&deal=MILK-1",
    ("GET", "/documents/{number}"): "/documents/1",
    ("POST", "/claims/{number}/evidence"): "/claims/1/evidence",
    ("GET", "/claims/{number}/lines/{line}/{part}"): "/claims/1/lines/1/share",
    ("POST", "/claims/{number}/lines/{line}/{part}"): "/claims/1/lines/1/share",
    ("POST", "/disputes/{number}/withdraw"): "/disputes/1/withdraw",
    ("POST", "/stock/{number}/end"): "/stock/1/end",
}
"""Things of Dale Foods alone."""

FORMS = {"/claims/1/lines/1/share": {"reason": "duplicate", "amount": "0.20"}}


def asked(client: TestClient, method: str, path: str) -> Any:
    if method == "GET":
        return client.get(PATH + path)
    return send(client, path, **FORMS.get(path, {}))


def test_every_route_is_walked(portal: Portal) -> None:
    document = create_portal(portal.database, portal.settings).openapi()
    routes = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert routes == OPEN | OF_ALL | OF_ONE.keys()


def test_each_supplier_has_its_own_and_nothing_else(portal: Portal) -> None:
    dale, oven = portal.member(DALE_ACCOUNT), portal.member(OVEN_ACCOUNT)
    freeze(portal.database, {1: 900}, windows=1)
    send(dale, "/stock", what="deal:1", back_on="2099-01-01")  # too far: nothing
    day = "2027-06-01"
    assert send(dale, "/stock", what="deal:1", back_on=day).status_code == 303
    nowhere = oven.get(PATH + "/no/where").text
    for (method, _), path in OF_ONE.items():
        refused = asked(oven, method, path)
        assert refused.status_code == 404, path
        assert plain(refused.text, path.split("?")[0]) == plain(nowhere, "/no/where"), path
        allowed = asked(dale, method, path)
        assert allowed.status_code in (200, 303), (path, allowed.text)
    assert b"MILK-1" in dale.get(PATH + "/deals.csv").content
    for path in ("/", "/deals", "/deals.csv", "/claims", "/claims.csv", "/disputes",
                 "/disputes.csv", "/payments", "/payments.csv", "/agreement", "/stock",
                 "/stock.csv", "/deals/send", "/account", "/results"):  # fmt: skip
        page = oven.get(PATH + path)
        assert page.status_code == 200, path
        for theirs in ("MILK", "Dale", "C2026-000001", "C2026-000003", "K-1"):
            assert theirs not in page.text, (path, theirs)


def plain(page: str, path: str) -> str:
    """A page without what differs between two requests."""
    parts = page.replace(' aria-current="page"', "").split('nonce="')
    whole = parts[0] + "".join(part.partition('"')[2] for part in parts[1:])
    return whole.replace(path, "HERE")


@pytest.mark.parametrize("whose", ["nobody", "retailer", "retailer as portal", "made up"])
def test_whoever_is_no_supplier_is_led_to_the_log_in(portal: Portal, whose: str) -> None:
    client = portal.guest()
    if whose == "made up":
        name = f"__Host-{PORTAL.cookies}-{SESSION}"
        client.cookies.set(name, "x" * 43, domain="localhost.local", path="/")
    elif whose != "nobody":
        anna = admitted(portal.database, portal.settings, "anna", (PersonRole.ADMIN,))
        cookies = PORTAL.cookies if whose == "retailer as portal" else CONSOLE.cookies
        token = session_of(portal, anna)
        client.cookies.set(f"__Host-{cookies}-{SESSION}", token, domain="localhost.local", path="/")
    paths = [path for method, path in OF_ALL if method == "GET" and "{" not in path]
    paths += [path for (method, _), path in OF_ONE.items() if method == "GET"]
    for path in (*paths, "/nowhere"):
        answer = client.get(PATH + path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith(f"{PATH}/log-in?to=%2Fportal"), path


def test_a_session_of_the_portal_is_worth_nothing_in_the_console(portal: Portal) -> None:
    joe = portal.person(DALE_ACCOUNT)
    token = session_of(portal, joe)
    found = people.person_of(
        portal.database, portal.settings, token, side=people.Side.RETAILER, now=datetime.now(UTC)
    )
    assert found is None

"""From an invitation to a log-out, as a browser sees it."""

import base64
from datetime import UTC, datetime

from service.admin import people
from service.admin.people import NewPerson, PersonRole
from service.admin.people.totp import code_at
from service.console.app import PATH
from service.store.actor import SERVICE
from tests.console.conftest import PASSWORD, House, send, token


def secret_of(typed: str) -> bytes:
    text = typed.replace(" ", "")
    return base64.b32decode(text + "=" * (-len(text) % 8))


def test_the_whole_way_of_somebody_new(house: House) -> None:
    new = NewPerson("Ines Brandt", "ines@shop.example", [PersonRole.MARKETING])
    link = people.invite(house.database, house.settings, new, by=SERVICE, now=datetime.now(UTC))
    client = house.guest()
    path = f"/invitations/{link.token}"
    page = client.get(PATH + path)
    assert "Welcome, Ines Brandt" in page.text
    form = {"csrf": token(page.text), "password": PASSWORD, "again": PASSWORD + "x"}
    assert client.post(PATH + path, data=form).status_code == 422
    weak = client.post(PATH + path, data={**form, "password": "summer", "again": "summer"})
    assert weak.status_code == 422
    assert "This password cannot be used" in weak.text
    entered = client.post(PATH + path, data={**form, "again": PASSWORD})
    assert (entered.status_code, entered.headers["location"]) == (303, f"{PATH}/")
    assert "Ines Brandt" in client.get(PATH + "/").text
    assert client.get(PATH + path).status_code == 404

    # An authenticator app: a wrong code adds nothing, a right one is asked for from now on.
    begun = send(client, "/account/app")
    typed = begun.text.split("<code>")[1].split("</code>")[0]
    shown = {"csrf": token(begun.text), "typed": typed, "address": "otpauth://totp/x"}
    wrong = client.post(PATH + "/account/app/confirm", data={**shown, "code": "000000"})
    assert wrong.status_code == 422
    assert typed in wrong.text
    step = int(datetime.now(UTC).timestamp()) // 30
    code = code_at(secret_of(typed), step)
    right = client.post(PATH + "/account/app/confirm", data={**shown, "code": code})
    assert right.status_code == 303

    left = send(client, "/log-out")
    assert left.headers["location"] == f"{PATH}/log-in"
    assert client.get(PATH + "/").status_code == 303

    page = client.get(PATH + "/log-in?to=/console/deals?state=draft")
    form = {"csrf": token(page.text), "email": "ines@shop.example", "to": "/console/deals"}
    refused = client.post(PATH + "/log-in", data={**form, "password": PASSWORD + "x"})
    assert refused.status_code == 422
    assert "do not belong together" in refused.text
    second = client.post(PATH + "/log-in", data={**form, "password": PASSWORD})
    assert second.status_code == 200
    ticket = second.text.split('name="ticket" value="')[1].split('"')[0]
    answer = {"csrf": token(second.text), "ticket": ticket, "to": "/console/deals"}
    again = client.post(PATH + "/log-in/second", data={**answer, "code": code})
    assert again.status_code == 422, "a code that was used is refused"
    ticket = again.text.split('name="ticket" value="')[1].split('"')[0]
    later = code_at(secret_of(typed), step + 1)
    inside = client.post(PATH + "/log-in/second", data={**answer, "ticket": ticket, "code": later})
    assert (inside.status_code, inside.headers["location"]) == (303, "/console/deals")
    assert client.get(PATH + "/deals").status_code == 200


def test_who_is_disabled_or_logged_out_elsewhere_is_out_at_once(house: House) -> None:
    one, other = house.member(PersonRole.MARKETING), house.member(PersonRole.MARKETING)
    assert one.get(PATH + "/deals").status_code == other.get(PATH + "/deals").status_code == 200
    assert send(one, "/account/sessions/end-others").status_code == 303
    assert (one.get(PATH + "/").status_code, other.get(PATH + "/").status_code) == (200, 303)
    person = house.person(PersonRole.MARKETING)
    people.disable(house.database, person.id, by=SERVICE, now=datetime.now(UTC))
    assert one.get(PATH + "/deals").status_code == 303


def test_who_tries_too_often_is_told_how_long_to_wait(house: House) -> None:
    house.settings.__dict__["log_in_tries"] = 3
    client = house.guest()
    csrf = token(client.get(PATH + "/log-in").text)
    form = {"csrf": csrf, "email": "nobody@shop.example", "password": "x"}
    answers = [client.post(PATH + "/log-in", data=form) for _ in range(house.settings.log_in_tries)]
    assert {answer.status_code for answer in answers} == {422}
    assert "Wait 10 minutes" in client.post(PATH + "/log-in", data=form).text


def test_the_language_is_the_browsers_then_the_one_that_was_chosen(house: House) -> None:
    client = house.guest()
    page = client.get(PATH + "/log-in", headers={"Accept-Language": "fr, zh-CN;q=0.9, en;q=0.5"})
    assert '<html lang="zh">' in page.text
    form = {"csrf": token(page.text), "language": "de", "to": f"{PATH}/log-in"}
    assert client.post(PATH + "/language", data=form).status_code == 303
    assert "Anmelden" in client.get(PATH + "/log-in").text

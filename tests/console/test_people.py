"""People and keys in the console: a link and a key are shown once; nothing of them stays."""

import re
from datetime import UTC, datetime
from http import HTTPStatus

from service.admin import keys, people
from service.admin.people import PersonRole
from service.console.app import PATH
from service.store import audit
from service.store.actor import Actor
from service.store.tables.access import Role
from tests.console.conftest import House, send
from tests.market import query


def test_somebody_is_invited_and_shut_out(house: House) -> None:
    admin = house.member(PersonRole.ADMIN)
    new = {"name": "<b>Mia</b>", "email": "mia@shop.example", "language": "de"}
    for wrong in ({**new, "role": []}, {**new, "role": "mailing", "email": "mia"}):
        assert send(admin, "/people", **wrong).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    shown = send(admin, "/people", **new, role=["mailing", "finance"]).text
    url = re.search(r"<code>([^<]+)</code>", shown)
    assert url is not None
    token = url[1].rpartition("/")[2]
    mia = people.invited(house.database, house.settings, token, now=datetime.now(UTC))
    assert mia is not None
    assert mia.roles == (PersonRole.FINANCE, PersonRole.MAILING)
    listed = admin.get(PATH + "/people").text
    assert "&lt;b&gt;Mia" in listed
    assert token not in listed
    again = send(admin, "/people", **new, role="mailing")
    assert again.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    path = f"/people/{mia.id}"
    shown = {"confirmed": mia.email}
    for act in ("disable", "reset"):
        assert mia.email in admin.get(f"{PATH}{path}/{act}").text
        for other in ({}, {"confirmed": "anna@shop.example"}):
            refused = send(admin, f"{path}/{act}", **other)
            assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    for act, fields in (("roles", {"role": "mailing"}), ("end-sessions", {}), ("disable", shown)):
        assert send(admin, f"{path}/{act}", **fields).status_code == HTTPStatus.SEE_OTHER
    now = datetime.now(UTC)
    assert people.invited(house.database, house.settings, token, now=now) is None
    assert send(admin, f"{path}/enable").status_code == HTTPStatus.SEE_OTHER
    assert "<code>" in send(admin, f"{path}/reset", **shown).text
    acts = query(
        house.database,
        f"""SELECT act FROM audit_event WHERE subject = 'person' AND subject_id = '{mia.id}'
            AND actor = 'Admin' ORDER BY id""",
    )
    assert [act for (act,) in acts] == [
        "invite", "set_roles", "end_sessions", "disable", "enable", "reset",
    ]  # fmt: skip
    own = house.person(PersonRole.ADMIN)
    refused = send(admin, f"/people/{own.id}/disable", confirmed=own.email)
    assert refused.status_code == HTTPStatus.CONFLICT
    assert admin.get(PATH + "/people/999").status_code == HTTPStatus.NOT_FOUND


def test_a_key_is_shown_once_and_revoked(house: House) -> None:
    member = house.member(PersonRole.OPERATIONS)
    for wrong in ({"role": "king"}, {"role": "pos"}, {"role": "marketing", "store": "1"}):
        assert send(member, "/keys", **wrong).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    shown = send(member, "/keys", role="marketing", mine="true").text
    found = re.search(r"larder_marketing_[\w-]+", shown)
    assert found is not None
    caller = keys.authenticate(house.database, house.settings, found[0])
    assert caller is not None
    assert caller.actor.person_id == house.person(PersonRole.OPERATIONS).id
    assert found[0] not in member.get(PATH + "/keys").text
    path = f"/keys/{caller.key_id}"
    assert found[0][-6:] in member.get(f"{PATH}{path}/revoke").text
    assert send(member, f"{path}/revoke").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    revoked = send(member, f"{path}/revoke", confirmed=found[0][-6:])
    assert revoked.status_code == HTTPStatus.SEE_OTHER
    assert keys.authenticate(house.database, house.settings, found[0]) is None
    assert send(member, "/keys/999/revoke").status_code == HTTPStatus.NOT_FOUND


def test_who_did_what_is_searched_by_day_and_read_as_a_file(house: House) -> None:
    admin = house.member(PersonRole.ADMIN)
    with house.database.write() as session:
        for day in (7, 8, 9):
            at = datetime(2027, 3, day, 12, tzinfo=UTC)
            audit.add(
                session, Actor(f"anna {day}"), "void", "batch", day, at=at, detail={"n": "=1"}
            )
    asked = {"since": "2027-03-08", "until": "2027-03-08", "thing": "batch"}
    shown = admin.get(PATH + "/audit", params=asked).text
    assert [day for day in (7, 8, 9) if f"anna {day}" in shown] == [8]
    file = admin.get(PATH + "/audit.csv", params=asked)
    rows = file.content.decode("utf-8-sig").splitlines()
    assert rows == [
        "When,Who,Act,To what,Its number,Details",
        "2027-03-08T12:00:00+00:00,anna 8,void,batch,8,n: =1",
    ]
    for strange in ("x", "1-2", "1-2-3-4-5", "9" * 30 + "-1-1-1", "253402300800000001-1-1-1"):
        assert admin.get(PATH + "/audit", params={**asked, "after": strange}).status_code == 200
    for strange in ("2027-02-30", "9999-12-31", "0001-01-01", "today"):
        assert admin.get(PATH + "/audit", params={"since": strange}).status_code == 200


def test_a_key_is_bound_to_somebody_else_by_an_admin_alone(house: House) -> None:
    admin, member = house.member(PersonRole.ADMIN), house.member(PersonRole.OPERATIONS)
    own, other = house.person(PersonRole.OPERATIONS), house.person(PersonRole.FINANCE)
    number, key = keys.add_key(house.database, house.settings, role=Role.MARKETING)
    till, _ = keys.add_key(house.database, house.settings, role=Role.POS, store_id="0042")
    path = f"/keys/{number}/bind"

    def holder() -> int | None:
        caller = keys.authenticate(house.database, house.settings, key)
        assert caller is not None
        return caller.actor.person_id

    assert other.name in admin.get(PATH + path).text
    assert other.name not in member.get(PATH + path).text
    for client, person, status, now in (
        (member, own.id, HTTPStatus.SEE_OTHER, own.id),
        (member, other.id, HTTPStatus.FORBIDDEN, own.id),
        (admin, other.id, HTTPStatus.SEE_OTHER, other.id),
        (admin, "999", HTTPStatus.NOT_FOUND, other.id),
        (admin, "x", HTTPStatus.NOT_FOUND, other.id),
        (admin, "", HTTPStatus.SEE_OTHER, None),
    ):
        assert send(client, path, person=person).status_code == status
        assert holder() == now
    refused = send(admin, f"/keys/{till}/bind", person=own.id)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_people_keys_and_goodwill_are_saved_as_files(house: House) -> None:
    client = house.member(PersonRole.ADMIN)
    people_file = client.get(PATH + "/people.csv").text.splitlines()
    assert people_file[0].lstrip("\ufeff") == "Name,E-mail address,Roles,State,Last seen"
    assert people_file[1].startswith('Admin,admin@shop.example,Administrator,"",')
    number, key = keys.add_key(house.database, house.settings, role=Role.MARKETING)
    keys_file = client.get(PATH + "/keys.csv").text
    assert f"\r\n{number}," in keys_file
    assert ",Marketing," in keys_file
    assert key not in keys_file
    given = {"amount": "1.00", "reason": "till_fault", "list": "1", "asked": "a"}
    send(client, "/desk/goodwill", **given)
    saved = client.get(PATH + "/desk/goodwill.csv").text.splitlines()
    assert len(saved) == 2
    assert ",1.00,Given," in saved[1]

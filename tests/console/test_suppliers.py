"""Marketing invites people of suppliers, and shuts them out; nobody else's."""

from datetime import UTC, datetime

from service.admin import people
from service.admin.people import PersonRole
from service.clearing.agreements import load_agreements
from service.console.app import PATH
from service.store.actor import SERVICE
from tests.clearing.conftest import DALE, form
from tests.console.conftest import House, send


def test_marketing_invites_and_shuts_out(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    assert "Nothing is agreed" in client.get(PATH + "/suppliers").text
    now = datetime.now(UTC)
    load_agreements(house.database, house.settings, form(DALE), by=SERVICE, now=now)
    who = {"account": "S-1", "name": "Joe Dale", "email": "joe@dale.example", "language": "de"}
    made = send(client, "/suppliers", shown_at="/suppliers", **who)
    assert "/portal/invitations/" in made.text
    [joe] = [each.person for each in people.list_people(house.database) if each.person.account_id]
    assert (joe.name, joe.language, joe.roles) == ("Joe Dale", "de", ())
    again = send(client, "/suppliers", shown_at="/suppliers", **who)
    assert again.status_code == 422
    assert "joe@dale.example already" in again.text
    shut = send(client, f"/suppliers/people/{joe.id}/disable", shown_at="/suppliers")
    assert shut.status_code == 303
    assert people.get_person(house.database, joe.id).disabled
    assert send(client, f"/suppliers/people/{joe.id}/enable").status_code == 303
    anna = house.person(PersonRole.ADMIN)
    assert send(client, f"/suppliers/people/{anna.id}/disable").status_code == 404
    assert not people.get_person(house.database, anna.id).disabled
    admin = house.member(PersonRole.ADMIN)
    page = admin.get(f"{PATH}/people/{joe.id}").text
    assert "portal of suppliers" in page
    assert "Change roles" not in page

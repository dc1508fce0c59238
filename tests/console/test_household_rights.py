"""At the service desk: a household's data as a zip, and erasing it after a second look."""

import io
import zipfile

from service.admin.people import PersonRole
from service.console.app import PATH
from service.store import audit
from tests.console.conftest import House, send
from tests.console.test_desk import words
from tests.members.search import in_tables
from tests.shop import CARDS, H1

ASKS = {"reason": "data_request"}


def test_it_is_handed_its_data_and_erased_after_a_second_look(house: House) -> None:
    desk, other = house.member(PersonRole.SERVICE), house.member(PersonRole.ADMIN)
    for act in ("export", "erase"):
        assert send(desk, f"/households/1/{act}", confirmed=H1).status_code == 404
    send(desk, "/households/1/open", **ASKS)
    shown = desk.get(f"{PATH}/households/1").text
    assert "Erase ..." in shown
    packed = zipfile.ZipFile(io.BytesIO(send(desk, "/households/1/export").content))
    assert "Person H1" in packed.read("contact.csv").decode()
    asked = words(desk.get(f"{PATH}/households/1/erase").text)
    assert "Erase household H1?" in asked
    assert "Name Person H1 Open lists 1 Packages with its letter 0" in asked
    assert send(desk, "/households/1/erase", confirmed="H2").status_code == 422
    # Whoever gave no reason sees nothing of it.
    assert other.get(f"{PATH}/households/1/erase").status_code == 404
    assert in_tables(house.database, ["Person H1"])
    done = send(desk, "/households/1/erase", confirmed=H1)
    assert done.headers["location"] == f"{PATH}/households"
    said = "The household is erased: 1 open lists withdrawn, files removed of 0 packages."
    assert said in desk.get(f"{PATH}/households").text
    assert in_tables(house.database, ["Person H1", CARDS[H1]]) == set()
    with house.database.read() as session:
        acts = [each.act for each in audit.find(session, subject="household")]
    assert acts == ["erase", "export", "open"]
    assert send(desk, "/households/1/export").status_code == 409

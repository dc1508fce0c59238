"""The rights of a household over HTTP: what it agrees to, its export, its erasure."""

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from service.store.tables.access import Role

pytestmark = pytest.mark.slow

AT = "/v1/households/M01"


def test_consents_contact_export_and_erasure(
    anonymous: TestClient, key_for: Callable[[Role], str]
) -> None:
    anonymous.headers["Authorization"] = key_for(Role.ADMIN)
    yes = {"purpose": "email", "granted": True}
    assert anonymous.post(f"{AT}/consents", json=yes).status_code == 422
    address = {"email": "ada@example.org"}
    assert anonymous.patch(f"{AT}/contact", json=address).status_code == 409
    worded = {**yes, "wording": "May we write?", "wording_version": "1", "place": "0042"}
    said = anonymous.post(f"{AT}/consents", json=worded).json()["consents"]
    assert (said[0]["purpose"], said[0]["channel"], said[0]["place"]) == ("email", "api", "0042")
    changed = anonymous.patch(f"{AT}/contact", json=address)
    assert changed.json() == {"household_id": "M01", "email": "ada@example.org", "phone": ""}
    unclear = anonymous.post(f"{AT}/wishes", json={"act": "enough", "offer_id": 1})
    assert unclear.status_code == 422
    wished = anonymous.post(f"{AT}/wishes", json={"act": "never", "offer_id": 1}).json()["wishes"]
    assert [(each["act"], each["deal"] != "", each["item"]) for each in wished] == [
        ("never", True, "")
    ]
    exported = anonymous.get(f"{AT}/export")
    assert exported.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(exported.content)) as packed:
        whole = json.loads(packed.read("household.json"))
    assert (whole["household"]["number"], whole["contact"][0]["email"]) == (
        "M01", "ada@example.org"
    )  # fmt: skip
    erased = anonymous.post(f"{AT}/erase").json()
    assert (erased["lists"], erased["batches_removed"]) == (1, [])
    assert erased["reference"].startswith("erased-")
    assert anonymous.post(f"{AT}/erase").status_code == 404
    assert anonymous.get(AT).status_code == 404
    gone = f"/v1/households/{erased['reference']}"
    for path in (f"{gone}/export", f"{gone}/consents", f"{gone}/contact"):
        assert anonymous.get(path).status_code == 409
    lists = anonymous.get(gone).json()["lists"]
    assert {each["state"] for each in lists} == {"voided"}
    # A page of a list without its code is drawn as a draft.
    assert anonymous.get(f"/v1/lists/{lists[0]['id']}/pdf").status_code == 200

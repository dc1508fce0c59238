"""The audit trail: what is asked for, the newest first, page by page."""

from service.settings import Settings
from service.store import audit
from service.store.actor import SERVICE
from service.store.session import Database
from tests.people import NOW, somebody


def test_acts_are_found_by_person_subject_and_act(database: Database, settings: Settings) -> None:
    anna = somebody(database, settings, "anna").acting()
    with database.write() as session:
        for number in range(4):
            audit.add(session, anna, "void", "batch", number, at=NOW, detail={"b": 1, "a": number})
        audit.add(session, SERVICE, "request", "run", "1", at=NOW)
    with database.read() as session:
        assert [each.act for each in audit.find(session)] == ["request", *["void"] * 4, "invite"]
        page = audit.find(session, person_id=anna.person_id, limit=3)
        assert [each.subject_id for each in page] == ["3", "2", "1"]
        rest = audit.find(session, person_id=anna.person_id, before_id=page[-1].id)
        assert [(each.subject_id, each.detail) for each in rest] == [("0", {"a": 0, "b": 1})]
        (one,) = audit.find(session, subject="batch", subject_id="2", act="void")
        assert (one.actor, one.person_id, one.happened_at) == ("anna", anna.person_id, NOW)
        assert audit.find(session, subject="batch", subject_id="1", act="request") == []

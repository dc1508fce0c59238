"""Consents: append-only, in whose words, and never given again by an older file."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.cycle.next_list import write_next_list
from service.cycle.unlisted import read_unlisted
from service.digests import page_digest
from service.errors import Conflict, InvalidInput, NotFound
from service.files.households import load_households
from service.members import consents, contact
from service.members.consents import Said
from service.settings import Settings
from service.store import households
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.consent import ConsentChannel, Purpose
from tests.shop import H1, H2, Shop

Ask = Callable[[str], list[tuple[object, ...]]]
Load = Callable[..., list[str]]

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
BY = Actor("tests")
YES = {"wording": "We may write to you.", "wording_version": "2026-1"}


def said(purpose: Purpose, *, granted: bool) -> Said:
    words = YES if granted else {}
    return Said(purpose, granted, ConsentChannel.DESK, place="0042", **words)


@pytest.fixture
def load(database: Database, settings: Settings, tmp_path: Path, shop: Shop) -> Load:
    """Load a file of households; the notes on it."""

    def load(content: str) -> list[str]:
        path = tmp_path / "more.csv"
        path.write_text(content, encoding="utf-8")
        report = load_households(database, path, secret_key=settings.secret_key, language="en")
        assert report.refused == 0
        return [note.text for note in report.notes]

    return load


def agreed(database: Database, ref: str) -> dict[str, bool]:
    newest = reversed(consents.show(database, ref))
    return {row.purpose: row.granted for row in newest}


def test_a_household_starts_with_what_its_file_gave_and_no_other(
    database: Database, load: Load
) -> None:
    (row,) = consents.show(database, H1)
    assert (row.purpose, row.granted, row.channel, row.said_at) == ("letter", True, "file", None)
    load(
        "household_id,email_consent,profile_consent,consent_at,consent_source\n"
        "H1,true,false,2026-02-01T10:00:00Z,store 7\n"
    )
    newest = next(row for row in consents.show(database, H1) if row.purpose == Purpose.EMAIL)
    assert agreed(database, H1) == {"letter": True, "profile": False, "email": True}
    assert (newest.said_at, newest.place) == (datetime(2026, 2, 1, 10, tzinfo=UTC), "store 7")
    # The same file again adds nothing.
    load("household_id,email_consent,consent_at\nH1,true,2026-02-01T10:00:00Z\n")
    assert len(consents.show(database, H1)) == 3


def test_every_word_stays_and_a_yes_needs_what_it_answers(database: Database, shop: Shop) -> None:
    for granted in (True, True, False, False, True):
        consents.say(database, H1, said(Purpose.EMAIL, granted=granted), by=BY, now=NOW)
    rows = [row for row in consents.show(database, H1) if row.purpose == Purpose.EMAIL]
    assert [row.granted for row in rows] == [True, False, True]
    assert (rows[0].wording, rows[0].wording_version, rows[0].place, rows[0].actor) == (
        "We may write to you.", "2026-1", "0042", "tests"
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="needs the words"):
        consents.say(database, H1, Said(Purpose.SMS, True, ConsentChannel.DESK), by=BY, now=NOW)
    with pytest.raises(NotFound):
        consents.say(database, "nobody", said(Purpose.SMS, granted=True), by=BY, now=NOW)
    assert agreed(database, H1) == {"letter": True, "email": True}


def test_what_was_taken_back_no_older_file_gives_again(
    database: Database, settings: Settings, load: Load, read_only: Ask
) -> None:
    mailed = "SELECT mail_consent FROM contact c JOIN household h ON h.id = c.household_id"
    consents.say(database, H1, said(Purpose.LETTER, granted=False), by=BY, now=NOW)
    assert not read_only(f"{mailed} WHERE h.ref = 'H1'")[0][0]
    for since in ("", "2026-03-01T10:00:00Z"):
        notes = load(f"household_id,mail_consent,consent_at\nH1,true,{since}\nH2,true,{since}\n")
        assert notes == [
            "1 consents that the file gives were taken back later by the households themselves, "
            "and stay so"
        ]
        assert agreed(database, H1) == {"letter": False}
        assert not read_only(f"{mailed} WHERE h.ref = 'H1'")[0][0]
        assert read_only(f"{mailed} WHERE h.ref = 'H2'")[0][0]
    assert load("household_id,mail_consent,consent_at\nH1,true,2026-03-07T10:00:00Z\n") == []
    assert agreed(database, H1) == {"letter": True}
    assert read_only(f"{mailed} WHERE h.ref = 'H1'")[0][0]
    # A file that takes it back is always believed, and may give it again itself.
    load("household_id,mail_consent\nH1,false\n")
    assert agreed(database, H1) == {"letter": False}
    load("household_id,mail_consent\nH1,true\n")
    assert agreed(database, H1) == {"letter": True}


def test_addresses_to_write_to_are_there_only_with_consent(
    database: Database, settings: Settings, load: Load, read_only: Ask
) -> None:
    notes = load(
        "household_id,email,email_consent,phone,sms_consent\n"
        "H1,ada@example.org,true,+1 502 555 0101,true\n"
        "H2,bo@example.org,false,+1 502 555 0102,false\n"
    )
    assert notes == [
        "1 e-mail addresses are not kept, because their households did not agree to e-mail "
        "(email_consent)"
    ]
    assert contact.ways(database, settings, H1) == contact.Ways("ada@example.org", "+15025550101")
    assert contact.ways(database, settings, H2) == contact.Ways("", "")
    ((stored,),) = read_only("SELECT phone_sealed FROM contact WHERE phone_sealed <> ''")
    assert "5025550101" not in str(stored)
    with pytest.raises(Conflict, match="did not agree"):
        contact.change(database, settings, H2, email="bo@example.org", by=BY, now=NOW)
    for wrong in ({"email": "nobody"}, {"phone": "12"}):
        with pytest.raises(InvalidInput):
            contact.change(database, settings, H1, by=BY, now=NOW, **wrong)
    contact.change(database, settings, H1, phone="+1 502 555 0199", by=BY, now=NOW)
    assert contact.ways(database, settings, H1) == contact.Ways("ada@example.org", "+15025550199")
    consents.say(database, H1, said(Purpose.SMS, granted=False), by=BY, now=NOW)
    assert contact.ways(database, settings, H1) == contact.Ways("ada@example.org", "")


def test_whoever_holds_the_letter_opts_out_by_its_code(
    database: Database, settings: Settings, shop: Shop
) -> None:
    code = "0123456789abcdefghjkmnpqrs"
    with database.write() as session:
        digest = page_digest(settings.secret_key, code)
        session.connection().exec_driver_sql(
            "INSERT INTO list_page (code_digest, list_id, state, written_at) "
            f"SELECT '{digest}', min(id), 'open', min(written_at) FROM shopping_list"
        )
    for _ in range(2):
        consents.opt_out(database, settings, f" {code.upper()} ", now=NOW)
    rows = consents.show(database, H1)
    assert [(row.granted, row.channel, row.place) for row in rows] == [
        (False, "letter_code", "letter"), (True, "file", "")
    ]  # fmt: skip
    with pytest.raises(NotFound, match="not known"):
        consents.opt_out(database, settings, "0" * 26, now=NOW)


@pytest.mark.parametrize("covers", [True, False])
def test_without_consent_to_a_profile_there_is_no_list(
    database: Database, settings: Settings, shop: Shop, covers: bool, read_only: Ask
) -> None:
    settings = settings.model_copy(update={"letter_consent_covers_profile": covers})
    consents.say(database, H1, said(Purpose.PROFILE, granted=True), by=BY, now=NOW)
    consents.say(database, H2, said(Purpose.PROFILE, granted=False), by=BY, now=NOW)
    with database.read() as session:
        ids = households.ids_by_ref(session)
        unlisted = read_unlisted(session, settings)
        assert read_unlisted(session, settings, [ids[H1]]).unprofiled == set()
    # H3 never said anything but that it may be mailed.
    assert unlisted.unprofiled == ({ids[H2]} if covers else {ids[H2], ids["H3"]})
    consents.say(database, H1, said(Purpose.PROFILE, granted=False), by=BY, now=NOW)
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"INSERT INTO due (household_id, marked_at) SELECT {ids[H1]}, min(written_at) "
            "FROM shopping_list"
        )
    write_next_list(database, settings, ids[H1], marked_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert read_only("SELECT count(*) FROM shopping_list WHERE state = 'draft'") == [(0,)]
    assert read_only("SELECT count(*) FROM due") == [(0,)]
